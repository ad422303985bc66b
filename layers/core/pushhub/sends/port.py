"""What does the room of sendings need of the transport to providers, and its lanes of what pushes a step?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Protocol

from pushhub.audience.model import Subscription, SubscriptionRef
from pushhub.catalog.model import App
from pushhub.sends.outcomes import RecipientOutcome
from pushhub.sends.sending import Sending

NO_LANGUAGES: Final[Mapping[SubscriptionRef, str]] = MappingProxyType({})
"""Everybody gets what the messages say themselves."""


@dataclass(frozen=True, slots=True)
class PushRequest:
    """One rendered request: one push to one recipient, by POST.

    Its URL may hold a push token and its headers a credential, so its `repr` shows none of them. `reply_headers` are the names, in
    lower case, of those headers of the reply that the provider's module reads. `connection` names the connection that it may share:
    requests of different names never share one.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    reply_headers: frozenset[str] = frozenset()
    connection: str = ""


@dataclass(frozen=True, slots=True)
class ProviderReply:
    """A provider's answer to one request; `headers` are those of :attr:`PushRequest.reply_headers` that it has."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotSent:
    """The provider cannot have processed the request: its body was not given away, or the provider says so."""

    reason: str


@dataclass(frozen=True, slots=True)
class MaybeSent:
    """The provider may have processed the request: its body was given away, and no answer came."""

    reason: str


SendResult = ProviderReply | NotSent | MaybeSent
"""What became of one request."""


class Transport(Protocol):
    """Sends requests to providers, many at a time."""

    def send_many(self, requests: Sequence[PushRequest], seconds: float) -> Sequence[SendResult]:
        """Return what became of each, in the order of the requests, within so many seconds; it raises nothing.

        No request reaches a provider twice, but one that the provider has said it did not process.
        """


class Pusher(Protocol):
    """Pushes one step of a sending."""

    def push(
        self,
        sending: Sending,
        app: App,
        recipients: Sequence[Subscription],
        seconds: float,
        languages: Mapping[SubscriptionRef, str] = NO_LANGUAGES,
    ) -> Sequence[RecipientOutcome]:
        """Push to each recipient once, and return what came of each, in order; it raises nothing.

        Bad credentials were renewed once where that can help, and dead push tokens are retired by then. A recipient without a
        message or a provider block gets `wrong_target` without a request.

        Args:
            sending: what is pushed.
            app: through whose accounts.
            recipients: at most 150, each at most once.
            seconds: within which all of it is over, at most.
            languages: of those recipients whose language the sending is translated into.
        """
