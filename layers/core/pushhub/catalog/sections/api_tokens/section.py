"""How is an API token stored, and what changes from one to the next?"""

from collections.abc import Iterator
from typing import Final, TypedDict

from pushhub.catalog.model import ApiToken, Right, TokenDigest
from pushhub.catalog.sections.section import Section
from pushhub.catalog.sections.wording import from_to, listed, token_changes


class StoredApiToken(TypedDict):
    """An API token in its stored form."""

    name: str
    token_sha256: list[str]
    rights: list[str]


def write(caller: ApiToken) -> StoredApiToken:
    """Return the stored form of an API token."""
    return {"name": caller.name, "token_sha256": sorted(caller.token_digests), "rights": sorted(map(str, caller.rights))}


def read(stored: StoredApiToken) -> ApiToken:
    """Return an API token from its stored form."""
    return ApiToken(
        name=stored["name"],
        token_digests=frozenset(TokenDigest(digest) for digest in stored["token_sha256"]),
        rights=frozenset(Right(right) for right in stored["rights"]),
    )


def changes(before: ApiToken, after: ApiToken) -> Iterator[str]:
    """Say what changes of an API token."""
    if before.rights != after.rights:
        yield from_to("rights", listed(sorted(before.rights)), listed(sorted(after.rights)))
    yield from token_changes(before, after)


API_TOKENS: Final = Section("api_tokens", "api token", write, read, changes)
