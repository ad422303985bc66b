"""What does a message of the queues Sends and Deliveries look like, and is this one that this version reads?

Sends has one message for each lane that is to advance, Deliveries one for each deferral that is to be tried. Neither holds a push
token: recipients stand in them by their references.

=================================  ========================================================  ==============
part                               value                                                     stands in
=================================  ========================================================  ==============
`v`                                format, 0 or 1                                            both
`sending`, `part`, `lane`          id, number, and a hex digit or `-`                        both
`name`                             of the deferral                                           Deliveries
`tries`                            how many tries are recorded when it is due                Deliveries
`recipients`                       1 to 100 pairs of a reference and of a moment in seconds  Deliveries
=================================  ========================================================  ==============
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pushhub.audience.model import SubscriptionRef
from pushhub.catalog.providers import PROVIDER_OF_CODE, Provider
from pushhub.moments import Seconds
from pushhub.outgoing.queues import MAX_DELAY_SECONDS, Envelope
from pushhub.sends.sending import (
    INDEX_LANES,
    MAX_STEP_RECIPIENTS,
    NAMED_LANE,
    DeferralKey,
    LaneKey,
    LaneName,
    Place,
    SendingId,
)
from pushhub.versioned import NotVersionedError, OtherVersionError, read_versioned

_FORMAT: Final = 1
"""Format version that is written. It and the one before it are read."""
_MAX_NUMBER: Final = 2**53
"""The largest number that every reader of JSON reads exactly."""
_NAME: Final = re.compile(r"[0-9a-f]{1,16}")
_REFERENCE: Final = re.compile(r"[a-z]{2}[A-Za-z0-9_-]{22}")


class UnreadableMessageError(ValueError):
    """A message that cannot be read, however often it is delivered; the text says why and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class WaitingRecipient:
    """A recipient of a deferral, which is not pushed to before a moment."""

    reference: SubscriptionRef
    not_before: Seconds

    @property
    def provider(self) -> Provider:
        """The provider that the reference names."""
        return PROVIDER_OF_CODE[self.reference[:2]]


@dataclass(frozen=True, slots=True)
class DeferralMessage:
    """A message of the Deliveries queue: the recipients of a deferral, of which so many `tries` are recorded."""

    key: DeferralKey
    tries: int
    recipients: tuple[WaitingRecipient, ...]

    @property
    def numbers(self) -> Mapping[Provider, int]:
        """How many of each provider it has."""
        return number_by_provider(each.provider for each in self.recipients)

    def envelope(self, now: Seconds) -> Envelope:
        """Return it as it is put into the queue, which holds it back until the first of its recipients is due, if it can."""
        wait = min(each.not_before for each in self.recipients) - now
        return Envelope(write_deferral(self), min(max(0, wait), MAX_DELAY_SECONDS))


def number_by_provider(providers: Iterable[Provider]) -> Mapping[Provider, int]:
    """Return how often each provider occurs."""
    numbers: dict[Provider, int] = {}
    for provider in providers:
        numbers[provider] = numbers.get(provider, 0) + 1
    return numbers


def write_lane(key: LaneKey) -> str:
    """Return the body of the message that has a lane advance."""
    return _written(_lane_entry(key))


def read_lane(body: str) -> LaneKey:
    """Read back what :func:`write_lane` wrote.

    Raises:
        UnreadableMessageError: no version near this one wrote it.
    """
    entry = _entry(body)
    try:
        return _lane_key(entry)
    except (ValueError, KeyError, TypeError) as error:
        raise _wrong_part(error) from None


def write_deferral(message: DeferralMessage) -> str:
    """Return the body of the message that has a deferral tried."""
    return _written(
        {
            **_lane_entry(message.key.lane),
            "name": message.key.name,
            "tries": message.tries,
            "recipients": [[each.reference, each.not_before] for each in message.recipients],
        }
    )


def read_deferral(body: str) -> DeferralMessage:
    """Read back what :func:`write_deferral` wrote.

    Raises:
        UnreadableMessageError: no version near this one wrote it.
    """
    entry = _entry(body)
    try:
        key = DeferralKey(_lane_key(entry), Place(_matching(entry["name"], _NAME)))
        return DeferralMessage(key, _number(entry["tries"]), _recipients(entry["recipients"]))
    except (ValueError, KeyError, TypeError) as error:
        raise _wrong_part(error) from None


def _written(entry: Mapping[str, object]) -> str:
    return json.dumps({"v": _FORMAT, **entry}, separators=(",", ":"))


def _lane_entry(key: LaneKey) -> Mapping[str, object]:
    return {"sending": key.sending, "part": key.part, "lane": key.lane}


def _entry(body: str) -> Mapping[str, object]:
    try:
        return read_versioned(body, _FORMAT)
    except NotVersionedError:
        raise UnreadableMessageError("not a message of this hub") from None
    except OtherVersionError:
        raise UnreadableMessageError(f"a message of another format; this version reads up to {_FORMAT}") from None


def _wrong_part(error: Exception) -> UnreadableMessageError:
    """Return what is said of a part that is missing (KeyError), of another type (TypeError) or out of bounds (ValueError)."""
    return UnreadableMessageError(f"a message with a part missing or wrong ({type(error).__name__})")


def _lane_key(entry: Mapping[str, object]) -> LaneKey:
    lane = entry["lane"]
    if lane not in (*INDEX_LANES, NAMED_LANE):
        raise ValueError
    return LaneKey(SendingId(_number(entry["sending"])), _number(entry["part"]), LaneName(str(lane)))


def _recipients(value: object) -> tuple[WaitingRecipient, ...]:
    if not isinstance(value, list):
        raise TypeError
    if not 1 <= len(value) <= MAX_STEP_RECIPIENTS:
        raise ValueError
    return tuple(_recipient(*pair) for pair in value)


def _recipient(reference: object, not_before: object) -> WaitingRecipient:
    known = _matching(reference, _REFERENCE)
    if known[:2] not in PROVIDER_OF_CODE:
        raise ValueError
    return WaitingRecipient(SubscriptionRef(known), Seconds(_number(not_before)))


def _matching(value: object, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str):
        raise TypeError
    if not pattern.fullmatch(value):
        raise ValueError
    return value


def _number(value: object) -> int:
    """Return a count, an id or a moment; JSON has numbers that are none, such as -1, 1.5, 1e400 and NaN."""
    if type(value) is not int or not 0 <= value <= _MAX_NUMBER:
        raise ValueError
    return value
