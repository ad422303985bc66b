"""What does an operator see of sendings?"""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from aws_lambda_powertools.metrics import MetricUnit

from pushhub.edge.observing.output import count, logger, metrics
from pushhub.sends.handling import HandledSends, SendFault, StoppedProvider, pushes_counted
from pushhub.sends.outcomes import Outcome
from pushhub.sends.sending import SendingId

if TYPE_CHECKING:
    # The functions that push load nothing of the sweep.
    from pushhub.sends.sweeping import Swept

_PASSING: Final = {SendFault.LEASE_LOST, SendFault.UNAVAILABLE}
"""Faults that mend themselves; somebody has to look at the others."""


def observe_sends(handled: HandledSends) -> None:
    """Log and count what came of a batch of lanes or of deferrals.

    `PushesRetried` counts recipients that were put off, each time. `CredentialsRefused` counts providers that were stopped for an
    app's credentials.
    """
    stopped = Counter(each.stop.outcome for each in handled.stopped)
    count(
        pushes_counted(handled.counts)
        | {
            "PushesRetried": handled.deferred,
            "CredentialsRefused": stopped[Outcome.CREDENTIALS_BAD],
            "SendsUndone": len(handled.to_redeliver),
            "SendsUnreadable": handled.faults.count(SendFault.UNREADABLE),
        }
    )
    for each in handled.stopped:
        stopped_provider(each)
    _observe_ends(handled.ended)
    _log_faults(handled.faults)


def stopped_provider(stopped: StoppedProvider) -> None:
    """Log that a provider gets nothing more of a sending through an app."""
    logger.error(
        "a provider gets nothing more of a sending",
        sending=stopped.sending,
        app=stopped.app,
        provider=stopped.provider,
        outcome=str(stopped.stop.outcome),
        reason=stopped.stop.reason,
    )


def observe_sweep(swept: "Swept") -> None:
    """Log and count what a round of the sweep has done.

    `SendingStandstill` tells how many seconds longer than it should the lane that stands still longest has waited. Nothing is
    counted while no sending runs or begins: each metric costs by the hours in which it has data, and this is every minute.
    """
    if swept.running or swept.begun:
        count({metric: number for metric, number in pushes_counted(swept.counts).items() if number})
        count({"PartsBegun": swept.begun, "LanesPrompted": swept.prompted, "SendingsRunning": swept.running})
        metrics.add_metric("SendingStandstill", MetricUnit.Seconds, swept.standstill)
    if swept.prompted:
        logger.warning("lanes stood still and are prompted", lanes=swept.prompted, seconds=swept.standstill)
    if swept.ended:
        _observe_ends(swept.ended)
    _log_faults(swept.faults)
    if swept.running or swept.begun or swept.ended:
        metrics.flush_metrics()


def push_fault(fault: str) -> None:
    """Log why an app cannot push, or why a dead push token was not retired."""
    logger.error("pushing is hindered", fault=fault)


def _observe_ends(ended: Iterable[SendingId]) -> None:
    ids = list(ended)
    count({"SendingsEnded": len(ids)})
    for sending in ids:
        logger.info("a sending has ended", sending=sending)


def _log_faults(faults: Iterable[SendFault]) -> None:
    for fault, number in Counter(faults).items():
        write = logger.warning if fault in _PASSING else logger.error
        write("sendings met a fault", fault=str(fault), times=number)
