"""How does a catalog file declare the entries of a section?

Nothing that a function imports may import this: the models take time to build, and functions read no files.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from pushhub.catalog.model import CatalogEntry
from pushhub.catalog.sections.raw_entry import RawEntry
from pushhub.catalog.sections.section import Section
from pushhub.catalog.whole import EntrySecret


class FileMapping(BaseModel):
    """A mapping in a file; each field is a key of it. Texts have their variables filled in."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class FileEntry(FileMapping):
    """An entry as a file declares it."""

    @abstractmethod
    def declared(self) -> CatalogEntry:
        """Return the entry of the catalog."""

    def bearer_tokens(self) -> Mapping[str, str]:
        """Return the tokens that open the entry, each by its place in this."""
        return {}

    def secret(self) -> EntrySecret:
        """Return what is secret of the entry, where its section has secrets."""
        raise NotImplementedError


def _no_problems(_file: Mapping[str, Sequence[RawEntry]]) -> Iterator[str]:
    return iter(())


def _nothing_local(_entry: CatalogEntry) -> Iterator[str]:
    return iter(())


@dataclass(frozen=True, slots=True)
class FileSection:
    """How a file declares the entries of a section."""

    section: Section
    entry: type[FileEntry]
    key: str
    """Key of a file's entry that tells it from the others: `id`, `name` or `code`."""
    problems: Callable[[Mapping[str, Sequence[RawEntry]]], Iterator[str]] = _no_problems
    """Gives the problems of the section's entries that pydantic does not see, from the raw entries of each section, by its name."""
    local: Callable[..., Iterator[str]] = _nothing_local
    """Gives the reasons why only stacks with local upstreams may have an entry; nothing where every stack may."""
    text_is_key: bool = False
    """Whether a text may stand in the place of an entry that has nothing but its key."""
