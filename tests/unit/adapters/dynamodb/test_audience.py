"""The DynamoDB audience when DynamoDB does not do as asked: throttling, conflicts, time-outs, unread items."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.stub import Stubber

from pushhub.adapters.dynamodb.audience import DynamoAudience
from pushhub.adapters.dynamodb.batches import MAX_BATCH_TRIES
from pushhub.adapters.dynamodb.schema.audience import subscription_key
from pushhub.adapters.dynamodb.schema.items import CorruptItemError, to_wire
from pushhub.audience.changes import Change, KeyClaim
from pushhub.audience.model import Address, MatchKey, ProfileId
from pushhub.audience.port import SnapshotQuery
from pushhub.catalog.model import DatabaseId, FieldType
from pushhub.catalog.providers import Provider, PushToken
from pushhub.faults import LostRaceError, UnavailableError

DATABASE = DatabaseId(17)
KEY = MatchKey("number", FieldType.INTEGER, 1)
CHANGE = Change(keys=(KeyClaim(KEY, ProfileId("ann")),))
ADDRESS = Address(Provider("ios-apns"), PushToken("a"))
WANTED = SnapshotQuery(DATABASE, (ADDRESS,))
LEFT = {"UnprocessedKeys": {"audience": {"Keys": [to_wire(subscription_key(DATABASE, ADDRESS.ref))]}}}


class Table:
    """A DynamoDB audience whose every answer a test scripts."""

    def __init__(self) -> None:
        client = boto3.client("dynamodb", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
        self.client = client
        self.stub = Stubber(client)
        self.waits: list[float] = []
        self.audience = DynamoAudience(client, "audience", sleep=self.waits.append)
        self.stub.activate()


@pytest.fixture
def table() -> Table:
    return Table()


def cancelled(*codes: str) -> dict[str, Any]:
    return {
        "method": "transact_write_items",
        "service_error_code": "TransactionCanceledException",
        "modeled_fields": {"CancellationReasons": [{"Code": code} for code in codes]},
    }


@pytest.mark.parametrize(
    "code", ["ConditionalCheckFailed", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]
)
def test_a_transaction_cancelled_by_what_others_do_is_a_lost_race(table: Table, code: str) -> None:
    table.stub.add_client_error(**cancelled("None", code))
    with pytest.raises(LostRaceError, match=code):
        table.audience.commit(DATABASE, CHANGE)


@pytest.mark.parametrize("code", ["ValidationError", "ItemCollectionSizeLimitExceeded"])
def test_a_transaction_cancelled_for_its_own_fault_is_not_run_again(table: Table, code: str) -> None:
    table.stub.add_client_error(**cancelled("ConditionalCheckFailed", code))
    with pytest.raises(UnavailableError):
        table.audience.commit(DATABASE, CHANGE)


@pytest.mark.parametrize(
    "code",
    [
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "InternalServerError",
        "TransactionInProgressException",
        "AccessDeniedException",
        "ResourceNotFoundException",
    ],
)
def test_a_refusal_by_dynamodb_is_unavailability_that_names_it(table: Table, code: str) -> None:
    table.stub.add_client_error("transact_write_items", code)
    with pytest.raises(UnavailableError, match=f"{code} to TransactWriteItems"):
        table.audience.commit(DATABASE, CHANGE)
    table.stub.add_client_error("batch_get_item", code)
    with pytest.raises(UnavailableError, match=f"{code} to BatchGetItem"):
        table.audience.read([WANTED])


@pytest.mark.parametrize("error", [ReadTimeoutError, ConnectTimeoutError])
def test_a_time_out_is_unavailability(table: Table, error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> None:
        raise error(endpoint_url="https://dynamodb")  # type: ignore[call-arg]

    monkeypatch.setattr(table.client, "_make_api_call", hang)
    with pytest.raises(UnavailableError, match=error.__name__):
        table.audience.commit(DATABASE, CHANGE)
    with pytest.raises(UnavailableError, match=error.__name__):
        table.audience.read([WANTED])


def test_what_a_busy_table_left_out_is_asked_for_again(table: Table) -> None:
    item = {
        **subscription_key(DATABASE, ADDRESS.ref),
        "v": 1,
        "token": "a",
        "profile": "ann",
        "resources": {},
        "anonymous": False,
        "created": 1,
        "seen": 1,
        "version": 1,
    }
    table.stub.add_response("batch_get_item", {"Responses": {"audience": []}, **LEFT})
    table.stub.add_response("batch_get_item", {"Responses": {"audience": [to_wire(item)]}, "UnprocessedKeys": {}})
    (snapshot,) = table.audience.read([WANTED])
    assert snapshot.subscriptions[ADDRESS.ref].profile == "ann"
    assert len(table.waits) == 1


def test_a_push_token_that_is_not_spelled_as_it_is_compared_is_asked_for_under_two_references_in_one_call(table: Table) -> None:
    plain, spelled = ADDRESS, Address(Provider("ios-apns"), PushToken("<AB>"))
    refs = [plain.ref, spelled.ref, spelled.legacy_ref or plain.ref]
    keys = [to_wire(subscription_key(DATABASE, ref)) for ref in refs]
    asked = {"RequestItems": {"audience": {"Keys": keys, "ConsistentRead": True}}}
    table.stub.add_response("batch_get_item", {"Responses": {"audience": []}}, asked)
    (snapshot,) = table.audience.read([SnapshotQuery(DATABASE, (plain, spelled))])
    assert not snapshot.subscriptions
    assert len(set(refs)) == SnapshotQuery(DATABASE, (plain, spelled)).item_count == 3


def test_a_table_that_stays_busy_is_unavailable(table: Table) -> None:
    for _ in range(MAX_BATCH_TRIES):
        table.stub.add_response("batch_get_item", {"Responses": {"audience": []}, **LEFT})
    with pytest.raises(UnavailableError, match="left 1 of 1 items unread"):
        table.audience.read([WANTED])


def stored(table: Table, **attributes: object) -> None:
    item = subscription_key(DATABASE, ADDRESS.ref) | {"v": 1, "token": "a", "profile": "ann", "resources": {}} | attributes
    item |= {"anonymous": False, "created": 1, "seen": 1, "version": 1}
    table.stub.add_response("batch_get_item", {"Responses": {"audience": [to_wire(item)]}})


def test_another_token_under_the_same_key_is_never_taken_for_the_one_asked_for(table: Table) -> None:
    stored(table, token="another")
    with pytest.raises(CorruptItemError, match="another token"):
        table.audience.read([WANTED])


def test_an_item_of_a_later_format_is_not_misread(table: Table) -> None:
    stored(table, v=2)
    with pytest.raises(CorruptItemError, match="format 2"):
        table.audience.read([WANTED])


def test_nothing_is_asked_when_time_is_up(table: Table) -> None:
    with pytest.raises(UnavailableError, match="had not returned 1 items when time was up"):
        table.audience.read([WANTED], deadline=0.0)
