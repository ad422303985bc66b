"""How is a JSON document written quickly for many recipients, if it differs in a few values?"""

import json
import re
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Final

BEFORE_SLOT, BEHIND_SLOT = "\ud800", "\udfff"
"""Halves of a surrogate pair: no text that is valid Unicode holds one, so no text of a caller is taken for a slot."""
_SLOT: Final = re.compile(f'"{BEFORE_SLOT}([a-z_]+){BEHIND_SLOT}"')


def slot(name: str) -> str:
    """Return the text that keeps a place of a document free for a value with this name."""
    return f"{BEFORE_SLOT}{name}{BEHIND_SLOT}"


def compact_json(document: object) -> str:
    """Return a document as JSON without blanks, its characters as they are."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def quoted(text: str) -> str:
    """Return a text as JSON."""
    return encode_basestring(text)


class SlottedText:
    """A text with slots."""

    def __init__(self, text: str, slot_form: re.Pattern[str]) -> None:
        """Find the slots of a text; the first group of their form is the name."""
        self._parts = slot_form.split(text)
        self._slots = tuple(enumerate(self._parts))[1::2]

    def filled(self, values: Mapping[str, str]) -> bytes:
        """Return the text with the value of each slot, encoded already, in its place."""
        parts = self._parts.copy()
        for position, name in self._slots:
            parts[position] = values[name]
        return "".join(parts).encode()


class JsonTemplate(SlottedText):
    """A JSON document with slots, whose values are JSON. All else of it is encoded once."""

    def __init__(self, document: object) -> None:
        """Encode a document, some of whose values are a :func:`slot`; each of its texts has to be valid Unicode."""
        super().__init__(compact_json(document), _SLOT)


def slotted_json(text: str) -> SlottedText:
    """Return a JSON text with slots, whose other characters stay as they are; each of them has to be valid Unicode."""
    return SlottedText(text, _SLOT)
