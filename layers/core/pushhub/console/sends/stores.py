"""How do the commands of sendings reach the tables and the queue of a hub?"""

from dataclasses import dataclass

from pushhub.adapters.dynamodb.ledger import DynamoLedger
from pushhub.adapters.dynamodb.reach import DynamoReach
from pushhub.adapters.dynamodb.sendings import DynamoSendings
from pushhub.adapters.sqs import SqsQueue
from pushhub.audience.port import AudienceReach, AudienceStore
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import Catalog
from pushhub.catalog.port import CatalogStore
from pushhub.console.connection import Connection, Stack, connect
from pushhub.console.sends.listing import ListedSendings
from pushhub.console.sends.standing import LaunchCounters
from pushhub.console.stores import stores_of
from pushhub.outgoing.queues import Queue
from pushhub.sends.finding import Finding


@dataclass(frozen=True, slots=True)
class SendStores:
    """What the commands of sendings use of one hub.

    `lanes` is the queue that lanes begin by. `days` is how long sendings are kept after their end. `stand_ins_url` is where the
    stand-ins are, empty where there are none. `more_push_hosts` are hosts of push services of browsers beside the known ones.
    """

    catalog: CatalogStore
    audience: AudienceStore
    sendings: ListedSendings
    reach: AudienceReach
    counters: LaunchCounters
    lanes: Queue
    days: int
    stand_ins_url: str = ""
    more_push_hosts: frozenset[str] = frozenset()

    def finding(self, catalog: Catalog) -> Finding:
        """Return what finds those that options name, by a catalog that was read."""
        return Finding(self.reach, CachedCatalog(lambda: catalog))


def send_stores_of(connection: Connection) -> SendStores:
    """Return those of the hub that a connection leads to."""
    client, outputs, stores = connection.client("dynamodb"), connection.outputs, stores_of(connection)
    days = int(outputs["EventRetentionDays"])
    return SendStores(
        stores.catalog,
        stores.audience,
        DynamoSendings(client, outputs["LedgerTable"], days),
        DynamoReach(client, outputs["AudienceTable"]),
        DynamoLedger(client, outputs["LedgerTable"], days),
        SqsQueue(connection.client("sqs"), outputs["SendsQueue"]),
        days,
        stores.stand_ins_url,
        stores.more_push_hosts,
    )


def open_sends(stack: Stack | None) -> SendStores:
    """Return those of a deployed hub, or of the one that runs here.

    Raises:
        ConsoleError: there is no such hub, or AWS cannot be asked.
    """
    return send_stores_of(connect(stack))
