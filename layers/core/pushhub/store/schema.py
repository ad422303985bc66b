"""Under which keys and attribute names do things stand in DynamoDB, and how are they read back?

The single source of both. Keys hold no raw token and no raw value: both are attributes and are compared on a hit.

=============  ================================  ==============  ==========================================================
item           pk                                sk              attributes besides `v`
=============  ================================  ==============  ==========================================================
profile        `P#<database>#<profile>`          `P`             origin, fields, keys, live, cancelled, created, updated
match key      `K#<database>#<field>#<digest>`   `K`             value, profile
subscription   `S#<database>#<provider>#<…>`     `S`             token, profile, resources, anonymous, created, seen, version
catalog        `CATALOG`                         `C`             document, version
event          `E#<digest of the uid>`           its identity    uid, launch, provider, plain, d, d_at, o, o_at, expires
repeat         `R#<receipt>`                     `R`             expires
counter        `N#<digest of the launch>#<…>`    provider        launch, du, ou, dt, ot, expires
launch         `LAUNCHES`                        digest#provider launch, provider, expires
=============  ================================  ==============  ==========================================================

The first three stand in the Audience table, the catalog in its own, the others in the Ledger table. Of an event, `d` is the receipt
that set "delivered" first and `d_at` when that report was accepted; `o` and `o_at` the same for "opened". A counter has 64 shards,
the end of its pk; it counts unique (`du`, `ou`) and all (`dt`, `ot`) reports. All times of the Ledger but `expires` are
milliseconds, all others seconds, since 1970-01-01 UTC.
"""

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from pushhub.audience.model import (
    Address,
    MatchKey,
    Origin,
    Profile,
    ProfileId,
    PushToken,
    ResourceState,
    Seconds,
    Subscription,
    SubscriptionRef,
    digest,
)
from pushhub.audience.values import Value
from pushhub.catalog.model import DatabaseId, FieldType, ResourceId
from pushhub.catalog.providers import PROVIDER_CODES, Provider
from pushhub.events.ledger import FirstReport, LaunchStatistics, Recorded, RecordedEvent
from pushhub.events.messages import Milliseconds, Receipt
from pushhub.events.record import Happening, RecordEvent
from pushhub.faults import UnavailableError

FORMAT: Final = 1
"""Format version that is written.

It and the one before it are read. A release that brings in a new format reads it and goes on writing the old one; the next release
writes it. So whatever one release has written, the release before it reads.
"""

Item = dict[str, Any]
"""An item as plain Python values, before it is serialised."""
WireItem = dict[str, Any]
"""An item as the DynamoDB client takes and gives it."""

_PROVIDER_OF_CODE: Final = {code: provider for provider, code in PROVIDER_CODES.items()}
_SERIALISER: Final = TypeSerializer()
_DESERIALISER: Final = TypeDeserializer()


class CorruptItemError(UnavailableError):
    """A stored item is not what its key promises, or has a format that this version does not read."""


def profile_key(database: DatabaseId, profile: ProfileId) -> Item:
    """Return the key of a profile."""
    return {"pk": f"P#{database}#{profile}", "sk": "P"}


def profile_key_prefix(database: DatabaseId) -> str:
    """Return what the partition key of every profile of a database begins with."""
    return f"P#{database}#"


def match_key(database: DatabaseId, key: MatchKey) -> Item:
    """Return the key of a match key; field names hold no `#`."""
    return {"pk": f"K#{database}#{key.field}#{digest(key.text)}", "sk": "K"}


def subscription_key(database: DatabaseId, ref: SubscriptionRef) -> Item:
    """Return the key of a subscription."""
    return {"pk": f"S#{database}#{_PROVIDER_OF_CODE[ref[:2]]}#{ref[2:]}", "sk": "S"}


def to_wire(item: Mapping[str, object]) -> WireItem:
    """Serialise plain values for the DynamoDB client."""
    return {name: _SERIALISER.serialize(value) for name, value in item.items()}


def from_wire(item: Mapping[str, Any]) -> Item:
    """Read back what the DynamoDB client gives.

    Raises:
        CorruptItemError: the item has a format that this version does not read.
    """
    plain = {name: _DESERIALISER.deserialize(value) for name, value in item.items()}
    if not FORMAT - 1 <= plain.get("v", 0) <= FORMAT:
        raise CorruptItemError(f"item {plain.get('pk')} has format {plain.get('v')}; this version reads up to {FORMAT}")
    return plain


def profile_item(database: DatabaseId, profile: Profile) -> Item:
    """Return a profile as it is stored."""
    return profile_key(database, profile.id) | {
        "v": FORMAT,
        "origin": str(profile.origin),
        "fields": dict(profile.fields),
        "keys": key_types(profile.keys),
        "live": dict(profile.live),
        "cancelled": dict(profile.cancelled),
        "created": profile.created,
        "updated": profile.updated,
    }


def key_types(keys: frozenset[MatchKey]) -> dict[str, str]:
    """Return what a profile stores of its match keys; their values stand among its fields."""
    return {key.field: str(key.type) for key in keys}


