"""Short ways to say that a push met a dead push token."""

from dataclasses import dataclass

from pushhub.audience.model import Subscription
from pushhub.audience.port import AudienceStore, SnapshotQuery
from pushhub.audience.retiring import Retire, RetireEffect, Retiring
from pushhub.catalog.model import DatabaseId
from pushhub.moments import Milliseconds, Seconds
from tests.doubles.people import address
from tests.doubles.requests import CUSTOMERS

SENDING = 7


@dataclass(frozen=True)
class Gone:
    """A sending finds a push token dead, of which the provider knows since this moment, in seconds."""

    push_token: str
    since: float = 10**11


def read_for_sending(store: AudienceStore, gone: Gone, database: DatabaseId = CUSTOMERS.id) -> Subscription | None:
    (snapshot,) = store.read([SnapshotQuery(database, (address(gone.push_token),))])
    return snapshot.subscription_of(address(gone.push_token))


def retire(gone: Gone, subscription: Subscription, database: DatabaseId = CUSTOMERS.id) -> Retire:
    return Retire(database, subscription, "Unregistered", SENDING, Milliseconds(int(gone.since * 1000)))


def carry_out_gone(store: AudienceStore, gone: Gone, database: DatabaseId = CUSTOMERS.id, now: int = 1000) -> RetireEffect:
    """Send to a push token and hear that it is dead."""
    return carry_out_retire(store, gone, read_for_sending(store, gone, database), database, now)


def carry_out_retire(
    store: AudienceStore, gone: Gone, read: Subscription | None, database: DatabaseId = CUSTOMERS.id, now: int = 1000
) -> RetireEffect:
    """Retire what a sending has read."""
    if read is None:
        return RetireEffect.NOT_LIVE
    return Retiring(store, now=lambda: Seconds(now), sleep=lambda _: None)(retire(gone, read, database))
