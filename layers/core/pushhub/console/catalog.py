"""How does a person change and see what callers of a hub may use?"""

import json
import os
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Final, cast

import click
from ruamel.yaml import YAML

from pushhub.audience.port import AudienceInspection
from pushhub.cached import FRESH_SECONDS
from pushhub.catalog.document import CatalogTooLargeError, document_of, write_document
from pushhub.catalog.file import CatalogFileError, read_catalog_file
from pushhub.catalog.model import Catalog, Upstream
from pushhub.catalog.plan import Action, CatalogPlan, PlanError, PlannedAction, plan_catalog
from pushhub.catalog.port import CatalogChangedError, StoredCatalog
from pushhub.catalog.secrets import Secrets, SecretsChangedError, SecretStore, StoredSecrets
from pushhub.catalog.sections import SECTIONS
from pushhub.catalog.sections.databases.section import DATABASES
from pushhub.catalog.sections.section import STORED_DIGESTS
from pushhub.catalog.whole import WholeCatalog
from pushhub.console.connection import Connection, Stack
from pushhub.console.failure import ConsoleError
from pushhub.console.printing import print_done, print_found
from pushhub.console.progress import say
from pushhub.console.stores import Stores, faults_explained, json_option, open_stores, stack_options, stores_of
from pushhub.outgoing.addresses import why_local

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
    """Declare which databases and resources a hub has, who may call it, and where its events go."""


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
    planned = _carry_out(open_stores(stack), desired, prune=prune, dry_run=dry_run)
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
    """Print the hub's catalog as YAML; of a token, at most the beginning of its SHA-256 is shown."""
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
    for action in _carry_out(stores_of(connection), desired, prune=False, dry_run=False).changes:
        say(action.line)
    return ()


def apply_demo_catalog(connection: Connection, *, demo: WholeCatalog) -> Sequence[str]:
    """Give the demo catalog to a hub that never had a catalog; another hub keeps its own.

    Returns:
        A `curl` command for the hub, where its catalog takes the demo's request.

    Raises:
        ConsoleError: it cannot be applied.
    """
    store = stores_of(connection).catalog
    with faults_explained():
        stored = store.load()
    if not stored.version:
        apply_catalog(connection, desired=demo)
    elif stored.catalog.resource_opened_by(_DEMO_RESOURCE_TOKEN) is None:
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
    return {section: [_as_shown(entry) for entry in entries] for section, entries in document_of(shown).items()}


def as_yaml(entries: dict[str, object]) -> str:
    """Return entries as YAML, short lists and mappings on one line."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # typed by its default, None
    yaml.width = 2**16
    written = StringIO()
    yaml.dump(entries, written)
    return written.getvalue()


def _carry_out(stores: Stores, desired: WholeCatalog, *, prune: bool, dry_run: bool) -> CatalogPlan:
    """Plan, check that the plan can be carried out, and carry it out unless it is a dry run."""
    if not stores.local_upstreams:
        _require_public(desired.catalog.upstreams)
    with faults_explained():
        stored = stores.catalog.load()
        secrets = stores.secrets.load() if _has_secrets(desired.catalog) or _has_secrets(stored.catalog) else None
        current = WholeCatalog(stored.catalog, **(_secrets_of_entries(secrets.secrets) if secrets else {}))
        try:
            planned = plan_catalog(current, desired, prune=prune)
            write_document(planned.result.catalog)
            _require_empty(stores.audience, planned, stored.catalog)
            if not dry_run:
                _write(stores, planned, stored, secrets)
        except PlanError as error:
            raise ConsoleError("\n".join(error.problems)) from None
        except CatalogTooLargeError as error:
            raise ConsoleError(str(error)) from None
        except CatalogChangedError:
            raise ConsoleError("the catalog was changed by someone else meanwhile; run it again") from None
        except SecretsChangedError:
            raise ConsoleError("the hub's secret was changed by someone else meanwhile; run it again") from None
    return planned


def _require_public(upstreams: Mapping[str, Upstream]) -> None:
    problems = [f'upstreams "{name}": {why}' for name, upstream in upstreams.items() for why in why_local(upstream.url)]
    if problems:
        raise ConsoleError("\n".join(problems))


def _has_secrets(catalog: Catalog) -> bool:
    return any(catalog.section(section.name) for section in SECTIONS if section.secrets)


def _secrets_of_entries(secrets: Secrets) -> dict[str, Mapping[str, str]]:
    """Return the secrets of all entries, by the field that has them."""
    return {section.secrets.field: secrets.of_entries(section.secrets.field) for section in SECTIONS if section.secrets}


def _write(stores: Stores, planned: CatalogPlan, stored: StoredCatalog, secrets: StoredSecrets | None) -> None:
    """Write the result of a plan. At no moment does the catalog have an entry whose secret is not stored.

    ====  ===============================================  ================================================================
    step  written                                          if the process ends before
    ====  ===============================================  ================================================================
    1     the secret, with the secrets of new entries      nothing has changed
    2     the catalog                                      there are secrets without entries; the next run removes them
    3     the secret, without those of removed entries     the same
    ====  ===============================================  ================================================================

    Another person may apply a file at the same time. Step 3 only replaces the secret that step 1 left. Whoever adds a removed
    entry again has read the catalog after step 2 and writes the secret first, so step 3 fails, and the entry keeps its secret.
    """
    if secrets:
        secrets = _with_new_secrets(stores.secrets, planned, secrets)
    held = _secrets_of_entries(secrets.secrets) if secrets else {}
    used = _used(held, planned.result.catalog)
    if planned.changes or used != held:
        stores.catalog.replace(planned.result.catalog, stored.version)
    if secrets and used != held:
        stores.secrets.replace(secrets.secrets.with_secrets_of_entries(used), secrets.version)


def _used(held: Mapping[str, Mapping[str, str]], catalog: Catalog) -> dict[str, Mapping[str, str]]:
    """Return those secrets whose entries are in the catalog."""
    keys = {section.secrets.field: catalog.section(section.name).keys() for section in SECTIONS if section.secrets}
    return {field: {key: secret for key, secret in secrets.items() if key in keys[field]} for field, secrets in held.items()}


def _with_new_secrets(store: SecretStore, planned: CatalogPlan, before: StoredSecrets) -> StoredSecrets:
    """Write the secrets that are not there yet, and return the secrets as they are now.

    Where an entry with a secret is added, this writes even if that very secret is there already: whoever is about to remove it,
    since the entry was gone, then fails.
    """
    held = _secrets_of_entries(before.secrets)
    complete = {field: {**secrets, **planned.result.secrets(field)} for field, secrets in held.items()}
    added = any(each.action is Action.ADD and each.section.secrets for each in planned.changes)
    if complete == held and not added:
        return before
    store.replace(before.secrets.with_secrets_of_entries(complete), before.version)
    return store.load()


def _require_empty(audience: AudienceInspection, planned: CatalogPlan, current: Catalog) -> None:
    refusals = []
    for id_, why in planned.needs_empty.items():
        named = DATABASES.label(current.databases[id_])
        say(f"looking for profiles in {named}; this reads the whole table and may take minutes")
        if audience.holds_profiles(id_):
            refusals.append(f"{named} holds profiles, so this cannot be done: {why}")
    if refusals:
        raise ConsoleError("\n".join(refusals))


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
