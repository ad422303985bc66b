"""How is a catalog written down as one JSON document?

The stored form of an entry stands with its section, and is written and read by hand: a `TypeAdapter` of pydantic for the same
classes takes 10 to 12 ms of processor time at every cold start, 3 of them for its import.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from pushhub.catalog.model import Catalog
from pushhub.catalog.sections import SECTIONS

MAX_DOCUMENT_BYTES: Final = 380_000
"""Bound of a document in bytes; DynamoDB's bound of an item is 400 KiB. Enough for about 1,500 resources."""


class CatalogTooLargeError(Exception):
    """The catalog's document is over :data:`MAX_DOCUMENT_BYTES`."""


def write_document(catalog: Catalog) -> str:
    """Return the catalog as JSON; tokens stand in it as digests only.

    Raises:
        CatalogTooLargeError: it is over :data:`MAX_DOCUMENT_BYTES`.
    """
    document = json.dumps(document_of(catalog), ensure_ascii=False, separators=(",", ":"))
    if (size := len(document.encode())) > MAX_DOCUMENT_BYTES:
        raise CatalogTooLargeError(f"the catalog takes {size} bytes; at most {MAX_DOCUMENT_BYTES} fit")
    return document


def document_of(catalog: Catalog) -> dict[str, list[Mapping[str, object]]]:
    """Return the catalog as plain values, ready to be written in any notation."""
    return {section.name: [section.write(entry) for entry in catalog.section(section.name).values()] for section in SECTIONS}


def read_document(document: str) -> Catalog:
    """Read back what :func:`write_document` wrote, of this release or an earlier one, which had fewer sections."""
    content: Mapping[str, Sequence[object]] = json.loads(document)
    return Catalog.of({section.name: map(section.read, content[section.name]) for section in SECTIONS if section.name in content})
