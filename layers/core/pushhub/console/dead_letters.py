"""What does a dead letter say, which dead letters does a person mean, and what of them goes back into the queue?

Pure.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, assert_never

from pushhub.console.terminal import beginning, on_one_line
from pushhub.events.command import Happening, RecordEvent, RelayLink
from pushhub.events.messages import Forward, PoisonError, Report, read_forward, read_report, write_forward
from pushhub.moments import Milliseconds, iso_milliseconds

RECEIVES_OF_SQS: Final = 20
MOVED_BY_SQS: Final = (
    f"received {RECEIVES_OF_SQS} times without success: the function crashed, timed out, or could not reach its tables; see its log"
)
_CAME_BACK: Final = "put back by this very command and given up again; see why with `forwards list`"
_NOT_THERE: Final = "no such dead letter can be seen; if somebody else is looking at it, it can be in a minute"
_SHORT_ID: Final = 8
_LINK_SHOWN: Final = 12
_UNREADABLE_SHOWN: Final = 60


class QueueName(StrEnum):
    """The queues that have dead letters."""

    EVENTS = "events"
    FORWARDS = "forwards"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The body is no message that this version reads."""

    why: str


LetterContent = Forward | Report | Unreadable
"""What the body of a dead letter says."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was given up.

    `reason` is what the hub wrote on it; it is None if SQS moved the message here by itself. `sent` is when the hub put the message
    here; for one that SQS moved, it is when the message was put into the queue that it comes from.
    """

    id: str
    queue: QueueName
    body: str = field(repr=False)
    """Push tokens may stand in it."""
    sent: Milliseconds
    reason: str | None = None

    @property
    def content(self) -> LetterContent:
        """What the body says."""
        reader: Callable[[str], Forward | Report] = read_forward if self.queue is QueueName.FORWARDS else read_report
        try:
            return reader(self.body)
        except PoisonError as poison:
            return Unreadable(str(poison))

    @property
    def upstream(self) -> str | None:
        """The upstream that the letter was on its way to, if that is known."""
        content = self.content
        return content.upstream if isinstance(content, Forward) else None

    @property
    def is_relay(self) -> bool:
        """Whether it hands on a link that is not ours."""
        content = self.content
        return isinstance(content, Forward) and content.is_relay

    @property
    def why(self) -> str:
        """Why the message was given up."""
        return MOVED_BY_SQS if self.reason is None else self.reason

    def body_to_put_back(self, now: Milliseconds) -> str:
        """Return what goes back into the queue: a forward as if it began now, anything else as it is."""
        content = self.content
        return write_forward(content.begun_anew(now)) if isinstance(content, Forward) else self.body


def why_left(letter: DeadLetter, began: Milliseconds) -> str | None:
    """Return why a letter that nobody named by its id is not put back, None if it is put back.

    Args:
        letter: what was found.
        began: the moment at which this command makes forwards begin anew. A letter that has it was put back by this command and
            given up again; it would go round for ever.
    """
    match letter.content:
        case Unreadable(why):
            return f"{why}: it goes back only if you name it by its id"
        case Forward(since=since):
            return _CAME_BACK if since == began else None
        case Report():
            return None
        case other:
            assert_never(other)


def named(letters: Sequence[DeadLetter], ids: Sequence[str]) -> tuple[list[DeadLetter], dict[str, str]]:
    """Return the letters whose ids, or beginnings of ids, are given, and what is wrong with each id that means none or several."""
    found: dict[str, DeadLetter] = {}
    wrong: dict[str, str] = {}
    for id_ in ids:
        meant = [letter for letter in letters if letter.id.startswith(id_)]
        if len(meant) == 1:
            found[meant[0].id] = meant[0]
        else:
            wrong[id_] = f"{len(meant)} dead letters begin with {id_}" if meant else _NOT_THERE
    return list(found.values()), wrong


