"""Direct sendings of one launch, whose table is in moto and whose recipients are all accepted."""

from dataclasses import dataclass, field, replace
from itertools import count

import boto3

from pushhub.adapters.dynamodb.pack_ids import DynamoPackIds
from pushhub.adapters.dynamodb.sendings import DynamoSendings
from pushhub.moments import Clock, Milliseconds
from pushhub.sends.direct import SendDirectly
from pushhub.sends.pack_ids import PackIds, PackKey
from pushhub.sends.sending import Named, NamedProfile, RunId, mint_sending_id
from tests.doubles.apps import ANDROID, app_of, sending_of, subscription_of
from tests.doubles.billed_dynamodb import Bill
from tests.doubles.queues import MemoryQueue
from tests.doubles.sending import FIREBASE_TOKEN, NOW
from tests.doubles.sendings import MemoryPusher

LEDGER = "Ledger"


@dataclass
class SentRequests:
    """Sends to so many devices with each request; within moto."""

    devices: int
    bill: Bill = field(default_factory=Bill)

    def __post_init__(self) -> None:
        client, look = (
            boto3.client("dynamodb", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x") for _ in range(2)
        )
        look.create_table(
            TableName=LEDGER,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )
        self.bill.watch(client, look)
        self.numbers = count()
        self.pack_ids = PackIds(DynamoPackIds(client, LEDGER, retention_days=30), lambda: RunId("0123456789abcdef"))
        self.send_directly = SendDirectly(
            DynamoSendings(client, LEDGER, retention_days=30),
            self.pack_ids,
            MemoryPusher(),
            MemoryQueue(),
            Clock(lambda: Milliseconds(NOW * 1_000), lambda: 0.0, lambda: 0.5),
            print,
        )

    def send(self, pack_id: str = "") -> None:
        """Send as a request does, which may have a pack id."""
        id_ = mint_sending_id(Milliseconds(NOW * 1_000 + next(self.numbers)), 0.5)
        named = Named(tuple(NamedProfile(f"user-{n}") for n in range(self.devices)))
        sending = replace(sending_of(), id=id_, dialect="devtodev", tag="spring", selection=named)
        pack = PackKey("crm", sending.app, pack_id) if pack_id else None
        if pack:
            assert self.pack_ids.claim(pack, id_, NOW)
        found = [[subscription_of(ANDROID, f"{FIREBASE_TOKEN}{n}")] for n in range(self.devices)]
        self.send_directly(sending, app_of(), found, 0.0, pack)
