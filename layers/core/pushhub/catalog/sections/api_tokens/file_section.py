"""How does a file declare a caller of the server APIs, and what may be wrong with it?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final

from pydantic import BeforeValidator

from pushhub.catalog.model import ApiCaller, Right
from pushhub.catalog.sections.api_tokens.section import API_TOKENS
from pushhub.catalog.sections.file_bearer_tokens import BearerToken, by_place, digests_of, problems_of_bearer_tokens
from pushhub.catalog.sections.file_entry import FileEntry, FileSection
from pushhub.catalog.sections.file_values import NameAsKey, filled_in, known
from pushhub.catalog.sections.raw_entry import RawEntry

_Right = Annotated[Right, BeforeValidator(known(Right, "right")), BeforeValidator(filled_in)]


class ApiCallerFileEntry(FileEntry):
    """A caller as a file declares it."""

    name: NameAsKey
    token: BearerToken | None = None
    tokens: list[BearerToken] | None = None
    rights: list[_Right]
    suspended: bool = False

    def declared(self) -> ApiCaller:
        """Return the caller."""
        return ApiCaller(self.name, digests_of(self.bearer_tokens()), frozenset(self.rights), self.suspended)

    def bearer_tokens(self) -> Mapping[str, str]:
        """Return its API tokens: one, or several while it changes from one to another."""
        return by_place(self.token, self.tokens)


def problems(file: Mapping[str, Sequence[RawEntry]]) -> Iterator[str]:
    """Say which callers have no API token, or a list that is empty or repeats."""
    for entry in file[API_TOKENS.name]:
        yield from problems_of_bearer_tokens(entry)
        yield from entry.empty_list("rights", "at least one right is required")
        yield from entry.repeats("rights")


FILE_SECTION: Final = FileSection(API_TOKENS, ApiCallerFileEntry, "name", problems)