def letter_entry(letter: DeadLetter) -> dict[str, object]:
    """Return a dead letter as JSON has it."""
    content = letter.content
    report = _report(content)
    forward = content if isinstance(content, Forward) else None
    sent = iso_milliseconds(letter.sent)
    return {
        "id": letter.id,
        "queue": str(letter.queue),
        "upstream": letter.upstream,
        "what": _content_entry(report) if report else None,
        "why": letter.why,
        "dead_since": None if letter.reason is None else sent,
        "queued_since": sent if letter.reason is None else None,
        "accepted": iso_milliseconds(report.at) if report else None,
        "tried": _tried(letter, content),
        "waited": forward.waited if forward else None,
        "unreadable": _unreadable_entry(letter, content) if isinstance(content, Unreadable) else None,
    }


def letter_lines(letters: Sequence[DeadLetter]) -> Iterator[str]:
    """Give dead letters as lines for a person."""
    starts = Counter(letter.id[:_SHORT_ID] for letter in letters)
    for letter in letters:
        content = letter.content
        start = letter.id[:_SHORT_ID]
        towards = f", upstream {on_one_line(letter.upstream)}" if letter.upstream else ""
        yield f"{start if starts[start] == 1 else letter.id}  {letter.queue}{towards}"
        yield f"  what   {_content_text(letter, content)}"
        yield f"  why    {on_one_line(letter.why)}"
        yield f"  since  {_since(letter, _report(content))}"
        waited = f", put off {_times(content.waited)}" if isinstance(content, Forward) else ""
        yield f"  tried  {_times(_tried(letter, content))}{waited}"


def _report(content: LetterContent) -> Report | None:
    match content:
        case Forward(report=report):
            return report
        case Report():
            return content
        case Unreadable():
            return None
        case _:
            assert_never(content)


def _content_text(letter: DeadLetter, content: LetterContent) -> str:
    match content:
        case Forward(report=report):
            return _report_text(report)
        case Report():
            return _report_text(content)
        case Unreadable(why):
            return f"{why}, {len(letter.body.encode())} bytes: {letter.body[:_UNREADABLE_SHOWN]!r}"
        case _:
            assert_never(content)


def _report_text(report: Report) -> str:
    match report.content:
        case RelayLink(opaque):
            return f"link {on_one_line(beginning(opaque, _LINK_SHOWN))}"
        case RecordEvent() as event:
            happened = " and ".join(_happened(event.happening))
            launch, provider, uid = map(on_one_line, (event.launch, event.provider, event.uid))
            return f"{happened}, launch {launch}, provider {provider}, uid {uid}"
        case _:
            assert_never(report.content)


def _content_entry(report: Report) -> dict[str, object]:
    match report.content:
        case RelayLink(opaque):
            return {"link": beginning(opaque, _LINK_SHOWN)}
        case RecordEvent() as event:
            return {"events": _happened(event.happening), "uid": event.uid, "launch": event.launch, "provider": event.provider}
        case _:
            assert_never(report.content)


def _happened(happening: Happening) -> list[str]:
    return [str(bit.name).lower() for bit in happening]


def _unreadable_entry(letter: DeadLetter, content: Unreadable) -> dict[str, object]:
    return {"why": content.why, "bytes": len(letter.body.encode()), "beginning": letter.body[:_UNREADABLE_SHOWN]}


def _since(letter: DeadLetter, report: Report | None) -> str:
    state = "queued" if letter.reason is None else "dead"
    accepted = f", accepted {iso_milliseconds(report.at)}" if report else ""
    return f"{state} since {iso_milliseconds(letter.sent)}{accepted}"


def _tried(letter: DeadLetter, content: LetterContent) -> int:
    """Return how often a message was tried: `record_events` gives a report up at its first delivery, or SQS does after many."""
    if isinstance(content, Forward):
        return content.tried
    return RECEIVES_OF_SQS if letter.reason is None else 1


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
