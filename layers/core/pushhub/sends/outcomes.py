"""What came of one recipient of a sending?

==================  ===============================================================================================
outcome             means
==================  ===============================================================================================
accepted            the provider has taken the push
later               the provider has taken it, and says later what came of it
gone                the push token is dead; its subscription is to be retired
wrong_target        the push token is not of this project, topic or environment; nothing is retired
message_bad         the provider refuses the message itself, for any device
retry               it is to be sent again, after some seconds
credentials_bad     the provider refuses the app's credentials
unknown             it may have been sent; it is never sent again
expired             its time was over before it could be sent
==================  ===============================================================================================
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from pushhub.moments import Milliseconds


class Outcome(StrEnum):
    """What came of a recipient, in one word."""

    ACCEPTED = "accepted"
    LATER = "later"
    GONE = "gone"
    WRONG_TARGET = "wrong_target"
    MESSAGE_BAD = "message_bad"
    RETRY = "retry"
    CREDENTIALS_BAD = "credentials_bad"
    UNKNOWN = "unknown"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class RecipientOutcome:
    """What came of a recipient, with the provider's own code and words.

    Attributes:
        outcome: the word.
        code: the provider's code as it came, such as `UNREGISTERED`, or the HTTP status; empty where there was no answer.
        reason: why, in words for people; without a push token or a credential in it.
        after: seconds to wait before it is sent again, of `retry` alone; None where the provider did not say.
        throttled: the provider asks for fewer requests of the app, of `retry` alone.
        gone_since: from when the provider knows that the push token is dead, of `gone` alone; None where it did not say.
        gone_if_message_good: of `wrong_target` alone: the provider does not tell a dead push token from a bad message, so it is
            `gone` if the same message was accepted for another recipient; see :func:`with_message_proven`.
        renewable: of `credentials_bad` alone: the provider may accept newer proof of the same credentials.
    """

    outcome: Outcome
    code: str = ""
    reason: str = ""
    after: int | None = None
    throttled: bool = False
    gone_since: Milliseconds | None = None
    gone_if_message_good: bool = False
    renewable: bool = False


def with_message_proven(outcomes: Sequence[RecipientOutcome]) -> Sequence[RecipientOutcome]:
    """Return what came of recipients of one message and one provider, now that it is known whether any was accepted."""
    if all(each.outcome != Outcome.ACCEPTED for each in outcomes):
        return outcomes
    return [
        replace(each, outcome=Outcome.GONE, gone_if_message_good=False) if each.gone_if_message_good else each for each in outcomes
    ]
