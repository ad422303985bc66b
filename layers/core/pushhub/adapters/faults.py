"""What does a call of an AWS service that failed mean to its caller?"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from pushhub.faults import UnavailableError

type Expected = Mapping[str, type[Exception]]
"""Error codes that say how things stand rather than that a call failed, each with the error of the port that it means."""

_NOTHING: Final[Expected] = MappingProxyType({})


@contextmanager
def calling(service: str, expected: Expected = _NOTHING) -> Iterator[None]:
    """Turn what the client of an AWS service raises inside the block into an error of a port.

    No text quotes the service's message or a parameter: keys and tokens may stand in them.

    Args:
        service: what the text calls the service.
        expected: codes that the caller reckons with.

    Raises:
        UnavailableError: any failure that is not expected, from a time-out to a missing right; the cause is chained.
    """
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in expected:
            raise expected[code] from error
        raise UnavailableError(f"{service} answered {code} to {error.operation_name}") from error
    except BotoCoreError as error:
        raise UnavailableError(f"{service} did not answer: {type(error).__name__}") from error


def was_answered(fault: UnavailableError) -> bool:
    """Say whether a fault of :func:`calling` is an answer of the service, rather than none at all."""
    return isinstance(fault.__cause__, ClientError)
