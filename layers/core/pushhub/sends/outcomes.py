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

from dataclasses import dataclass
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
        gone_since: from when the provider knows that the push token is dead, of `gone` alone; None where it did not say.
    """

    outcome: Outcome
    code: str = ""
    reason: str = ""
    after: int | None = None
    gone_since: Milliseconds | None = None
