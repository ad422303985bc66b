"""How does a command reach the tables and the secrets of a hub, and what does it say when they fail?"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Protocol

import click

from pushhub.adapters.dynamodb.audience import DynamoAudience
from pushhub.adapters.dynamodb.catalog import DynamoCatalog
from pushhub.adapters.dynamodb.schema.items import CorruptItemError
from pushhub.adapters.secrets_manager import SecretsManagerSecret
from pushhub.audience.port import AudienceInspection, AudienceStore
from pushhub.catalog.app_secrets import APP_SECRETS_FORMAT, AppSecrets
from pushhub.catalog.port import CatalogStore
from pushhub.catalog.secrets import SECRETS_FORMAT, Secrets, SecretStore
from pushhub.console.connection import Connection, Stack, connect
from pushhub.console.failure import ConsoleError
from pushhub.faults import LostRaceError, UnavailableError

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON alone on stdout; errors and everything else go to stderr."
)


def stack_options(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take `--stack`, `--region` and `--profile`; its `stack` is a `Stack`, or None for the hub that runs here."""

    @click.option("--stack", metavar="NAME", help="A hub deployed in AWS; without it, the one that runs here.")
    @click.option("--region", metavar="REGION", help="Where it is; without it, AWS_REGION, AWS_DEFAULT_REGION or the profile says.")
    @click.option("--profile", metavar="PROFILE", help="AWS profile to reach it with; without it, AWS_PROFILE says.")
    @wraps(command)
    def of_stack(*, stack: str | None, region: str | None, profile: str | None, **rest: object) -> None:
        if stack == "":
            raise click.UsageError("--stack: the name of a stack is expected")
        if stack is None and (region or profile):
            raise click.UsageError("--region and --profile are for a hub in AWS: name it with --stack")
        command(stack=None if stack is None else Stack(stack, region, profile), **rest)

    return of_stack


class Audience(AudienceStore, AudienceInspection, Protocol):
    """An audience that the console changes and inspects."""


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores of one hub, and what of the hub itself decides what may be stored.

    With `local_upstreams`, the hub may call addresses that are not public, and stand-ins. `base_url` is its own address, without a
    slash at the end. `more_push_hosts` are hosts of push services of browsers that it takes beside the known ones.
    `stand_ins_url` is where the stand-ins are, empty where there are none.
    """

    catalog: CatalogStore
    audience: Audience
    secrets: SecretStore[Secrets]
    app_secrets: SecretStore[AppSecrets]
    base_url: str
    local_upstreams: bool = False
    more_push_hosts: frozenset[str] = frozenset()
    stand_ins_url: str = ""


def stores_of(connection: Connection) -> Stores:
    """Return the stores of the hub that a connection leads to."""
    client, secrets, outputs = connection.client("dynamodb"), connection.client("secretsmanager"), connection.outputs
    return Stores(
        DynamoCatalog(client, outputs["CatalogTable"]),
        DynamoAudience(client, outputs["AudienceTable"]),
        SecretsManagerSecret(secrets, outputs["SecretArn"], SECRETS_FORMAT),
        SecretsManagerSecret(secrets, outputs["AppsSecretArn"], APP_SECRETS_FORMAT),
        base_url=outputs["Url"],
        local_upstreams=outputs["LocalUpstreams"] == "true",
        more_push_hosts=frozenset(filter(None, outputs.get("MorePushHosts", "").split(","))),
        stand_ins_url=outputs.get("StandInsUrl", ""),
    )


def open_stores(stack: Stack | None) -> Stores:
    """Return the stores of a deployed hub, or of the one that runs here.

    Raises:
        ConsoleError: there is no such hub, or AWS cannot be asked.
    """
    return stores_of(connect(stack))


@contextmanager
def faults_explained() -> Iterator[None]:
    """Turn faults of the stores inside the block into one line.

    Raises:
        ConsoleError: a store did not do what it was asked.
    """
    try:
        yield
    except CorruptItemError as fault:
        raise ConsoleError(f"the hub's tables hold what this version cannot read: {fault}") from fault
    except UnavailableError as fault:
        raise ConsoleError(f"the hub's data cannot be used: {fault}; run it again") from fault
    except LostRaceError as fault:
        raise ConsoleError("others kept changing the same profile; run it again") from fault
