"""Items of the Audience table: how profiles, match keys and subscriptions are written, and read back."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, cast

from pushhub.adapters.dynamodb.schema.items import ITEM_FORMAT, CorruptItemError, Item
from pushhub.audience.model import (
    Address,
    MatchKey,
    OffsetBefore,
    Origin,
    Past,
    Profile,
    ProfileId,
    Retirement,
    Subscription,
    SubscriptionRef,
    SubscriptionState,
    digest,
    lane_and_place,
)
from pushhub.audience.port import ReachedProfile
from pushhub.audience.values import Value
from pushhub.catalog.model import DatabaseId, FieldType, ResourceId
from pushhub.catalog.providers import PROVIDER_OF_CODE, Provider, PushToken
from pushhub.moments import Seconds

REACH: Final = "Reach"
"""Name of the index in which a sweep finds the profiles of a database, 16 lanes in the order of their places."""

PAST: Final = "happened"
"""The attribute of a profile that holds its past. The index `Reach` projects it, and nothing can be projected besides."""
_OFFSET_BEFORE: Final = "offset-before"
"""The entry of the past that is no event: a code of an event has no hyphen."""


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
    return {"pk": f"S#{database}#{PROVIDER_OF_CODE[ref[:2]]}#{ref[2:]}", "sk": "S"}


def reach_partition(database: DatabaseId, lane: str) -> str:
    """Return the partition key that the profiles of a lane have in the index `Reach`."""
    return f"R#{database}#{lane}"


def reach_key(database: DatabaseId, profile: ProfileId) -> Item:
    """Return the attributes by which a profile stands in the index `Reach`; they never change."""
    lane, place = lane_and_place(profile)
    return {"reach": reach_partition(database, lane), "place": place}


def reached_profile_of(item: Item) -> ReachedProfile:
    """Read back what the index `Reach` has of a profile."""
    return ReachedProfile(
        id=_profile_id(item),
        place=item["place"],
        fields=_fields(item),
        live=frozenset(map(SubscriptionRef, item["live"])),
        happened=_happened(item),
        offset_before=_offset_before(item),
    )


def profile_item(database: DatabaseId, profile: Profile) -> Item:
    """Return a profile as it is stored."""
    return (
        profile_key(database, profile.id)
        | reach_key(database, profile.id)
        | {
            "v": ITEM_FORMAT,
            "origin": str(profile.origin),
            "fields": dict(profile.fields),
            "keys": key_types(profile.keys),
            "live": dict(profile.live),
            "cancelled": dict(profile.cancelled),
            "created": profile.created,
            "updated": profile.updated,
        }
        | ({PAST: past} if (past := past_entries(profile.past)) else {})
        | ({} if profile.informed is None else {"informed": profile.informed})
    )


def key_types(keys: frozenset[MatchKey]) -> dict[str, str]:
    """Return what a profile stores of its match keys; their values stand among its fields."""
    return {key.field: str(key.type) for key in keys}


def profile_of(item: Item) -> Profile:
    """Read a profile back."""
    fields = _fields(item)
    return Profile(
        id=_profile_id(item),
        origin=Origin(item["origin"]),
        fields=fields,
        keys=frozenset(MatchKey(name, FieldType(kind), fields[name]) for name, kind in item["keys"].items()),
        live=_moments(item["live"]),
        cancelled=_moments(item["cancelled"]),
        created=Seconds(int(item["created"])),
        updated=Seconds(int(item["updated"])),
        happened=_happened(item),
        informed=Seconds(int(item["informed"])) if "informed" in item else None,
        offset_before=_offset_before(item),
    )


def past_entries(past: Past) -> Item:
    """Return the past of a profile as it is stored; without any entry it is not stored."""
    offset = past.offset_before
    return dict(past.happened) | ({_OFFSET_BEFORE: {"offset": offset.offset, "until": offset.until}} if offset else {})


def _happened(item: Item) -> dict[str, Seconds]:
    # What is no moment is no event: a later release may keep more besides them.
    return {code: Seconds(int(at)) for code, at in item.get(PAST, {}).items() if isinstance(at, Decimal)}


def _offset_before(item: Item) -> OffsetBefore | None:
    stored = item.get(PAST, {}).get(_OFFSET_BEFORE)
    return OffsetBefore(int(stored["offset"]), Seconds(int(stored["until"]))) if stored else None


def key_item(database: DatabaseId, key: MatchKey, profile: ProfileId) -> Item:
    """Return a match key as it is stored."""
    return match_key(database, key) | {"v": ITEM_FORMAT, "value": key.text, "profile": profile}


def key_holder_of(item: Item, key: MatchKey) -> ProfileId:
    """Read back which profile a match key finds.

    Raises:
        CorruptItemError: the item holds another value of the same digest.
    """
    if item["value"] != key.text:
        raise CorruptItemError(f"item {item['pk']} holds another value")
    return ProfileId(item["profile"])


def subscription_item(database: DatabaseId, subscription: Subscription) -> Item:
    """Return a subscription as it is stored.

    `token` is what the key is a digest of, as releases before the compared form expect it. `spelling` is the push token as it came,
    where that is something else.

    A retired subscription is written as cancelled for every resource, and `retired` lists those that it is active for. So the
    release before, which does not read `retired`, takes it for what it stands among in its profile, a cancelled one. A subscribe
    that is answered by that release revives it for one resource alone.

    That release does not read `drawn_by_app` either, and writes the subscription without it. The next report of the instance then
    differs, and is stored.
    """
    address = subscription.address
    spelled_apart = not subscription.legacy and address.push_token != address.compared
    return subscription_key(database, subscription.ref) | {
        "v": ITEM_FORMAT,
        "token": address.compared if spelled_apart else address.push_token,
        **({"spelling": address.push_token} if spelled_apart else {}),
        "profile": subscription.profile,
        **_states_item(subscription),
        "anonymous": subscription.owner_may_be_anonymous,
        "created": subscription.created,
        "seen": subscription.seen,
        "version": subscription.version,
        **({"drawn_by_app": True} if subscription.drawn_by_app else {}),
    }


def subscription_of(item: Item) -> Subscription:
    """Read a subscription back."""
    address = Address(Provider(item["pk"].split("#")[2]), PushToken(item["spelling" if "spelling" in item else "token"]))
    return Subscription(
        address=address,
        profile=ProfileId(item["profile"]),
        resources=_states_of(item),
        owner_may_be_anonymous=item["anonymous"],
        created=Seconds(int(item["created"])),
        seen=Seconds(int(item["seen"])),
        version=int(item["version"]),
        legacy=item["token"] != address.compared,
        retired=_retirement_of(item),
        drawn_by_app=item.get("drawn_by_app", False),
    )


def _states_item(subscription: Subscription) -> Item:
    """Return the attributes that say what a subscription is for each resource, and whether it is retired."""
    retired = subscription.retired
    if retired is None:
        return {"resources": {str(id_): {"state": str(state), "at": at} for id_, (state, at) in subscription.resources.items()}}
    active = [id_ for id_, (state, _) in subscription.resources.items() if state is SubscriptionState.ACTIVE]
    return {
        "resources": {
            str(id_): {"state": str(SubscriptionState.CANCELLED), "at": at} for id_, (_, at) in subscription.resources.items()
        },
        "retired": {"at": retired.at, "reason": retired.reason, "sending": retired.sending, "active": active},
    }


def _states_of(item: Item) -> dict[ResourceId, tuple[SubscriptionState, Seconds]]:
    states = {
        ResourceId(int(id_)): (SubscriptionState(entry["state"]), Seconds(int(entry["at"])))
        for id_, entry in item["resources"].items()
    }
    active = [ResourceId(int(id_)) for id_ in item["retired"]["active"]] if "retired" in item else []
    return states | {id_: (SubscriptionState.ACTIVE, states[id_][1]) for id_ in active}


def _retirement_of(item: Item) -> Retirement | None:
    stored = item.get("retired")
    return Retirement(Seconds(int(stored["at"])), stored["reason"], int(stored["sending"])) if stored else None


def _profile_id(item: Item) -> ProfileId:
    return ProfileId(item["pk"].split("#", 2)[2])


def _fields(item: Item) -> dict[str, Value]:
    return {name: _native(value) for name, value in item["fields"].items()}


def _native(value: object) -> Value:
    """Read a value back; of numbers, DynamoDB has one kind alone, and whole ones become int, which equals the same Decimal."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return cast("Value", value)


def _moments(stored: Mapping[str, Decimal]) -> dict[SubscriptionRef, Seconds]:
    return {SubscriptionRef(ref): Seconds(int(at)) for ref, at in stored.items()}
