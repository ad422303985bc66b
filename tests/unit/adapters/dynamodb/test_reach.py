"""How many calls find whom a sending is for, and what they ask."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber

from pushhub.adapters.dynamodb.reach import DynamoReach
from pushhub.adapters.dynamodb.schema.audience import profile_item
from pushhub.adapters.dynamodb.schema.items import CorruptItemError, to_wire
from pushhub.audience.model import Address, MatchKey, Origin, Profile, ProfileId
from pushhub.audience.port import ReachPage
from pushhub.catalog.model import DatabaseId, FieldType
from pushhub.catalog.providers import Provider, PushToken
from pushhub.faults import UnavailableError
from pushhub.moments import Seconds

DATABASE = DatabaseId(17)
ITEM = profile_item(DATABASE, Profile(ProfileId("ann"), Origin.ID, {}, frozenset(), {}, {}, Seconds(1), Seconds(1)))


class Table:
    """A reach in a DynamoDB whose every answer a test scripts."""

    def __init__(self) -> None:
        client = boto3.client("dynamodb", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
        self.client = client
        self.stub = Stubber(client)
        self.asked: list[dict[str, Any]] = []
        client.meta.events.register("provide-client-params.dynamodb.*", lambda params, **_: self.asked.append(params))
        self.reach = DynamoReach(client, "audience", sleep=lambda _: None)
        self.stub.activate()


@pytest.fixture
def table() -> Table:
    return Table()


def test_a_page_is_one_query_of_one_lane(table: Table) -> None:
    table.stub.add_response("query", {"Items": [to_wire(ITEM)], "LastEvaluatedKey": {"pk": {"S": "any"}}})
    page = table.reach.page(DATABASE, "a", "00ff", 7)
    assert ([each.id for each in page.profiles], page.more) == ([ProfileId("ann")], True)
    (asked,) = table.asked
    assert asked["IndexName"] == "Reach"
    assert asked["Limit"] == 7
    assert asked["ExpressionAttributeValues"] == to_wire({":reach": "R#17#a", ":after": "00ff"})


def test_a_page_that_was_cut_before_it_held_anything_says_that_others_may_follow(table: Table) -> None:
    table.stub.add_response("query", {"Items": [], "LastEvaluatedKey": {"pk": {"S": "any"}}})
    assert table.reach.page(DATABASE, "a", "", 7) == ReachPage((), more=True)


@pytest.mark.parametrize(("things", "calls"), [(0, 0), (1, 1), (100, 1), (101, 2), (250, 3)])
def test_what_is_found_by_keys_takes_a_call_for_each_hundred_and_is_read_at_half_the_price(
    table: Table, things: int, calls: int
) -> None:
    numbers = range(things)
    questions = (
        lambda: table.reach.holders(DATABASE, [MatchKey("n", FieldType.INTEGER, n) for n in numbers]),
        lambda: table.reach.profiles(DATABASE, [ProfileId(str(n)) for n in numbers]),
        lambda: table.reach.subscriptions(DATABASE, [Address(Provider("ios-apns"), PushToken(str(n))).ref for n in numbers]),
    )
    for ask in questions:
        table.asked.clear()
        for _ in range(calls):
            table.stub.add_response("batch_get_item", {"Responses": {"audience": []}})
        assert not ask()
        assert len(table.asked) == calls
        assert not any(asked["RequestItems"]["audience"]["ConsistentRead"] for asked in table.asked)


def test_a_lost_answer_makes_it_unavailable(table: Table) -> None:
    def lose(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="https://dynamodb")

    table.client.meta.events.register("before-call.dynamodb.*", lose)
    with pytest.raises(UnavailableError):
        table.reach.page(DATABASE, "a", "", 7)
    with pytest.raises(UnavailableError):
        table.reach.profiles(DATABASE, [ProfileId("ann")])


def test_an_item_of_a_format_to_come_is_not_misread(table: Table) -> None:
    table.stub.add_response("query", {"Items": [to_wire(ITEM | {"v": 2})]})
    with pytest.raises(CorruptItemError):
        table.reach.page(DATABASE, "a", "", 7)
