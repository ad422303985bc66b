"""How is a custom event stored, and what changes of it from one catalog to the next?"""

from collections.abc import Iterator
from typing import Final, NotRequired, TypedDict

from pushhub.catalog.model import CustomEvent
from pushhub.catalog.sections.section import Section
from pushhub.catalog.sections.wording import from_to

MAX_EVENTS: Final = 1_000


class StoredCustomEvent(TypedDict):
    """A custom event in its stored form, which is also that of a file; without `name`, its code is its name."""

    code: str
    name: NotRequired[str]


def write(event: CustomEvent) -> StoredCustomEvent:
    """Return the stored form of an event."""
    return {"code": event.code} if event.name == event.code else {"code": event.code, "name": event.name}


def read(stored: StoredCustomEvent) -> CustomEvent:
    """Return an event from its stored form."""
    return CustomEvent(stored["code"], stored.get("name", stored["code"]))


def changes(before: CustomEvent, after: CustomEvent) -> Iterator[str]:
    """Say what changes of an event."""
    if before.name != after.name:
        yield from_to("name", before.name, after.name)


EVENTS: Final = Section("events", "event", write, read, changes, max_entries=MAX_EVENTS)
