"""How does a person change and see what callers of a hub may use?"""

import json
import os
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Final, cast

import click
from ruamel.yaml import YAML

from pushhub.cached import FRESH_SECONDS
from pushhub.catalog.file import CatalogFileError, read_catalog_file
from pushhub.catalog.model import Catalog
from pushhub.catalog.plan import CatalogPlan, PlannedAction
from pushhub.catalog.sections import SECTIONS
from pushhub.catalog.sections.section import STORED_DIGESTS, Section
from pushhub.catalog.whole import WholeCatalog
from pushhub.console.applying import carry_out, follow_base_url
from pushhub.console.connection import Connection, Stack
from pushhub.console.failure import ConsoleError
from pushhub.console.printing import print_done, print_found
from pushhub.console.progress import say
from pushhub.console.stores import faults_explained, json_option, open_stores, stack_options, stores_of

DEMO_CATALOG: Final = Path(__file__).parent / "demo_catalog.yaml"
"""The catalog file of a hub that is started without one."""

_SHOWN_OF_A_DIGEST: Final = 6
"""Hex digits: enough to tell two tokens apart, too few to find a token by."""

_DEMO_RESOURCE_TOKEN: Final = "3LXP2FRcRxJ-7b14db88ec937f14"  # noqa: S105  (the vendor's published example; it opens nothing but the demo)
_DEMO_REQUEST: Final = {
    "resource_token": _DEMO_RESOURCE_TOKEN,
    "id": "59db33d269d426509e9c4bf9",
    "subscriptions": [{"provider": "android-firebase", "subscription_id": "%subscriptionid%"}],
}


@click.group()
def catalog() -> None:
    """Declare which databases, resources and apps a hub has, who may call it, and where its events go."""


@catalog.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--prune", is_flag=True, help="Delete what the file does not have.")
@stack_options
@json_option
def apply(*, file: Path, dry_run: bool, prune: bool, stack: Stack | None, as_json: bool) -> None:
    """Bring the hub's catalog to what FILE declares.

    Shows what changes. A database is not removed, and the match fields and field types of one are not changed, while it holds
    profiles.
    """
    desired = read_catalog(file)
    planned = carry_out(open_stores(stack), desired, prune=prune, dry_run=dry_run)
    applied = bool(planned.changes) and not dry_run
    entry = {
        "applied": applied,
        "changes": [_action_entry(action) for action in planned.changes],
        "kept": [_action_entry(action) for action in planned.kept],
    }
    print_done(entry, [*planned.lines, _closing_line(planned, applied=applied)], as_json=as_json)


@catalog.command()
@stack_options
@json_option
def show(*, stack: Stack | None, as_json: bool) -> None:
    """Print the hub's catalog as YAML, without credentials; of a token, at most the beginning of its SHA-256 is shown."""
    stores = open_stores(stack)
    with faults_explained():
        entries = catalog_entries(stores.catalog.load().catalog)
    print_found(entries, [as_yaml(entries).removesuffix("\n")], as_json=as_json)


def read_catalog(path: Path) -> WholeCatalog:
    """Return what a catalog file declares.

    Raises:
        ConsoleError: the file has problems; the message has a line for each.
    """
    try:
        return read_catalog_file(path, os.environ)
    except CatalogFileError as error:
        raise ConsoleError("\n".join(error.problems)) from None


def apply_catalog(connection: Connection, *, desired: WholeCatalog) -> Sequence[str]:
    """Change a hub's catalog to have everything that is desired, keep its other entries, and say on stderr what changed.

    Returns:
        Lines to show of it: none, since tokens are shown of the demo catalog only.

    Raises:
        ConsoleError: it cannot be applied.
    """
    for action in carry_out(stores_of(connection), desired, prune=False, dry_run=False).changes:
        say(action.line)
    return ()


def apply_demo_catalog(connection: Connection, *, demo: WholeCatalog) -> Sequence[str]:
    """Give the demo catalog to a hub that never had a catalog; another hub keeps its own.

    Returns:
        A `curl` command for the hub, where its catalog takes the demo's request.

    Raises:
        ConsoleError: it cannot be applied.
    """
    stores = stores_of(connection)
    with faults_explained():
        stored = stores.catalog.load()
    if not stored.version:
        apply_catalog(connection, desired=demo)
        return (demo_curl(connection.outputs["Url"]),)
    follow_base_url(stores, stored)
    if stored.catalog.resource_opened_by(_DEMO_RESOURCE_TOKEN) is None:
        return ()
    return (demo_curl(connection.outputs["Url"]),)


def demo_curl(url: str) -> str:
    """Return a `curl` command that subscribes a device at a hub with the demo catalog.

    Args:
        url: the hub's base URL, without a slash at the end.
    """
    return f"curl {url}/push_subscribe -d '{json.dumps(_DEMO_REQUEST)}'"


def catalog_entries(shown: Catalog) -> dict[str, object]:
    """Return a catalog in the form of a catalog file, with digests cut short in the place of tokens."""
    return {section.name: section_entries(shown, section) for section in SECTIONS}


def section_entries(shown: Catalog, section: Section) -> list[dict[str, object]]:
    """Return a section of a catalog in the form of a catalog file, with digests cut short in the place of tokens."""
    return [_as_shown((section.as_declared or section.write)(entry)) for entry in shown.section(section.name).values()]


def as_yaml(entries: dict[str, object]) -> str:
    """Return entries as YAML, short lists and mappings on one line."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # typed by its default, None
    yaml.width = 2**16
    written = StringIO()
    yaml.dump(entries, written)
    return written.getvalue()


def _closing_line(planned: CatalogPlan, *, applied: bool) -> str:
    if not planned.changes:
        return "nothing to change"
    return f"in effect within {FRESH_SECONDS} s" if applied else "dry run: nothing was changed"


def _action_entry(planned: PlannedAction) -> dict[str, object]:
    return {
        "action": str(planned.action),
        "kind": planned.section.entry_name,
        "id": planned.id,
        "name": planned.entry.name,
        "details": list(planned.details),
    }


def _as_shown(stored: Mapping[str, object]) -> dict[str, object]:
    """Return an entry without what is not set, and with the beginnings of its digests."""
    return {name: _beginnings(value) if name == STORED_DIGESTS else value for name, value in stored.items() if value is not None}


def _beginnings(digests: object) -> list[str]:
    return [f"{digest[:_SHOWN_OF_A_DIGEST]}…" for digest in cast("list[str]", digests)]
