"""How many calls of DynamoDB a sending costs, counted at the client, and what they are billed for."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from pushhub.audience.values import Value
from pushhub.console.connection import Connection
from pushhub.sends.filters import Choice, Filters
from pushhub.sends.local_time import UTC_OFFSETS
from pushhub.sends.message import Translation
from pushhub.sends.outcomes import Outcome
from pushhub.sends.sending import INDEX_LANES, Filtered, Part
from pushhub.sends.steps import CHOSEN_PAGE_PROFILES
from tests.doubles.apps import app_of, sending_of
from tests.doubles.sending import NOW
from tests.doubles.sent_lane import SentLane
from tests.doubles.sent_requests import SentRequests

DEVICES = 1_250
"""Of one lane of 20,000."""


@pytest.fixture
def lane(moto: Connection) -> SentLane:
    """Give a lane of which everybody is accepted."""
    return SentLane(DEVICES)


def test_a_recipient_costs_a_fraction_of_a_call_half_a_read_of_its_device_and_hardly_a_write(lane: SentLane) -> None:
    handled = lane.run()
    assert (handled.counts.number(Outcome.ACCEPTED), handled.faults) == (DEVICES, [])
    steps = -(-DEVICES // 100)
    ending = Counter(GetItem=1, BatchGetItem=1)
    assert lane.bill.calls == ending + Counter(
        Query=-(-DEVICES // 500),
        BatchGetItem=steps,
        GetItem=1 + steps,
        UpdateItem=len(("begin", "take", "finish")) + steps,
    )
    assert lane.bill.calls.total() / DEVICES <= 0.05
    assert sum(lane.bill.read_units.values()) / DEVICES <= 0.6
    assert lane.bill.write_units.total() / DEVICES <= 0.02


CHOSEN: dict[str, Value] = {"country": "DE", "language": "pt-BR", "tz_sec": 3_600}
TRANSLATED = replace(sending_of(), translations={"pt": Translation(text="Olá")})


def test_filters_and_translations_cost_no_call(moto: Connection) -> None:
    filters = Filters(countries=Choice(frozenset({"DE"})), languages=Choice(exclude=frozenset({"ru"})))
    lane = SentLane(DEVICES, sending=replace(TRANSLATED, selection=Filtered(filters)), fields=CHOSEN)
    handled = lane.run()
    assert (handled.counts.number(Outcome.ACCEPTED), handled.faults) == (DEVICES // 2, [])
    bodies = [json.loads(push.body)["message"]["android"]["notification"]["body"] for push in lane.transport.pushes]
    assert bodies == ["Olá"] * (DEVICES // 2)
    steps = -(-DEVICES // 2 // 100)
    assert lane.bill.calls == Counter(
        Query=1, BatchGetItem=steps + 1, GetItem=1 + steps + 1, UpdateItem=len(("begin", "take", "finish")) + steps
    )
    assert lane.bill.calls.total() / (DEVICES // 2) <= 0.05


def test_a_lane_that_chooses_nobody_costs_six_calls_and_one_for_each_further_page(moto: Connection) -> None:
    lane = SentLane(DEVICES, sending=replace(sending_of(), selection=Filtered(Filters(countries=Choice(frozenset({"FR"}))))))
    lane.run()
    assert lane.bill.calls == Counter(Query=1, BatchGetItem=1, GetItem=2, UpdateItem=len(("begin", "take", "finish")))


def test_a_sending_at_a_local_hour_to_a_million_costs_as_few_calls_a_recipient(moto: Connection) -> None:
    parts = tuple(Part(number, app_of().id, NOW, offset) for number, offset in enumerate((3_600, 7_200)))
    lane = SentLane(DEVICES, sending=replace(TRANSLATED, parts=parts), fields=CHOSEN)
    handled = lane.run(0)
    assert handled.counts.number(Outcome.ACCEPTED) == DEVICES // 2
    lane.bill.calls.clear()
    assert lane.run(1).counts.total == 0
    of_an_empty_lane = lane.bill.calls.total()
    assert of_an_empty_lane <= 6
    million, lanes = 1_000_000, len(UTC_OFFSETS) * len(INDEX_LANES)
    pages, steps = len(UTC_OFFSETS) * million / CHOSEN_PAGE_PROFILES, million / 100
    assert (lanes * of_an_empty_lane + pages + len(("claim", "sending", "subscriptions")) * steps) / million <= 0.05


def test_a_dead_push_token_costs_one_transaction_of_five_units_and_no_read(moto: Connection) -> None:
    lane = SentLane(100, dead=10)
    assert lane.run().counts.number(Outcome.GONE) == 10
    of_steps, ending, example = Counter(BatchGetItem=1, GetItem=2, UpdateItem=4, Query=1), Counter(BatchGetItem=1, GetItem=1), 1
    assert lane.bill.calls == of_steps + ending + Counter(UpdateItem=example, TransactWriteItems=10)
    assert lane.bill.write_units["TransactWriteItems"] == 5 * 10


@pytest.mark.parametrize("devices", [1, 1_000])
def test_a_request_costs_four_write_units_and_one_with_a_pack_id_nine_whatever_its_recipients(
    moto: Connection, devices: int
) -> None:
    requests = SentRequests(devices)
    end, start, claim = 4, 4, 1
    requests.send()
    assert requests.bill.calls == Counter(TransactWriteItems=1)
    requests.bill.calls.clear()
    requests.bill.write_units.clear()
    requests.send()
    assert (requests.bill.calls, requests.bill.write_units) == (Counter(TransactWriteItems=1), Counter(TransactWriteItems=end))
    requests.bill.calls.clear()
    requests.bill.write_units.clear()
    requests.send("order-7")
    assert requests.bill.calls == Counter(PutItem=1, TransactWriteItems=2)
    assert requests.bill.write_units == Counter(PutItem=claim, TransactWriteItems=start + end)
    assert not requests.bill.read_units
