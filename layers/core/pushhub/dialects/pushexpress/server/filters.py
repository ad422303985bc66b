"""Whom do the filters of a request choose?

"One-time sending in future", parts 3 to 7, has their grammar. There they stand at the top of the body, in "Instant sending" in
`filters`.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from pushhub.catalog.filter_fields import INSTALL, MAX_AUDIENCE_CHARACTERS, compared_audience
from pushhub.catalog.model import App, Catalog
from pushhub.dialects.http import RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.server.account import ServerAccount
from pushhub.dialects.pushexpress.server.codes import COUNTRY_CODES, LANGUAGE_CODES
from pushhub.dialects.pushexpress.server.fields import IDS, Element, Fields, bad_field, require_disjoint
from pushhub.sends.filters import ANY, Choice, Filters, language_today

INCLUDED_APPS: Final = "app_ids_include"
_INCLUDED_GROUPS: Final = "app_groups_include"
_ALL_APPS: Final = "all_apps"
_ALL_COUNTRIES: Final = "all_countries"
_ALL_LANGUAGES: Final = "all_languages"
_ALL_AUDIENCES: Final = "all_audiences"
_EVENT_INCLUDE: Final = "event_include"
_EVENT_EXCLUDE: Final = "event_exclude"


def _both(*pairs: str) -> frozenset[str]:
    return frozenset(f"{pair}_{side}" for pair in pairs for side in ("include", "exclude"))


APP_FIELDS: Final = _both("app_ids", "app_groups") | {_ALL_APPS}
"""Filters that choose apps."""
PROFILE_FIELDS: Final = (
    _both("countries", "languages", "audiences", "audience_groups")
    | {_ALL_COUNTRIES, _ALL_LANGUAGES, _ALL_AUDIENCES}
    | {_EVENT_INCLUDE, _EVENT_EXCLUDE}
)
"""Filters that choose profiles."""
FILTERS_AT_THE_TOP: Final[Mapping[str, str]] = {"filters": "at the top of the body"}
"""Where filters stand in a call that has no object of them; see :meth:`Fields.require_known`."""


@dataclass(frozen=True, slots=True)
class AppliedFilters:
    """Whom a request chooses: those profiles of the databases of `apps`, of which none is archived, that `filters` admit."""

    apps: tuple[App, ...]
    filters: Filters


class _Pair[Value](NamedTuple):
    """Where each value stands that is included, and each that is excluded."""

    include: Mapping[Value, str]
    exclude: Mapping[Value, str]


def _read_country(value: object) -> str | None:
    code = _ascii(value).upper()
    return code if code in COUNTRY_CODES else None


def _read_language(value: object) -> str | None:
    code = language_today(_ascii(value))
    return code if code in LANGUAGE_CODES else None


def _ascii(value: object) -> str:
    """Return a text of ASCII, empty where a value is none: beyond it, one letter may be two in the other case."""
    return value if isinstance(value, str) and value.isascii() else ""


def _read_audience(value: object) -> str | None:
    audience = compared_audience(value) if isinstance(value, str) else ""
    return audience if 1 <= len(audience) <= MAX_AUDIENCE_CHARACTERS and "," not in audience else None


def _read_event(value: object) -> str | None:
    return value if isinstance(value, str) else None


COUNTRY_ELEMENT: Final = Element("a country code of ISO 3166-1 alpha-2, such as PT", _read_country, '["PT"]')
LANGUAGE_ELEMENT: Final = Element("a two-letter language code, such as pt", _read_language, '["pt"]')
AUDIENCE_ELEMENT: Final = Element(f"a text of 1 to {MAX_AUDIENCE_CHARACTERS} characters without a comma", _read_audience, '["vip"]')
_EVENT_ELEMENT: Final = Element("an event code", _read_event, '["reg"]')


def parse_filters(fields: Fields, account: ServerAccount) -> AppliedFilters:
    """Return whom a request chooses; members of the object that are no filters are left alone.

    Raises:
        RefusedError: filters do not fit, name what the caller cannot see or the catalog does not have, or choose no app.
    """
    return AppliedFilters(parse_app_choice(fields, account), parse_profile_filters(fields, account.catalog))


def parse_app_choice(fields: Fields, account: ServerAccount) -> tuple[App, ...]:
    """Return the apps that a request chooses, at least one, without those that are archived, in the catalog's order.

    Raises:
        RefusedError: filters do not fit, name an app or a group that the caller cannot see, or choose no app.
    """
    apps = account.apps
    groups = {id_: account.apps_in(group) for id_, group in account.groups.items()}
    named, grouped = _pair(fields, "app_ids", IDS, _ALL_APPS), _pair(fields, "app_groups", IDS, _ALL_APPS)
    for pair, known, thing in ((named, apps, "app"), (grouped, groups, "app group")):
        for side in pair:
            require_known_ids(side, known, f"{thing} of this caller")
    if not (fields.flag(_ALL_APPS) or named.include or grouped.include):
        paths = {"path": INCLUDED_APPS, "groups": _INCLUDED_GROUPS, "all_apps": _ALL_APPS}
        raise RefusedError(PushExpressRefusal.APPS_MISSING, **{key: fields.path_of(name) for key, name in paths.items()})
    included = apps.keys() if fields.flag(_ALL_APPS) else _with_groups(named.include, grouped.include, groups)
    excluded = _with_groups(named.exclude, grouped.exclude, groups)
    found = tuple(app for id_, app in apps.items() if id_ in included and id_ not in excluded and app.enabled)
    if not found:
        raise RefusedError(PushExpressRefusal.NO_APPS, path=fields.path_of(INCLUDED_APPS))
    return found


def parse_profile_filters(fields: Fields, catalog: Catalog) -> Filters:
    """Return which profiles of an app's database a request chooses; members of the object that are no filters are left alone.

    Raises:
        RefusedError: filters do not fit, or name an event or a group of audiences that the catalog does not have.
    """
    groups = {id_: group.audiences for id_, group in catalog.audience_groups.items()}
    named = _pair(fields, "audiences", AUDIENCE_ELEMENT, _ALL_AUDIENCES)
    grouped = _pair(fields, "audience_groups", IDS, _ALL_AUDIENCES)
    for side in grouped:
        require_known_ids(side, groups, "audience group of the catalog")
    return Filters(
        countries=_choice_of(_pair(fields, "countries", COUNTRY_ELEMENT, _ALL_COUNTRIES)),
        languages=_choice_of(_pair(fields, "languages", LANGUAGE_ELEMENT, _ALL_LANGUAGES)),
        audiences=_choice(
            _with_groups(named.include, grouped.include, groups) if named.include or grouped.include else None,
            _with_groups(named.exclude, grouped.exclude, groups),
        ),
        events=_parse_events(fields, catalog),
    )


def require_known_ids(places: Mapping[int, str], known: Container[int], thing: str) -> None:
    """Refuse ids of what a caller does not have, or the catalog.

    Raises:
        RefusedError: there is one.
    """
    for id_, place in places.items():
        if id_ not in known:
            raise RefusedError(PushExpressRefusal.UNKNOWN, path=place, what=thing)


def _pair[Value](fields: Fields, name: str, element: Element[Value], all_flag: str) -> _Pair[Value]:
    """Return a pair of lists; the one that includes something must be omitted where the flag is true."""
    pair = _Pair(fields.listed(f"{name}_include", element), fields.listed(f"{name}_exclude", element))
    if fields.flag(all_flag) and pair.include:
        path, other = fields.path_of(f"{name}_include"), fields.path_of(all_flag)
        raise RefusedError(PushExpressRefusal.NOT_BESIDE, path=path, other=other, value="true")
    require_disjoint(pair.include, pair.exclude)
    return pair


def _with_groups[Value](
    named: Iterable[Value], grouped: Iterable[int], groups: Mapping[int, tuple[Value, ...]]
) -> frozenset[Value]:
    return frozenset(named).union(*(groups[id_] for id_ in grouped))


def _parse_events(fields: Fields, catalog: Catalog) -> Choice:
    """Return the choice by events: a device has one of those that are included, and none of those that are excluded."""
    pair = _Pair(_event_codes(fields, _EVENT_INCLUDE, catalog), _event_codes(fields, _EVENT_EXCLUDE, catalog))
    require_disjoint(pair.include, pair.exclude)
    return _choice(None if INSTALL in pair.include else frozenset(pair.include) or None, frozenset(pair.exclude))


def _event_codes(fields: Fields, name: str, catalog: Catalog) -> Mapping[str, str]:
    """Return where each code stands of a field that is a text in "Instant sending" and a list in "Auto-push sending"."""
    value, path = fields.get(name), fields.path_of(name)
    if isinstance(value, str):
        places: Mapping[str, str] = {value: path} if value else {}
    elif value is None or isinstance(value, list):
        places = fields.listed(name, _EVENT_ELEMENT)
    else:
        raise bad_field(path, "an event code, or a list of them")
    for code, place in places.items():
        if code != INSTALL and code not in catalog.events:
            raise RefusedError(PushExpressRefusal.EVENT_UNKNOWN, path=place)
    return places


def _choice_of(pair: _Pair[str]) -> Choice:
    return _choice(frozenset(pair.include) or None, frozenset(pair.exclude))


def _choice(include: frozenset[str] | None, exclude: frozenset[str]) -> Choice:
    """Return a choice; the one that admits everybody is :data:`ANY` itself, so that nothing is looked up for it."""
    return ANY if include is None and not exclude else Choice(include, exclude)
