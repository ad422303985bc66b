"""How is a group of apps stored, and what changes of it from one catalog to the next?"""

from collections.abc import Iterator
from typing import Final, NotRequired, TypedDict

from pushhub.catalog.model import AppGroup
from pushhub.catalog.sections.section import Section
from pushhub.catalog.sections.wording import flag_change, from_to, listed

MAX_APP_GROUPS: Final = 200
"""As many as there may be apps."""


class StoredAppGroup(TypedDict):
    """A group of apps in its stored form, which is also that of a file: either `apps` or `all_apps`."""

    id: int
    name: str
    apps: NotRequired[list[int]]
    all_apps: NotRequired[bool]


def write(group: AppGroup) -> StoredAppGroup:
    """Return the stored form of a group."""
    stored: StoredAppGroup = {"id": group.id, "name": group.name}
    if group.all_apps:
        stored["all_apps"] = True
    else:
        stored["apps"] = list(group.apps)
    return stored


def read(stored: StoredAppGroup) -> AppGroup:
    """Return a group from its stored form."""
    return AppGroup(stored["id"], stored["name"], tuple(stored.get("apps", ())), stored.get("all_apps", False))


def changes(before: AppGroup, after: AppGroup) -> Iterator[str]:
    """Say what changes of a group."""
    if before.name != after.name:
        yield from_to("name", before.name, after.name)
    if before.apps != after.apps:
        yield from_to("apps", listed(before.apps), listed(after.apps))
    yield from flag_change("all_apps", before=before.all_apps, after=after.all_apps)


APP_GROUPS: Final = Section("app_groups", "app group", write, read, changes, max_entries=MAX_APP_GROUPS)
