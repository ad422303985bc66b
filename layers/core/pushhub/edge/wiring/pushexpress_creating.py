"""What do the functions wire alike that create sendings of push.express?"""

from typing import TYPE_CHECKING

from pushhub.adapters.dynamodb.pushes import DynamoPushes
from pushhub.dialects.pushexpress.server.endpoints.creating import Creating
from pushhub.edge.settings import Setting, not_empty
from pushhub.edge.wiring.queues import QueueOnDemand
from pushhub.edge.wiring.sends import SendsSettings, sendings, sends_clock
from pushhub.sends.pushes import Pushes
from pushhub.sends.scheduling import begin_soon

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

    from pushhub.catalog.providers import Provider
    from pushhub.moments import Seconds
    from pushhub.sends.message import Message
    from pushhub.sends.sending import Sending


class CreatingSettings(SendsSettings):
    """Settings of each of them, beside those of all functions of sendings: the table of callers, and the queue of lanes."""

    catalog_table = Setting("CATALOG_TABLE", not_empty)
    sends_queue = Setting("SENDS_QUEUE", not_empty)


def creating(client: "DynamoDBClient", settings: CreatingSettings) -> Creating:
    """Return what creates pushes and sendings, and has those begin that are due soon."""
    store, queue = sendings(client, settings), QueueOnDemand(settings.sends_queue)

    def begin(sending: "Sending", now: "Seconds", in_time: "Callable[[], bool]") -> None:
        begin_soon(store, queue, sending, now, in_time)

    pushes = Pushes(DynamoPushes(client, settings.ledger_table, settings.retention_days), store)
    return Creating(pushes, begin, sends_clock())


def late_require_fit(provider: "Provider", message: "Message") -> None:
    """Load the modules of providers with the first message. See :func:`pushhub.sends.fitting.require_fit`."""
    from pushhub.edge.wiring.providers import check_fit

    check_fit(provider, message)
