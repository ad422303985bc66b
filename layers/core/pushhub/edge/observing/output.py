"""Where does a function write what an operator sees?

Each request and each batch is one line of metrics, and one line more of the log for each thing that failed. No token, value, link
or body stands in either, but for the first characters of an upstream's answer (:mod:`pushhub.outgoing.excerpts`).
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
    """Log why the catalog could not be read again, so that an old one stays in use."""
    logger.warning("the catalog could not be read again; an old one is used", fault=str(fault))


def stale_secrets(fault: UnavailableError) -> None:
    """Log why the secret could not be read again, so that an old one stays in use."""
    logger.warning("the stack's secret could not be read again; an old one is used", fault=str(fault))


def stale_app_secrets(fault: UnavailableError) -> None:
    """Log why the secret of apps could not be read again, so that an old one stays in use."""
    logger.warning("the stack's secret of apps could not be read again; an old one is used", fault=str(fault))


def queue_fault(fault: str) -> None:
    """Log why a queue did not take a message."""
    logger.error("a message could not be put into a queue", fault=fault)
