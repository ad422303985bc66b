"""Which bearer FCM takes now."""

from dataclasses import dataclass, field, replace

import pytest

from pushhub.moments import Seconds
from pushhub.sends.bearers import MAX_BEARERS, SECONDS_AFTER_FAILURE, Bearers
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.port import MaybeSent, NotSent, SendResult
from pushhub.sends.providers.bearer import Bearer
from pushhub.sends.signing import SKEW_SECONDS
from tests.doubles.sending import NOW, fcm_account
from tests.doubles.transport import BEARER_URL, FakeTransport, a_bearer, answered


@dataclass
class Held:
    """Bearers at a moment that the test moves."""

    transport: FakeTransport
    moment: float = 0.0
    bearers: Bearers = field(init=False)

    def __post_init__(self) -> None:
        self.bearers = Bearers(self.transport, lambda: Seconds(int(NOW + self.moment)), lambda: self.moment)

    def ask(self) -> Bearer | RecipientOutcome:
        return self.bearers.bearer(fcm_account(), 2.0)


def holding(*answers: SendResult) -> Held:
    return Held(FakeTransport({BEARER_URL: answers}))


def test_a_bearer_is_kept_until_a_little_before_its_end() -> None:
    held = holding(a_bearer("first"), a_bearer("second"))
    assert held.ask() == held.ask() == Bearer("first", Seconds(NOW + 3599 - SKEW_SECONDS))
    held.moment = 3599 - SKEW_SECONDS - 1
    held.ask()
    assert len(held.transport.batches) == 1
    held.moment += 1
    held.ask()
    assert held.bearers.text(fcm_account()) == "second"
    assert held.transport.seconds == [2.0, 2.0]


def test_a_bearer_that_was_refused_is_not_given_again() -> None:
    held = holding(a_bearer("first"), a_bearer("second"))
    held.ask()
    held.bearers.forget(fcm_account())
    held.ask()
    assert held.bearers.text(fcm_account()) == "second"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (answered(400, {"error": "invalid_grant"}), Outcome.CREDENTIALS_BAD),
        (answered(401), Outcome.CREDENTIALS_BAD),
        (answered(429, retry_after="7"), Outcome.RETRY),
        (answered(500), Outcome.RETRY),
        (answered(200, "junk"), Outcome.RETRY),
        (NotSent("no connection"), Outcome.RETRY),
        (MaybeSent("no answer in time"), Outcome.RETRY),
    ],
)
def test_after_a_failure_it_is_not_asked_for_again_at_once(answer: SendResult, outcome: Outcome) -> None:
    held = holding(answer, a_bearer())
    failure = held.ask()
    assert isinstance(failure, RecipientOutcome)
    assert failure.outcome == outcome
    held.moment = SECONDS_AFTER_FAILURE - 0.1
    assert held.ask() == failure
    assert len(held.transport.batches) == 1
    held.moment = SECONDS_AFTER_FAILURE
    assert isinstance(held.ask(), Bearer)


def test_one_account_says_nothing_of_another_and_only_so_many_are_kept() -> None:
    held = holding(a_bearer())
    others = [replace(fcm_account(), project=f"shop-{number}") for number in range(MAX_BEARERS + 1)]

    def ask(number: int) -> None:
        held.bearers.bearer(others[number], 1.0)

    for number in range(MAX_BEARERS + 1):
        ask(number)
    ask(MAX_BEARERS)
    assert len(held.transport.batches) == MAX_BEARERS + 1
    ask(0)
    assert len(held.transport.batches) == MAX_BEARERS + 2
