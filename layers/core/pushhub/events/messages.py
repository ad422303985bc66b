"""What does a message in a queue look like, and is this one that this version reads?

A message is JSON in ASCII alone, since queues do not take every character. It keeps its receipt whenever it is delivered again or
put back from the dead letters.

======================================  ==========================================  ======================
part                                    value                                       stands in
======================================  ==========================================  ======================
`v`                                     format, 0 or 1                              every message
`upstream`                              name of an upstream                         a forward
`receipt`, `at`                         of the report                               every message
`what`: `link`                          opaque part of a link                       a link to hand on
`what`: `events`, `uid`                 bits of what happened, and to which push    an event
`what`: `launch_id`, `provider`,        the plain form, whole                       an event of that form
`subscription_id`
`what`: `launch_of_link`                launch that a link of ours names            an event of such a link
`since`, `tried`, `waited`,             see `Forward`                               a forward
`not_before`
======================================  ==========================================  ======================

The codec is written by hand. Pydantic's adapters for the same checks took 9 to 10 ms of processor time in each cold start of three
functions, 2 % of their import, and saved 5 µs a message. The texts of `PoisonError` would have to be translated from pydantic's.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, NewType, assert_never

from pushhub.catalog.providers import PushToken
from pushhub.events.command import (
    MAX_LAUNCH_CHARACTERS,
    MAX_PROVIDER_CHARACTERS,
    MAX_UID_CHARACTERS,
    OPAQUE_PART,
    Happening,
    PlainForm,
    RecordEvent,
    RelayLink,
)
from pushhub.moments import EPOCH, Milliseconds
from pushhub.versioned import NotVersionedError, OtherVersionError, read_versioned

Receipt = NewType("Receipt", str)
"""What tells an accepted report from every other: 128 random bits as 32 hex digits."""

MESSAGE_FORMAT: Final = 1
"""Format version that is written. It and the one before it are read."""
_MAX_NUMBER: Final = 2**53
"""The largest number that every reader of JSON reads exactly."""
_PLAIN: Final = frozenset({"launch_id", "provider", "subscription_id"})
"""A report that has one of these parts is of the plain form, and has to have the others."""


class PoisonError(ValueError):
    """A message that cannot be read, however often it is delivered; the text says why and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Report:
    """A message of a device, or of a server for it, that the hub has accepted at the moment `at`."""

    receipt: Receipt
    at: Milliseconds
    content: RecordEvent | RelayLink


@dataclass(frozen=True, slots=True)
class Forward:
    """A report on its way to one upstream, with those of its bits that the upstream gets.

    `since` is when its forwarding began. `tried` counts the requests that were sent to the upstream; `waited` counts how often it
    went into the queue of retries, whether a request was sent or not. No request is sent before `not_before`.
    """

    upstream: str
    report: Report
    since: Milliseconds
    tried: int = 0
    waited: int = 0
    not_before: Milliseconds = EPOCH

    @property
    def is_relay(self) -> bool:
        """Whether it hands on a link that is not ours; anyone can make up such links."""
        return isinstance(self.report.content, RelayLink)

    def begun_anew(self, now: Milliseconds) -> "Forward":
        """Return the forward as if its forwarding began now; the requests that were sent stay counted."""
        return replace(self, since=now, waited=0, not_before=EPOCH)


def write_report(report: Report) -> str:
    """Return a report as the body of a message."""
    return _written({"v": MESSAGE_FORMAT, **_report_entry(report)})


def read_report(body: str) -> Report:
    """Read back what :func:`write_report` or :func:`write_forward` wrote.

    Raises:
        PoisonError: no version near this one wrote it.
    """
    entry = _entry(body)
    try:
        return _report(entry)
    except (ValueError, KeyError, TypeError) as error:
        raise _wrong_part(error) from None


def write_forward(forward: Forward) -> str:
    """Return a forward as the body of a message."""
    return _written(
        {
            "v": MESSAGE_FORMAT,
            **_report_entry(forward.report),
            "upstream": forward.upstream,
            "since": forward.since,
            "tried": forward.tried,
            "waited": forward.waited,
            "not_before": forward.not_before,
        }
    )


