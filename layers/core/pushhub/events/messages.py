"""What stands in the queues, and is this a message that this version reads?

JSON in ASCII alone, so that no queue finds a character in it that it does not take. A message keeps its receipt through every
redelivery and redrive.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, NewType, TypedDict, cast

from pushhub.catalog.providers import PushToken
from pushhub.events.command import (
    LINK,
    MAX_LAUNCH_CHARACTERS,
    MAX_PROVIDER_CHARACTERS,
    MAX_UID_CHARACTERS,
    Happening,
    PlainForm,
    RecordEvent,
    RelayLink,
)
from pushhub.moments import EPOCH, Milliseconds

Receipt = NewType("Receipt", str)
"""What tells an accepted report from every other: 128 random bits as 32 hex digits."""

FORMAT: Final = 1
"""Format version that is written. It and the one before it are read."""
_MAX_NUMBER: Final = 2**53
_PLAIN: Final = frozenset({"launch_id", "provider", "subscription_id"})
"""What a report of the plain form has; half of it is no form."""


class PoisonError(ValueError):
    """A message that no version near this one wrote; the text says what is wrong and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a caller was told is accepted; `at` is when."""

    receipt: Receipt
    at: Milliseconds
    content: RecordEvent | RelayLink


@dataclass(frozen=True, slots=True)
class Forward:
    """A report on its way to one upstream, with those of its happenings that the upstream gets.

    `since` is when its forwarding began; `tried` counts requests sent to the upstream, `waited` how often it was put off, tried or
    not. It is not tried before `not_before`.
    """

    upstream: str
    report: Report
    since: Milliseconds
    tried: int = 0
    waited: int = 0
    not_before: Milliseconds = EPOCH

    def begun_anew(self, now: Milliseconds) -> "Forward":
        """Return it as if its forwarding began now; how often it was tried is kept."""
        return replace(self, since=now, waited=0, not_before=EPOCH)


class _What(TypedDict, total=False):
    events: int
    uid: str
    launch_id: str | int
    provider: str
    subscription_id: str
    launch_of_link: str
    link: str


class _ReportEntry(TypedDict):
    v: int
    receipt: str
    at: int
    what: _What


class _ForwardEntry(_ReportEntry):
    upstream: str
    since: int
    tried: int
    waited: int
    not_before: int


def write_report(report: Report) -> str:
    """Return a report as the body of a message."""
    return json.dumps(_report_entry(report), separators=(",", ":"))


def read_report(body: str) -> Report:
    """Read back what :func:`write_report` wrote.

    Raises:
        PoisonError: it did not write this.
    """
    return _read(body, lambda content: _report(cast("_ReportEntry", content)))


def write_forward(forward: Forward) -> str:
    """Return a forward as the body of a message."""
    entry: _ForwardEntry = {
        **_report_entry(forward.report),
        "upstream": forward.upstream,
        "since": forward.since,
        "tried": forward.tried,
        "waited": forward.waited,
        "not_before": forward.not_before,
    }
    return json.dumps(entry, separators=(",", ":"))


def read_forward(body: str) -> Forward:
    """Read back what :func:`write_forward` wrote.

    Raises:
        PoisonError: it did not write this.
    """
    return _read(body, lambda content: _forward(cast("_ForwardEntry", content)))


def _read[Content](body: str, reader: Callable[[object], Content]) -> Content:
    try:
        content = json.loads(body)
        version = content["v"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise PoisonError("not a message of this hub") from None
    if type(version) is not int or not FORMAT - 1 <= version <= FORMAT:
        raise PoisonError(f"a message of another format; this version reads up to {FORMAT}")
    try:
        return reader(content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PoisonError(f"a message with a part missing or wrong ({type(error).__name__})") from None


def _report_entry(report: Report) -> _ReportEntry:
    return {"v": FORMAT, "receipt": report.receipt, "at": report.at, "what": _what_entry(report.content)}


def _what_entry(what: RecordEvent | RelayLink) -> _What:
    if isinstance(what, RelayLink):
        return {"link": what.opaque}
    entry: _What = {"events": int(what.happening), "uid": what.uid}
    if what.plain:
        entry |= {"launch_id": what.plain.launch, "provider": what.plain.provider, "subscription_id": what.plain.push_token}
    if what.launch_of_link is not None:
        entry["launch_of_link"] = what.launch_of_link
    return entry


def _report(content: _ReportEntry) -> Report:
    return Report(Receipt(_text(content["receipt"])), Milliseconds(_number(content["at"])), _what(content["what"]))


def _what(entry: _What) -> RecordEvent | RelayLink:
    if "link" in entry:
        return RelayLink(_link(entry["link"]))
    plain = None
    if not _PLAIN.isdisjoint(entry):
        provider = _text(entry["provider"], MAX_PROVIDER_CHARACTERS)
        plain = PlainForm(_launch(entry["launch_id"]), provider, PushToken(_text(entry["subscription_id"])))
    launch = _text(entry["launch_of_link"], MAX_LAUNCH_CHARACTERS) if "launch_of_link" in entry else None
    return RecordEvent(_happening(entry["events"]), _text(entry["uid"]), plain, launch)


def _link(opaque: str) -> str:
    if not LINK.fullmatch(_text(opaque)):
        raise ValueError
    return opaque


def _happening(bits: int) -> Happening:
    if type(bits) is not int or bits not in range(1, 4):
        raise ValueError
    return Happening(bits)


def _launch(value: str | int) -> str | int:
    _text(str(value), MAX_LAUNCH_CHARACTERS)
    return value if type(value) is int else _text(cast("str", value), MAX_LAUNCH_CHARACTERS)


def _text(value: str, most: int = MAX_UID_CHARACTERS) -> str:
    """Return a text that can be written down and sent on; half of a surrogate pair cannot."""
    if not isinstance(value, str):
        raise TypeError
    if not 1 <= len(value) <= most:
        raise ValueError
    value.encode()
    return value


def _number(value: int) -> int:
    """Return a count or a time that can be reckoned with."""
    if type(value) is not int or not 0 <= value <= _MAX_NUMBER:
        raise ValueError
    return value


def _forward(content: _ForwardEntry) -> Forward:
    return Forward(
        upstream=_text(content["upstream"]),
        report=_report(content),
        since=Milliseconds(_number(content["since"])),
        tried=_number(content["tried"]),
        waited=_number(content["waited"]),
        not_before=Milliseconds(_number(content["not_before"])),
    )
