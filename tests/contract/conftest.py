"""AWS services for contract suites: those of moto in this process, and those of the local engine."""

from collections.abc import Callable, Iterator

import boto3
import pytest
from moto import mock_aws

from pushhub.console.connection import Connection
from tests.conftest import Hub
from tests.contract.sendings_table import OnEngine, sendings_table


@pytest.fixture(scope="session")
def _session() -> boto3.Session:
    """Give one session for all tests, since the first client of each service takes half a second."""
    return boto3.Session(aws_access_key_id="dummy", aws_secret_access_key="dummy", region_name="eu-central-1")


@pytest.fixture
def moto(_session: boto3.Session) -> Iterator[Connection]:
    """Give an AWS in which nothing is yet; it loses concurrent updates, so no test on it does two things at one time."""
    with mock_aws():
        yield Connection(_session, None)


@pytest.fixture
def lacking(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Give what skips a check on `moto` or on the `engine`, with the reason why it would be no check of ours."""

    def skip(where: str, reason: str) -> None:
        if where in request.fixturenames:
            pytest.skip(f"{where} {reason}")

    return skip


@pytest.fixture
def engine(hub: Hub) -> Connection:
    """Give the local engine, in which a hub runs: a test makes resources of its own."""
    return hub.connection


@pytest.fixture(params=["moto", "engine"])
def aws(request: pytest.FixtureRequest) -> Connection:
    """Give each of them in turn."""
    connection: Connection = request.getfixturevalue(request.param)
    return connection


@pytest.fixture(scope="module")
def on_engine(hub: Hub) -> Iterator[OnEngine]:
    """Give a table of the engine for sendings, to which nothing else writes: no sweep of the hub looks at it."""
    with sendings_table(hub) as made:
        yield made
