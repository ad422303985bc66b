"""How does a file declare a custom event, and what may be wrong with it?"""

import re
from typing import Annotated, Final

from pydantic import AfterValidator

from pushhub.catalog.filter_fields import INSTALL
from pushhub.catalog.model import CustomEvent
from pushhub.catalog.sections.events.section import EVENTS
from pushhub.catalog.sections.file_entry import FileEntry, FileSection
from pushhub.catalog.sections.file_values import Name, Text

_CODE: Final = re.compile(r"[A-Za-z0-9_]{1,64}")


def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise ValueError("an event's code is 1 to 64 characters of A-Z a-z 0-9 _")
    if text == INSTALL:
        raise ValueError(f"every device has the event {INSTALL}; leave it out")
    return text


class CustomEventFileEntry(FileEntry):
    """A custom event as a file declares it."""

    code: Annotated[Text, AfterValidator(_code)]
    name: Name | None = None

    def declared(self) -> CustomEvent:
        """Return the event."""
        return CustomEvent(self.code, self.code if self.name is None else self.name)


FILE_SECTION: Final = FileSection(EVENTS, CustomEventFileEntry, "code", text_is_key=True)
