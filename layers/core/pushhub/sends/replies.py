"""How is what became of a request read, whichever provider it went to?

Each provider has tables of its own for its codes. What is the same for all of them stands here. A reason is in words of ours and
never quotes the reply, which may repeat a push token.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Final, assert_never

from pushhub.moments import Milliseconds, Seconds
from pushhub.outgoing.calls import DATE, RETRY_AFTER, seconds_to_wait
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.port import MaybeSent, NotSent, ProviderReply, SendResult

UNSENT: Final = "not sent: "
"""How the reason begins for a recipient for whom no request is made."""

READ_HEADERS: Final = frozenset({RETRY_AFTER, DATE})
"""Headers of a reply that say how long to wait."""
MAX_WAIT_SECONDS: Final = 15 * 60
"""What a provider may ask to wait at most."""

_WORD: Final = re.compile(r"[A-Za-z_]{1,40}")
"""No provider's code has a digit or is longer; push tokens and keys, which a reply may repeat, have digits or are."""
_LOST_BY_A_GATEWAY: Final = RecipientOutcome(
    Outcome.UNKNOWN, reason="a gateway has handed it on and lost the answer; it may have been sent"
)
_NOT_NOW: Final = RecipientOutcome(Outcome.RETRY, reason="the provider cannot take it now")
_NO_ANSWER: Final = RecipientOutcome(Outcome.UNKNOWN, reason="the answer is none of this provider's; it may have been sent")
_OF_STATUS: Final[Mapping[int, RecipientOutcome]] = {
    HTTPStatus.REQUEST_TIMEOUT: _NOT_NOW,
    HTTPStatus.TOO_EARLY: _NOT_NOW,
    HTTPStatus.TOO_MANY_REQUESTS: RecipientOutcome(Outcome.RETRY, reason="the provider asks for fewer requests", throttled=True),
    HTTPStatus.BAD_GATEWAY: _LOST_BY_A_GATEWAY,
    HTTPStatus.GATEWAY_TIMEOUT: _LOST_BY_A_GATEWAY,
}
_OF_CLASS: Final[Mapping[range, RecipientOutcome]] = {
    range(300, 400): RecipientOutcome(Outcome.RETRY, reason="the answer is a redirect, which is not followed"),
    range(400, 500): RecipientOutcome(Outcome.MESSAGE_BAD, reason="the provider refuses the request"),
    range(500, 600): _NOT_NOW,
}
"""What statuses mean that have no meaning of their own, by their class."""


def result_outcome(result: SendResult, read: Callable[[ProviderReply], RecipientOutcome]) -> RecipientOutcome:
    """Return what came of a request; `read` reads the provider's reply."""
    match result:
        case NotSent(reason):
            return RecipientOutcome(Outcome.RETRY, reason=reason)
        case MaybeSent(reason):
            return RecipientOutcome(Outcome.UNKNOWN, reason=reason)
        case ProviderReply():
            return read(result)
        case _:
            assert_never(result)


def unsent(outcome: Outcome, reason: str) -> RecipientOutcome:
    """Return what comes of a recipient for whom no request is made."""
    return RecipientOutcome(outcome, reason=f"{UNSENT}{reason}")


def status_outcome(reply: ProviderReply, now: Seconds, by_status: Mapping[int, RecipientOutcome]) -> RecipientOutcome:
    """Return what the status of a reply means, for want of a code that the provider's table has.

    Args:
        reply: any reply.
        now: the present moment.
        by_status: what the provider means by a status, where it means something of its own.
    """
    known = by_status.get(reply.status) or _usual_meaning(reply.status)
    return with_wait(replace(known, code=known.code or str(reply.status)), reply, now)


def _usual_meaning(status: int) -> RecipientOutcome:
    return _OF_STATUS.get(status) or next((meaning for statuses, meaning in _OF_CLASS.items() if status in statuses), _NO_ANSWER)


def with_wait(outcome: RecipientOutcome, reply: ProviderReply, now: Seconds) -> RecipientOutcome:
    """Return a retry after as many seconds as the reply asks for, else after its own; any other outcome as it is."""
    if outcome.outcome != Outcome.RETRY:
        return outcome
    seconds = seconds_to_wait(reply.headers, Milliseconds(now * 1000))
    return outcome if seconds is None else replace(outcome, after=min(seconds, MAX_WAIT_SECONDS))


def json_object(body: bytes) -> Mapping[str, object]:
    """Return the object that a body holds as JSON; an empty one where it holds none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def code_word(value: object) -> str:
    """Return a provider's code if it is one word of letters and underscores, of at most 40 characters, else nothing."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""
