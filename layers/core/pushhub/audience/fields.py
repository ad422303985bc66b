"""Which fields of a profile does a request change, and does another profile hold one of the values?

Whichever way the field `tz_sec` changes, the profile remembers the offset from UTC that it had before: a sending at a local hour
that goes on meanwhile still knows who was where.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pushhub.audience.changes import KeyClaim, KeyRelease, KeyWrite, Replaced
from pushhub.audience.command import Reason, Refused
from pushhub.audience.model import MatchKey, OffsetBefore, Past, Profile, ProfileId
from pushhub.audience.resolving import DatabaseRequest
from pushhub.audience.values import Value
from pushhub.catalog.filter_fields import TZ_SEC
from pushhub.moments import Seconds


@dataclass(frozen=True, slots=True)
class FieldChange:
    """The fields of a profile that change; `claimed` are the match keys that it gains, `released` those that it loses for them.

    `past` is what becomes of the profile's past by it.
    """

    fields: Mapping[str, Value] = field(default_factory=dict)
    claimed: tuple[MatchKey, ...] = ()
    released: tuple[MatchKey, ...] = ()
    past: Replaced[Past] | None = None

    @property
    def replaced(self) -> Mapping[str, Value | None]:
        """What each field of a claimed key held before; None where it held nothing."""
        before = {key.field: key.value for key in self.released}
        return {key.field: before.get(key.field) for key in self.claimed}

    def key_writes(self, profile: ProfileId) -> tuple[KeyWrite, ...]:
        """Return the writes by which a profile gains and loses match keys."""
        releases = (KeyRelease(key, profile) for key in self.released)
        return (*releases, *(KeyClaim(key, profile) for key in self.claimed))


NO_CHANGE = FieldChange()


def decide_fields(
    request: DatabaseRequest, stored: Profile | None, id_: ProfileId, holders: Mapping[MatchKey, ProfileId], now: Seconds
) -> FieldChange | Refused:
    """Return how a request changes the fields of a profile, or that another profile holds the value of a match field.

    Args:
        request: says which fields are to be set.
        stored: the profile as it was read, None where it has to be made.
        id_: that of the profile, stored or to be made.
        holders: who holds the values of match fields.
        now: the moment of the decision.
    """
    taken = next((key for key in request.keys if holders.get(key, id_) != id_), None)
    if taken:
        return Refused(Reason.VALUE_TAKEN, taken.field)
    known = stored.fields if stored else {}
    fields = {name: value for name, value in request.fields.items() if name not in known or known[name] != value}
    if not fields:
        return NO_CHANGE
    claimed = tuple(key for key in request.keys if key.field in fields)
    released = _released(stored.keys if stored else (), {key.field for key in claimed})
    past = _past(request, stored, now) if TZ_SEC in fields and stored else None
    return FieldChange(fields, claimed, released, past)


def _past(request: DatabaseRequest, stored: Profile, now: Seconds) -> Replaced[Past]:
    """Return the past of a profile whose offset changes now.

    One that has told none counts as in UTC. An instance that tells of its device for the first time was pushed to at no hour of
    UTC: it has the offset that it tells from its beginning.
    """
    first = request.fields[TZ_SEC] if request.report and stored.informed is None else None
    offset = stored.fields.get(TZ_SEC, first)
    before = OffsetBefore(offset if isinstance(offset, int) else 0, now)
    return Replaced(stored.past, replace(stored.past, offset_before=before))


def _released(held: Iterable[MatchKey], fields: set[str]) -> tuple[MatchKey, ...]:
    return tuple(sorted((key for key in held if key.field in fields), key=lambda key: key.field))
