"""Which settings has `sends_sweep`, and which implementation serves which of its ports?"""

from pydantic import Field

from pushhub.adapters import clients
from pushhub.edge.settings import read_settings
from pushhub.edge.wiring.queues import queue
from pushhub.edge.wiring.sends import SendsSettings, mint_run, sendings, sends_clock
from pushhub.sends.sweeping import Sweep


class SendsSweepSettings(SendsSettings):
    """Settings of `sends_sweep`: those of all functions of sendings, and the queue of lanes."""

    sends_queue: str = Field(alias="SENDS_QUEUE", min_length=1)


def sweep() -> Sweep:
    """Return what keeps sendings going."""
    settings = read_settings(SendsSweepSettings)
    return Sweep(
        store=sendings(clients.dynamodb(), settings),
        sends=queue(clients.sqs(), settings.sends_queue),
        clock=sends_clock(),
        mint_run=mint_run,
    )
