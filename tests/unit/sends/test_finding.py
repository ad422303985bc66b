"""Whom identifiers mean."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.audience.model import ProfileId
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import App, Catalog
from pushhub.catalog.providers import Provider
from pushhub.sends.finding import Finding
from pushhub.sends.sending import Identifier, NamedField, NamedProfile, NamedPushToken
from tests.doubles.apps import ANDROID, APNS, FIREFOX, HUAWEI, IOS_FIREBASE, app_of, audience_of, subscription_of
from tests.doubles.audience import MemoryAudience
from tests.doubles.reach import MemoryReach
from tests.doubles.requests import CUSTOMERS

ANNA, BORIS, NOBODY = "anna", "boris", "nobody"
PHONE, IPHONE = subscription_of(ANDROID, "phone"), subscription_of(APNS, "0A1B")
HUAWEI_PHONE, BORIS_PHONE = subscription_of(HUAWEI, "huawei"), subscription_of(ANDROID, "boris-phone")
DEAD = subscription_of(ANDROID, "dead", retired=True)


def people() -> MemoryAudience:
    return audience_of(
        (ANNA, [PHONE, IPHONE, HUAWEI_PHONE, DEAD], {"number": 1, "email": "anna@example.com", "nick": "annie"}),
        (BORIS, [BORIS_PHONE], {"number": 2}),
        (NOBODY, [], {"number": 3}),
    )


class Found:
    """What was found, and by how many calls."""

    def __init__(
        self,
        *identifiers: Identifier,
        app: App | None = None,
        audience: MemoryAudience | None = None,
        among: Collection[Provider] | None = None,
    ) -> None:
        reach = MemoryReach(audience or people())
        find = Finding(reach, CachedCatalog(lambda: Catalog({CUSTOMERS.id: CUSTOMERS}, {})))
        self.recipients = find(app or app_of(), identifiers, among)
        self.push_tokens = [sorted(each.address.push_token for each in of_one) for of_one in self.recipients]
        self.calls = reach.calls


def number(value: str | int) -> NamedField:
    return NamedField("number", value)


def test_an_identifier_finds_through_the_match_field_of_its_name_all_devices_of_the_profile() -> None:
    assert Found(number(1), number(2), number(3), number(4)).push_tokens == [["0A1B", "phone"], ["boris-phone"], [], []]


@pytest.mark.parametrize("value", [" Anna@Example.com", "anna@example.com\u200b"])
def test_a_value_is_compared_as_the_type_of_the_field_says(value: str) -> None:
    assert Found(NamedField("email", value), number("2")).push_tokens == [["0A1B", "phone"], ["boris-phone"]]


@pytest.mark.parametrize(
    "identifier",
    [
        NamedField("nick", "annie"),
        NamedField("phone", "1"),
        NamedField("number", "one"),
        NamedField("number", True),
        NamedField("email", "\ud800@example.com"),
        NamedProfile("ann a"),
        NamedProfile("anna\n"),
        NamedProfile(""),
        NamedPushToken(APNS, ""),
        NamedPushToken(APNS, "\ud800"),
        NamedPushToken(ANDROID, "x" * 4_097),
        NamedPushToken(HUAWEI, "huawei"),
    ],
)
def test_what_does_not_fit_finds_nobody_and_costs_no_call(identifier: Identifier) -> None:
    found = Found(identifier)
    assert found.push_tokens == [[]]
    assert found.calls == 0


def test_a_database_that_the_catalog_does_not_have_finds_nobody() -> None:
    find = Finding(MemoryReach(people()), CachedCatalog(lambda: Catalog({}, {})))
    assert find(app_of(), [number(1)]) == [[]]


def test_a_profile_is_found_by_its_id() -> None:
    assert Found(NamedProfile(BORIS), NamedProfile("unknown")).push_tokens == [["boris-phone"], []]


def test_a_push_token_finds_its_own_subscription_in_any_spelling_and_only_that_of_its_provider() -> None:
    found = Found(NamedPushToken(APNS, "<0a1b>"), NamedPushToken(IOS_FIREBASE, "phone"), NamedPushToken(ANDROID, "dead"))
    assert found.push_tokens == [["0A1B"], [], []]


def test_a_subscription_under_its_legacy_reference_is_found() -> None:
    audience = audience_of((ANNA, [replace(IPHONE, legacy=True)], {}))
    assert Found(NamedPushToken(APNS, "0A1B"), audience=audience).push_tokens == [["0A1B"]]


def test_who_is_found_twice_is_the_recipient_of_the_first_identifier() -> None:
    found = Found(NamedPushToken(APNS, "0A1B"), number(1), NamedProfile(ANNA), NamedField("email", "anna@example.com"))
    assert found.push_tokens == [["0A1B"], ["phone"], [], []]


def test_a_subscription_that_has_moved_meanwhile_is_not_reached_through_the_profile_that_had_it() -> None:
    audience = people()
    audience.content(CUSTOMERS.id).subscriptions[PHONE.ref] = replace(PHONE, profile=ProfileId(BORIS))
    assert Found(number(1), audience=audience).push_tokens == [["0A1B"]]


def test_the_providers_and_the_preference_of_the_app_count() -> None:
    assert Found(number(1), app=app_of(["apns"])).push_tokens == [["0A1B"]]
    assert Found(number(1), app=app_of(resource=6)).push_tokens == [[]]


def test_among_some_providers_no_subscription_of_another_is_read_or_found() -> None:
    assert Found(number(1), among={APNS}).push_tokens == [["0A1B"]]
    assert Found(NamedPushToken(ANDROID, "phone"), among={APNS}).push_tokens == [[]]
    nobody = Found(number(2), among={APNS})
    assert (nobody.push_tokens, nobody.calls) == ([[]], 2)


def test_a_provider_that_the_app_has_no_block_of_is_found_where_it_is_asked_for() -> None:
    assert Found(number(1), NamedPushToken(HUAWEI, "huawei"), among={HUAWEI}).push_tokens == [["huawei"], []]
    assert Found(NamedPushToken(HUAWEI, "huawei"), among={HUAWEI}).push_tokens == [["huawei"]]


def test_the_preference_of_the_app_counts_among_the_providers_that_are_asked_for() -> None:
    app = app_of(["firebase", "huawei"], prefer=[HUAWEI, ANDROID])
    assert Found(number(1), app=app, among={ANDROID}).push_tokens == [["phone"]]
    assert Found(number(1), app=app, among={ANDROID, HUAWEI}).push_tokens == [["huawei"]]


@pytest.mark.parametrize(("people_", "per_hop"), [(1, 1), (100, 1), (101, 2), (1_000, 10)])
def test_identifiers_take_three_hops_of_a_call_per_100(people_: int, per_hop: int) -> None:
    devices = [
        (f"user-{n}", [subscription_of(ANDROID, f"phone-{n}"), subscription_of(HUAWEI, f"h-{n}")], {"number": n})
        for n in range(people_)
    ]
    audience = audience_of(*devices)
    by_field, by_id, by_push_token = (
        [number(n) for n in range(people_)],
        [NamedProfile(f"user-{n}") for n in range(people_)],
        [NamedPushToken(ANDROID, f"phone-{n}") for n in range(people_)],
    )
    for identifiers, hops in ((by_field, 3), (by_id, 2), (by_push_token, 1)):
        found = Found(*identifiers, audience=audience)
        assert found.push_tokens == [[f"phone-{n}"] for n in range(people_)]
        assert found.calls == hops * per_hop


def test_subscriptions_of_all_kinds_of_identifiers_are_read_in_one_hop() -> None:
    assert Found(number(1), NamedProfile(BORIS), NamedPushToken(ANDROID, "boris-phone")).calls == 3


def test_a_firefox_text_that_is_no_json_is_found_like_any_push_token() -> None:
    text = subscription_of(FIREFOX, "%subscriptionid%")
    assert Found(NamedPushToken(FIREFOX, "%subscriptionid%"), audience=audience_of((ANNA, [text], {}))).push_tokens == [
        ["%subscriptionid%"]
    ]


FIELDS = [number(1), number(2), number("1"), number(9)]
PUSH_TOKENS = [NamedPushToken(APNS, "0a1b"), NamedPushToken(ANDROID, "phone"), NamedPushToken(ANDROID, "boris-phone")]
IDENTIFIERS = st.sampled_from([*FIELDS, NamedProfile(ANNA), NamedProfile(BORIS), *PUSH_TOKENS])


@given(st.lists(IDENTIFIERS, max_size=12))
def test_every_recipient_is_found_once_and_by_the_first_that_means_it(identifiers: Sequence[Identifier]) -> None:
    found = Found(*identifiers).recipients
    alone: list[set[str]] = [{each.ref for each in Found(identifier).recipients[0]} for identifier in identifiers]
    references = [each.ref for of_one in found for each in of_one]
    assert len(references) == len(set(references))
    seen: set[str] = set()
    for of_one, by_itself in zip(found, alone, strict=True):
        assert {each.ref for each in of_one} == by_itself - seen
        seen |= by_itself
