"""How does a file declare a group of audiences, and what may be wrong with it?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final

from pydantic import AfterValidator

from pushhub.catalog.filter_fields import MAX_AUDIENCE_CHARACTERS, compared_audience
from pushhub.catalog.model import AudienceGroup
from pushhub.catalog.sections.audience_groups.section import AUDIENCE_GROUPS
from pushhub.catalog.sections.file_entry import FileEntry, FileSection
from pushhub.catalog.sections.file_values import Id, Name
from pushhub.catalog.sections.raw_entry import RawEntry

MAX_AUDIENCES: Final = 1_000
"""Audiences of one group."""


def _audience(text: str) -> str:
    # A profile has its audiences in one text with commas between them, and blanks around them do not count.
    audience = compared_audience(text)
    if "," in audience or text != text.strip() or not 1 <= len(audience) <= MAX_AUDIENCE_CHARACTERS:
        bound = f"1 to {MAX_AUDIENCE_CHARACTERS} characters"
        raise ValueError(f"an audience is {bound} without a comma and without blanks around it")
    return audience


_Audience = Annotated[Name, AfterValidator(_audience)]


class AudienceGroupFileEntry(FileEntry):
    """A group of audiences as a file declares it."""

    id: Id
    name: Name
    audiences: list[_Audience]

    def declared(self) -> AudienceGroup:
        """Return the group."""
        return AudienceGroup(self.id, self.name, tuple(self.audiences))


def problems(file: Mapping[str, Sequence[RawEntry]]) -> Iterator[str]:
    """Say which groups have no audience, too many, or one twice."""
    for entry in file[AUDIENCE_GROUPS.name]:
        yield from entry.empty_list("audiences", "at least one audience is required")
        if len(entry.items("audiences")) > MAX_AUDIENCES:
            yield f"{entry.place}.audiences: at most {MAX_AUDIENCES} audiences"
        else:
            yield from entry.repeats("audiences", compared_audience)


FILE_SECTION: Final = FileSection(AUDIENCE_GROUPS, AudienceGroupFileEntry, "id", problems)
