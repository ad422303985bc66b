"""What does every dialect refuse in the same words?

A table of refusals (:class:`pushhub.dialects.http.RefusalTable`) takes these rows under names of its own.
"""

from typing import Final

from pushhub.dialects.http import RefusalRow

BAD_BODY: Final = RefusalRow(400, "{detail}")
BAD_CODING: Final = RefusalRow(415, "Content-Encoding must be gzip, or left out")
WRONG_TYPE: Final = RefusalRow(400, "{path} must be {expected}")
BAD_PUSH_TOKEN: Final = RefusalRow(400, "{path} is no push token: {misfit}")
FIELD_MISSING: Final = RefusalRow(400, "{path} is required and must not be empty")
UNAVAILABLE: Final = RefusalRow(503, "temporarily unavailable, repeat the request")


def body_too_large(most: int) -> RefusalRow:
    """Return the refusal of a body over this many bytes."""
    return RefusalRow(413, f"body is over {most} bytes")