def read_forward(body: str) -> Forward:
    """Read back what :func:`write_forward` wrote.

    Raises:
        PoisonError: no version near this one wrote it.
    """
    entry = _entry(body)
    try:
        return Forward(
            upstream=_text(entry["upstream"]),
            report=_report(entry),
            since=_moment(entry["since"]),
            tried=_number(entry["tried"]),
            waited=_number(entry["waited"]),
            not_before=_moment(entry["not_before"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise _wrong_part(error) from None


def _written(entry: Mapping[str, object]) -> str:
    return json.dumps(entry, separators=(",", ":"))


def _entry(body: str) -> Mapping[str, object]:
    try:
        return read_versioned(body, MESSAGE_FORMAT)
    except NotVersionedError:
        raise PoisonError("not a message of this hub") from None
    except OtherVersionError:
        raise PoisonError(f"a message of another format; this version reads up to {MESSAGE_FORMAT}") from None


def _wrong_part(error: Exception) -> PoisonError:
    """Return what is said of a part that is missing (KeyError), of another type (TypeError) or out of bounds (ValueError)."""
    return PoisonError(f"a message with a part missing or wrong ({type(error).__name__})")


def _report_entry(report: Report) -> Mapping[str, object]:
    return {"receipt": report.receipt, "at": report.at, "what": _content_entry(report.content)}


def _content_entry(content: RecordEvent | RelayLink) -> Mapping[str, object]:
    match content:
        case RelayLink(opaque):
            return {"link": opaque}
        case RecordEvent(happening, uid, plain, launch_of_link):
            return (
                {"events": int(happening), "uid": uid}
                | ({"launch_id": plain.launch, "provider": plain.provider, "subscription_id": plain.push_token} if plain else {})
                | ({} if launch_of_link is None else {"launch_of_link": launch_of_link})
            )
        case _:
            assert_never(content)


def _report(entry: Mapping[str, object]) -> Report:
    return Report(Receipt(_text(entry["receipt"])), _moment(entry["at"]), _content(entry["what"]))


def _content(entry: object) -> RecordEvent | RelayLink:
    if not isinstance(entry, dict):
        raise TypeError
    if "link" in entry:
        return RelayLink(_link(entry["link"]))
    plain = None if _PLAIN.isdisjoint(entry) else _plain(entry)
    launch = _text(entry["launch_of_link"], MAX_LAUNCH_CHARACTERS) if "launch_of_link" in entry else None
    return RecordEvent(_happening(entry["events"]), _text(entry["uid"]), plain, launch)


def _plain(entry: Mapping[str, object]) -> PlainForm:
    provider = _text(entry["provider"], MAX_PROVIDER_CHARACTERS)
    return PlainForm(_launch(entry["launch_id"]), provider, PushToken(_text(entry["subscription_id"])))


def _link(value: object) -> str:
    opaque = _text(value)
    if not OPAQUE_PART.fullmatch(opaque):
        raise ValueError
    return opaque


def _happening(value: object) -> Happening:
    if type(value) is not int or value not in range(1, 4):
        raise ValueError
    return Happening(value)


def _launch(value: object) -> str | int:
    """Return a launch in the type it has; as a text it is bounded by its characters, as a number by its digits."""
    _text(str(value), MAX_LAUNCH_CHARACTERS)
    return value if type(value) is int else _text(value, MAX_LAUNCH_CHARACTERS)


def _text(value: object, most: int = MAX_UID_CHARACTERS) -> str:
    """Return a text of 1 to `most` characters; half of a surrogate pair is refused, since it cannot be sent on."""
    if not isinstance(value, str):
        raise TypeError
    if not 1 <= len(value) <= most:
        raise ValueError
    value.encode()
    return value


def _moment(value: object) -> Milliseconds:
    return Milliseconds(_number(value))


def _number(value: object) -> int:
    """Return a count or a moment; JSON has numbers that are neither, such as -1, 1.5, 1e400 and NaN."""
    if type(value) is not int or not 0 <= value <= _MAX_NUMBER:
        raise ValueError
    return value
