"""How do the commands of sendings reach the tables and the queue of a hub?"""

from dataclasses import dataclass

from pushhub.adapters.dynamodb.catalog import DynamoCatalog
from pushhub.adapters.dynamodb.ledger import DynamoLedger
from pushhub.adapters.dynamodb.reach import DynamoReach
from pushhub.adapters.dynamodb.sendings import DynamoSendings
from pushhub.adapters.sqs import SqsQueue
from pushhub.audience.port import AudienceReach
from pushhub.catalog.port import CatalogStore
from pushhub.console.connection import Connection, Stack, connect
from pushhub.console.sends.standing import LaunchCounters
from pushhub.outgoing.queues import Queue
from pushhub.sends.store import SendingStore


@dataclass(frozen=True, slots=True)
class SendStores:
    """What the commands of sendings use of one hub.

    `lanes` is the queue that lanes begin by. `days` is how long sendings are kept after their end, at least.
    """

    catalog: CatalogStore
    sendings: SendingStore
    reach: AudienceReach
    counters: LaunchCounters
    lanes: Queue
    days: int


def send_stores_of(connection: Connection) -> SendStores:
    """Return those of the hub that a connection leads to."""
    client, outputs = connection.client("dynamodb"), connection.outputs
    days = int(outputs["EventRetentionDays"])
    return SendStores(
        DynamoCatalog(client, outputs["CatalogTable"]),
        DynamoSendings(client, outputs["LedgerTable"], days),
        DynamoReach(client, outputs["AudienceTable"]),
        DynamoLedger(client, outputs["LedgerTable"], days),
        SqsQueue(connection.client("sqs"), outputs["SendsQueue"]),
        days,
    )


def open_sends(stack: Stack | None) -> SendStores:
    """Return those of a deployed hub, or of the one that runs here.

    Raises:
        ConsoleError: there is no such hub, or AWS cannot be asked.
    """
    return send_stores_of(connect(stack))
