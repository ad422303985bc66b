"""Import jobs in DynamoDB when items are busy, or DynamoDB fails."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from pushhub.adapters.dynamodb.guarded import MAX_WRITE_TRIES
from pushhub.adapters.dynamodb.jobs import DynamoJobs
from pushhub.adapters.dynamodb.schema.imports import job_item, listed_key
from pushhub.adapters.dynamodb.schema.items import CorruptItemError, to_wire
from pushhub.faults import UnavailableError
from pushhub.imports.job import ChunkProgress, Job, JobId, JobStatus, S3Object, Tally
from pushhub.moments import Seconds

SOURCE = S3Object("a-bucket", "inbox/5/ios-apns/token/a.csv", "v1")
JOB = Job(JobId("a-1"), SOURCE, SOURCE, JobStatus.RUNNING, Seconds(1000))
DAY = 86_400


class Table:
    """Import jobs in a DynamoDB whose every answer a test scripts."""

    def __init__(self) -> None:
        client = boto3.client("dynamodb", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
        self.stub = Stubber(client)
        self.waits: list[float] = []
        self.sent: list[dict[str, Any]] = []
        client.meta.events.register("provide-client-params.dynamodb.*", lambda params, **_: self.sent.append(params))
        self.jobs = DynamoJobs(client, "ledger", retention_days=3, now=lambda: 5000.5, sleep=self.waits.append)
        self.stub.activate()

    def cancelled(self, *codes: str) -> None:
        reasons = [{"Code": code} for code in codes]
        self.stub.add_client_error(
            "transact_write_items", "TransactionCanceledException", modeled_fields={"CancellationReasons": reasons}
        )

    def stored(self, retention: int = 3 * DAY) -> None:
        self.stub.add_response("get_item", {"Item": to_wire(job_item(JOB, retention))})


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_job_whose_items_are_busy_is_created_by_another_try(table: Table, code: str) -> None:
    table.cancelled("None", code, "None")
    table.stub.add_response("transact_write_items", {})
    assert table.jobs.create(JOB)
    assert len(table.waits) == 1


def test_a_job_that_is_known_is_not_tried_again(table: Table) -> None:
    table.cancelled("ConditionalCheckFailed", "TransactionConflict", "None")
    assert not table.jobs.create(JOB)
    assert not table.waits


def test_items_that_stay_busy_are_unavailable(table: Table) -> None:
    for _ in range(MAX_WRITE_TRIES):
        table.cancelled("TransactionConflict", "None", "None")
    with pytest.raises(UnavailableError, match="stay busy: TransactionConflict"):
        table.jobs.create(JOB)


def test_an_update_that_meets_a_transaction_is_tried_again(table: Table) -> None:
    table.stub.add_client_error("update_item", "TransactionConflictException")
    table.stub.add_response("update_item", {})
    table.jobs.stop(JOB.id)
    assert len(table.waits) == 1


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerError", "AccessDeniedException"])
def test_a_refusal_is_unavailability_that_names_it(table: Table, code: str) -> None:
    for operation in ("get_item", "update_item", "put_item", "query"):
        table.stub.add_client_error(operation, code)
    with pytest.raises(UnavailableError, match=f"{code} to GetItem"):
        table.jobs.load(JOB.id)
    with pytest.raises(UnavailableError, match=f"{code} to UpdateItem"):
        table.jobs.give_up(JOB.id, "a reason")
    with pytest.raises(UnavailableError, match=f"{code} to PutItem"):
        table.jobs.show(JOB.id, ChunkProgress(0, Tally(), 0))
    with pytest.raises(UnavailableError, match=f"{code} to Query"):
        table.jobs.progress(JOB.id)
    assert not table.waits


def test_a_job_of_a_later_format_is_not_misread(table: Table) -> None:
    table.stub.add_response("get_item", {"Item": to_wire(job_item(JOB, 1) | {"v": 2})})
    with pytest.raises(CorruptItemError, match="format 2"):
        table.jobs.load(JOB.id)


def test_a_job_that_was_forgotten_meanwhile_is_not_resumed(table: Table) -> None:
    table.stored()
    table.cancelled("ConditionalCheckFailed", "None", "None")
    assert not table.jobs.resume(JOB, 2)


def test_everything_of_a_new_job_is_forgotten_at_one_time(table: Table) -> None:
    table.stub.add_response("transact_write_items", {})
    table.jobs.create(JOB)
    (sent,) = table.sent
    assert [action["Put"]["Item"]["expires"] for action in sent["TransactItems"]] == [{"N": str(5000 + 3 * DAY)}] * 3


def test_a_job_is_remembered_as_long_as_whoever_began_it_wished(table: Table) -> None:
    table.stored(retention=9 * DAY)
    table.stub.add_response("transact_write_items", {})
    table.jobs.resume(JOB, 2)
    update, listing, running = table.sent[-1]["TransactItems"]
    assert update["Update"]["UpdateExpression"].endswith("#expires = #retention + :now REMOVE ended")
    assert listing["Put"]["Item"]["expires"] == running["Put"]["Item"]["expires"] == {"N": str(5000 + 9 * DAY)}


def test_a_job_that_the_list_still_names_but_nobody_remembers_is_passed_over(table: Table) -> None:
    known, gone = (to_wire(listed_key(id_, 1000) | {"v": 1}) for id_ in (JOB.id, JobId("gone")))
    table.stub.add_response("query", {"Items": [gone, known]})
    table.stub.add_response("batch_get_item", {"Responses": {"ledger": []}})
    table.stub.add_response("batch_get_item", {"Responses": {"ledger": [to_wire(job_item(JOB, 1))]}})
    assert table.jobs.recent(1) == [JOB]
