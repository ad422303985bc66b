"""How does a command reach a hub, the local one or one in AWS?"""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, overload

import boto3
import botocore.session
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

from pushhub.console.checkout import find_checkout
from pushhub.console.failure import ConsoleError
from pushhub.console.state_folder import RunningHub, StateFolder

if TYPE_CHECKING:
    from mypy_boto3_apigatewayv2 import ApiGatewayV2Client
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

ENGINE_CREDENTIAL: Final = "local"
"""Both halves of the key that opens the local engine; it checks none."""

_CONFIG = Config(connect_timeout=3, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 5})
# The local engine is never behind a proxy, whatever the environment says, and never throttles.
_LOCAL_CONFIG = _CONFIG.merge(Config(proxies={}, retries={"mode": "standard", "total_max_attempts": 1}))

_ADVICE: Final[Mapping[type[BotoCoreError], str]] = {
    NoRegionError: "add --region, or set AWS_REGION, or give the profile a region",
    ProfileNotFound: "take another --profile or AWS_PROFILE; `aws configure list-profiles` lists them",
    NoCredentialsError: "add --profile, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    PartialCredentialsError: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY have to be set together",
    EndpointConnectionError: "check the region and the network",
}
"""What a person can do where AWS cannot be asked."""

_OUTPUTS_OF_A_HUB = (
    *("Url", "AudienceTable", "CatalogTable", "LedgerTable", "SecretArn", "AppsSecretArn", "LocalUpstreams"),
    *("EventsQueue", "EventsDeadLetters", "ForwardsQueue", "RetriesQueue", "RelaysQueue", "ForwardsDeadLetters"),
    *("ImportsBucket", "ImportsStateMachine", "SendsQueue", "EventRetentionDays"),
)


@dataclass(frozen=True, slots=True)
class Connection:
    """Access to the AWS services, real or local, that one hub consists of."""

    session: boto3.Session
    endpoint_url: str | None
    """The local engine's address; None for AWS itself."""
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Outputs of the hub's stack: `Url` (without a slash at the end); the tables `AudienceTable`, `CatalogTable`, `LedgerTable`;
    the queues' URLs `EventsQueue`, `EventsDeadLetters`, `ForwardsQueue`, `RetriesQueue`, `RelaysQueue`,
    `ForwardsDeadLetters`, `SendsQueue`; the bucket's name `ImportsBucket`; the ARN `ImportsStateMachine`; `SecretArn` and
    `AppsSecretArn`; `EventRetentionDays`, for how many days events and sendings are kept; and `LocalUpstreams`, which is `true`
    where the hub may call addresses that are not public, over http too, and else `false`. `StandInsUrl` is there only where there
    are stand-ins, `MorePushHosts` only where hosts of push services beside the known ones are given.
    """

    @overload
    def client(self, service: Literal["apigatewayv2"]) -> "ApiGatewayV2Client": ...
    @overload
    def client(self, service: Literal["cloudformation"]) -> "CloudFormationClient": ...
    @overload
    def client(self, service: Literal["dynamodb"]) -> "DynamoDBClient": ...
    @overload
    def client(self, service: Literal["lambda"]) -> "LambdaClient": ...
    @overload
    def client(self, service: Literal["s3"]) -> "S3Client": ...
    @overload
    def client(self, service: Literal["secretsmanager"]) -> "SecretsManagerClient": ...
    @overload
    def client(self, service: Literal["sqs"]) -> "SQSClient": ...
    @overload
    def client(self, service: Literal["stepfunctions"]) -> "SFNClient": ...
    def client(
        self,
        service: Literal["apigatewayv2", "cloudformation", "dynamodb", "lambda", "s3", "secretsmanager", "sqs", "stepfunctions"],
    ) -> BaseClient:
        """Make a client of one AWS service."""
        config = _LOCAL_CONFIG if self.endpoint_url else _CONFIG
        client: BaseClient = self.session.client(service, endpoint_url=self.endpoint_url, config=config)
        return client


@dataclass(frozen=True, slots=True)
class Stack:
    """A hub deployed in AWS, as a person names it."""

    name: str
    """Its name or its ARN."""
    region: str | None = None
    profile: str | None = None
    """Which of the user's AWS settings are meant; region and profile are None where the environment says."""

    @property
    def options(self) -> list[str]:
        """The options by which a command reaches the same hub again."""
        given = {"--stack": self.name, "--region": self.region, "--profile": self.profile}
        return [word for option, value in given.items() if value for word in (option, value)]


