"""Which devices does a request of "App Instances (Devices)" ask for, which page of them, and how is one shown?

That page says that there are two kinds of pages; what could be read of it shows neither. Numbered pages have the names that "Custom
events" gives them; the names of those behind a cursor are the hub's own. Either stands in the body, or in the URL as there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qsl

from pushhub.audience.model import Subscription
from pushhub.audience.values import MAX_VALUE_BYTES, MisfitError, Value, normalise
from pushhub.catalog.filter_fields import COUNTRY, EXT_ID, FILTER_FIELDS
from pushhub.catalog.model import App
from pushhub.dialects.http import RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.server.account import ServerAccount
from pushhub.dialects.pushexpress.server.fields import IDS, Element, Fields, bad_field
from pushhub.dialects.pushexpress.server.filters import FILTERS_AT_THE_TOP, INCLUDED_APPS, parse_profile_filters, require_known_ids
from pushhub.sends.accounting import masked_push_token
from pushhub.sends.filters import Filters, language_of
from pushhub.sends.sending import LaneName, Place

MAX_ROWS: Final = 5_000
"""Devices of one reply ("App Instances (Devices)")."""
MAX_NUMBERED_ROWS: Final = 10_000
"""Devices that numbered pages reach ("Custom events", "Pagination")."""
ROWS_OF_A_PAGE: Final = 50
"""Devices of a page whose size a request does not say, as in the example of "Custom events"."""

_CURSOR: Final = re.compile(r"([1-9][0-9]{0,9})-([0-9a-f])-([0-9a-f]{0,16})")
_PAGE_FIELDS: Final = ("page", "per_page", "cursor", "limit")
_EXTERNAL_USER_IDS: Final = "external_user_id"
_QUERY_FIELDS: Final = {
    INCLUDED_APPS,
    "countries_include",
    "languages_include",
    "audiences_include",
    "event_include",
    _EXTERNAL_USER_IDS,
    *_PAGE_FIELDS,
}


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a caller has come: up to a place in a lane of an app's database. The app is named by its id at push.express."""

    app: int
    lane: LaneName
    place: Place

    @property
    def text(self) -> str:
        """The cursor as a caller gets it, and sends it back."""
        return f"{self.app}-{self.lane}-{self.place}"


@dataclass(frozen=True, slots=True)
class FirstRows:
    """The first :data:`MAX_ROWS` devices, where a request names no page."""


@dataclass(frozen=True, slots=True)
class NumberedPage:
    """A page by its number, from 1; it ends within the first :data:`MAX_NUMBERED_ROWS` devices."""

    number: int
    size: int


@dataclass(frozen=True, slots=True)
class CursorPage:
    """What comes behind a cursor; None is the beginning."""

    after: Cursor | None
    size: int


InstancePage = FirstRows | NumberedPage | CursorPage
"""Which devices of those that a request asks for."""


@dataclass(frozen=True, slots=True)
class InstanceQuery:
    """Which devices a request asks for; there may be no app at all, and none is archived."""

    apps: tuple[App, ...]
    filters: Filters
    page: InstancePage


def parse_query(body: Mapping[str, Any], url_query: str, account: ServerAccount) -> InstanceQuery:
    """Return which devices a request asks for; a filter that is absent or empty restricts nothing, that of apps included.

    Args:
        body: the object in the body.
        url_query: the query string of the URL, where a page may be named too; what the body says of it wins.
        account: whose devices they are.

    Raises:
        RefusedError: fields are unknown or do not fit, or name an app that the caller does not have.
    """
    fields = Fields(body)
    fields.require_known(_QUERY_FIELDS, FILTERS_AT_THE_TOP)
    apps = fields.listed(INCLUDED_APPS, IDS)
    require_known_ids(apps, account.apps, "app of this caller")
    named = {id_: app for id_, app in account.apps.items() if app.enabled and (not apps or id_ in apps)}
    external_ids = frozenset(fields.listed(_EXTERNAL_USER_IDS, _EXTERNAL_ID)) or None
    filters = replace(parse_profile_filters(fields, account.catalog), ext_ids=external_ids)
    return InstanceQuery(tuple(named.values()), filters, _parse_page(fields, url_query, named))


def instance_row(app: App, fields: Mapping[str, Value], recipient: Subscription) -> Mapping[str, object]:
    """Return how a reply shows a device.

    Args:
        app: whose device it is.
        fields: of its profile.
        recipient: its live subscription, of whose push token no more is shown than in the log.
    """
    return {
        "app_id": app.push_express and app.push_express.id,
        "external_id": fields.get(EXT_ID, ""),
        "transport_token_masked": masked_push_token(recipient),
        "language": language_of(fields),
        "country": fields.get(COUNTRY, ""),
    }


def _read_external_id(value: object) -> str | None:
    try:
        return str(normalise(FILTER_FIELDS[EXT_ID], value)) if isinstance(value, str) else None
    except MisfitError:
        return None


_EXTERNAL_ID: Final = Element(f"a text of 1 to {MAX_VALUE_BYTES} bytes", _read_external_id, '["a-user"]')


def _parse_page(fields: Fields, url_query: str, apps: Mapping[int, App]) -> InstancePage:
    in_url = {name: value for name, value in parse_qsl(url_query, keep_blank_values=True) if name in _PAGE_FIELDS}
    in_body = {name: value for name in _PAGE_FIELDS if (value := fields.get(name)) is not None}
    named: Mapping[str, object] = {**in_url, **in_body}
    numbered, behind = [[name for name in pair if name in named] for pair in (_PAGE_FIELDS[:2], _PAGE_FIELDS[2:])]
    if numbered and behind:
        raise RefusedError(PushExpressRefusal.NOT_BESIDE, path=numbered[0], other=behind[0], value="given")
    if behind:
        return CursorPage(_cursor(named.get("cursor", ""), apps), _number(named, "limit", ROWS_OF_A_PAGE, MAX_ROWS))
    if not numbered:
        return FirstRows()
    number, size = _number(named, "page", 1, MAX_NUMBERED_ROWS), _number(named, "per_page", ROWS_OF_A_PAGE, MAX_ROWS)
    if number * size > MAX_NUMBERED_ROWS:
        raise bad_field("page", f"a page of the first {MAX_NUMBERED_ROWS} devices; a cursor reaches the others")
    return NumberedPage(number, size)


def _number(named: Mapping[str, object], name: str, default: int, most: int) -> int:
    """Return a number of the body, or one of the URL, where it is a text."""
    value = named.get(name, default)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(most)):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise bad_field(name, f"an integer from 1 to {most}")
    return value


def _cursor(value: object, apps: Mapping[int, App]) -> Cursor | None:
    """Return where a page begins; an empty text is the beginning."""
    if value == "":
        return None
    found = _CURSOR.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[1]) not in apps:
        raise bad_field("cursor", "next_cursor of the reply to such a query")
    return Cursor(int(found[1]), LaneName(found[2]), Place(found[3]))
