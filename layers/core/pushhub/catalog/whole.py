"""What is a catalog together with what is stored apart from it?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

from pushhub.catalog.model import Catalog

AppCredentials = Mapping[str, Mapping[str, str]]
"""What is secret of an app, with what belongs to it: named texts for each of its provider blocks, by the block's name."""

EntrySecret = str | AppCredentials
"""What is secret of one entry: the token of an upstream, the credentials of an app."""


@dataclass(frozen=True, slots=True)
class WholeCatalog:
    """A catalog with what is secret of its entries, by the entry's key; that is stored in the secrets of the stack."""

    catalog: Catalog
    upstream_tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    app_credentials: Mapping[str, AppCredentials] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, catalog: Catalog, secrets: Mapping[str, Mapping[str, EntrySecret]]) -> Self:
        """Return a catalog with secrets, given by the name of their field."""
        # A mapping of fields cannot say which field has secrets of which type.
        made: Callable[..., Self] = cls
        return made(catalog, **secrets)

    def secrets(self, name: str) -> Mapping[str, EntrySecret]:
        """Return the secrets that the field with this name has."""
        secrets: Mapping[str, EntrySecret] = getattr(self, name)
        return secrets
