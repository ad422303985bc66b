"""Short ways to say which app sends, and to which subscriptions."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pushhub.audience.model import Address, MatchKey, Origin, Profile, ProfileId, Retirement, Subscription, SubscriptionState
from pushhub.audience.values import Value
from pushhub.catalog.app_secrets import AppSecrets
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import App, AppId, Catalog, ProviderBlock, ResourceId
from pushhub.catalog.providers import Provider, PushToken
from pushhub.catalog.secrets import CachedSecrets, LinkKeyId, Secrets
from pushhub.moments import Seconds
from pushhub.sends.message import Message
from pushhub.sends.sending import ANY_PROVIDER, Everyone, Part, Sending, SendingId, launch_of
from pushhub.sends.tracking import Tracking
from tests.doubles.audience import MemoryAudience
from tests.doubles.requests import CUSTOMERS
from tests.doubles.sending import NOW, der_of, p256_der, rsa_private_key, wns_account

ANDROID, IOS_FIREBASE, APNS, WEB, FIREFOX, HUAWEI, RUSTORE, WINDOWS, UWP = map(
    Provider,
    (
        *("android-firebase", "ios-firebase", "ios-apns", "web-push", "Firefox", "android-huawei", "android-rustore"),
        *("windows-wns", "uwp-wns"),
    ),
)
SEEN = Seconds(1_000)
ID = SendingId(1_800_000_000_000 << 12 | 77)
HUB = "https://hub.example.com"
SECRETS = Secrets({LinkKeyId(1): "k" * 32}, {})
HELLO = Message("Sale", "Today alone")
BLOCKS: Mapping[str, ProviderBlock] = {
    "firebase": ProviderBlock({"project": "shop-1"}),
    "apns": ProviderBlock({"topic": "com.example.shop", "environment": "production"}),
    "web_push": ProviderBlock({"subject": "mailto:push@example.com", "public_key": "BPublic"}),
    "wns": ProviderBlock({}),
}


def app_of(
    blocks: Sequence[str] = tuple(BLOCKS), *, resource: int | None = None, prefer: Sequence[Provider] = (), tracking: bool = True
) -> App:
    return App(
        id=AppId("shop-app"),
        name="shop",
        callers=frozenset({"crm"}),
        database=CUSTOMERS.id,
        resource=None if resource is None else ResourceId(resource),
        enabled=True,
        tracking=tracking,
        prefer=tuple(prefer),
        blocks={name: BLOCKS.get(name, ProviderBlock({})) for name in blocks},
    )


def app_secrets(app: str = "shop-app") -> AppSecrets:
    """Give an app credentials for each block of :data:`BLOCKS`."""
    p256 = base64.b64encode(p256_der()).decode()
    rsa = base64.b64encode(der_of(rsa_private_key())).decode()
    blocks = {
        "firebase": {"email": "sender@shop-1.iam.gserviceaccount.com", "key": rsa, "key_id": "0f1e2d3c"},
        "apns": {"key": p256, "key_id": "ABC1234567", "team_id": "DEF1234567"},
        "web_push": {"private_key": p256},
        "wns": {"package_sid": wns_account().package_sid, "secret": wns_account().secret},
    }
    return AppSecrets({app: blocks})


def subscription_of(
    provider: Provider,
    push_token: str,
    profile: str = "0123456789abcdef01234567",
    *,
    active: Sequence[int] = (5,),
    retired: bool = False,
) -> Subscription:
    return Subscription(
        address=Address(provider, PushToken(push_token)),
        profile=ProfileId(profile),
        resources={ResourceId(resource): (SubscriptionState.ACTIVE, SEEN) for resource in active},
        owner_may_be_anonymous=False,
        created=SEEN,
        seen=SEEN,
        version=1,
        retired=Retirement(SEEN, "Unregistered", 7) if retired else None,
    )


def cancelled_for(subscription: Subscription, resource: int = 5) -> Subscription:
    return replace(subscription, resources={**subscription.resources, ResourceId(resource): (SubscriptionState.CANCELLED, SEEN)})


def profile_of(profile: str, subscriptions: Iterable[Subscription], fields: Mapping[str, Value] | None = None) -> Profile:
    """Give the profile that these subscriptions belong to, with match keys for those of its fields that are match fields."""
    held = fields or {}
    own = [each for each in subscriptions if each.profile == profile]
    return Profile(
        id=ProfileId(profile),
        origin=Origin.ID,
        fields=held,
        keys=frozenset(MatchKey(name, CUSTOMERS.fields[name], held[name]) for name in CUSTOMERS.match if name in held),
        live={each.ref: SEEN for each in own if each.live},
        cancelled={each.ref: SEEN for each in own if not each.live},
        created=SEEN,
        updated=SEEN,
    )


def audience_of(*profiles: tuple[str, Sequence[Subscription], Mapping[str, Value]]) -> MemoryAudience:
    """Give an audience that holds these profiles, each with its subscriptions and fields, in the customers' database."""
    audience = MemoryAudience()
    content = audience.content(CUSTOMERS.id)
    for id_, subscriptions, fields in profiles:
        owned = [replace(each, profile=ProfileId(id_)) for each in subscriptions]
        profile = profile_of(id_, owned, fields)
        content.profiles[profile.id] = profile
        content.keys |= dict.fromkeys(profile.keys, profile.id)
        content.subscriptions |= {each.ref: each for each in owned}
    return audience


def sending_of(messages: Mapping[str, Message] | None = None, sending: SendingId = ID) -> Sending:
    return Sending(
        id=sending,
        app=app_of().id,
        caller="console",
        dialect="console",
        name="",
        tag="",
        launch=launch_of(sending, CUSTOMERS.id),
        selection=Everyone(),
        messages={ANY_PROVIDER: HELLO} if messages is None else messages,
        parts=(Part(0, app_of().id, NOW),),
    )


def tracking_of(base_url: str | None = HUB, secrets: Secrets = SECRETS) -> Tracking:
    return Tracking(CachedCatalog(lambda: Catalog({}, {}, base_url=base_url)), CachedSecrets(lambda: secrets), "stack")
