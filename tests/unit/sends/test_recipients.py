"""Which subscriptions of a profile get a push."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.audience.model import ProfileId, Subscription
from pushhub.catalog.providers import PROVIDER_CODES, Provider
from pushhub.sends.platforms import PLATFORM_OF, enabled_providers
from pushhub.sends.recipients import enabled_references, recipients_among, recipients_of
from tests.doubles.apps import ANDROID, APNS, FIREFOX, HUAWEI, IOS_FIREBASE, WEB, app_of, cancelled_for, subscription_of

BROWSER = '{"endpoint":"https://updates.push.services.mozilla.com/wpush/v2/a"}'
PHONE = subscription_of(ANDROID, "phone")
TABLET = subscription_of(ANDROID, "tablet")
IPHONE = subscription_of(APNS, "0a1b")
IPHONE_BY_FIREBASE = subscription_of(IOS_FIREBASE, "iphone")


def test_every_live_subscription_of_an_enabled_provider_gets_a_push_in_their_order() -> None:
    assert recipients_of(app_of(), [TABLET, IPHONE, PHONE]) == (TABLET, IPHONE, PHONE)


@pytest.mark.parametrize(
    "subscription",
    [
        cancelled_for(PHONE),
        subscription_of(ANDROID, "phone", retired=True),
        subscription_of(HUAWEI, "phone"),
        subscription_of(Provider("yandex-Appmetrica-google-aid"), "phone"),
    ],
    ids=["cancelled", "retired", "a provider without a module", "another provider without a module"],
)
def test_others_get_none(subscription: Subscription) -> None:
    app = app_of(["firebase", "apns", "web_push", "huawei", "appmetrica"])
    assert recipients_of(app, [subscription, IPHONE]) == (IPHONE,)


def test_a_provider_without_a_block_gets_none() -> None:
    assert recipients_of(app_of(["apns"]), [PHONE, IPHONE]) == (IPHONE,)


def test_an_app_with_a_resource_reaches_what_is_active_for_it_alone() -> None:
    of_another = subscription_of(ANDROID, "other", active=(6,))
    cancelled = cancelled_for(subscription_of(ANDROID, "cancelled", active=(6,)))
    assert recipients_of(app_of(resource=5), [of_another, PHONE, cancelled]) == (PHONE,)
    assert recipients_of(app_of(), [of_another, PHONE, cancelled]) == (of_another, PHONE, cancelled)


def test_of_the_preferred_providers_of_a_platform_the_first_that_has_a_subscription_gets_the_push() -> None:
    app = app_of(prefer=[APNS, IOS_FIREBASE])
    assert recipients_of(app, [IPHONE_BY_FIREBASE, PHONE, IPHONE]) == (PHONE, IPHONE)
    assert recipients_of(app, [IPHONE_BY_FIREBASE, PHONE]) == (IPHONE_BY_FIREBASE, PHONE)


def test_all_devices_of_the_preferred_provider_get_it() -> None:
    assert recipients_of(app_of(prefer=[ANDROID]), [PHONE, TABLET]) == (PHONE, TABLET)


def test_what_is_preferred_on_one_platform_says_nothing_of_another() -> None:
    app = app_of(prefer=[ANDROID, APNS, WEB, FIREFOX])
    assert recipients_of(app, [PHONE, IPHONE, subscription_of(FIREFOX, BROWSER)]) == (
        PHONE,
        IPHONE,
        subscription_of(FIREFOX, BROWSER),
    )


def test_a_preferred_subscription_that_gets_nothing_does_not_take_the_push_from_another() -> None:
    app = app_of(prefer=[APNS, IOS_FIREBASE], resource=5)
    dead = subscription_of(APNS, "0a1b", retired=True)
    elsewhere = subscription_of(APNS, "0a1c", active=(6,))
    assert recipients_of(app, [dead, elsewhere, IPHONE_BY_FIREBASE]) == (IPHONE_BY_FIREBASE,)


def test_a_subscription_that_belongs_to_another_profile_by_now_is_no_recipient_of_the_one_that_referred_to_it() -> None:
    moved = subscription_of(ANDROID, "moved", profile="somebody-else")
    found = {each.ref: each for each in (PHONE, moved)}
    assert recipients_among(app_of(), PHONE.profile, [moved.ref, PHONE.ref, IPHONE.ref], found) == (PHONE,)
    assert recipients_among(app_of(), ProfileId("somebody-else"), [moved.ref, PHONE.ref], found) == (moved,)


def test_references_of_providers_that_are_not_enabled_need_not_be_read() -> None:
    references = [each.ref for each in (PHONE, subscription_of(HUAWEI, "phone"), IPHONE)]
    assert enabled_references(app_of(["firebase", "apns"]), references) == tuple(sorted([PHONE.ref, IPHONE.ref]))
    assert enabled_references(app_of(["apns"]), references) == (IPHONE.ref,)


@st.composite
def subscriptions(draw: st.DrawFn) -> Sequence[Subscription]:
    providers = draw(st.lists(st.sampled_from(sorted(PROVIDER_CODES)), max_size=8))
    return [
        subscription_of(
            provider,
            f"device-{number}",
            active=draw(st.sampled_from([(5,), (6,), (5, 6), ()])),
            retired=draw(st.booleans()),
        )
        for number, provider in enumerate(providers)
    ]


@given(
    subscriptions(),
    st.lists(st.sampled_from(sorted(PROVIDER_CODES)), unique=True),
    st.sampled_from([None, 5]),
    st.sets(st.sampled_from(["firebase", "apns", "web_push", "huawei"])),
)
def test_prefer_narrows_each_platform_to_one_of_the_providers_that_it_names_and_touches_nothing_else(
    held: Sequence[Subscription], prefer: list[Provider], resource: int | None, blocks: set[str]
) -> None:
    preferring, without = app_of(sorted(blocks), prefer=prefer, resource=resource), app_of(sorted(blocks), resource=resource)
    narrowed, eligible = recipients_of(preferring, held), recipients_of(without, held)
    assert {each.address.provider for each in eligible} <= enabled_providers(without)
    assert [each for each in eligible if each in narrowed] == list(narrowed)
    for platform in set(PLATFORM_OF.values()):
        of_platform = [each.address.provider for each in eligible if PLATFORM_OF[each.address.provider] == platform]
        named = [provider for provider in prefer if provider in of_platform]
        left = {each.address.provider for each in narrowed if PLATFORM_OF[each.address.provider] == platform}
        assert left == set(of_platform) - set(named[1:])
