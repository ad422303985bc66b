"""How does a person see the apps that a hub may send with, and whether their credentials are good?"""

import sys
from collections.abc import Iterator
from typing import Final

import click

from pushhub.adapters.curl.http2 import Http2Transport
from pushhub.catalog.app_secrets import CachedAppSecrets
from pushhub.catalog.model import App, Catalog
from pushhub.catalog.sections.apps.section import APPS
from pushhub.console.catalog import section_entries
from pushhub.console.connection import Stack
from pushhub.console.printing import print_found
from pushhub.console.sends.app_choice import chosen_app
from pushhub.console.sends.checking import Checking
from pushhub.console.stores import faults_explained, json_option, open_stores, stack_options
from pushhub.console.tables import table_lines
from pushhub.sends.accounts import Accounts

_HEADING: Final = ("ID", "NAME", "DATABASE", "RESOURCE", "PROVIDERS", "CALLERS", "STATE")
_CHECKED: Final = ("APP", "BLOCK", "STATE", "WHY")
_NONE: Final = "-"


@click.group()
def apps() -> None:
    """See the apps that the hub may send with."""


@apps.command("list")
@stack_options
@json_option
def list_(*, stack: Stack | None, as_json: bool) -> None:
    """Print the apps of the hub's catalog, without credentials: their databases, resources, provider blocks and callers."""
    stores = open_stores(stack)
    with faults_explained():
        catalog = stores.catalog.load().catalog
    print_found(section_entries(catalog, APPS), _lines(catalog), as_json=as_json)


@apps.command()
@click.argument("app", required=False)
@stack_options
@json_option
def check(*, app: str | None, stack: Stack | None, as_json: bool) -> None:
    """Say whether the credentials of APP, or of all apps, are accepted. Nothing is pushed.

    FCM is asked for a bearer. APNs and push services of browsers can be asked nothing without a push: there the key signs, and that
    is all that can be known. Exits with 1 if any credentials are bad, or could not be tried.
    """
    stores = open_stores(stack)
    with faults_explained():
        catalog = stores.catalog.load().catalog
        checked_apps = list(catalog.apps.values()) if app is None else [chosen_app(catalog, app, "APP")]
        stored = stores.app_secrets.load().secrets
    transport = Http2Transport(allow_local=stores.local_upstreams)
    checking = Checking(Accounts(CachedAppSecrets(lambda: stored), stores.stand_ins_url), transport)
    checked = [checking(one, block) for one in checked_apps for block in one.blocks]
    rows = [(each.app, each.block, "ok" if each.ok else "bad", each.text) for each in checked]
    lines = table_lines("<<<<", [_CHECKED, *rows]) if rows else ["no credentials to check"]
    print_found([each.entry for each in checked], lines, as_json=as_json)
    if not all(each.ok for each in checked):
        sys.exit(1)


def _lines(catalog: Catalog) -> Iterator[str]:
    yield from table_lines("<<>><<<", [_HEADING, *map(_row, catalog.apps.values())])


def _row(app: App) -> tuple[str, ...]:
    return (
        app.id,
        app.name,
        str(app.database),
        str(app.resource or _NONE),
        ", ".join(f"{name} (stand-in)" if block.stand_in else name for name, block in app.blocks.items()) or _NONE,
        ", ".join(sorted(app.callers)) or _NONE,
        "enabled" if app.enabled else "disabled",
    )
