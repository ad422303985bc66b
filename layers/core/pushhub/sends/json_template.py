"""How is a JSON document written quickly for many recipients, if it differs in a few values?"""

import json
import re
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Final

_BEFORE, _BEHIND = "\ud800", "\udfff"
"""Halves of a surrogate pair: no text that is valid Unicode holds one, so no text of a caller is taken for a slot."""
_SLOT: Final = re.compile(f'"{_BEFORE}([a-z_]+){_BEHIND}"')


def slot(name: str) -> str:
    """Return the text that keeps a place of a document free for a value with this name."""
    return f"{_BEFORE}{name}{_BEHIND}"


def compact_json(document: object) -> str:
    """Return a document as JSON without blanks, its characters as they are."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def quoted(text: str) -> str:
    """Return a text as JSON."""
    return encode_basestring(text)


class JsonTemplate:
    """A JSON document with slots. All else of it is encoded once."""

    def __init__(self, document: object) -> None:
        """Encode a document, some of whose values are a :func:`slot`; each of its texts has to be valid Unicode."""
        self._parts = _SLOT.split(compact_json(document))
        self._slots = tuple(enumerate(self._parts))[1::2]

    def filled(self, values: Mapping[str, str]) -> bytes:
        """Return the document with the value of each slot, which is JSON already, in its place."""
        parts = self._parts.copy()
        for position, name in self._slots:
            parts[position] = values[name]
        return "".join(parts).encode()
