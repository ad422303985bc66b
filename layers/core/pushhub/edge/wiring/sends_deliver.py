"""Which settings has `sends_deliver`, and which implementation serves which of its ports?"""

from pushhub.adapters import clients
from pushhub.adapters.dynamodb.reach import DynamoReach
from pushhub.edge.settings import Setting, not_empty
from pushhub.edge.wiring.pushing import FUNCTION_SECONDS, PusherOnDemand, PushingSettings, apps_of_sendings
from pushhub.edge.wiring.queues import queue
from pushhub.edge.wiring.sends import mint_run, sendings, sends_clock
from pushhub.sends.deferrals import TryDeferral
from pushhub.sends.recipients import recipients_of


class SendsDeliverSettings(PushingSettings):
    """Settings of `sends_deliver`: those of each function that pushes, and the queue of dead letters."""

    dead_letters = Setting("SENDS_DEAD_LETTERS", not_empty)


def try_deferral() -> TryDeferral:
    """Return what tries deferrals."""
    settings = SendsDeliverSettings()
    client, sqs = clients.dynamodb(), clients.sqs()
    found = apps_of_sendings(client, settings)
    return TryDeferral(
        store=sendings(client, settings),
        apps=found.app,
        reach=DynamoReach(client, settings.audience_table),
        recipients=recipients_of,
        pusher=PusherOnDemand(client, found, settings),
        deliveries=queue(sqs, settings.deliveries_queue),
        dead_letters=queue(sqs, settings.dead_letters),
        clock=sends_clock(),
        mint_run=mint_run,
        function_seconds=FUNCTION_SECONDS,
    )
