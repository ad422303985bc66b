"""What comes of the recipients of a step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.providers import Provider
from pushhub.moments import Seconds
from pushhub.sends.accounting import (
    LONGEST_FLOOR_SECONDS,
    LONGEST_RETRY_SECONDS,
    REFUSALS_OF_ENDPOINTS_STOP_AT,
    Accounted,
    account,
    masked_push_token,
)
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.sending import OutcomeCounts, ProviderStop
from tests.doubles.apps import ANDROID, APNS, FIREFOX, HUAWEI, IOS_FIREBASE, WEB, subscription_of
from tests.doubles.sending import NOW

ACCEPTED = RecipientOutcome(Outcome.ACCEPTED, "201")
REFUSED = RecipientOutcome(Outcome.CREDENTIALS_BAD, "401", "the key is refused")
NO_ACCOUNT = RecipientOutcome(Outcome.CREDENTIALS_BAD, reason="not sent: the app has no credentials")
NOBODY = OutcomeCounts()
HOURS = Seconds(NOW + 14_400)
ENOUGH = REFUSALS_OF_ENDPOINTS_STOP_AT


def accounted(provider: Provider, *outcomes: RecipientOutcome, tries: int = 0, chance: float = 0.5) -> Accounted:
    pushed = [(subscription_of(provider, f"token-{number}"), outcome) for number, outcome in enumerate(outcomes)]
    return account(pushed, tries, NOW, lambda _: HOURS, chance)


def stopped(provider: Provider, *outcomes: RecipientOutcome, before: OutcomeCounts = NOBODY) -> set[Provider]:
    came = accounted(provider, *outcomes)
    return set(came.stops_in(before + came.counts))


@pytest.mark.parametrize("provider", [ANDROID, IOS_FIREBASE, APNS])
def test_one_refusal_of_an_account_stops_its_provider(provider: Provider) -> None:
    came = accounted(provider, REFUSED, RecipientOutcome(Outcome.CREDENTIALS_BAD, "401", "another reason"))
    assert came.stops == came.stops_in(came.counts) == {provider: ProviderStop(Outcome.CREDENTIALS_BAD, "the key is refused")}


@pytest.mark.parametrize("provider", [ANDROID, APNS, WEB])
def test_a_provider_that_has_accepted_a_push_of_the_lane_is_not_stopped(provider: Provider) -> None:
    many = [REFUSED] * ENOUGH
    assert stopped(provider, *many, ACCEPTED) == set()
    assert stopped(provider, *many, before=OutcomeCounts.of(provider, Outcome.ACCEPTED)) == set()
    assert stopped(provider, *many, before=OutcomeCounts.of(HUAWEI, Outcome.ACCEPTED)) == {provider}


@pytest.mark.parametrize("provider", [WEB, FIREFOX])
def test_one_endpoint_that_a_push_service_refuses_stops_nothing_and_ten_of_a_lane_do(provider: Provider) -> None:
    assert stopped(provider, *[REFUSED] * (ENOUGH - 1)) == set()
    assert stopped(provider, *[REFUSED] * ENOUGH) == {provider}
    before = OutcomeCounts.of(provider, Outcome.CREDENTIALS_BAD, ENOUGH - 1)
    assert stopped(provider, REFUSED, before=before) == {provider}
    assert stopped(provider, ACCEPTED, before=before) == set()


def test_where_the_rest_of_the_lane_is_not_known_refused_endpoints_stop_nothing() -> None:
    assert accounted(WEB, *[REFUSED] * 100, tries=1).stops == {}
    assert accounted(APNS, ACCEPTED, REFUSED, tries=1).stops == {}


def test_an_account_that_the_hub_itself_cannot_use_stops_browsers_at_once_too() -> None:
    assert stopped(WEB, NO_ACCOUNT) == set(accounted(WEB, NO_ACCOUNT, tries=1).stops) == {WEB}


@given(
    st.lists(st.sampled_from([ACCEPTED, REFUSED, RecipientOutcome(Outcome.GONE)]), max_size=30),
    st.sampled_from([ANDROID, APNS, WEB]),
    st.integers(0, 2),
)
def test_only_a_provider_that_has_refused_and_accepted_nothing_is_ever_stopped(
    outcomes: list[RecipientOutcome], provider: Provider, accepted: int
) -> None:
    stops = stopped(provider, *outcomes, before=OutcomeCounts.of(provider, Outcome.ACCEPTED, accepted))
    if accepted or ACCEPTED in outcomes or REFUSED not in outcomes:
        assert stops == set()


def wait(after: int | None, tries: int, chance: float = 0.5) -> int:
    (waiting,) = accounted(ANDROID, RecipientOutcome(Outcome.RETRY, "503", after=after), tries=tries, chance=chance).waiting
    return waiting.not_before - NOW


@pytest.mark.parametrize(
    ("after", "tries", "seconds"),
    [(0, 0, 1), (1, 0, 1), (1, 3, 8), (30, 3, 30), (1, 6, 60), (1, 10_000, 60), (90, 7, 90), (5_000, 0, 900)],
)
def test_a_provider_that_asks_for_a_short_wait_again_and_again_gets_a_longer_one(after: int, tries: int, seconds: int) -> None:
    assert wait(after, tries) == seconds


@given(st.integers(0, 10_000), st.integers(0, 500))
def test_a_wait_is_never_shorter_than_that_of_the_try_before(after: int, tries: int) -> None:
    assert wait(after, tries) <= wait(after, tries + 1) <= LONGEST_RETRY_SECONDS


def test_a_provider_that_always_says_one_second_is_asked_a_few_hundred_times_in_four_hours() -> None:
    waited, tries = 0, 0
    while waited <= HOURS - NOW:
        waited, tries = waited + wait(1, tries), tries + 1
    assert tries < 14_400 / LONGEST_FLOOR_SECONDS + 10


@given(st.text(min_size=1, max_size=200))
def test_at_most_a_quarter_of_a_push_token_is_shown(push_token: str) -> None:
    shown = masked_push_token(subscription_of(ANDROID, push_token)).rsplit("… (", 1)[0]
    assert push_token.startswith(shown)
    assert len(shown) <= min(4, len(push_token) / 4)
