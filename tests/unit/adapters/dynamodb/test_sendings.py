"""Sendings in DynamoDB when items are busy or an answer is lost, and the largest expressions that they need."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import boto3
import pytest
from botocore.stub import Stubber

from pushhub.adapters.dynamodb.guarded import MAX_WRITE_TRIES
from pushhub.adapters.dynamodb.schema.items import to_wire
from pushhub.adapters.dynamodb.schema.sendings import lane_item, sending_item
from pushhub.adapters.dynamodb.sendings import DynamoSendings
from pushhub.catalog.model import AppId
from pushhub.catalog.providers import PROVIDER_CODES, Provider
from pushhub.events.uid import Launch
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Seconds
from pushhub.sends.outcomes import Outcome
from pushhub.sends.sending import (
    INDEX_LANES,
    Claim,
    DeferralKey,
    Everyone,
    Lane,
    LaneKey,
    OutcomeCounts,
    Part,
    Place,
    RunId,
    Sending,
    SendingId,
    SendingStatus,
)
from pushhub.sends.store import KnownSendingError, LaneUpdate, NewDeferral, RecordedStep, SettledTry

MAX_EXPRESSION_BYTES: Final = 4096
MAX_OPERATORS: Final = 300
"""DynamoDB's bounds of one expression."""

FCM: Final = Provider("android-firebase")
RUN: Final = RunId("run-1")
ID: Final = SendingId(7 * 10**15)
SENDING: Final = Sending(
    ID, AppId("app"), "crm", "console", "", "", Launch(1, 0, 2), Everyone(), {}, (Part(0, AppId("app"), Seconds(10)),)
)
RUNNING: Final = replace(SENDING, status=SendingStatus.RUNNING)
LANE: Final = LaneKey(ID, 0, INDEX_LANES[0])
NAME: Final = DeferralKey(LANE, Place("00"))
CLAIM: Final = Claim(Place("00"), dict.fromkeys(PROVIDER_CODES, 100))
EVERYTHING: Final = OutcomeCounts({provider: dict.fromkeys(Outcome, 10**6) for provider in PROVIDER_CODES})
STEP: Final = LaneUpdate(RUN, CLAIM, RecordedStep(Place("00"), EVERYTHING), CLAIM, Seconds(60))
DEFERRING: Final = replace(STEP, recorded=RecordedStep(Place("00"), EVERYTHING, (NewDeferral(NAME, {FCM: 1}),)))
SETTLED: Final = SettledTry(NAME, RUN, 0, EVERYTHING, {FCM: 1})


class Table:
    """Sendings in a DynamoDB whose every answer a test scripts."""

    def __init__(self) -> None:
        client = boto3.client("dynamodb", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
        self.stub = Stubber(client)
        self.waits: list[float] = []
        self.sent: list[dict[str, Any]] = []
        client.meta.events.register("provide-client-params.dynamodb.*", lambda params, **_: self.sent.append(params))
        self.sendings = DynamoSendings(client, "ledger", retention_days=30, now=lambda: 5000.5, sleep=self.waits.append)
        self.stub.activate()

    def cancelled(self, *codes: str) -> None:
        reasons = [{"Code": code} for code in codes]
        self.stub.add_client_error(
            "transact_write_items", "TransactionCanceledException", modeled_fields={"CancellationReasons": reasons}
        )

    def stored(self, sending: Sending = RUNNING) -> None:
        self.stub.add_response("get_item", {"Item": to_wire(sending_item(sending, 0))})

    def expressions(self) -> list[str]:
        actions = [one for sent in self.sent for each in sent.get("TransactItems", [{"": sent}]) for one in each.values()]
        return [one[name] for one in actions for name in ("UpdateExpression", "ConditionExpression") if name in one]


@pytest.fixture
def table() -> Table:
    return Table()


UPDATES: Mapping[str, Callable[[DynamoSendings], object]] = {
    "begin": lambda sendings: sendings.begin(ID, Seconds(10)),
    "take_lane": lambda sendings: sendings.take_lane(LANE, RUN, Seconds(10), Seconds(60)),
    "update_lane": lambda sendings: sendings.update_lane(LANE, STEP),
    "claim_deferral": lambda sendings: sendings.claim_deferral(NAME, RUN, 0, Seconds(10), Seconds(60)),
}
TRANSACTIONS: Mapping[str, Callable[[DynamoSendings], object]] = {
    "create": lambda sendings: sendings.create(SENDING),
    "update_lane": lambda sendings: sendings.update_lane(LANE, DEFERRING),
    "settle_deferral": lambda sendings: sendings.settle_deferral(SETTLED),
    "record_ended": lambda sendings: sendings.record_ended(replace(SENDING, counts=EVERYTHING), []),
    "record_ended of a started one": lambda sendings: sendings.record_ended(replace(SENDING, counts=EVERYTHING), [], started=True),
}


@pytest.mark.parametrize("name", UPDATES)
def test_an_update_of_a_busy_item_is_tried_again(table: Table, name: str) -> None:
    table.stub.add_client_error("update_item", "TransactionConflictException")
    table.stub.add_response("update_item", {"Attributes": to_wire(lane_item(Lane(LANE, RUN, Seconds(60)), 0))})
    UPDATES[name](table.sendings)
    assert len(table.waits) == 1
    assert table.sent[0] == table.sent[1]


@pytest.mark.parametrize("name", TRANSACTIONS)
@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_transaction_of_busy_items_is_tried_again(table: Table, name: str, code: str) -> None:
    table.cancelled("None", code)
    table.stub.add_response("transact_write_items", {})
    TRANSACTIONS[name](table.sendings)
    assert len(table.waits) == 1


@pytest.mark.parametrize("name", TRANSACTIONS)
def test_items_that_stay_busy_make_it_unavailable(table: Table, name: str) -> None:
    for _ in range(MAX_WRITE_TRIES):
        table.cancelled("TransactionConflict")
    with pytest.raises(UnavailableError, match="busy"):
        TRANSACTIONS[name](table.sendings)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("create", KnownSendingError),
        ("record_ended", KnownSendingError),
        ("update_lane", LostRaceError),
        ("settle_deferral", LostRaceError),
    ],
)
def test_a_transaction_whose_guard_did_not_hold_is_not_tried_again(table: Table, name: str, error: type[Exception]) -> None:
    table.cancelled("ConditionalCheckFailed", "TransactionConflict")
    with pytest.raises(error):
        TRANSACTIONS[name](table.sendings)
    assert not table.waits


