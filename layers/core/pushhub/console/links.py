"""How does a person get the links that a push carries, and a newer key to make them with?"""

import secrets
import string
from collections.abc import Callable
from dataclasses import asdict
from typing import Final

import click

from pushhub.cached import FRESH_SECONDS, UNKNOWN_SECONDS
from pushhub.catalog.secrets import LinkKeyId, Secrets, SecretsChangedError, SecretStore, StoredSecrets
from pushhub.console.connection import Stack, connect
from pushhub.console.failure import ConsoleError
from pushhub.console.local.deployment import STACK
from pushhub.console.printing import print_done, print_found
from pushhub.console.stores import faults_explained, json_option, open_stores, stack_options, stores_of
from pushhub.console.tables import table_lines
from pushhub.console.terminal import stdin_is_a_terminal
from pushhub.events.links import LinkError, mint_links

_KEY_CHARACTERS: Final = string.ascii_letters + string.digits
_KEY_LENGTH: Final = 86
"""512 random bits; the first key, which CloudFormation makes, is as long."""


@click.group()
def links() -> None:
    """Make the links by which devices report, and change the keys that they are made with."""


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

    Links that were made before stay valid, until their key is revoked.
    """
    _require_yes_or_a_person("whether to add a key", yes=yes)
    store = open_stores(stack).secrets
    if not yes:
        click.confirm("Make links with a new key from now on?", abort=True, err=True)
    with faults_explained():
        stored = store.load()
        newer = _changed(stored, lambda known: known.with_link_key(_random_key()))
        _replace(store, stored, newer)
    added = newer.minting_link_key
    line = f"added link key {added}: old links stay valid, and new ones open within {UNKNOWN_SECONDS} s"
    print_done({"rotated": True, "link_key": added}, [line], as_json=as_json)


@links.command()
@click.argument("key", type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
@stack_options
@json_option
def revoke(*, key: int, yes: bool, stack: Stack | None, as_json: bool) -> None:
    """Refuse all links that were made with KEY, for good: for a key that got into the wrong hands.

    KEY is the number of a link key, as `links keys` prints it. The key that makes new links cannot be revoked: rotate first.
    """
    _require_yes_or_a_person("whether to revoke a key", yes=yes)
    store, revoked = open_stores(stack).secrets, LinkKeyId(key)
    with faults_explained():
        stored = store.load()
    without = _changed(stored, lambda known: known.without_link_key(revoked))
    if not yes:
        click.confirm(f"Revoke link key {key}, so that its links are refused for good?", abort=True, err=True)
    with faults_explained():
        _replace(store, stored, without)
    line = f"revoked link key {key}: its links are refused within {FRESH_SECONDS} s"
    print_done({"revoked": True, "link_key": key}, [line], as_json=as_json)


@links.command()
@stack_options
@json_option
def keys(*, stack: Stack | None, as_json: bool) -> None:
    """Print the numbers of the link keys, and no key itself.

    The key that is `minting` makes new links, links of an `old` one still open, and those of a `revoked` one are refused.
    """
    with faults_explained():
        known = open_stores(stack).secrets.load().secrets
    states = _key_states(known)
    entries = [{"link_key": id_, "state": state} for id_, state in states.items()]
    lines = table_lines("><", [("KEY", "STATE"), *((str(id_), state) for id_, state in states.items())])
    print_found(entries, lines, as_json=as_json)


def stack_name(stack: Stack | None) -> str:
    """Return the name of the stack that --stack names, by its name or ARN; without --stack, of the hub that runs here."""
    if stack is None:
        return STACK
    return stack.name.split("/")[1] if stack.name.startswith("arn:") and "/" in stack.name else stack.name


def _require_yes_or_a_person(question: str, *, yes: bool) -> None:
    if not yes and not stdin_is_a_terminal():
        raise click.UsageError(f"nobody can be asked here {question}: say --yes")


def _changed(stored: StoredSecrets[Secrets], change: Callable[[Secrets], Secrets]) -> Secrets:
    try:
        return change(stored.secrets)
    except ValueError as error:
        raise ConsoleError(str(error)) from None


def _replace(store: SecretStore[Secrets], stored: StoredSecrets[Secrets], secrets: Secrets) -> None:
    try:
        store.replace(secrets, stored.version)
    except SecretsChangedError:
        raise ConsoleError("the hub's secret was changed by someone else meanwhile; run it again") from None


def _key_states(known: Secrets) -> dict[LinkKeyId, str]:
    open_ones = {id_: "minting" if id_ == known.minting_link_key else "old" for id_ in known.link_keys}
    return dict(sorted({**open_ones, **dict.fromkeys(known.revoked_link_keys, "revoked")}.items()))


def _random_key() -> str:
    return "".join(secrets.choice(_KEY_CHARACTERS) for _ in range(_KEY_LENGTH))
