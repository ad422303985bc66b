"""What does a failed DynamoDB call mean to the domain?"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from botocore.exceptions import ClientError

from pushhub.adapters import faults
from pushhub.faults import LostRaceError

GUARD_FAILED: Final = "ConditionalCheckFailed"
"""Reason of an action whose condition did not hold, in a cancelled transaction."""
_GUARD_OF_ONE_WRITE_FAILED: Final = "ConditionalCheckFailedException"
_LOST_RACES: Final = frozenset({_GUARD_OF_ONE_WRITE_FAILED, "TransactionConflictException"})
"""Codes of a single write that may succeed when it is decided again."""
_CANCELLED_BY_OTHERS: Final = frozenset(
    {"None", GUARD_FAILED, "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
)
"""Reasons, item by item, of a cancelled transaction that may succeed when it is decided again."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the DynamoDB client raises inside the block into the errors of :mod:`pushhub.faults`.

    Raises:
        LostRaceError: a condition did not hold, or a write or transaction was cancelled because of what others did.
        UnavailableError: see :func:`pushhub.adapters.faults.translated`.
    """
    with faults.translated("DynamoDB"):
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
