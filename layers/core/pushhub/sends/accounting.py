"""What comes of the recipients of a step, or of a try, with what their provider has answered?

Those that wait are pushed to later; all others are accounted for, by the last outcome that they have come to.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pushhub.audience.model import Subscription, hash_id
from pushhub.catalog.providers import Provider
from pushhub.moments import Seconds
from pushhub.outgoing.queues import MAX_DELAY_SECONDS
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.platforms import PLATFORM_OF, Platform
from pushhub.sends.queue_messages import WaitingRecipient
from pushhub.sends.sending import Example, OutcomeCounts, ProviderStop

FIRST_RETRY_SECONDS: Final = 10
"""The longest wait before the first retry of a recipient whose provider has not said when; each further one is twice as long."""
LONGEST_RETRY_SECONDS: Final = MAX_DELAY_SECONDS
"""A provider that asks for a longer wait is not heard further than this."""
LONGEST_FLOOR_SECONDS: Final = 60
"""A provider that asks for a shorter wait is heard at first. The shortest wait doubles with each try, until it is this long."""
MESSAGE_BAD_STOPS_AT: Final = 100
"""Recipients of one lane and provider that are `message_bad`, with none accepted, by which the message is known to be bad."""
REFUSALS_OF_ENDPOINTS_STOP_AT: Final = 10
"""The same for refused credentials, where a refusal may be about the endpoint of one device alone."""

_MAX_DOUBLINGS: Final = 7
_HAS_ENDPOINTS: Final = frozenset({Platform.BROWSER})
"""Platforms where each device names its own endpoint. Whoever can subscribe can name one that answers 401."""
_NO_EXAMPLE: Final = frozenset({Outcome.ACCEPTED, Outcome.LATER, Outcome.RETRY})
_SHOWN_CHARACTERS: Final = 4
_SHOWN_SHARE: Final = 4
"""At most one character in so many is shown."""


@dataclass(frozen=True, slots=True)
class Accounted:
    """What came of recipients.

    Attributes:
        counts: those that are accounted for.
        waiting: those that are pushed to later.
        pause: seconds for which a provider wants to be asked less; 0 where none does.
        refusals: the first refusal of the app's credentials by each provider.
        examples: one for each provider, outcome and code of those that were not accepted.
    """

    counts: OutcomeCounts = field(default_factory=OutcomeCounts)
    waiting: tuple[WaitingRecipient, ...] = ()
    pause: int = 0
    refusals: Mapping[Provider, RecipientOutcome] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()

    @property
    def stops(self) -> Mapping[Provider, ProviderStop]:
        """Providers that are stopped where the rest of the lane is not known: an endpoint's refusal proves nothing there."""
        return {
            provider: ProviderStop(refusal.outcome, refusal.reason)
            for provider, refusal in self.refusals.items()
            if _is_of_account(provider, refusal) and not self.counts.number(Outcome.ACCEPTED, provider)
        }

    def stops_in(self, lane: OutcomeCounts) -> Mapping[Provider, ProviderStop]:
        """Return the providers that are stopped; `lane` has what came of the lane so far, these recipients included.

        A provider that has accepted a push of the lane knows the credentials.
        """
        return {
            provider: ProviderStop(refusal.outcome, refusal.reason)
            for provider, refusal in self.refusals.items()
            if not lane.number(Outcome.ACCEPTED, provider)
            and (_is_of_account(provider, refusal) or lane.number(refusal.outcome, provider) >= REFUSALS_OF_ENDPOINTS_STOP_AT)
        }


def set_apart(
    recipients: Iterable[Subscription], stopped: Mapping[Provider, ProviderStop], *, late: bool
) -> tuple[tuple[Subscription, ...], OutcomeCounts]:
    """Return the recipients of an app that are pushed to; count those that are not: it is late, or their provider is stopped."""
    to_push, counts = [], OutcomeCounts()
    for each in recipients:
        provider = each.address.provider
        if provider in stopped:
            counts += OutcomeCounts.of(provider, stopped[provider].outcome)
        elif late:
            counts += OutcomeCounts.of(provider, Outcome.EXPIRED)
        else:
            to_push.append(each)
    return tuple(to_push), counts


