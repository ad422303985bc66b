"""Puts what is due into the Sends queue, and keeps every sending going; runs each minute."""

from typing import TYPE_CHECKING, Any

from pushhub.edge.observing.sends import observe_sweep
from pushhub.edge.wiring import sends_sweep as wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

sweep = wiring.sweep()


def handler(_event: dict[str, Any], _context: "LambdaContext") -> dict[str, Any]:
    """Go round all sendings once."""
    swept = sweep()
    observe_sweep(swept)
    return {"begun": swept.begun, "running": swept.running, "ended": swept.ended}
