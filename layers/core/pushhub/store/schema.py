"""Under which keys and attribute names do things stand in DynamoDB, and how are they read back?

The single source of both. Keys hold no raw token and no raw value: both are attributes and are compared on a hit.

=============  ================================  ====  ==========================================================
item           pk                                sk    attributes besides `v`
=============  ================================  ====  ==========================================================
profile        `P#<database>#<profile>`          `P`   origin, fields, keys, live, cancelled, created, updated
match key      `K#<database>#<field>#<digest>`   `K`   value, profile
subscription   `S#<database>#<provider>#<…>`     `S`   token, profile, resources, anonymous, created, seen, version
catalog        `CATALOG`                         `C`   document, version
=============  ================================  ====  ==========================================================

Times are seconds since 1970-01-01 UTC.
"""

from collections.abc import Mapping
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


def _native(value: object) -> Value:
    """Undo that DynamoDB has one kind of number: whole ones are read back as int, equal to the same Decimal."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return cast("Value", value)


def _moments(stored: Mapping[str, Decimal]) -> dict[SubscriptionRef, Seconds]:
    return {SubscriptionRef(ref): Seconds(int(at)) for ref, at in stored.items()}
