"""What does a secret of the stack hold for the entries of a section of the catalog, and when is it written?"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pushhub.catalog.model import Catalog
from pushhub.catalog.plan import Action, CatalogPlan
from pushhub.catalog.secrets import SecretFormat, SecretStore, StoredSecrets
from pushhub.catalog.sections.section import EntrySecrets, Section
from pushhub.catalog.whole import EntrySecret

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

type SecretsByKey = Mapping[str, EntrySecret]


class Vault[Content: DataclassInstance]:
    """A secret of the stack, while one catalog becomes another. It is not read where no catalog needs it."""

    def __init__(
        self, section: Section, secrets: EntrySecrets, store: SecretStore[Content], written_as: SecretFormat[Content]
    ) -> None:
        """Keep a section's secrets in a store; nothing is read yet."""
        self._section = section
        self.field = secrets.field
        self._store = store
        self._format = written_as
        self._stored: StoredSecrets[Content] | None = None

    @property
    def held(self) -> SecretsByKey:
        """What it holds, by the key of the entry."""
        held: SecretsByKey = getattr(self._stored.secrets, self.field) if self._stored else {}
        return held

    def open(self, *catalogs: Catalog) -> None:
        """Read it if one of these catalogs has an entry with a secret."""
        if any(catalog.section(self._section.name) for catalog in catalogs):
            self._stored = self._store.load()

    def check(self, planned: CatalogPlan) -> None:
        """Write down, and throw away, what it will hold at most: then it has the secrets of removed entries too."""
        if self._stored:
            self._format.write(self._with(self._stored.secrets, self._complete(planned)))

    def add(self, planned: CatalogPlan) -> None:
        """Write the secrets that it does not hold yet.

        Where an entry with a secret is added, this writes even if that very secret is there already: whoever is about to remove it,
        since the entry was gone, then fails.
        """
        complete = self._complete(planned)
        added = any(each.action is Action.ADD and each.section is self._section for each in planned.changes)
        if self._stored and (complete != self.held or added):
            self._store.replace(self._with(self._stored.secrets, complete), self._stored.version)
            self._stored = self._store.load()

    def has_unused(self, catalog: Catalog) -> bool:
        """Say whether it holds secrets of entries that are not in the catalog."""
        return self._used(catalog) != self.held

    def remove_unused(self, catalog: Catalog) -> None:
        """Remove the secrets of entries that are not in the catalog."""
        if self._stored and self.has_unused(catalog):
            self._store.replace(self._with(self._stored.secrets, self._used(catalog)), self._stored.version)

    def _complete(self, planned: CatalogPlan) -> SecretsByKey:
        return {**self.held, **planned.result.secrets(self.field)}

    def _used(self, catalog: Catalog) -> SecretsByKey:
        keys = catalog.section(self._section.name).keys()
        return {key: secret for key, secret in self.held.items() if key in keys}

    def _with(self, content: Content, secrets: SecretsByKey) -> Content:
        # A name of a field cannot say that the content has it.
        replaced: Callable[..., Content] = partial(replace, content)
        return replaced(**{self.field: secrets})
