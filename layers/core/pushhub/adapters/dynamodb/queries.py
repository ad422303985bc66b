"""How are the items of a partition read, in the order of their sort keys?"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pushhub.adapters.dynamodb.faults import translated
from pushhub.adapters.dynamodb.schema import items
from pushhub.adapters.dynamodb.schema.items import Item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryInputPaginateTypeDef


def items_in(  # noqa: PLR0913  (two to say where, two to say which, two to say how)
    client: "DynamoDBClient",
    table: str,
    partition: str,
    prefix: str = "",
    *,
    latest_first: bool = False,
    page_size: int | None = None,
    attributes: Sequence[str] = (),
) -> Iterator[Item]:
    """Give the items of a partition one by one. It is a query: it sees every write made before, and reads as far as it is iterated.

    Args:
        client: has the right to query the table.
        table: any table of the hub.
        partition: what their `pk` is.
        prefix: what their `sk` begins with.
        latest_first: whether to begin with the last sort key.
        page_size: how many items one call asks for at most; None for as many as DynamoDB gives.
        attributes: names of those that are read; all of them where there is none.

    Raises:
        UnavailableError: the table did not answer in time, or refused for load.
        CorruptItemError: an item has a format that this version does not read.
    """
    condition, values = "pk = :pk", {":pk": partition}
    if prefix:
        condition, values = f"{condition} AND begins_with(sk, :sk)", values | {":sk": prefix}
    query: QueryInputPaginateTypeDef = {
        "TableName": table,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": items.to_wire(values),
        "ConsistentRead": True,
        "ScanIndexForward": not latest_first,
        "PaginationConfig": {"PageSize": page_size} if page_size else {},
    }
    if attributes:
        names = {f"#{number}": name for number, name in enumerate(attributes)}
        query |= {"ProjectionExpression": ",".join(names), "ExpressionAttributeNames": names}
    with translated():
        for page in client.get_paginator("query").paginate(**query):
            yield from (items.from_wire(item) for item in page["Items"])
