"""What does the push token of a device ask the stand-ins to do?

Pure. The words are those that the table in "Stand-ins of providers" of the README explains.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Final

from pushhub.sends.outcomes import Outcome

SECONDS_OF_BUSY: Final = 5
"""What `Retry-After` says where the word names no seconds."""

_MOST_DIGITS: Final = 6


class ReplyKind(StrEnum):
    """What a reply says; each provider says it in its own way."""

    ACCEPTED = auto()
    GONE = auto()
    WRONG_TARGET = auto()
    BAD_DEVICE = auto()
    MESSAGE_BAD = auto()
    BUSY = auto()
    CREDENTIALS_OLD = auto()
    CREDENTIALS_BAD = auto()
    JUNK = auto()


class Manner(StrEnum):
    """What becomes of the stream and its connection."""

    ANSWER = auto()
    NEVER = auto()
    """The stream stays open."""
    DROP = auto()
    """The connection is closed without an answer on this stream, once all others are answered."""
    GOODBYE = auto()
    """The stream is answered, and a GOAWAY says that it was the last one."""
    RESET = auto()
    """The stream is reset."""


@dataclass(frozen=True, slots=True)
class Script:
    """What is done about a push.

    Attributes:
        reply: what the reply says, where there is one.
        verdict: what came of the recipient, as the hub can know it.
        manner: how the reply is given.
        once: only the first push to the device; later ones are accepted.
        seconds: those that the push token names: of `retry-N-` and `busy-` how long to wait, of `gonebefore-N-` for how long the
            device has been gone, of `slow-N-` how late the reply is.
        late: whether the reply comes that late.
    """

    reply: ReplyKind
    verdict: Outcome
    manner: Manner = Manner.ANSWER
    once: bool = False
    seconds: int = 0
    late: bool = False


ACCEPTED: Final = Script(ReplyKind.ACCEPTED, Outcome.ACCEPTED)

SCRIPTS: Final[Mapping[str, Script]] = {
    "gone-": Script(ReplyKind.GONE, Outcome.GONE),
    "gonebefore-N-": Script(ReplyKind.GONE, Outcome.GONE),
    "wrong-": Script(ReplyKind.WRONG_TARGET, Outcome.WRONG_TARGET),
    "baddevice-": Script(ReplyKind.BAD_DEVICE, Outcome.WRONG_TARGET),
    "badmessage-": Script(ReplyKind.MESSAGE_BAD, Outcome.MESSAGE_BAD),
    "retry-N-": Script(ReplyKind.BUSY, Outcome.RETRY, once=True),
    "busy-N-": Script(ReplyKind.BUSY, Outcome.RETRY),
    "busy-": Script(ReplyKind.BUSY, Outcome.RETRY, seconds=SECONDS_OF_BUSY),
    "auth-": Script(ReplyKind.CREDENTIALS_OLD, Outcome.CREDENTIALS_BAD, once=True),
    "noauth-": Script(ReplyKind.CREDENTIALS_BAD, Outcome.CREDENTIALS_BAD),
    "slow-N-": Script(ReplyKind.ACCEPTED, Outcome.ACCEPTED, late=True),
    "silent-": Script(ReplyKind.ACCEPTED, Outcome.UNKNOWN, Manner.NEVER),
    "drop-": Script(ReplyKind.ACCEPTED, Outcome.UNKNOWN, Manner.DROP),
    "goaway-": Script(ReplyKind.ACCEPTED, Outcome.ACCEPTED, Manner.GOODBYE),
    "reset-": Script(ReplyKind.ACCEPTED, Outcome.UNKNOWN, Manner.RESET),
    "junk-": Script(ReplyKind.JUNK, Outcome.UNKNOWN),
}
"""By what a push token begins with; `N` stands for a number of seconds. Any other push token is accepted."""

_WORD: Final = re.compile(rf"(?P<word>[a-z]+-)(?:(?P<seconds>[0-9]{{1,{_MOST_DIGITS}}})-)?", re.ASCII)


def script_of(push_token: str) -> Script:
    """Return what a push token asks for."""
    found = _WORD.match(push_token)
    if found is None:
        return ACCEPTED
    if found["seconds"] and (script := SCRIPTS.get(f"{found['word']}N-")):
        return Script(script.reply, script.verdict, script.manner, script.once, int(found["seconds"]), script.late)
    return SCRIPTS.get(found["word"], ACCEPTED)
