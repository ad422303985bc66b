"""Which settings has `sends_lane`, and which implementation serves which of its ports?"""

from pushhub.adapters import clients
from pushhub.adapters.dynamodb.reach import DynamoReach
from pushhub.edge.settings import Setting, not_empty
from pushhub.edge.wiring.pushing import FUNCTION_SECONDS, PusherOnDemand, PushingSettings, apps_of_sendings
from pushhub.edge.wiring.queues import queue
from pushhub.edge.wiring.sends import mint_run, sendings, sends_clock
from pushhub.sends.finding import Finding
from pushhub.sends.lanes import AdvanceLane
from pushhub.sends.recipients import enabled_references, recipients_among
from pushhub.sends.steps import IndexSteps, NamedSteps, Steps


class SendsLaneSettings(PushingSettings):
    """Settings of `sends_lane`: those of each function that pushes, the queue of lanes, which feeds it, and of dead letters."""

    sends_queue = Setting("SENDS_QUEUE", not_empty)
    dead_letters = Setting("SENDS_DEAD_LETTERS", not_empty)


def advance_lane() -> AdvanceLane:
    """Return what has lanes advance."""
    settings = SendsLaneSettings()
    client, sqs = clients.dynamodb(), clients.sqs()
    found, reach = apps_of_sendings(client, settings), DynamoReach(client, settings.audience_table)
    return AdvanceLane(
        store=sendings(client, settings),
        apps=found.app,
        steps=Steps(IndexSteps(reach, enabled_references, recipients_among), NamedSteps(Finding(reach, found.catalog))),
        pusher=PusherOnDemand(client, found, settings),
        sends=queue(sqs, settings.sends_queue),
        deliveries=queue(sqs, settings.deliveries_queue),
        dead_letters=queue(sqs, settings.dead_letters),
        clock=sends_clock(),
        mint_run=mint_run,
        function_seconds=FUNCTION_SECONDS,
    )
