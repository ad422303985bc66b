"""How is a caller of the server APIs stored, and what changes of it from one catalog to the next?"""

from collections.abc import Iterator
from typing import Final, TypedDict

from pushhub.catalog.model import ApiCaller, BearerTokenDigest, Right
from pushhub.catalog.sections.section import Section
from pushhub.catalog.sections.wording import bearer_token_changes, from_to, listed


class StoredApiCaller(TypedDict):
    """A caller in its stored form."""

    name: str
    token_sha256: list[str]
    rights: list[str]


def write(caller: ApiCaller) -> StoredApiCaller:
    """Return the stored form of a caller."""
    return {"name": caller.name, "token_sha256": sorted(caller.bearer_token_digests), "rights": sorted(map(str, caller.rights))}


def read(stored: StoredApiCaller) -> ApiCaller:
    """Return a caller from its stored form."""
    return ApiCaller(
        name=stored["name"],
        bearer_token_digests=frozenset(BearerTokenDigest(digest) for digest in stored["token_sha256"]),
        rights=frozenset(Right(right) for right in stored["rights"]),
    )


def changes(before: ApiCaller, after: ApiCaller) -> Iterator[str]:
    """Say what changes of a caller."""
    if before.rights != after.rights:
        yield from_to("rights", listed(sorted(before.rights)), listed(sorted(after.rights)))
    yield from bearer_token_changes(before, after)


API_TOKENS: Final = Section("api_tokens", "api token", write, read, changes)
