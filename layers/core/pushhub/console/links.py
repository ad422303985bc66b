"""How does a person get the links that a push carries, and a newer key to make them with?"""

import secrets
import string
from dataclasses import asdict
from typing import Final

import click

from pushhub.cached import UNKNOWN_SECONDS
from pushhub.catalog.secrets import SecretsChangedError
from pushhub.console.connection import Stack, connect
from pushhub.console.failure import ConsoleError
from pushhub.console.local.deployment import STACK
from pushhub.console.printing import print_done, print_found
from pushhub.console.stores import faults_explained, json_option, open_stores, stack_options, stores_of
from pushhub.console.terminal import stdin_is_a_terminal
from pushhub.events.links import LinkError, mint_links

_KEY_CHARACTERS: Final = string.ascii_letters + string.digits
_KEY_LENGTH: Final = 86
"""512 random bits; the first key, which CloudFormation makes, is as long."""


@click.group()
def links() -> None:
    """Make the links by which devices report, and change the key they are made with."""


@links.command()
@click.option("--uid", required=True, help="Identity of a push to one device.")
@click.option("--launch", metavar="ID", help="What statistics count its events for; without it, what the uid says.")
@stack_options
@json_option
def mint(*, uid: str, launch: str | None, stack: Stack | None, as_json: bool) -> None:  # noqa: ARG001  (it is JSON in any case)
    """Print the links of a push, as JSON: {"ack": URL, "open": URL}.

    This is what the push carries as `hub_link`: the device opens `ack` once it is delivered and `open` once it is opened. The same
    uid, launch and key always give the same links, which do not expire.
    """
    connection = connect(stack)
    with faults_explained():
        known = stores_of(connection).secrets.load().secrets
    try:
        minted = mint_links(connection.outputs["Url"], stack_name(stack), known, uid, launch)
    except LinkError as error:
        raise ConsoleError(str(error)) from None
    print_found(asdict(minted), (), as_json=True)


@links.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@stack_options
@json_option
def rotate(*, yes: bool, stack: Stack | None, as_json: bool) -> None:
    """Add a newer key, with which links are made from now on.

    Keys are never removed: links that were made before stay valid.
    """
    if not yes and not stdin_is_a_terminal():
        raise click.UsageError("nobody can be asked here whether to add a key: say --yes")
    store = open_stores(stack).secrets
    if not yes:
        click.confirm("Make links with a new key from now on?", abort=True, err=True)
    with faults_explained():
        stored = store.load()
        try:
            newer = stored.secrets.with_link_key(_random_key())
            store.replace(newer, stored.version)
        except ValueError as error:
            raise ConsoleError(str(error)) from None
        except SecretsChangedError:
            raise ConsoleError("the hub's secret was changed by someone else meanwhile; run it again") from None
    added = max(newer.link_keys)
    line = f"added link key {added}: old links stay valid, and new ones open within {UNKNOWN_SECONDS} s"
    print_done({"rotated": True, "link_key": added}, [line], as_json=as_json)


def stack_name(stack: Stack | None) -> str:
    """Return the name of the stack that --stack names, by its name or ARN; without --stack, of the hub that runs here."""
    if stack is None:
        return STACK
    return stack.name.split("/")[1] if stack.name.startswith("arn:") and "/" in stack.name else stack.name


def _random_key() -> str:
    return "".join(secrets.choice(_KEY_CHARACTERS) for _ in range(_KEY_LENGTH))
