"""Failed calls of AWS: what is expected is an error of a port, and all else says which service failed how."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from pushhub.adapters.faults import calling, was_answered
from pushhub.faults import UnavailableError


class GoneError(Exception):
    """There is none."""


DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "quotes a token"}}, "GetThing")
GONE = ClientError({"Error": {"Code": "Gone", "Message": "quotes a token"}}, "GetThing")
SILENT = EndpointConnectionError(endpoint_url="https://address-with-a-token")
FAULTS = [
    (DENIED, "Storage answered AccessDenied to GetThing", True),
    (SILENT, "Storage did not answer: EndpointConnectionError", False),
]


@pytest.mark.parametrize(("error", "text", "answered"), FAULTS)
def test_a_fault_says_how_the_service_failed_and_quotes_nothing(error: Exception, text: str, *, answered: bool) -> None:
    with pytest.raises(UnavailableError) as raised, calling("Storage", {"Gone": GoneError}):
        raise error
    assert (str(raised.value), raised.value.__cause__, was_answered(raised.value)) == (text, error, answered)


def test_an_expected_code_is_the_error_that_it_means() -> None:
    with pytest.raises(GoneError) as raised, calling("Storage", {"Gone": GoneError}):
        raise GONE
    assert raised.value.__cause__ is GONE


def test_a_code_that_nobody_expects_is_a_fault() -> None:
    with pytest.raises(UnavailableError, match="Gone"), calling("Storage"):
        raise GONE


@pytest.mark.parametrize("error", [ZeroDivisionError(), GoneError(), UnavailableError("of a call inside")])
def test_what_is_no_failed_call_stays_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, calling("Storage", {"Gone": GoneError}):
        raise error
    assert raised.value is error
