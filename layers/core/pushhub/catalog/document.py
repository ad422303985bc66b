"""How is a catalog written down as one JSON document?

The stored form of an entry stands with its section, and is written and read by hand: a `TypeAdapter` of pydantic for the same
classes takes 10 to 12 ms of processor time at every cold start, 3 of them for its import.
"""

import json
from typing import TYPE_CHECKING, Final

from pushhub.catalog.model import Catalog
from pushhub.catalog.sections import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_DOCUMENT_BYTES: Final = 380_000
"""Bound of a document in bytes; DynamoDB's bound of an item is 400 KiB. Enough for about 1,500 resources."""
_BASE_URL: Final = "base_url"
"""Key of the hub's address, beside those of the sections."""


class CatalogTooLargeError(Exception):
    """The catalog's document is over :data:`MAX_DOCUMENT_BYTES`."""


def write_document(catalog: Catalog) -> str:
    """Return the catalog as JSON; tokens stand in it as digests only.

    Raises:
        CatalogTooLargeError: it is over :data:`MAX_DOCUMENT_BYTES`.
    """
    content: dict[str, object] = {
        section.name: [section.write(entry) for entry in catalog.section(section.name).values()] for section in SECTIONS
    }
    if catalog.base_url is not None:
        content[_BASE_URL] = catalog.base_url
    document = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    if (size := len(document.encode())) > MAX_DOCUMENT_BYTES:
        raise CatalogTooLargeError(f"the catalog takes {size} bytes; at most {MAX_DOCUMENT_BYTES} fit")
    return document


def read_document(document: str) -> Catalog:
    """Read back what :func:`write_document` wrote, of this release or an earlier one, which had fewer sections.

    What a later release has added to the document is passed over.
    """
    content: Mapping[str, Sequence[object]] = json.loads(document)
    sections = {section.name: map(section.read, content[section.name]) for section in SECTIONS if section.name in content}
    base_url = content.get(_BASE_URL)
    return Catalog.of(sections, base_url if isinstance(base_url, str) else None)