def command_line(stack: Stack | None, *words: str) -> str:
    """Return the shell command line of another command on the same hub."""
    return shlex.join(["uv", "run", "pushhub", *words, *(stack.options if stack else [])])


def connect(stack: Stack | None) -> Connection:
    """Connect to the hub that a command is meant for.

    Args:
        stack: a deployed hub; none means the hub running in this checkout.

    Raises:
        ConsoleError: there is no such hub, or AWS cannot be asked.
    """
    return _connect_to_running_hub() if stack is None else _connect_to_stack(stack)


def connect_to_engine(endpoint_url: str, region: str) -> Connection:
    """Connect to a local engine; the user's AWS settings are not read.

    Args:
        endpoint_url: the engine's address.
        region: the one region of all that is in it.
    """
    bare = botocore.session.Session(
        {
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    session = boto3.Session(
        aws_access_key_id=ENGINE_CREDENTIAL, aws_secret_access_key=ENGINE_CREDENTIAL, region_name=region, botocore_session=bare
    )
    return Connection(session, endpoint_url)


def stack_outputs(connection: Connection, stack: str) -> dict[str, str]:
    """Read a stack's outputs.

    Raises:
        botocore.exceptions.ClientError: there is no such stack, or we may not see it.
    """
    described = connection.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}


def hub_running_here() -> RunningHub:
    """Return what is known of the hub that runs in this checkout.

    Raises:
        ConsoleError: none does.
    """
    hub = StateFolder(find_checkout().state_folder).running_hub()
    if hub is None:
        raise ConsoleError("no hub is running here: start one with `uv run pushhub up`, or name a deployed one with --stack")
    return hub


def _connect_to_running_hub() -> Connection:
    hub = hub_running_here()
    connection = connect_to_engine(hub.endpoint, hub.region)
    try:
        outputs = stack_outputs(connection, hub.stack)
    except (BotoCoreError, ClientError) as failure:
        raise ConsoleError(f"the hub running here does not answer: {failure}") from None
    return Connection(connection.session, connection.endpoint_url, outputs | {"Url": hub.url})


def session_of(stack: Stack) -> boto3.Session:
    """Return a session with the user's AWS settings.

    The region comes from the first of these that says one, as for the AWS command line: `--region`, `AWS_REGION`,
    `AWS_DEFAULT_REGION`, the profile. The profile is that of `--profile`, else that of `AWS_PROFILE`, else the one called default.

    Raises:
        botocore.exceptions.ProfileNotFound: there is no such profile.
    """
    # boto3 itself does not read AWS_REGION.
    return boto3.Session(region_name=stack.region or os.environ.get("AWS_REGION") or None, profile_name=stack.profile)


def _connect_to_stack(stack: Stack) -> Connection:
    try:
        connection = Connection(session_of(stack), None)
        outputs = stack_outputs(connection, stack.name)
    except BotoCoreError as failure:
        advice = _ADVICE.get(type(failure))
        raise ConsoleError(f"the stack {stack.name} cannot be read: {failure}{f'; {advice}' if advice else ''}") from None
    except ClientError as failure:
        raise ConsoleError(f"the stack {stack.name} cannot be read in {connection.session.region_name}: {failure}") from None
    missing = [name for name in _OUTPUTS_OF_A_HUB if name not in outputs]
    if missing:
        raise ConsoleError(f"the stack {stack.name} is not a pushhub: it has no output {', '.join(missing)}")
    return Connection(connection.session, None, outputs)
