"""How does a file declare a group of apps, and what may be wrong with it?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydantic import Field

from pushhub.catalog.model import AppGroup
from pushhub.catalog.sections.app_groups.section import APP_GROUPS
from pushhub.catalog.sections.file_entry import FileEntry, FileSection
from pushhub.catalog.sections.file_values import Id, Name
from pushhub.catalog.sections.raw_entry import RawEntry


class AppGroupFileEntry(FileEntry):
    """A group of apps as a file declares it; `apps` are values of `px.id`."""

    id: Id
    name: Name
    apps: list[Id] = Field(default_factory=list)
    all_apps: bool = False

    def declared(self) -> AppGroup:
        """Return the group."""
        return AppGroup(self.id, self.name, tuple(self.apps), self.all_apps)


def problems(file: Mapping[str, Sequence[RawEntry]]) -> Iterator[str]:
    """Say which groups have no apps, or apps beside `all_apps`, or an app twice."""
    for entry in file[APP_GROUPS.name]:
        if bool(entry.items("apps")) is (entry.values.get("all_apps") is True):
            yield f"{entry.place}: either apps, with at least one of them, or all_apps: true is required, not both"
        yield from entry.repeats("apps")


FILE_SECTION: Final = FileSection(APP_GROUPS, AppGroupFileEntry, "id", problems)
