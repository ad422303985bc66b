"""What does a failed DynamoDB call mean to the domain?"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from pushhub.faults import LostRaceError, UnavailableError

GUARD_FAILED: Final = "ConditionalCheckFailed"
"""Reason of an action whose condition did not hold, in a cancelled transaction."""
_CANCELLED_BY_OTHERS: Final = frozenset(
    {"None", GUARD_FAILED, "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
)
"""Reasons, item by item, of a cancelled transaction that may succeed when it is decided again."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the DynamoDB client raises inside the block into the errors of :mod:`pushhub.faults`.

    Raises:
        LostRaceError: a condition did not hold, or a write or transaction was cancelled because of what others did.
        UnavailableError: anything else, from a time-out to a missing right; the cause is chained.
    """
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        reasons = {reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])}
        if code in ("ConditionalCheckFailedException", "TransactionConflictException"):
            raise LostRaceError(code) from error
        if code == "TransactionCanceledException" and reasons and reasons <= _CANCELLED_BY_OTHERS:
            raise LostRaceError(", ".join(sorted(reasons - {"None"}))) from error
        raise UnavailableError(f"DynamoDB answered {code} to {error.operation_name}") from error
    except BotoCoreError as error:
        raise UnavailableError(f"DynamoDB did not answer: {type(error).__name__}") from error


def reasons_of(lost: LostRaceError) -> Sequence[Mapping[str, Any]]:
    """Return why a transaction was cancelled: a reason for each of its actions, in order; of anything else, nothing."""
    return getattr(lost.__cause__, "response", {}).get("CancellationReasons", [])  # type: ignore[no-any-return]


def guard_failed(lost: LostRaceError) -> bool:
    """Say whether a condition did not hold, rather than that items were busy."""
    codes = {reason.get("Code") for reason in reasons_of(lost)}
    return GUARD_FAILED in codes or str(lost) == "ConditionalCheckFailedException"
