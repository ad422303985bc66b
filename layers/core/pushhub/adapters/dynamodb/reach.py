"""Whom a sending is for, in DynamoDB: pages of the index `Reach`, and what is found by keys.

No read is consistent: that costs half, and an index has no other.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from pushhub.adapters.dynamodb.batches import BatchReader
from pushhub.adapters.dynamodb.faults import translated
from pushhub.adapters.dynamodb.schema import audience as schema
from pushhub.adapters.dynamodb.schema import items
from pushhub.adapters.dynamodb.schema.items import Item
from pushhub.audience.model import MatchKey, Profile, ProfileId, Subscription, SubscriptionRef
from pushhub.audience.port import ReachPage
from pushhub.catalog.model import DatabaseId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoReach:
    """What a sending finds in the audience of a stack."""

    def __init__(self, client: "DynamoDBClient", table: str, sleep: Callable[[float], None] = time.sleep) -> None:
        """Use the Audience table through a client; `sleep` waits between tries to read what a busy table left out."""
        self._client = client
        self._table = table
        self._reader = BatchReader(client, table, sleep, consistent=False)

    def page(self, database: DatabaseId, lane: str, after: str, limit: int) -> ReachPage:
        """See :meth:`pushhub.audience.port.AudienceReach.page`; one query, of at most 1 MB."""
        with translated():
            answer = self._client.query(
                TableName=self._table,
                IndexName=schema.REACH,
                KeyConditionExpression="reach = :reach AND place > :after" if after else "reach = :reach",
                ExpressionAttributeValues=items.to_wire(
                    {":reach": schema.reach_partition(database, lane)} | ({":after": after} if after else {})
                ),
                Limit=limit,
            )
        found = tuple(schema.reached_profile_of(items.from_wire(item)) for item in answer["Items"])
        return ReachPage(found, more="LastEvaluatedKey" in answer)

    def holders(self, database: DatabaseId, keys: Sequence[MatchKey]) -> Mapping[MatchKey, ProfileId]:
        """See :meth:`pushhub.audience.port.AudienceReach.holders`."""
        found = self._found({key: schema.match_key(database, key) for key in keys})
        return {key: schema.key_holder_of(item, key) for key, item in found.items()}

    def profiles(self, database: DatabaseId, ids: Sequence[ProfileId]) -> Mapping[ProfileId, Profile]:
        """See :meth:`pushhub.audience.port.AudienceReach.profiles`."""
        found = self._found({id_: schema.profile_key(database, id_) for id_ in ids})
        return {id_: schema.profile_of(item) for id_, item in found.items()}

    def subscriptions(self, database: DatabaseId, refs: Sequence[SubscriptionRef]) -> Mapping[SubscriptionRef, Subscription]:
        """See :meth:`pushhub.audience.port.AudienceReach.subscriptions`."""
        found = self._found({ref: schema.subscription_key(database, ref) for ref in refs})
        return {ref: schema.subscription_of(item) for ref, item in found.items()}

    def _found[Name](self, keys: Mapping[Name, Item]) -> dict[Name, Item]:
        """Return the items that exist, by what each is asked for as, in the order of the question."""
        found = {item["pk"]: item for item in self._reader.read(keys.values())}
        return {name: found[key["pk"]] for name, key in keys.items() if key["pk"] in found}
