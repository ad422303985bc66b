"""Which subscriptions of a profile get a push of an app?

Those that are live, of a provider that the app has a block for, and active for the app's resource where it has one. Of the
providers that `prefer` of the app names on one platform, only the first that has such a subscription is left; `prefer` does not
touch the others.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from pushhub.audience.model import ProfileId, Subscription, SubscriptionRef, SubscriptionState
from pushhub.catalog.model import App
from pushhub.catalog.providers import PROVIDER_CODES, Provider
from pushhub.sends.platforms import PLATFORM_OF, Platform, enabled_providers


def enabled_references(app: App, references: Iterable[SubscriptionRef]) -> tuple[SubscriptionRef, ...]:
    """Return those references whose provider the app can push through, in an order that is always the same."""
    return references_through(enabled_providers(app), references)


def references_through(providers: Iterable[Provider], references: Iterable[SubscriptionRef]) -> tuple[SubscriptionRef, ...]:
    """Return those references that are of these providers, in an order that is always the same.

    A reference says of which provider it is, so subscriptions of the others need not be read.
    """
    codes = {PROVIDER_CODES[provider] for provider in providers}
    return tuple(sorted(reference for reference in references if reference[:2] in codes))


def recipients_among(
    app: App,
    profile: ProfileId,
    references: Iterable[SubscriptionRef],
    found: Mapping[SubscriptionRef, Subscription],
    among: Collection[Provider] | None = None,
) -> tuple[Subscription, ...]:
    """Return the recipients of one profile, by the references that were read of it and the subscriptions that were found for them.

    Both were read at different moments: a subscription that has moved to another profile meanwhile is none of this one's.
    """
    read = (found.get(reference) for reference in references)
    return recipients_of(app, [each for each in read if each and each.profile == profile], among)


def recipients_of(
    app: App, subscriptions: Sequence[Subscription], among: Collection[Provider] | None = None
) -> tuple[Subscription, ...]:
    """Return those subscriptions of one profile that get a push, in their order.

    Args:
        app: whose push it is.
        subscriptions: of the profile.
        among: the providers that count, in place of those that the app can push through.
    """
    providers = enabled_providers(app) if among is None else among
    eligible = [each for each in subscriptions if each.address.provider in providers and _is_reached(app, each)]
    left = preferred(app, {each.address.provider for each in eligible})
    return tuple(each for each in eligible if each.address.provider in left)


def preferred(app: App, providers: Collection[Provider]) -> frozenset[Provider]:
    """Return which of the providers of one profile get the push, by `prefer` of the app."""
    first: dict[Platform, Provider] = {}
    for provider in app.prefer:
        if provider in providers:
            first.setdefault(PLATFORM_OF[provider], provider)
    return frozenset(provider for provider in providers if provider not in app.prefer or provider in first.values())


def _is_reached(app: App, subscription: Subscription) -> bool:
    if not subscription.live or app.resource is None:
        return subscription.live
    state, _ = subscription.resources.get(app.resource, (None, None))
    return state is SubscriptionState.ACTIVE
