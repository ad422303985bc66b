"""What makes something a section of the catalog?"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pushhub.catalog.model import CatalogEntry

STORED_DIGESTS: Final = "token_sha256"
"""Key of the digests of tokens in the stored form of an entry that is opened by tokens."""


@dataclass(frozen=True, slots=True)
class EntrySecrets:
    """What is secret of a section's entries."""

    field: str
    """Field that has the secrets, each by its entry's key: of `WholeCatalog`, and of what is stored in a secret of the stack."""
    changes: Callable[..., Iterator[str]]
    """Gives what changes from an entry's secret to another one, in words and without either; None for one that is missing."""


@dataclass(frozen=True, slots=True)
class Section:
    """How entries of one section are stored, and how a person reads of them.

    The functions take entries of their own section, which the type of a list of sections cannot say.
    """

    name: str
    """Field of :class:`~pushhub.catalog.model.Catalog`, and key in a catalog file and in the stored document."""
    entry_name: str
    """What a person calls one entry."""
    write: Callable[..., Mapping[str, object]]
    """Returns the stored form of an entry: plain values, as JSON has them."""
    read: Callable[..., CatalogEntry]
    """Returns an entry from its stored form."""
    changes: Callable[..., Iterator[str]]
    """Gives what changes from an entry to another with its key, in words and without a token or digest."""
    max_entries: int | None = None
    """Bound of the section; without one, the size of the document bounds it."""
    as_declared: Callable[..., Mapping[str, object]] | None = None
    """Returns an entry as a catalog file has it, without what is secret; None where that is the stored form."""
    secrets: EntrySecrets | None = None
    """What is secret of the entries, and so not stored in the catalog; None where nothing is."""

    def label(self, entry: CatalogEntry) -> str:
        """Return what a person calls an entry, such as `resource 5 shop app`, or `upstream altcraft` where the name is the key."""
        return f"{self.entry_name} {entry.name}" if entry.key == entry.name else f"{self.entry_name} {entry.key} {entry.name}"
