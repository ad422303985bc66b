"""What a query asks DynamoDB for, and that it goes on from page to page. What comes of it stands in the contract tests."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from mypy_boto3_dynamodb import DynamoDBClient

from pushhub.adapters.dynamodb.queries import items_in
from pushhub.adapters.dynamodb.schema.items import to_wire
from pushhub.faults import UnavailableError


@pytest.fixture
def client() -> DynamoDBClient:
    return boto3.client("dynamodb", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")


@pytest.fixture
def stub(client: DynamoDBClient) -> Iterator[Stubber]:
    with Stubber(client) as stub:
        yield stub


def asked(**further: Any) -> dict[str, Any]:
    of_partition = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": to_wire({":pk": "P"})}
    return {"TableName": "table", "ConsistentRead": True, "ScanIndexForward": True, **of_partition, **further}


def page(*names: str, more: bool = False) -> dict[str, Any]:
    keys = [to_wire({"pk": "P", "sk": name}) for name in names]
    return {"Items": [key | to_wire({"v": 1}) for key in keys]} | ({"LastEvaluatedKey": keys[-1]} if more else {})


def test_the_items_of_all_pages_are_given_in_their_order(client: DynamoDBClient, stub: Stubber) -> None:
    first = page("a", "b", more=True)
    stub.add_response("query", first, asked())
    stub.add_response("query", page("c"), asked(ExclusiveStartKey=first["LastEvaluatedKey"]))
    assert [item["sk"] for item in items_in(client, "table", "P")] == ["a", "b", "c"]


def test_a_page_that_is_not_needed_is_not_asked_for(client: DynamoDBClient, stub: Stubber) -> None:
    stub.add_response("query", page("a", "b", more=True), asked(ScanIndexForward=False, Limit=2))
    found = items_in(client, "table", "P", latest_first=True, page_size=2)
    assert [next(found)["sk"], next(found)["sk"]] == ["a", "b"]


def test_a_prefix_narrows_the_query(client: DynamoDBClient, stub: Stubber) -> None:
    narrowed = asked(KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)")
    stub.add_response("query", page("a1"), narrowed | {"ExpressionAttributeValues": to_wire({":pk": "P", ":sk": "a"})})
    assert [item["sk"] for item in items_in(client, "table", "P", "a")] == ["a1"]


def test_attributes_that_nobody_needs_are_not_asked_for(client: DynamoDBClient, stub: Stubber) -> None:
    projected = {"ProjectionExpression": "#0,#1", "ExpressionAttributeNames": {"#0": "sk", "#1": "n:af:gone"}}
    stub.add_response("query", page("a"), asked(**projected))
    assert [item["sk"] for item in items_in(client, "table", "P", attributes=("sk", "n:af:gone"))] == ["a"]


def test_a_query_that_fails_says_so(client: DynamoDBClient, stub: Stubber) -> None:
    stub.add_client_error("query", "ThrottlingException")
    with pytest.raises(UnavailableError, match="ThrottlingException"):
        list(items_in(client, "table", "P"))
