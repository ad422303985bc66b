"""What pushes, loaded with the first push."""

from collections.abc import Mapping, Sequence
from itertools import count
from unittest.mock import create_autospec

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from pushhub.audience.model import Subscription, SubscriptionRef
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import App
from pushhub.edge.wiring.pushing import PusherOnDemand, PushingSettings
from pushhub.moments import Seconds
from pushhub.sends.outcomes import RecipientOutcome
from pushhub.sends.port import NO_LANGUAGES
from pushhub.sends.sending import Everyone, Sending, SendingId
from tests.doubles.schedules import AN_APP, a_sending
from tests.lambda_environment import SETTINGS

SENDING = a_sending(SendingId(1), Everyone(), Seconds(100))


class SecondsGiven:
    def __init__(self) -> None:
        self.made = 0
        self.seconds: list[float] = []

    def make(self, *_: object) -> "SecondsGiven":
        self.made += 1
        return self

    def push(
        self,
        _sending: Sending,
        _app: App,
        recipients: Sequence[Subscription],
        seconds: float,
        _languages: Mapping[SubscriptionRef, str] = NO_LANGUAGES,
    ) -> Sequence[RecipientOutcome]:
        assert not recipients
        self.seconds.append(seconds)
        return ()


@pytest.fixture
def pusher(monkeypatch: pytest.MonkeyPatch) -> SecondsGiven:
    made = SecondsGiven()
    monkeypatch.setattr("pushhub.edge.wiring.providers.provider_pusher", made.make)
    return made


def on_demand() -> PusherOnDemand:
    moments = count(100, 2)
    settings = PushingSettings(SETTINGS["sends_deliver"])
    return PusherOnDemand(create_autospec(DynamoDBClient), create_autospec(CachedCatalog), settings, lambda: float(next(moments)))


def test_nothing_is_made_before_the_first_push_and_once_for_all_pushes(pusher: SecondsGiven) -> None:
    lane = on_demand()
    assert pusher.made == 0
    for _ in range(3):
        assert lane.push(SENDING, AN_APP, (), 20) == ()
    assert pusher.made == 1


def test_the_time_that_loading_takes_is_part_of_the_push(pusher: SecondsGiven) -> None:
    on_demand().push(SENDING, AN_APP, (), 20)
    assert pusher.seconds == [18]
