"""An audience that is asked by commands, and what became of it."""

from itertools import count

from pushhub.audience.command import DatabaseOutcome, DatabaseProcessed, DatabaseRefused, Effect, Reason, Refused, Subscribe
from pushhub.audience.model import Address, Profile, ProfileId
from pushhub.audience.retiring import RetireEffect
from pushhub.audience.subscribing import Subscribing
from pushhub.catalog.providers import Provider, PushToken
from pushhub.moments import Seconds
from tests.doubles.audience import DatabaseContent, MemoryAudience
from tests.doubles.invariants import assert_consistent
from tests.doubles.requests import CUSTOMERS
from tests.doubles.retiring import Gone, carry_out_gone

APNS = Provider("ios-apns")


class World:
    """An audience, a clock that tests turn, and ids p1, p2, …"""

    def __init__(self) -> None:
        self.store = MemoryAudience()
        self.time = Seconds(1_000_000)
        self.waits: list[float] = []
        ids = count(1)
        self.subscribing = Subscribing(
            self.store, now=lambda: self.time, new_id=lambda: ProfileId(f"p{next(ids)}"), sleep=self.waits.append
        )

    def send(self, command: Subscribe) -> tuple[DatabaseOutcome, ...]:
        outcomes = self.subscribing(command)
        for content in self.store.databases.values():
            assert_consistent(content)
        return outcomes

    def processed(self, command: Subscribe) -> DatabaseProcessed:
        (outcome,) = self.send(command)
        assert isinstance(outcome, DatabaseProcessed)
        return outcome

    def effects(self, command: Subscribe) -> list[Effect | Reason]:
        results = (part.result for part in self.processed(command).subscriptions)
        return [result.reason if isinstance(result, Refused) else result for result in results]

    def refusal(self, command: Subscribe) -> Refused:
        """Give why the only database refuses a command; it has to be left as it was."""
        before = self.customers
        (outcome,) = self.send(command)
        assert isinstance(outcome, DatabaseRefused)
        assert self.customers == before
        return outcome.refused

    def meet_dead(self, push_token: str, since: float = 10**11) -> RetireEffect:
        """Have a sending find a push token dead, of which the provider knows since this moment, in seconds."""
        effect = carry_out_gone(self.store, Gone(push_token, since), now=self.time)
        assert_consistent(self.customers)
        return effect

    def count_from_here(self) -> None:
        self.store.reads = self.store.commits = 0
        self.waits.clear()

    @property
    def calls(self) -> tuple[int, int]:
        """Reads and commits."""
        return self.store.reads, self.store.commits

    @property
    def customers(self) -> DatabaseContent:
        return self.store.content(CUSTOMERS.id)

    def profile(self, id_: str) -> Profile:
        return self.customers.profiles[ProfileId(id_)]

    def keys_of(self, id_: str) -> dict[str, object]:
        """Give the values that find a profile, by their fields."""
        return {key.field: key.value for key, holder in self.customers.keys.items() if holder == id_}

    def owner(self, token: str) -> str:
        return self.customers.subscriptions[Address(APNS, PushToken(token)).ref].profile
