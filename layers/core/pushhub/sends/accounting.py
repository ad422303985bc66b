"""What comes of the recipients of a step, or of a try, with what their provider has answered?

Those that wait are pushed to later; all others are accounted for, by the last outcome that they have come to.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pushhub.audience.model import Subscription, hash_id
from pushhub.catalog.providers import Provider
from pushhub.moments import Seconds
from pushhub.outgoing.queues import MAX_DELAY_SECONDS
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.queue_messages import WaitingRecipient
from pushhub.sends.sending import Example, OutcomeCounts, ProviderStop

FIRST_RETRY_SECONDS: Final = 10
"""The longest wait before the first retry of a recipient whose provider has not said when; each further one is twice as long."""
LONGEST_RETRY_SECONDS: Final = MAX_DELAY_SECONDS
"""A provider that asks for a longer wait is not heard further than this."""
MESSAGE_BAD_STOPS_AT: Final = 100
"""Recipients of one lane and provider that are `message_bad`, with none accepted, by which the message is known to be bad."""

_MAX_DOUBLINGS: Final = 7
_NO_EXAMPLE: Final = frozenset({Outcome.ACCEPTED, Outcome.LATER, Outcome.RETRY})
_SHOWN_CHARACTERS: Final = 4


@dataclass(frozen=True, slots=True)
class Accounted:
    """What came of recipients.

    Attributes:
        counts: those that are accounted for.
        waiting: those that are pushed to later.
        pause: seconds for which a provider wants to be asked less; 0 where none does.
        stops: providers that refuse the app's credentials.
        examples: one for each provider, outcome and code of those that were not accepted.
    """

    counts: OutcomeCounts = field(default_factory=OutcomeCounts)
    waiting: tuple[WaitingRecipient, ...] = ()
    pause: int = 0
    stops: Mapping[Provider, ProviderStop] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()


def set_apart(
    recipients: Iterable[Subscription], stopped: Mapping[Provider, ProviderStop], *, late: bool
) -> tuple[tuple[Subscription, ...], OutcomeCounts]:
    """Return the recipients that are pushed to, and count those that are not: it is too late, or their provider is stopped."""
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
    pushed: Sequence[tuple[Subscription, RecipientOutcome]], tries: int, now: Seconds, not_after: Seconds, chance: float
) -> Accounted:
    """Return what came of recipients that were pushed to.

    Args:
        pushed: each with its outcome.
        tries: how often they have been tried before.
        now: when the outcomes came.
        not_after: when nobody is tried any more; a recipient that would have to wait beyond it is expired at once.
        chance: from 0 to 1; how much of the longest wait is waited where the provider has not said.
    """
    last_words = [(recipient, outcome, _wait(outcome, tries, chance)) for recipient, outcome in pushed]
    waiting = tuple(
        WaitingRecipient(recipient.ref, Seconds(now + wait))
        for recipient, _, wait in last_words
        if wait and now + wait <= not_after
    )
    done = [
        (recipient, outcome, Outcome.EXPIRED if wait else outcome.outcome)
        for recipient, outcome, wait in last_words
        if not wait or now + wait > not_after
    ]
    return Accounted(
        counts=count_of(((recipient.address.provider, last) for recipient, _, last in done)),
        waiting=waiting,
        pause=max((wait for _, outcome, wait in last_words if outcome.throttled), default=0),
        stops={
            recipient.address.provider: ProviderStop(outcome.outcome, outcome.reason)
            for recipient, outcome, _ in reversed(done)
            if outcome.outcome is Outcome.CREDENTIALS_BAD
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


def _wait(outcome: RecipientOutcome, tries: int, chance: float) -> int:
    """Return after how many seconds a recipient is pushed to again; 0 where it is not."""
    if outcome.outcome is not Outcome.RETRY:
        return 0
    if outcome.after is not None:
        return min(max(1, outcome.after), LONGEST_RETRY_SECONDS)
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
    """Return how a push token is shown: how it begins, and its short public name, by which it can be found."""
    address = recipient.address
    return f"{address.push_token[:_SHOWN_CHARACTERS]}… ({hash_id(address.provider, address.push_token)})"
