"""What is a catalog made of?

Each section has a folder here with two modules:

- `section.py` says how an entry is stored, and what changes from one entry to the next. Functions load it.
- `file_section.py` says how a file declares an entry, and what may be wrong with it. Only the command line loads it.

A further section needs such a folder, a line in :data:`SECTIONS` and in `file_sections.py`, and its class in the catalog's model.
"""

from typing import Final

from pushhub.catalog.sections.api_tokens.section import API_TOKENS
from pushhub.catalog.sections.app_groups.section import APP_GROUPS
from pushhub.catalog.sections.apps.section import APPS
from pushhub.catalog.sections.audience_groups.section import AUDIENCE_GROUPS
from pushhub.catalog.sections.databases.section import DATABASES
from pushhub.catalog.sections.events.section import EVENTS
from pushhub.catalog.sections.resources.section import RESOURCES
from pushhub.catalog.sections.section import Section
from pushhub.catalog.sections.upstreams.section import UPSTREAMS

SECTIONS: Final[tuple[Section, ...]] = (
    DATABASES,
    RESOURCES,
    API_TOKENS,
    UPSTREAMS,
    APPS,
    APP_GROUPS,
    AUDIENCE_GROUPS,
    EVENTS,
)
"""Every section of a catalog, in the order in which files, documents and plans have them."""
