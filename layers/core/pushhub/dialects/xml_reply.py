"""How is a reply written as XML?"""

from xml.etree.ElementTree import Element, SubElement, tostring


def write_elements(root: str, elements: dict[str, object]) -> bytes:
    """Return a document of this form, in UTF-8."""
    document = Element(root)
    for name, value in elements.items():
        SubElement(document, name).text = str(value)
    written: bytes = tostring(document, encoding="utf-8")
    return written
