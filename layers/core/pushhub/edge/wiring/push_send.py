"""Which settings has `push_send`, and which implementation serves which of its ports?"""

from typing import TYPE_CHECKING

from pushhub.adapters import clients
from pushhub.adapters.dynamodb.pack_ids import DynamoPackIds
from pushhub.adapters.dynamodb.reach import DynamoReach
from pushhub.dialects.devtodev.push.endpoint import PushSend
from pushhub.edge.observing.sends import push_fault, stopped_provider
from pushhub.edge.wiring.pushing import PusherOnDemand, PushingSettings, apps_of_sendings
from pushhub.edge.wiring.queues import QueueOnDemand
from pushhub.edge.wiring.sends import mint_run, sendings, sends_clock
from pushhub.sends.direct import SendDirectly
from pushhub.sends.finding import Finding
from pushhub.sends.pack_ids import PackIds

if TYPE_CHECKING:
    from pushhub.catalog.providers import Provider
    from pushhub.sends.message import Message


class PushSendSettings(PushingSettings):
    """Settings of `push_send`: those of each function that pushes."""


def endpoint() -> PushSend:
    """Return the endpoint."""
    settings = PushSendSettings()
    client = clients.dynamodb()
    apps, reach, clock = apps_of_sendings(client, settings), DynamoReach(client, settings.audience_table), sends_clock()
    pack_ids = PackIds(DynamoPackIds(client, settings.ledger_table, settings.retention_days), mint_run)
    return PushSend(
        apps=apps,
        find=Finding(reach, apps.catalog),
        reach=reach,
        pack_ids=pack_ids,
        send=SendDirectly(
            store=sendings(client, settings),
            pack_ids=pack_ids,
            pusher=PusherOnDemand(client, apps, settings),
            deliveries=QueueOnDemand(settings.deliveries_queue),
            clock=clock,
            on_fault=push_fault,
        ),
        require_fit=_require_fit,
        clock=clock,
        on_stop=stopped_provider,
    )


def _require_fit(provider: "Provider", message: "Message") -> None:
    """Load the modules of providers with the first message, as what pushes does."""
    from pushhub.edge.wiring.providers import check_fit

    check_fit(provider, message)
