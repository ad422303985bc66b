"""How does a catalog file declare each section?"""

from typing import Final

from pushhub.catalog.sections.api_tokens import file_section as api_tokens
from pushhub.catalog.sections.app_groups import file_section as app_groups
from pushhub.catalog.sections.apps import file_section as apps
from pushhub.catalog.sections.audience_groups import file_section as audience_groups
from pushhub.catalog.sections.databases import file_section as databases
from pushhub.catalog.sections.events import file_section as events
from pushhub.catalog.sections.file_entry import FileSection
from pushhub.catalog.sections.resources import file_section as resources
from pushhub.catalog.sections.upstreams import file_section as upstreams

FILE_SECTIONS: Final[tuple[FileSection, ...]] = tuple(
    module.FILE_SECTION for module in (databases, resources, api_tokens, upstreams, apps, app_groups, audience_groups, events)
)
"""Every section of a catalog file, in the order in which problems are told."""
