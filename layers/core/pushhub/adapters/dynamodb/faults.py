"""Which failed DynamoDB calls are a lost race, and which a fault?"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from botocore.exceptions import ClientError

from pushhub.adapters.faults import calling
from pushhub.faults import LostRaceError

GUARD_FAILED: Final = "ConditionalCheckFailed"
"""Reason, in a cancelled transaction, of an action whose condition did not hold."""
_GUARD_OF_ONE_WRITE_FAILED: Final = "ConditionalCheckFailedException"
_LOST_RACES: Final = frozenset({_GUARD_OF_ONE_WRITE_FAILED, "TransactionConflictException"})
"""Codes of a single write that may succeed when it is decided again."""
_CANCELLED_BY_OTHERS: Final = frozenset(
    {"None", GUARD_FAILED, "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
)
"""Reasons of a cancelled transaction that may succeed when it is decided again; an action that was not the cause has `None`."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the DynamoDB client raises inside the block into the errors of :mod:`pushhub.faults`.

    Raises:
        LostRaceError: a condition did not hold, or others were writing to the same items. Its text is the code, or the reasons.
        UnavailableError: see :func:`pushhub.adapters.faults.calling`.
    """
    with calling("DynamoDB"):
        try:
            yield
        except ClientError as error:
            if lost := _lost_race(error):
                raise lost from error
            raise


def _lost_race(error: ClientError) -> LostRaceError | None:
    code = error.response["Error"]["Code"]
    if code in _LOST_RACES:
        return LostRaceError(code)
    reasons = {reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])}
    if code == "TransactionCanceledException" and reasons and reasons <= _CANCELLED_BY_OTHERS:
        return LostRaceError(", ".join(sorted(reasons - {"None"})))
    return None


def reasons_of(lost: LostRaceError) -> Sequence[Mapping[str, Any]]:
    """Return why a transaction was cancelled, with one reason for each of its actions in order; empty for a single write."""
    return getattr(lost.__cause__, "response", {}).get("CancellationReasons", [])  # type: ignore[no-any-return]


def guard_failed(lost: LostRaceError) -> bool:
    """Say whether the condition of a write did not hold. If not, others were writing to the same items."""
    codes = {reason.get("Code") for reason in reasons_of(lost)}
    return GUARD_FAILED in codes or str(lost) == _GUARD_OF_ONE_WRITE_FAILED
