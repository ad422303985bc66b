"""How does a person see the apps that a hub may send with?"""

from collections.abc import Iterator
from typing import Final

import click

from pushhub.catalog.model import App, Catalog
from pushhub.catalog.sections.apps.section import APPS
from pushhub.console.catalog import section_entries
from pushhub.console.connection import Stack
from pushhub.console.printing import print_found
from pushhub.console.stores import faults_explained, json_option, open_stores, stack_options
from pushhub.console.tables import table_lines

_HEADING: Final = ("ID", "NAME", "DATABASE", "RESOURCE", "PROVIDERS", "CALLERS", "STATE")
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
