"""Which settings has `sends_sweep`, and which implementation serves which of its ports?"""

from pushhub.adapters import clients
from pushhub.edge.settings import Setting, not_empty
from pushhub.edge.wiring.queues import queue
from pushhub.edge.wiring.sends import SendsSettings, mint_run, sendings, sends_clock
from pushhub.sends.sweeping import Sweep


class SendsSweepSettings(SendsSettings):
    """Settings of `sends_sweep`: those of all functions of sendings, and the queue of lanes."""

    sends_queue = Setting("SENDS_QUEUE", not_empty)


def sweep() -> Sweep:
    """Return what keeps sendings going."""
    settings = SendsSweepSettings()
    return Sweep(
        store=sendings(clients.dynamodb(), settings),
        sends=queue(clients.sqs(), settings.sends_queue),
        clock=sends_clock(),
        mint_run=mint_run,
    )
