"""Short ways to say who is stored, and what a change writes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pushhub.audience.changes import (
    Change,
    KeyClaim,
    KeyRelease,
    KeyWrite,
    ProfileCreation,
    ProfileErasure,
    ProfileRemoval,
    ProfileUpdate,
    ProfileWrite,
    SubscriptionPut,
    SubscriptionRemoval,
    SubscriptionWrite,
)
from pushhub.audience.model import (
    Address,
    MatchKey,
    Origin,
    Profile,
    ProfileId,
    Retirement,
    Subscription,
    SubscriptionRef,
    SubscriptionState,
)
from pushhub.audience.values import Value
from pushhub.catalog.model import ResourceId
from pushhub.catalog.providers import Provider, PushToken
from pushhub.moments import Seconds
from tests.doubles.audience import MemoryAudience
from tests.doubles.invariants import assert_consistent
from tests.doubles.requests import CUSTOMERS

NOW = Seconds(1_000_000)
LONG_AGO = Seconds(NOW - 3600)


@dataclass(frozen=True)
class Person:
    """A stored profile; its push tokens are live for resource 5, or cancelled there, each a second after the one before it.

    Those that are `retired` were live for resources 5 and 6 before, and were retired after the last was cancelled. `legacy` says
    that its subscriptions stand under legacy references, where they have any.
    """

    id: str
    origin: Origin = Origin.ID
    live: Sequence[str] = ""
    cancelled: Sequence[str] = ""
    retired: Sequence[str] = ""
    fields: Mapping[str, Value] = field(default_factory=dict)
    seen: Seconds = LONG_AGO
    legacy: bool = False


def user(id_: str, live: Sequence[str] = "", cancelled: Sequence[str] = "", *, seen: int = LONG_AGO, **fields: Value) -> Person:
    """Give a profile that was made by its id."""
    return Person(id_, Origin.ID, live, cancelled, fields=fields, seen=Seconds(seen))


def anonymous(id_: str, live: Sequence[str] = "", cancelled: Sequence[str] = "") -> Person:
    """Give a profile that was made by its first push token, as an app does when it is installed."""
    return Person(id_, Origin.PUSH_TOKEN, live, cancelled)


def with_dead(person: Person, *tokens: str) -> Person:
    """Give a person some of whose push tokens were called dead."""
    return replace(person, retired=tokens)


def of_old(person: Person) -> Person:
    """Give a person who subscribed when push tokens were compared as they came."""
    return replace(person, legacy=True)


def stored(*people: Person) -> MemoryAudience:
    """Give an audience that holds these people, in the customers' database."""
    store = MemoryAudience()
    content = store.content(CUSTOMERS.id)
    for person in people:
        profile = _profile(person)
        content.profiles[profile.id] = profile
        content.keys |= dict.fromkeys(profile.keys, profile.id)
        for token in (*person.live, *person.cancelled, *person.retired):
            subscription = _subscription(token, person, anonymous=profile.anonymous)
            content.subscriptions[subscription.ref] = subscription
    assert_consistent(content)
    return store


def address(token: str) -> Address:
    return Address(Provider("ios-apns"), PushToken(token))


def _profile(person: Person) -> Profile:
    return Profile(
        id=ProfileId(person.id),
        origin=person.origin,
        fields=person.fields,
        keys=frozenset(
            MatchKey(name, CUSTOMERS.fields[name], person.fields[name]) for name in CUSTOMERS.match if name in person.fields
        ),
        live={_ref(token, person): LONG_AGO for token in person.live},
        cancelled={
            _ref(token, person): Seconds(LONG_AGO + place) for place, token in enumerate((*person.cancelled, *person.retired))
        },
        created=LONG_AGO,
        updated=LONG_AGO,
    )


def _subscription(token: str, person: Person, *, anonymous: bool) -> Subscription:
    state = SubscriptionState.CANCELLED if token in person.cancelled else SubscriptionState.ACTIVE
    doors = (5, 6) if token in person.retired else (5,)
    return Subscription(
        address=address(token),
        profile=ProfileId(person.id),
        resources={ResourceId(door): (state, LONG_AGO) for door in doors},
        owner_may_be_anonymous=anonymous,
        created=LONG_AGO,
        seen=person.seen,
        version=1,
        legacy=_is_legacy(token, person),
        retired=Retirement(LONG_AGO, "Unregistered", 7) if token in person.retired else None,
    )


def _is_legacy(token: str, person: Person) -> bool:
    return person.legacy and address(token).legacy_ref is not None


def _ref(token: str, person: Person) -> SubscriptionRef:
    return (address(token).legacy_ref if person.legacy else None) or address(token).ref


def tokens_of(people: Iterable[Person]) -> set[str]:
    """Give every push token that is stored."""
    return {token for person in people for token in (*person.live, *person.cancelled, *person.retired)}


def written(change: Change | None, tokens: Iterable[str]) -> set[str]:
    """Say what a change writes, one short sentence for each write; `tokens` are all that it may write about."""
    if change is None:
        return set()
    addresses = [address(token) for token in tokens]
    names = {one.ref: str(one.compared) for one in addresses}
    names |= {one.legacy_ref: f"legacy {one.push_token}" for one in addresses if one.legacy_ref}
    return {
        *(_profile_sentence(write, names) for write in change.profiles),
        *(_key_sentence(write) for write in change.keys),
        *(_subscription_sentence(write, names) for write in change.subscriptions),
    }


def _profile_sentence(write: ProfileWrite, names: Mapping[SubscriptionRef, str]) -> str:
    match write:
        case ProfileCreation(profile):
            return f"make {profile.id} by {profile.origin}{_listed('live', profile.live, names)}{_fields(profile.fields)}"
        case ProfileUpdate():
            lists = (
                ("gain", write.live_added),
                ("lose", write.live_removed),
                ("remember", write.cancelled_added),
                ("forget", write.cancelled_removed),
            )
            return f"{write.id}{''.join(_listed(verb, refs, names) for verb, refs in lists)}{_fields(write.fields)}"
        case ProfileRemoval(id_) | ProfileErasure(id_):
            return f"delete {id_}"


def _key_sentence(write: KeyWrite) -> str:
    match write:
        case KeyClaim(key, profile):
            return f"{key.field} {key.value} finds {profile}"
        case KeyRelease(key, _):
            return f"{key.field} {key.value} finds nobody"


def _subscription_sentence(write: SubscriptionWrite, names: Mapping[SubscriptionRef, str]) -> str:
    match write:
        case SubscriptionPut(subscription):
            token = f"legacy {subscription.address.push_token}" if subscription.legacy else subscription.address.push_token
            state = "live" if subscription.live else "retired" if subscription.retired else "cancelled"
            return f"{token} is {subscription.profile}'s, {state}"
        case SubscriptionRemoval(ref):
            return f"delete {names[ref]}"


def _listed(verb: str, refs: Iterable[SubscriptionRef], names: Mapping[SubscriptionRef, str]) -> str:
    listed = sorted(names[ref] for ref in refs)
    return f", {verb} {' '.join(listed)}" if listed else ""


def _fields(fields: Mapping[str, Value]) -> str:
    return "".join(f", {name} = {value}" for name, value in sorted(fields.items()))
