"""How is a caller of the server APIs stored, and what changes of it from one catalog to the next?"""

from collections.abc import Iterator
from typing import Final, NotRequired, TypedDict

from pushhub.catalog.model import ApiCaller, BearerTokenDigest, Right
from pushhub.catalog.sections.section import STORED_DIGESTS, Section
from pushhub.catalog.sections.wording import bearer_token_changes, flag_change, from_to, listed

_RIGHTS_FROM_THE_START: Final = frozenset({Right.EVENTS})
"""Rights that the first releases know. They can read no catalog in which `rights` holds another one."""


class StoredApiCaller(TypedDict):
    """A caller in its stored form.

    `rights` is what a release goes by that knows neither `all_rights` nor `suspended`: it is empty for a suspended caller, and has
    no right that such a release cannot read. `all_rights` stands only where it differs.
    """

    name: str
    token_sha256: list[str]
    rights: list[str]
    all_rights: NotRequired[list[str]]
    suspended: NotRequired[bool]


def write(caller: ApiCaller) -> StoredApiCaller:
    """Return the stored form of a caller."""
    readable = frozenset() if caller.suspended else caller.rights & _RIGHTS_FROM_THE_START
    stored: StoredApiCaller = {
        "name": caller.name,
        "token_sha256": sorted(caller.bearer_token_digests),
        "rights": sorted(map(str, readable)),
    }
    if readable != caller.rights:
        stored["all_rights"] = sorted(map(str, caller.rights))
    if caller.suspended:
        stored["suspended"] = True
    return stored


def read(stored: StoredApiCaller) -> ApiCaller:
    """Return a caller from its stored form, without rights that only a later release knows."""
    rights = stored.get("all_rights", stored["rights"])
    return ApiCaller(
        name=stored["name"],
        bearer_token_digests=frozenset(BearerTokenDigest(digest) for digest in stored["token_sha256"]),
        rights=frozenset(right for right in Right if right in rights),
        suspended=stored.get("suspended", False),
    )


def as_declared(caller: ApiCaller) -> dict[str, object]:
    """Return a caller as a catalog file has it, with digests in the place of its tokens."""
    entry: dict[str, object] = {
        "name": caller.name,
        STORED_DIGESTS: sorted(caller.bearer_token_digests),
        "rights": sorted(map(str, caller.rights)),
    }
    return entry | ({"suspended": True} if caller.suspended else {})


def changes(before: ApiCaller, after: ApiCaller) -> Iterator[str]:
    """Say what changes of a caller."""
    if before.rights != after.rights:
        yield from_to("rights", listed(sorted(before.rights)), listed(sorted(after.rights)))
    yield from flag_change("suspended", before=before.suspended, after=after.suspended)
    yield from bearer_token_changes(before, after)


API_TOKENS: Final = Section("api_tokens", "api token", write, read, changes, as_declared=as_declared)
