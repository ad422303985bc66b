"""How many a sending would reach."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import App, Catalog
from pushhub.catalog.providers import Provider
from pushhub.sends.counting import Counting, Reached
from pushhub.sends.filters import Choice, Filters
from pushhub.sends.finding import Finding
from pushhub.sends.sending import Everyone, Filtered, Named, NamedField, NamedProfile, Selection
from tests.doubles.apps import ANDROID, APNS, HUAWEI, IOS_FIREBASE, WEB, app_of, audience_of, subscription_of
from tests.doubles.audience import MemoryAudience
from tests.doubles.reach import MemoryReach
from tests.doubles.requests import CUSTOMERS

FEW = audience_of(
    ("anna", [subscription_of(ANDROID, "phone"), subscription_of(ANDROID, "tablet"), subscription_of(HUAWEI, "h")], {"number": 1}),
    ("boris", [subscription_of(APNS, "0a1b"), subscription_of(IOS_FIREBASE, "iphone", active=(6,))], {"number": 2}),
    ("vera", [subscription_of(HUAWEI, "h2"), subscription_of(ANDROID, "dead", retired=True)], {"number": 3}),
)


def counting(audience: MemoryAudience) -> tuple[Counting, MemoryReach]:
    reach = MemoryReach(audience)
    catalog = CachedCatalog(lambda: Catalog({CUSTOMERS.id: CUSTOMERS}, {}))
    return Counting(reach, Finding(reach, catalog)), reach


def reached(selection: Selection, app: App | None = None, audience: MemoryAudience = FEW) -> Reached:
    return counting(audience)[0](app or app_of(), selection)


def test_everybody_is_counted_by_provider_and_profiles_without_a_push_are_not() -> None:
    assert reached(Everyone()) == Reached(2, {ANDROID: 2, APNS: 1, IOS_FIREBASE: 1})


def test_the_resource_and_the_preference_of_the_app_count() -> None:
    assert reached(Everyone(), app_of(resource=6)) == Reached(1, {IOS_FIREBASE: 1})
    assert reached(Everyone(), app_of(prefer=[APNS, IOS_FIREBASE])) == Reached(2, {ANDROID: 2, APNS: 1})
    assert reached(Everyone(), app_of(["apns"])) == Reached(1, {APNS: 1})


def test_recipients_that_are_named_are_counted_once() -> None:
    twice = Named((NamedField("number", 1), NamedProfile("anna"), NamedProfile("vera")))
    assert reached(twice) == Reached(1, {ANDROID: 2})


def test_those_whom_filters_choose_are_counted_on_every_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pushhub.sends.counting.CHOSEN_PAGE_PROFILES", 7)
    people = ((f"user-{n}", [subscription_of(WEB, f"browser-{n}")], {"country": "PT" if n % 5 else "br"}) for n in range(100))
    chosen = Filtered(Filters(Choice(frozenset({"BR"}))))
    assert reached(chosen, audience=audience_of(*people)) == Reached(20, {WEB: 20})
    assert reached(Filtered(Filters(events=Choice(frozenset({"reg"}))))) == Reached(0, {})


def test_an_empty_database_reaches_nobody() -> None:
    assert reached(Everyone(), audience=MemoryAudience()) == Reached(0, {})


@pytest.mark.parametrize("resource", [None, 5])
def test_progress_never_goes_back_and_ends_at_the_whole_whatever_the_pages(
    resource: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pushhub.sends.counting.STEP_PAGE_PROFILES", 7)
    many = audience_of(*((f"user-{n}", [subscription_of(WEB, f"browser-{n}")], {}) for n in range(500)))
    shares: list[float] = []
    count, _ = counting(many)
    assert count(app_of(resource=resource), Everyone(), shares.append) == Reached(500, {WEB: 500})
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(shares) > 500 / 7


def test_without_a_resource_no_subscription_is_read() -> None:
    count, reach = counting(FEW)
    count(app_of(), Everyone())
    assert reach.calls == 16


DEVICES = st.lists(
    st.tuples(st.sampled_from([ANDROID, APNS, IOS_FIREBASE, HUAWEI, WEB]), st.sampled_from([(5,), (6,), (5, 6)])), max_size=4
)


@given(st.lists(DEVICES, max_size=6), st.sampled_from([None, 5]), st.permutations([APNS, IOS_FIREBASE, ANDROID]))
def test_everybody_is_as_many_as_all_of_them_named(
    people: Sequence[Sequence[tuple[Provider, tuple[int, ...]]]], resource: int | None, prefer: Sequence[Provider]
) -> None:
    audience = audience_of(
        *(
            (
                f"user-{n}",
                [subscription_of(provider, f"d-{n}-{m}", active=doors) for m, (provider, doors) in enumerate(devices)],
                {},
            )
            for n, devices in enumerate(people)
        )
    )
    app = app_of(resource=resource, prefer=prefer)
    named = Named(tuple(NamedProfile(f"user-{n}") for n in range(len(people))))
    assert reached(Everyone(), app, audience) == reached(named, app, audience)
