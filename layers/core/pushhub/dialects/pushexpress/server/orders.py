"""What does a request ask for that sends, now or later?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pushhub.dialects.http import RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.server.account import ServerAccount
from pushhub.dialects.pushexpress.server.fields import IDS, Fields, bad_field
from pushhub.dialects.pushexpress.server.filters import (
    APP_FIELDS,
    FILTERS_AT_THE_TOP,
    INCLUDED_APPS,
    PROFILE_FIELDS,
    AppliedFilters,
    parse_filters,
)
from pushhub.dialects.pushexpress.server.pushes import PushContent, parse_push_content
from pushhub.dialects.pushexpress.server.times import TIME_FIELDS, FixedTime, LocalTime, parse_onesend_time
from pushhub.moments import Seconds
from pushhub.sends.local_time import UTC_OFFSETS
from pushhub.sends.store import MAX_PARTS

MAX_NAME_CHARACTERS: Final = 255
MAX_BOUND: Final = 1
"""Pushes that are bound to one sending."""
MAX_LOCAL_APPS: Final = MAX_PARTS // len(UTC_OFFSETS)
"""Apps of a sending at a local hour, which has a part for each app and offset."""
PUSH_IDS: Final = "push_ids"
"""The list in a request that binds. The vendor's name of it could not be read."""

_FILTER_FIELDS: Final = APP_FIELDS | PROFILE_FIELDS
_FILTERS: Final = "filters"
_IN_FILTERS: Final = dict.fromkeys(_FILTER_FIELDS, f"under {_FILTERS}")
_AN_OBJECT: Final = 'an object, such as {"all_apps": true}'
_A_BINDING: Final = f"a list of at most {MAX_BOUND} id, such as [1]: this hub binds one push to a sending"


@dataclass(frozen=True, slots=True)
class InstantOrder:
    """What `POST /send/instant` asks for: `push` is for all that `applied` chooses."""

    name: str
    applied: AppliedFilters
    push: PushContent


@dataclass(frozen=True, slots=True)
class OnesendOrder:
    """What `POST /sched/onesend` asks for; which push it is for is not known yet."""

    name: str
    applied: AppliedFilters
    time: FixedTime | LocalTime


def parse_instant(body: Mapping[str, Any], account: ServerAccount) -> InstantOrder:
    """Return what a request for an instant sending asks for ("Instant sending").

    Raises:
        RefusedError: fields are absent, unknown or do not fit.
    """
    fields = Fields(body)
    fields.require_known({"name", _FILTERS, "push"}, _IN_FILTERS)
    name, filters, push = fields.text("name", MAX_NAME_CHARACTERS), fields.object(_FILTERS, _AN_OBJECT), fields.object("push")
    filters.require_known(_FILTER_FIELDS)
    return InstantOrder(name, parse_filters(filters, account), parse_push_content(push))


def parse_onesend(body: Mapping[str, Any], account: ServerAccount, now: Seconds) -> OnesendOrder:
    """Return what a request for a one-time sending asks for ("One-time sending in future").

    Raises:
        RefusedError: fields are absent, unknown or do not fit.
    """
    fields = Fields(body)
    fields.require_known(_FILTER_FIELDS | TIME_FIELDS | {"name"}, FILTERS_AT_THE_TOP)
    name, time = fields.text("name", MAX_NAME_CHARACTERS), parse_onesend_time(fields, now)
    applied = parse_filters(fields, account)
    if isinstance(time, LocalTime) and len(applied.apps) > MAX_LOCAL_APPS:
        raise RefusedError(PushExpressRefusal.TOO_MANY_APPS, path=fields.path_of(INCLUDED_APPS), most=MAX_LOCAL_APPS)
    return OnesendOrder(name, applied, time)


def parse_binding(body: Mapping[str, Any]) -> int | None:
    """Return the id of the push that is to be bound to a sending, None where none is ("Pushes", "Bind Pushes to a Scheduler").

    Raises:
        RefusedError: the list is absent, is no list of ids, or has more than :data:`MAX_BOUND`.
    """
    fields = Fields(body)
    fields.require_known({PUSH_IDS})
    if not isinstance(fields.required(PUSH_IDS), list):
        raise bad_field(fields.path_of(PUSH_IDS), _A_BINDING)
    ids = fields.listed(PUSH_IDS, IDS)
    if len(ids) > MAX_BOUND:
        raise bad_field(fields.path_of(PUSH_IDS), _A_BINDING)
    return next(iter(ids), None)
