"""How many calls of DynamoDB a sending costs, counted at the client, and what they are billed for."""

from collections import Counter

import pytest

from pushhub.console.connection import Connection
from pushhub.sends.outcomes import Outcome
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