def profile_of(item: Item) -> Profile:
    """Read a profile back."""
    fields = {name: _native(value) for name, value in item["fields"].items()}
    return Profile(
        id=ProfileId(item["pk"].split("#", 2)[2]),
        origin=Origin(item["origin"]),
        fields=fields,
        keys=frozenset(MatchKey(name, FieldType(kind), fields[name]) for name, kind in item["keys"].items()),
        live=_moments(item["live"]),
        cancelled=_moments(item["cancelled"]),
        created=Seconds(int(item["created"])),
        updated=Seconds(int(item["updated"])),
    )


def key_item(database: DatabaseId, key: MatchKey, profile: ProfileId) -> Item:
    """Return a match key as it is stored."""
    return match_key(database, key) | {"v": FORMAT, "value": key.text, "profile": profile}


def key_holder_of(item: Item, key: MatchKey) -> ProfileId:
    """Read back which profile a match key finds.

    Raises:
        CorruptItemError: the item holds another value of the same digest.
    """
    if item["value"] != key.text:
        raise CorruptItemError(f"item {item['pk']} holds another value")
    return ProfileId(item["profile"])


def subscription_item(database: DatabaseId, subscription: Subscription) -> Item:
    """Return a subscription as it is stored."""
    return subscription_key(database, subscription.address.ref) | {
        "v": FORMAT,
        "token": subscription.address.token,
        "profile": subscription.profile,
        "resources": {str(id_): {"state": str(state), "at": at} for id_, (state, at) in subscription.resources.items()},
        "anonymous": subscription.owner_may_be_anonymous,
        "created": subscription.created,
        "seen": subscription.seen,
        "version": subscription.version,
    }


def subscription_of(item: Item) -> Subscription:
    """Read a subscription back."""
    return Subscription(
        address=Address(Provider(item["pk"].split("#")[2]), PushToken(item["token"])),
        profile=ProfileId(item["profile"]),
        resources={
            ResourceId(int(id_)): (ResourceState(entry["state"]), Seconds(int(entry["at"])))
            for id_, entry in item["resources"].items()
        },
        owner_may_be_anonymous=item["anonymous"],
        created=Seconds(int(item["created"])),
        seen=Seconds(int(item["seen"])),
        version=int(item["version"]),
    )


BITS: Final = {Happening.DELIVERED: "d", Happening.OPENED: "o"}
"""Attributes of an event's bits, and first letter of the attributes that count them."""
COUNTER_SHARDS: Final = 64
"""Two transactions that write the same item at one time get in each other's way, and a partition takes 500 of ours a second."""
LAUNCHES: Final = "LAUNCHES"
"""Partition key of the list of launches and the providers that each is counted for."""


def event_partition(uid: str) -> str:
    """Return the partition key of every event of a uid."""
    return f"E#{_long_digest(uid)}"


def event_key(event: RecordEvent) -> Item:
    """Return the key of an event."""
    return {"pk": event_partition(event.uid), "sk": event.identity}


def event_of(item: Item) -> RecordedEvent:
    """Read an event back."""
    return RecordedEvent(item["uid"], item["launch"], item["provider"], item["plain"], recorded_of(item))


def recorded_of(item: Item) -> Recorded:
    """Read back which bits of an event are set, by whom."""
    return {
        bit: FirstReport(Receipt(item[name]), Milliseconds(int(item[f"{name}_at"]))) for bit, name in BITS.items() if name in item
    }


def repeat_key(receipt: Receipt) -> Item:
    """Return the key of the mark that a repeat is counted."""
    return {"pk": f"R#{receipt}", "sk": "R"}


def counter_key(launch: str, provider: str, shard: int) -> Item:
    """Return the key of one shard of a counter."""
    return {"pk": f"N#{_long_digest(launch)}#{shard}", "sk": provider}


def counter_shard(receipt: Receipt) -> int:
    """Return the shard that counts a report: always the same, so that a repeated write is the same write."""
    return int(receipt[-4:], 16) % COUNTER_SHARDS


def launch_key(launch: str, provider: str) -> Item:
    """Return the key of a launch and provider in the list of launches."""
    return {"pk": LAUNCHES, "sk": f"{launch_prefix(launch)}{provider}"}


def launch_prefix(launch: str) -> str:
    """Return what the sort key of each provider of a launch begins with in the list of launches."""
    return f"{_long_digest(launch)}#"


def statistics_of(launch: str, provider: str, shards: Sequence[Item]) -> LaunchStatistics:
    """Add up the shards of a counter."""
    unique, total = (
        {bit: sum(int(shard.get(f"{name}{kind}", 0)) for shard in shards) for bit, name in BITS.items()} for kind in "ut"
    )
    return LaunchStatistics(launch, provider, unique, total)


def _long_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _native(value: object) -> Value:
    """Undo that DynamoDB has one kind of number: whole ones are read back as int, equal to the same Decimal."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return cast("Value", value)


def _moments(stored: Mapping[str, Decimal]) -> dict[SubscriptionRef, Seconds]:
    return {SubscriptionRef(ref): Seconds(int(at)) for ref, at in stored.items()}
