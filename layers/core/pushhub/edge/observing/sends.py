"""What does an operator see of sendings?"""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from aws_lambda_powertools.metrics import MetricUnit

from pushhub.edge.observing.output import count, logger, metrics
from pushhub.sends.handling import HandledSends, SendFault
from pushhub.sends.outcomes import Outcome
from pushhub.sends.sending import OutcomeCounts, SendingId

if TYPE_CHECKING:
    # The functions that push load nothing of the sweep.
    from pushhub.sends.sweeping import Swept

_METRICS: Final = {
    Outcome.ACCEPTED: "PushesAccepted",
    Outcome.LATER: "PushesLater",
    Outcome.GONE: "PushesGone",
    Outcome.WRONG_TARGET: "PushesWrongTarget",
    Outcome.MESSAGE_BAD: "PushesMessageBad",
    Outcome.CREDENTIALS_BAD: "PushesCredentialsBad",
    Outcome.UNKNOWN: "PushesUnknown",
    Outcome.EXPIRED: "PushesExpired",
}
"""What counts recipients by how they are accounted for; one that waits is not yet."""
_PASSING: Final = {SendFault.LEASE_LOST, SendFault.UNAVAILABLE}
"""Faults that mend themselves; somebody has to look at the others."""


def observe_sends(handled: HandledSends) -> None:
    """Log and count what came of a batch of lanes or of deferrals.

    `PushesRetried` counts recipients that were put off, each time. `CredentialsRefused` counts providers that were stopped for an
    app's credentials.
    """
    stopped = Counter(each.stop.outcome for each in handled.stopped)
    count(
        _pushes(handled.counts)
        | {
            "PushesRetried": handled.deferred,
            "CredentialsRefused": stopped[Outcome.CREDENTIALS_BAD],
            "SendsUndone": len(handled.to_redeliver),
            "SendsUnreadable": handled.faults.count(SendFault.UNREADABLE),
        }
    )
    for each in handled.stopped:
        logger.error(
            "a provider gets nothing more of a sending",
            sending=each.sending,
            provider=each.provider,
            outcome=str(each.stop.outcome),
            reason=each.stop.reason,
        )
    _observe_ends(handled.ended)
    _log_faults(handled.faults)


def observe_sweep(swept: "Swept") -> None:
    """Log and count what a round of the sweep has done.

    `SendingStandstill` tells how many seconds longer than it should the lane that stands still longest has waited. Nothing is
    counted while no sending runs or begins: each metric costs by the hours in which it has data, and this is every minute.
    """
    if swept.running or swept.begun:
        count({metric: number for metric, number in _pushes(swept.counts).items() if number})
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


def _pushes(counts: OutcomeCounts) -> dict[str, int]:
    return {metric: counts.number(outcome) for outcome, metric in _METRICS.items()}


def _observe_ends(ended: Iterable[SendingId]) -> None:
    ids = list(ended)
    count({"SendingsEnded": len(ids)})
    for sending in ids:
        logger.info("a sending has ended", sending=sending)


def _log_faults(faults: Iterable[SendFault]) -> None:
    for fault, number in Counter(faults).items():
        write = logger.warning if fault in _PASSING else logger.error
        write("sendings met a fault", fault=str(fault), times=number)
