"""How is an XML document written quickly for many recipients, if it differs in a few values of a JSON text that it holds?

The document is made by the standard library, so a text is never markup in it.
"""

import re
from collections.abc import Mapping
from typing import Final
from xml.etree.ElementTree import Element, tostring

from pushhub.sends.json_template import BEFORE_SLOT, BEHIND_SLOT, SlottedText

_SLOT: Final = re.compile(f"&quot;{BEFORE_SLOT}([a-z_]+){BEHIND_SLOT}&quot;")
"""A slot of a JSON text as an attribute has it."""
_NONCHARACTER: Final = re.compile("[\ufffe\uffff]")
"""Characters that JSON has as they are, and XML 1.0 not even as references."""


def xml_safe_json(text: str) -> str:
    """Return a JSON text that means the same, and of which XML 1.0 has every character."""
    return text if text.isascii() else _NONCHARACTER.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _attribute_text(text: str) -> str:
    """Return a JSON text as an attribute in double quotes has it; JSON escapes line ends and tabs already."""
    return xml_safe_json(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


class XmlTemplate(SlottedText):
    """An XML document one of whose attributes is a JSON text with slots. All else of it is encoded once."""

    def __init__(self, root: Element) -> None:
        """Encode a document, each of whose texts :func:`pushhub.text.fits_xml` but for slots."""
        # The standard library leaves a carriage return in a text as it is, and a parser reads that as a line feed.
        super().__init__(tostring(root, encoding="unicode").replace("\r", "&#13;"), _SLOT)

    def filled(self, values: Mapping[str, str]) -> bytes:
        """Return the document with the value of each slot, which is JSON already, in its place."""
        return super().filled({name: _attribute_text(value) for name, value in values.items()})
