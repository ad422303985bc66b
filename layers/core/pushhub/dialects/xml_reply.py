"""How does a dialect write XML bodies?

A module of its own, since who only writes XML does not load the parser of `xml_body`.
"""

from xml.etree.ElementTree import Element, SubElement, tostring


def write_elements(root: str, elements: dict[str, object]) -> bytes:
    """Return a document as a body: a root, and below it one element for each item, in UTF-8."""
    document = Element(root)
    for name, value in elements.items():
        SubElement(document, name).text = str(value)
    written: bytes = tostring(document, encoding="utf-8")
    return written
