"""How does the catalog of a hub become another one, together with what is secret of it?"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pushhub.audience.port import AudienceInspection
from pushhub.catalog.app_secrets import APP_SECRETS_FORMAT, AppSecrets, AppSecretsTooLargeError
from pushhub.catalog.document import CatalogTooLargeError, write_document
from pushhub.catalog.model import Catalog
from pushhub.catalog.plan import CatalogPlan, PlanError, plan_catalog
from pushhub.catalog.port import CatalogChangedError, StoredCatalog
from pushhub.catalog.secrets import SECRETS_FORMAT, Secrets, SecretsChangedError
from pushhub.catalog.sections.apps.section import APP_CREDENTIALS, APPS
from pushhub.catalog.sections.apps.stand_ins import with_stored_stand_ins
from pushhub.catalog.sections.databases.section import DATABASES
from pushhub.catalog.sections.file_sections import FILE_SECTIONS
from pushhub.catalog.sections.upstreams.section import UPSTREAM_TOKENS, UPSTREAMS
from pushhub.catalog.whole import WholeCatalog
from pushhub.console.failure import ConsoleError
from pushhub.console.progress import say
from pushhub.console.stores import Stores, faults_explained
from pushhub.console.vault import Vault

MAX_BASE_URL_CHARACTERS: Final = 128
"""Bound of the hub's address where it has apps: both links of a push have to fit into its payload."""

type Vaults = Sequence[Vault[Secrets] | Vault[AppSecrets]]


def carry_out(stores: Stores, desired: WholeCatalog, *, prune: bool, dry_run: bool) -> CatalogPlan:
    """Plan how a hub's catalog comes to hold everything of `desired`, check that this can be done, and do it but for a dry run.

    Raises:
        ConsoleError: it cannot be done.
    """
    if not stores.local_upstreams:
        _require_public(desired.catalog)
    vaults = vaults_of(stores)
    with faults_explained():
        stored = stores.catalog.load()
        for vault in vaults:
            vault.open(desired.catalog, stored.catalog)
        current = WholeCatalog.of(stored.catalog, {vault.field: vault.held for vault in vaults})
        try:
            planned = plan_catalog(current, with_stored_stand_ins(desired, current), prune=prune)
            result = _with_base_url(planned.result.catalog, stores.base_url)
            write_document(result)
            for vault in vaults:
                vault.check(planned)
            _require_empty(stores.audience, planned, stored.catalog)
            if not dry_run:
                _write(stores, planned, result, stored, vaults)
                _say_base_url(stored.catalog.base_url, result.base_url)
        except PlanError as error:
            raise ConsoleError("\n".join(error.problems)) from None
        except (CatalogTooLargeError, AppSecretsTooLargeError) as error:
            raise ConsoleError(str(error)) from None
        except CatalogChangedError:
            raise ConsoleError("the catalog was changed by someone else meanwhile; run it again") from None
        except SecretsChangedError:
            raise ConsoleError("the hub's secret was changed by someone else meanwhile; run it again") from None
    return planned


def vaults_of(stores: Stores) -> Vaults:
    """Return the secrets of a stack, one for each section of the catalog that has any; nothing is read yet."""
    return (
        Vault(UPSTREAMS, UPSTREAM_TOKENS, stores.secrets, SECRETS_FORMAT),
        Vault(APPS, APP_CREDENTIALS, stores.app_secrets, APP_SECRETS_FORMAT),
    )


def follow_base_url(stores: Stores, stored: StoredCatalog) -> None:
    """Write the hub's address into a stored catalog that has another one: the local hub may listen elsewhere than last time."""
    followed = _with_base_url(stored.catalog, stores.base_url)
    if followed != stored.catalog:
        with faults_explained():
            stores.catalog.replace(followed, stored.version)


def _with_base_url(catalog: Catalog, base_url: str) -> Catalog:
    """Return a catalog with the hub's address, which only a catalog with apps has."""
    if catalog.apps and len(base_url) > MAX_BASE_URL_CHARACTERS:
        raise ConsoleError(
            f"the hub's address has {len(base_url)} characters; with apps, at most {MAX_BASE_URL_CHARACTERS} leave room in a push: "
            "deploy with a shorter DomainName"
        )
    return replace(catalog, base_url=base_url if catalog.apps else None)


def _say_base_url(before: str | None, after: str | None) -> None:
    if before and after and before != after:
        say(f"links of pushes begin with {after} from now on")


def _require_public(desired: Catalog) -> None:
    problems = [
        f'{each.section.name} "{key}": {why}'
        for each in FILE_SECTIONS
        for key, entry in desired.section(each.section.name).items()
        for why in each.local(entry)
    ]
    if problems:
        raise ConsoleError("\n".join(problems))


def _write(stores: Stores, planned: CatalogPlan, result: Catalog, stored: StoredCatalog, vaults: Vaults) -> None:
    """Write the result of a plan. At no moment does the catalog have an entry whose secret is not stored.

    ====  ===============================================  ================================================================
    step  written                                          if the process ends before
    ====  ===============================================  ================================================================
    1     the secrets, with those of new entries           nothing has changed
    2     the catalog                                      there are secrets without entries; the next run removes them
    3     the secrets, without those of removed entries    the same
    ====  ===============================================  ================================================================

    Another person may apply a file at the same time. Step 3 only replaces the secret that step 1 left. Whoever adds a removed
    entry again has read the catalog after step 2 and writes the secret first, so step 3 fails, and the entry keeps its secret.
    """
    for vault in vaults:
        vault.add(planned)
    if planned.changes or result != stored.catalog or any(vault.has_unused(result) for vault in vaults):
        stores.catalog.replace(result, stored.version)
    for vault in vaults:
        vault.remove_unused(result)


def _require_empty(audience: AudienceInspection, planned: CatalogPlan, current: Catalog) -> None:
    refusals = []
    for id_, why in planned.needs_empty.items():
        named = DATABASES.label(current.databases[id_])
        say(f"looking for profiles in {named}; this reads the whole table and may take minutes")
        if audience.holds_profiles(id_):
            refusals.append(f"{named} holds profiles, so this cannot be done: {why}")
    if refusals:
        raise ConsoleError("\n".join(refusals))