def test_a_started_sending_whose_guards_did_not_hold_was_cancelled_meanwhile_or_is_recorded(table: Table) -> None:
    record = TRANSACTIONS["record_ended of a started one"]
    table.cancelled("ConditionalCheckFailed")
    table.stub.add_response("transact_write_items", {})
    record(table.sendings)
    written = [sent["TransactItems"][0]["Put"]["Item"]["cancelling"]["BOOL"] for sent in table.sent]
    assert written == [False, True]
    for _ in range(2):
        table.cancelled("ConditionalCheckFailed")
    with pytest.raises(KnownSendingError):
        record(table.sendings)
    assert not table.waits


def test_every_claim_of_a_deferral_has_a_request_token_of_its_own(table: Table) -> None:
    for _ in range(2):
        table.stub.add_response("update_item", {})
        assert table.sendings.claim_deferral(NAME, RUN, 0, Seconds(10), Seconds(60))
    first, second = (set(map(str, sent["ExpressionAttributeValues"].values())) for sent in table.sent)
    assert len(first ^ second) == 2


def test_a_sending_that_begins_while_it_is_cancelled_is_looked_at_again(table: Table) -> None:
    table.stored(SENDING)
    table.cancelled("ConditionalCheckFailed")
    table.stored(RUNNING)
    table.stub.add_client_error("update_item", "ConditionalCheckFailedException")
    table.stored(replace(SENDING, status=SendingStatus.COMPLETE))
    table.sendings.cancel(ID, Seconds(10))
    table.stub.assert_no_pending_responses()


def test_a_process_lists_each_launch_and_provider_once(table: Table) -> None:
    for _ in range(2):
        table.stored()
        table.stub.add_response("transact_write_items", {})
        table.sendings.end(ID, SendingStatus.COMPLETE, OutcomeCounts.of(FCM, Outcome.ACCEPTED), Seconds(10))
    listed = [
        put["Item"]["pk"]["S"] for sent in table.sent for action in sent.get("TransactItems", []) if (put := action.get("Put"))
    ]
    assert listed == ["LAUNCHES"]


def test_expressions_with_every_provider_and_outcome_are_within_the_bounds_of_dynamodb(table: Table) -> None:
    table.stub.add_response("update_item", {})
    table.sendings.update_lane(LANE, STEP)
    table.stored()
    for _ in range(5):
        table.stub.add_response("transact_write_items", {})
    table.sendings.end(ID, SendingStatus.COMPLETE, EVERYTHING, Seconds(10))
    for write in ("update_lane", "settle_deferral", "record_ended", "record_ended of a started one"):
        TRANSACTIONS[write](table.sendings)
    assert max(map(len, table.expressions())) <= MAX_EXPRESSION_BYTES
    assert max(expression.count(" = ") + expression.count(" :") for expression in table.expressions()) <= MAX_OPERATORS
    assert max(len(sent.get("TransactItems", [])) for sent in table.sent) <= 100
