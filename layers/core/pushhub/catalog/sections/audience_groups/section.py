"""How is a group of audiences stored, and what changes of it from one catalog to the next?"""

from collections.abc import Iterator
from typing import Final, TypedDict

from pushhub.catalog.model import AudienceGroup
from pushhub.catalog.sections.section import Section
from pushhub.catalog.sections.wording import from_to, listed

MAX_AUDIENCE_GROUPS: Final = 200


class StoredAudienceGroup(TypedDict):
    """A group of audiences in its stored form, which is also that of a file."""

    id: int
    name: str
    audiences: list[str]


def write(group: AudienceGroup) -> StoredAudienceGroup:
    """Return the stored form of a group."""
    return {"id": group.id, "name": group.name, "audiences": list(group.audiences)}


def read(stored: StoredAudienceGroup) -> AudienceGroup:
    """Return a group from its stored form."""
    return AudienceGroup(stored["id"], stored["name"], tuple(stored["audiences"]))


def changes(before: AudienceGroup, after: AudienceGroup) -> Iterator[str]:
    """Say what changes of a group."""
    if before.name != after.name:
        yield from_to("name", before.name, after.name)
    if before.audiences != after.audiences:
        yield from_to("audiences", listed(before.audiences), listed(after.audiences))


AUDIENCE_GROUPS: Final = Section("audience_groups", "audience group", write, read, changes, max_entries=MAX_AUDIENCE_GROUPS)
