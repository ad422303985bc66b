"""What does an operator see of each request and each batch?

One line of metrics with the request's id and what came of it; one more where something failed. Tokens, values, links and bodies
stand in neither.
"""

from collections.abc import Mapping
from typing import Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from pushhub.faults import UnavailableError

logger: Final = Logger()
metrics: Final = Metrics()


def count(counts: Mapping[str, int]) -> None:
    """Add to metrics that count."""
    for name, number in counts.items():
        metrics.add_metric(name, MetricUnit.Count, number)


def stale_catalog(fault: UnavailableError) -> None:
    """Log that an old catalog goes on being used, and why."""
    logger.warning("the catalog could not be read again; an old one is used", fault=str(fault))


def stale_secrets(fault: UnavailableError) -> None:
    """Log that old secrets go on being used, and why."""
    logger.warning("the stack's secret could not be read again; an old one is used", fault=str(fault))


def queue_fault(fault: str) -> None:
    """Log why a queue did not take a message."""
    logger.error("a message could not be put into a queue", fault=fault)
