"""When is a local hour for which device, and in which part of a sending does a device get its push?

A sending at a local hour has, for each app, one part for each offset from UTC that is in use, due at that hour there. A device is
in the part of the offset that is nearest to its own; one that has told none is in that of UTC.

Parts are swept at different moments. If the offset decided that a device has when it is met, one that changes its offset between
two parts would be met twice or never. What decides is the offset that it had when the first of these two parts was due, so both of
them agree, whenever each is swept:

===============================  ============================  ==========================  =====================================
daylight saving time             the first part is that of     it changes before that      it changes later
===============================  ============================  ==========================  =====================================
begins: the offset grows         the offset that it has then   the new offset, and its     the first part leaves it to that of
                                                               hour, which comes earlier   the old offset, an hour later
ends: the offset shrinks         the offset that it had        the new offset, and its     the first part pushes to it, and that
                                                               hour, which comes later     of the new offset leaves it
===============================  ============================  ==========================  =====================================

A device that changes its offset twice between its parts, as a traveller does, may be missed or met twice.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from pushhub.audience.model import OffsetBefore
from pushhub.audience.values import Value
from pushhub.catalog.filter_fields import TZ_SEC
from pushhub.catalog.model import AppId
from pushhub.moments import Seconds
from pushhub.sends.sending import Part


def _offset(hours: int, minutes: int = 0) -> int:
    """Return an offset in seconds; the minutes have the sign of the hours."""
    return 3600 * hours + 60 * (minutes if hours >= 0 else -minutes)


UTC_OFFSETS: Final = (
    *(_offset(-hours) for hours in (12, 11, 10)),
    _offset(-9, 30),
    *(_offset(-hours) for hours in (9, 8, 7, 6, 5, 4)),
    _offset(-3, 30),
    _offset(-3),
    _offset(-2, 30),
    *(_offset(hours) for hours in (-2, -1, 0, 1, 2, 3)),
    _offset(3, 30),
    _offset(4),
    _offset(4, 30),
    _offset(5),
    _offset(5, 30),
    _offset(5, 45),
    _offset(6),
    _offset(6, 30),
    *(_offset(hours) for hours in (7, 8)),
    _offset(8, 45),
    _offset(9),
    _offset(9, 30),
    _offset(10),
    _offset(10, 30),
    *(_offset(hours) for hours in (11, 12)),
    _offset(12, 45),
    _offset(13),
    _offset(13, 45),
    _offset(14),
)
"""Seconds that local time is ahead of UTC wherever people live, daylight saving time included, in ascending order."""
UNSEEN_SECONDS: Final = 60
"""A change of so long before a part is due counts as a later one: clocks are apart, and the index shows it a second later."""


def local_parts(apps: Sequence[AppId], hour: datetime) -> tuple[Part, ...]:
    """Return the parts of a sending at a local hour, the earliest first.

    Args:
        apps: whose devices get it, each once.
        hour: date and time as a clock on the wall shows them, without a time zone.
    """
    there = int(hour.replace(tzinfo=UTC).timestamp())
    moments = [(Seconds(there - offset), app, offset) for offset in reversed(UTC_OFFSETS) for app in apps]
    return tuple(Part(number, app, due, offset) for number, (due, app, offset) in enumerate(moments))


@lru_cache(maxsize=1_024)
def nearest_offset(offset: int) -> int:
    """Return that of :data:`UTC_OFFSETS` which is nearest to an offset; of two that are as near, the smaller one."""
    behind = bisect_left(UTC_OFFSETS, offset)
    return min(UTC_OFFSETS[max(0, behind - 1) : behind + 1], key=lambda each: abs(each - offset))


def is_in_part(part: Part, fields: Mapping[str, Value], before: OffsetBefore | None) -> bool:
    """Say whether a device gets the push of a part, and not that of another offset; a part without offset is for all.

    Args:
        part: which.
        fields: of the device's profile.
        before: what its offset was before it changed last, where it has changed.
    """
    if part.offset is None:
        return True
    offset = _offset_of(fields)
    if before is None:
        return part.offset == nearest_offset(offset)
    return part.offset == _deciding_offset(part.due + part.offset, nearest_offset(offset), before)


def _deciding_offset(hour: int, offset: int, before: OffsetBefore) -> int:
    """Return the offset that a device had when the first of its two parts was due; `hour` is in seconds, as if it were of UTC."""
    former = nearest_offset(before.offset)
    first_due = hour - max(offset, former)
    return former if before.until > first_due - UNSEEN_SECONDS else offset


def _offset_of(fields: Mapping[str, Value]) -> int:
    offset = fields.get(TZ_SEC)
    return offset if isinstance(offset, int) else 0
