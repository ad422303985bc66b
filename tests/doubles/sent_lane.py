"""A lane of a sending to everybody, whose tables are in moto and whose transport answers at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched, count, islice
from typing import TYPE_CHECKING, Any

import boto3

from pushhub.adapters.dynamodb.audience import DynamoAudience
from pushhub.adapters.dynamodb.reach import DynamoReach
from pushhub.adapters.dynamodb.schema import audience as schema
from pushhub.adapters.dynamodb.schema.items import Item, to_wire
from pushhub.adapters.dynamodb.sendings import DynamoSendings
from pushhub.audience.model import ProfileId, lane_and_place
from pushhub.audience.retiring import Retiring
from pushhub.audience.values import Value
from pushhub.catalog.app_secrets import CachedAppSecrets
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import Catalog
from pushhub.moments import Clock, Milliseconds
from pushhub.outgoing.queues import Delivery
from pushhub.sends.accounts import Accounts
from pushhub.sends.finding import Finding
from pushhub.sends.handling import HandledSends
from pushhub.sends.lanes import AdvanceLane
from pushhub.sends.pushing import ProviderPusher
from pushhub.sends.queue_messages import write_lane
from pushhub.sends.recipients import enabled_references, recipients_among
from pushhub.sends.sending import LaneKey, LaneName, RunId, Sending
from pushhub.sends.steps import IndexSteps, NamedSteps, Steps
from tests.doubles.apps import ANDROID, app_of, app_secrets, profile_of, sending_of, subscription_of, tracking_of
from tests.doubles.billed_dynamodb import Bill
from tests.doubles.queues import MemoryQueue
from tests.doubles.requests import CUSTOMERS
from tests.doubles.sending import FIREBASE_TOKEN, NOW
from tests.doubles.transport import FakeTransport, answered

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AUDIENCE, LEDGER = "Audience", "Ledger"
LANE = LaneName("0")
_DEAD = "dead-"
_UNREGISTERED = {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "UNREGISTERED"}
_GONE = answered(404, {"error": {"code": 404, "status": "NOT_FOUND", "details": [_UNREGISTERED]}})
_FIELDS: dict[str, Value] = {"number": 1_234_567, "email": "somebody@example.com", "nick": "somebody"}


@dataclass
class SentLane:
    """One lane of a database, with so many profiles of one device each, of which some are dead; one at a time within moto.

    `sending` is what is sent, and every second profile has `fields` beside those of all.
    """

    devices: int
    dead: int = 0
    sending: Sending = field(default_factory=sending_of)
    fields: dict[str, Value] = field(default_factory=dict)
    bill: Bill = field(default_factory=Bill)
    transport: FakeTransport = field(default_factory=lambda: FakeTransport({_DEAD: [_GONE]}))

    def __post_init__(self) -> None:
        client, self._look = _client(), _client()
        _make_tables(self._look)
        _load(self._look, self.devices, self.dead, self.fields)
        app, sending = app_of(), self.sending
        store = DynamoSendings(self._look, LEDGER, retention_days=30)
        store.create(sending)
        self.bill.watch(client, self._look)
        reach = DynamoReach(client, AUDIENCE)
        catalog = CachedCatalog(lambda: Catalog({CUSTOMERS.id: CUSTOMERS}, {}))
        self.advance = AdvanceLane(
            store=DynamoSendings(client, LEDGER, retention_days=30),
            apps=lambda _id, _since: app,
            steps=Steps(IndexSteps(reach, enabled_references, recipients_among), NamedSteps(Finding(reach, catalog))),
            pusher=ProviderPusher(
                self.transport,
                Accounts(CachedAppSecrets(app_secrets)),
                tracking_of(),
                Retiring(DynamoAudience(client, AUDIENCE)),
                on_fault=print,
                now=lambda: NOW,
            ),
            sends=MemoryQueue(),
            deliveries=MemoryQueue(),
            dead_letters=MemoryQueue(),
            clock=Clock(lambda: Milliseconds(NOW * 1_000), lambda: 0.0, lambda: 0.5),
            mint_run=lambda: RunId("0123456789abcdef"),
            function_seconds=90,
        )

    def run(self, part: int = 0) -> HandledSends:
        """Have a part of it advance from its beginning to its end."""
        return self.advance([Delivery("1", write_lane(LaneKey(self.sending.id, part, LANE)))])


def _client() -> "DynamoDBClient":
    return boto3.client("dynamodb", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")


def _make_tables(client: "DynamoDBClient") -> None:
    keys: Any = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    of_index: Any = [{"AttributeName": "reach", "KeyType": "HASH"}, {"AttributeName": "place", "KeyType": "RANGE"}]
    projection: Any = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["v", "fields", "live", "happened"]}
    index: Any = {"GlobalSecondaryIndexes": [{"IndexName": schema.REACH, "KeySchema": of_index, "Projection": projection}]}
    tables: Any = ((AUDIENCE, ("pk", "sk", "reach", "place"), index), (LEDGER, ("pk", "sk"), {}))
    for table, names, more in tables:
        attributes: Any = [{"AttributeName": name, "AttributeType": "S"} for name in names]
        client.create_table(TableName=table, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=attributes, KeySchema=keys, **more)


def _load(client: "DynamoDBClient", devices: int, dead: int, fields: dict[str, Value]) -> None:
    of_lane = (id_ for number in count() if lane_and_place(id_ := ProfileId(f"{number:024x}"))[0] == LANE)
    push_tokens = (
        (id_, f"{_DEAD if number < dead else ''}{FIREBASE_TOKEN}{id_}", _FIELDS | (fields if number % 2 else {}))
        for number, id_ in enumerate(of_lane)
    )
    for some in batched(islice(push_tokens, devices), 12, strict=False):
        puts: list[Any] = [{"PutRequest": {"Item": to_wire(item)}} for each in some for item in _items_of(*each)]
        client.batch_write_item(RequestItems={AUDIENCE: puts})


def _items_of(id_: ProfileId, push_token: str, fields: Mapping[str, Value]) -> Sequence[Item]:
    device = subscription_of(ANDROID, push_token, id_)
    profile = profile_of(id_, [device], fields)
    return schema.profile_item(CUSTOMERS.id, profile), schema.subscription_item(CUSTOMERS.id, device)
