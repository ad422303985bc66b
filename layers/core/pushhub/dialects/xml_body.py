"""How does a dialect read XML bodies?

A body has one root of any name, and below it one level of elements that hold text. defusedxml refuses document types, and with them
every entity but XML's own five: they could make a small body large, or fetch another one.
"""

from xml.etree.ElementTree import Element, ParseError
from xml.parsers.expat import ErrorString

from defusedxml import DTDForbidden
from defusedxml.ElementTree import fromstring

from pushhub.dialects.body import BadBodyError, decoded_body


def read_elements(body: bytes) -> dict[str, str]:
    """Return the text of each element below the root, by the element's name without its namespace.

    An encoding that the document declares is ignored: the bytes have to be UTF-8.

    Raises:
        BadBodyError: it is not UTF-8, not XML, has a document type, text beside its elements, elements in elements, or an element
            twice.
    """
    text = decoded_body(body)
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except DTDForbidden:
        raise BadBodyError("body has a document type, which is not taken") from None
    except ParseError as error:
        line, column = error.position
        raise BadBodyError(f"body is not XML: {ErrorString(error.code)} at line {line}, column {column}") from None
    if any(beside and beside.strip() for beside in (root.text, *(child.tail for child in root))):
        raise BadBodyError("body has text beside its elements")
    elements = {_name(child): _text(child) for child in root}
    if len(elements) < len(root):
        raise BadBodyError("body has an element twice")
    return elements


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: Element) -> str:
    if len(element):
        raise BadBodyError("body has elements inside of elements")
    return element.text or ""
