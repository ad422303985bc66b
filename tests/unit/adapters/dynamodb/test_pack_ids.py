"""Pack ids in DynamoDB when items are busy."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import boto3
import pytest
from botocore.stub import Stubber

from pushhub.adapters.dynamodb.guarded import MAX_WRITE_TRIES
from pushhub.adapters.dynamodb.pack_ids import DynamoPackIds
from pushhub.catalog.model import AppId
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Seconds
from pushhub.sends.pack_ids import PackClaim, PackKey
from pushhub.sends.sending import Everyone, RunId, SendingId
from tests.doubles.schedules import a_sending

NOW: Final = Seconds(1_800_000_000)
PACK: Final = PackKey("crm", AppId("shop"), "order-7")
ID: Final = SendingId(7 * 10**15)
CLAIM: Final = PackClaim(ID, Seconds(NOW + 34), RunId("run-1"))


class Table:
    """Pack ids in a DynamoDB whose every answer a test scripts."""

    def __init__(self) -> None:
        client = boto3.client("dynamodb", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
        self.stub = Stubber(client)
        self.waits: list[float] = []
        self.pack_ids = DynamoPackIds(client, "ledger", retention_days=30, sleep=self.waits.append)
        self.stub.activate()


@pytest.fixture
def table() -> Table:
    return Table()


def _is_started(pack_ids: DynamoPackIds) -> bool:
    try:
        pack_ids.start(PACK, a_sending(ID, Everyone(), NOW), NOW, Seconds(NOW + 600))
    except LostRaceError:
        return False
    return True


WRITES: Mapping[str, Callable[[DynamoPackIds], bool]] = {
    "put_item": lambda pack_ids: pack_ids.claim_pack(PACK, CLAIM, NOW),
    "transact_write_items": _is_started,
    "delete_item": lambda pack_ids: pack_ids.release_pack(PACK, ID),
}
FAILED: Mapping[str, tuple[str, str]] = {
    "put_item": ("ConditionalCheckFailedException", "TransactionConflictException"),
    "transact_write_items": ("ConditionalCheckFailed", "TransactionConflict"),
    "delete_item": ("ConditionalCheckFailedException", "TransactionConflictException"),
}
"""How DynamoDB says of each call that a guard did not hold, and that others were writing the item."""


def _fail(table: Table, name: str, code: str) -> None:
    if name == "transact_write_items":
        reasons: dict[str, Any] = {"CancellationReasons": [{"Code": code}, {"Code": "None"}]}
        table.stub.add_client_error(name, "TransactionCanceledException", modeled_fields=reasons)
    else:
        table.stub.add_client_error(name, code)


@pytest.mark.parametrize("name", WRITES)
def test_a_write_of_a_busy_item_is_tried_again(table: Table, name: str) -> None:
    _fail(table, name, FAILED[name][1])
    table.stub.add_response(name, {})
    assert WRITES[name](table.pack_ids)
    assert len(table.waits) == 1


@pytest.mark.parametrize("name", WRITES)
def test_a_write_whose_guard_did_not_hold_is_not_tried_again(table: Table, name: str) -> None:
    _fail(table, name, FAILED[name][0])
    assert not WRITES[name](table.pack_ids)
    assert not table.waits


@pytest.mark.parametrize("name", WRITES)
def test_an_item_that_stays_busy_makes_it_unavailable(table: Table, name: str) -> None:
    for _ in range(MAX_WRITE_TRIES):
        _fail(table, name, FAILED[name][1])
    with pytest.raises(UnavailableError, match="busy"):
        WRITES[name](table.pack_ids)


@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_dynamodb_does_not_take_makes_it_unavailable(table: Table, name: str) -> None:
    table.stub.add_client_error(name, "InternalServerError")
    with pytest.raises(UnavailableError):
        WRITES[name](table.pack_ids)
