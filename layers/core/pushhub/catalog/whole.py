"""What is a catalog together with what is stored apart from it?"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pushhub.catalog.model import Catalog


@dataclass(frozen=True, slots=True)
class WholeCatalog:
    """A catalog with what is secret of its entries, by the entry's key; that is stored with the stack's secrets."""

    catalog: Catalog
    upstream_tokens: Mapping[str, str] = field(default_factory=dict, repr=False)

    def secrets(self, name: str) -> Mapping[str, str]:
        """Return the secrets that the field with this name has."""
        secrets: Mapping[str, str] = getattr(self, name)
        return secrets
