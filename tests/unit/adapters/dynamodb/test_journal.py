"""The journals of imports in DynamoDB when it does not do as asked: what each refusal means, and what is sent."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.stub import Stubber

from pushhub.adapters.dynamodb.journal import LANES, MAX_GATE_TRIES, MAX_OPENING_TRIES, DynamoJournal, DynamoJournals
from pushhub.adapters.dynamodb.schema.items import to_wire
from pushhub.audience.changes import Change, KeyClaim
from pushhub.audience.model import MatchKey, ProfileId
from pushhub.catalog.model import DatabaseId, FieldType
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.imports.job import JobId, RowOutcome, RowResult
from pushhub.imports.port import TakenOverError

JOB = JobId("a-1")
SETTLED = {0: RowOutcome(RowResult.SUBSCRIBED)}
CHANGES = [(DatabaseId(17), Change(keys=(KeyClaim(MatchKey("number", FieldType.INTEGER, 1), ProfileId("ann")),)))]
FAILED = "ConditionalCheckFailed"


class Table:
    """Journals in a DynamoDB whose every answer a test scripts."""

    def __init__(self) -> None:
        self.client = boto3.client("dynamodb", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
        self.stub = Stubber(self.client)
        self.waits: list[float] = []
        self.sent: list[dict[str, Any]] = []
        self.client.meta.events.register("provide-client-params.dynamodb.*", lambda params, **_: self.sent.append(params))
        self.journals = DynamoJournals(
            self.client, "ledger", "audience", retention_days=3, now=lambda: 5000.5, sleep=self.waits.append
        )
        self.stub.activate()

    def gates(self, opening: int, count: int = LANES) -> None:
        for _ in range(count):
            self.stub.add_response("update_item", {"Attributes": to_wire({"v": 1, "run": opening})})

    def open(self, opening: int = 1) -> DynamoJournal:
        self.gates(opening)
        self.stub.add_response("query", {"Items": []})
        return self.journals.open(JOB, 0)

    def cancelled(self, *codes: str, **item: object) -> None:
        """Cancel the next transaction; `item` is what stands in the place of its entry."""
        reasons: list[dict[str, Any]] = [{"Code": code} for code in codes]
        if item:
            reasons[-2]["Item"] = to_wire({"v": 1, **item})
        self.stub.add_client_error(
            "transact_write_items", "TransactionCanceledException", modeled_fields={"CancellationReasons": reasons}
        )


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.mark.parametrize(
    ("reasons", "meaning"),
    [
        ((FAILED, "None", "None"), LostRaceError),
        (("TransactionConflict", "None", "None"), LostRaceError),
        ((FAILED, "TransactionConflict", "TransactionConflict"), LostRaceError),
        (("None", "None", "TransactionConflict"), LostRaceError),
        (("None", "None", FAILED), TakenOverError),
        ((FAILED, "None", FAILED), TakenOverError),
        (("ThrottlingError", "TransactionConflict", FAILED), TakenOverError),
        (("ThrottlingError", "None", "None"), UnavailableError),
        ((FAILED, "ProvisionedThroughputExceeded", "None"), UnavailableError),
        (("TransactionConflict", "None", "ThrottlingError"), UnavailableError),
        (("ValidationError", "None", "None"), UnavailableError),
        (("ItemCollectionSizeLimitExceeded", "None", FAILED), UnavailableError),
    ],
    ids=str,
)
def test_every_reason_to_cancel_an_append_has_a_meaning(table: Table, reasons: tuple[str, ...], meaning: type[Exception]) -> None:
    journal = table.open()
    table.cancelled(*reasons)
    with pytest.raises(meaning):
        journal.append(0, SETTLED, CHANGES)


def test_an_entry_of_an_earlier_append_in_the_place_leaves_the_lane_unusable(table: Table) -> None:
    journal = table.open()
    table.cancelled(FAILED, FAILED, "None", token="another")
    with pytest.raises(UnavailableError, match="open the journal again"):
        journal.append(0, SETTLED, CHANGES)


def test_an_append_that_had_gone_through_is_no_failure(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda _: "the-token")
    journal = table.open()
    for last in ("None", FAILED):
        table.cancelled(FAILED, FAILED, last, token="the-token")
        journal.append(3, SETTLED, CHANGES)
    places = [parameters["TransactItems"][-2]["Put"]["Item"]["sk"]["S"] for parameters in table.sent[-2:]]
    assert places == ["E#03#000001#000000", "E#03#000001#000001"]


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "InternalServerError", "TransactionInProgressException", "ValidationException"]
)
def test_a_refusal_is_unavailability_that_names_it(table: Table, code: str) -> None:
    journal = table.open()
    table.stub.add_client_error("transact_write_items", code)
    with pytest.raises(UnavailableError, match=f"{code} to TransactWriteItems"):
        journal.append(0, SETTLED)
    table.stub.add_client_error("update_item", code)
    with pytest.raises(UnavailableError, match=f"{code} to UpdateItem"):
        table.journals.open(JOB, 0)
    table.gates(1)
    table.stub.add_client_error("query", code)
    with pytest.raises(UnavailableError, match=f"{code} to Query"):
        table.journals.open(JOB, 0)


@pytest.mark.parametrize("error", [ReadTimeoutError, ConnectTimeoutError])
def test_a_time_out_is_unavailability(table: Table, error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> None:
        raise error(endpoint_url="https://dynamodb")  # type: ignore[call-arg]

    journal = table.open()
    monkeypatch.setattr(table.client, "_make_api_call", hang)
    with pytest.raises(UnavailableError, match=error.__name__):
        journal.append(0, SETTLED)
    with pytest.raises(UnavailableError, match=error.__name__):
        table.journals.open(JOB, 0)


def test_a_gate_that_a_transaction_checks_is_written_by_another_try(table: Table) -> None:
    for _ in range(3):
        table.stub.add_client_error("update_item", "TransactionConflictException")
    table.open()
    assert len(table.waits) == 3


def test_a_gate_that_stays_busy_is_unavailable(table: Table) -> None:
    for _ in range(MAX_GATE_TRIES):
        table.stub.add_client_error("update_item", "TransactionConflictException")
    with pytest.raises(UnavailableError, match="gate 0 of a journal stays busy"):
        table.journals.open(JOB, 0)


def test_an_opening_that_meets_a_higher_number_takes_a_new_one(table: Table) -> None:
    table.gates(1, count=3)
    table.stub.add_client_error("update_item", "ConditionalCheckFailedException")
    journal = table.open(opening=3)
    table.stub.add_response("transact_write_items", {})
    journal.append(0, SETTLED)
    check = table.sent[-1]["TransactItems"][-1]["ConditionCheck"]
    assert check["ExpressionAttributeValues"] == {":run": {"N": "3"}}


def test_openings_that_overtake_each_other_for_ever_give_up(table: Table) -> None:
    for _ in range(MAX_OPENING_TRIES):
        table.gates(1, count=1)
        table.stub.add_client_error("update_item", "ConditionalCheckFailedException")
    with pytest.raises(UnavailableError, match="again and again"):
        table.journals.open(JOB, 0)


def test_a_transaction_writes_to_both_tables_and_checks_its_own_gate(table: Table) -> None:
    journal = table.open(opening=7)
    table.stub.add_response("transact_write_items", {})
    journal.append(5, SETTLED, CHANGES)
    claim, entry, gate = table.sent[-1]["TransactItems"]
    assert claim["Put"]["TableName"] == "audience"
    assert entry["Put"]["TableName"] == gate["ConditionCheck"]["TableName"] == "ledger"
    assert entry["Put"]["Item"]["sk"] == {"S": "E#05#000007#000000"}
    assert entry["Put"]["Item"]["expires"] == {"N": str(5000 + 3 * 86_400)}
    assert gate["ConditionCheck"]["Key"] == {"pk": {"S": "I#a-1#0"}, "sk": {"S": "G#05"}}
    assert table.sent[-1]["ClientRequestToken"] == entry["Put"]["Item"]["token"]["S"]