def account(
    pushed: Sequence[tuple[Subscription, RecipientOutcome]],
    tries: int,
    now: Seconds,
    not_after: Callable[[Provider], Seconds],
    chance: float,
) -> Accounted:
    """Return what came of recipients that were pushed to.

    Args:
        pushed: each with its outcome.
        tries: how often they have been tried before.
        now: when the outcomes came.
        not_after: when nobody of a provider is tried any more; a recipient that would have to wait beyond it is expired at once.
        chance: from 0 to 1; how much of the longest wait is waited where the provider has not said.
    """
    last_words = [(recipient, outcome, _wait(outcome, tries, chance)) for recipient, outcome in pushed]
    waiting = tuple(
        WaitingRecipient(recipient.ref, Seconds(now + wait))
        for recipient, _, wait in last_words
        if wait and now + wait <= not_after(recipient.address.provider)
    )
    done = [
        (recipient, outcome, Outcome.EXPIRED if wait else outcome.outcome)
        for recipient, outcome, wait in last_words
        if not wait or now + wait > not_after(recipient.address.provider)
    ]
    return Accounted(
        counts=count_of((recipient.address.provider, last) for recipient, _, last in done),
        waiting=waiting,
        pause=max((wait for _, outcome, wait in last_words if outcome.throttled), default=0),
        refusals={
            recipient.address.provider: outcome for recipient, outcome, last in reversed(done) if last is Outcome.CREDENTIALS_BAD
        },
        examples=_examples(done),
    )


def count_of(outcomes: Iterable[tuple[Provider, Outcome]]) -> OutcomeCounts:
    """Return how often each provider and outcome occurs."""
    counts: dict[Provider, dict[Outcome, int]] = {}
    for provider, outcome in outcomes:
        of_provider = counts.setdefault(provider, {})
        of_provider[outcome] = of_provider.get(outcome, 0) + 1
    return OutcomeCounts(counts)


def all_of(recipients: Mapping[Provider, int], outcome: Outcome) -> OutcomeCounts:
    """Return the counts of recipients that have all come to one outcome."""
    return OutcomeCounts({provider: {outcome: number} for provider, number in recipients.items() if number})


def messages_bad(counts: OutcomeCounts) -> Mapping[Provider, ProviderStop]:
    """Return the providers that have refused the message itself for so many of a lane that it is bad for all of them."""
    return {
        provider: ProviderStop(Outcome.MESSAGE_BAD, f"the first {number} recipients of a lane were refused for the message")
        for provider, outcome, number in counts
        if outcome is Outcome.MESSAGE_BAD and number >= MESSAGE_BAD_STOPS_AT and not counts.number(Outcome.ACCEPTED, provider)
    }


def _is_of_account(provider: Provider, refusal: RecipientOutcome) -> bool:
    """Return whether a refusal is about the account, and not about one endpoint; without a code it is the hub's own."""
    return not refusal.code or PLATFORM_OF[provider] not in _HAS_ENDPOINTS


def _wait(outcome: RecipientOutcome, tries: int, chance: float) -> int:
    """Return after how many seconds a recipient is pushed to again; 0 where it is not."""
    if outcome.outcome is not Outcome.RETRY:
        return 0
    if outcome.after is not None:
        shortest = min(1 << min(tries, _MAX_DOUBLINGS), LONGEST_FLOOR_SECONDS)
        return min(max(shortest, outcome.after), LONGEST_RETRY_SECONDS)
    longest = min(FIRST_RETRY_SECONDS << min(tries, _MAX_DOUBLINGS), LONGEST_RETRY_SECONDS)
    return max(1, math.ceil(chance * longest))


def _examples(done: Sequence[tuple[Subscription, RecipientOutcome, Outcome]]) -> tuple[Example, ...]:
    examples: dict[tuple[Provider, Outcome, str], Example] = {}
    for recipient, outcome, last in done:
        address = recipient.address
        if last not in _NO_EXAMPLE:
            key = (address.provider, last, outcome.code)
            examples.setdefault(key, Example(*key, outcome.reason, masked_push_token(recipient)))
    return tuple(examples.values())


def masked_push_token(recipient: Subscription) -> str:
    """Return how a push token is shown: how it begins, and its short public name, by which it can be found.

    A browser's begins as every other one does: it is JSON.
    """
    address = recipient.address
    shown = 0 if address.push_token.startswith("{") else min(_SHOWN_CHARACTERS, len(address.push_token) // _SHOWN_SHARE)
    return f"{address.push_token[:shown]}… ({hash_id(address.provider, address.push_token)})"
