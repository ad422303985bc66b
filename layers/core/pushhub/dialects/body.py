"""How does the body of a request become a text?

First it is unpacked, then it is decoded. Which notation the text is in, a dialect says: `json_body.py` and `xml_body.py` read it.
"""

from dataclasses import replace
from typing import ClassVar, Final

from pushhub.dialects.http import HttpRequest
from pushhub.gzipped import CutShortGzipError, DamagedGzipError, gunzip

BYTE_ORDER_MARK: Final = "\ufeff"

_GZIP: Final = frozenset({"gzip", "x-gzip"})
"""Two names of one coding: RFC 9110, 8.4.1.3."""
_PACKINGS: Final = _GZIP | {"aes128gcm", "br", "compress", "dcb", "dcz", "deflate", "exi", "pack200-gzip", "x-compress", "zstd"}
"""The registered content codings. Some clients write other words into the header, such as `UTF-8`: they say nothing of the body."""
_GZIP_MAGIC: Final = b"\x1f\x8b"
_LOST_GZIP: Final = b"\x1f\xff"
"""How packed bytes begin that came as text: API Gateway replaces the second one (`_NOT_UTF8` in `edge/http.py`)."""
_LOST_MARK: Final = b"\xff\xff"
"""How UTF-16 and UTF-32 begin that came as text: the two bytes of their byte order mark are replaced."""
_DAMAGED_AS_TEXT: Final = (
    "body is packed with gzip, but was damaged on its way as a text; send it as Content-Type: application/octet-stream"
)
_UTF_16: Final = "body is in UTF-16 or UTF-32; send it in UTF-8"
_BEGINNINGS: Final = {
    (_GZIP_MAGIC, _LOST_GZIP): "body is packed with gzip; say so in the header Content-Encoding",
    (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff", _LOST_MARK): _UTF_16,
}
"""What a body is that is not UTF-8, by its first bytes."""


class BadBodyError(ValueError):
    """The body cannot be read; the text says why."""

    refusal: ClassVar = "BAD_BODY"
    """Name of the row of this refusal in each dialect's table."""


class BodyTooLargeError(BadBodyError):
    """The body is too large, as it came or unpacked."""

    refusal = "BODY_TOO_LARGE"


class UnknownCodingError(BadBodyError):
    """The body is packed in a way that nobody here can unpack."""

    refusal = "BAD_CODING"


def with_plain_body(request: HttpRequest, most: int) -> HttpRequest:
    """Return a request with its body unpacked, where the header `Content-Encoding` says that it is packed.

    A body that is said to be packed with gzip, and does not begin like that, is taken as it came.

    Args:
        request: as it came.
        most: bytes that a body may have, both as it came and unpacked; no more than 1 MiB beyond that is unpacked.

    Raises:
        BodyTooLargeError: it has more.
        UnknownCodingError: it is packed with something else than gzip, or several times.
        BadBodyError: it is damaged, cut short, or followed by something else.
    """
    if len(request.body) > most:
        raise BodyTooLargeError
    codings = [coding.partition(";")[0].strip().lower() for coding in request.header("content-encoding").split(",")]
    packings = [coding for coding in codings if coding in _PACKINGS]
    if not packings:
        return request
    if len(packings) > 1 or packings[0] not in _GZIP:
        raise UnknownCodingError
    if not request.body.startswith((_GZIP_MAGIC, _LOST_GZIP)):
        return request
    return replace(request, body=_unpacked(request.body, most))


def decoded_body(body: bytes) -> str:
    """Return the text of a plain body, without the byte order mark that may stand in front.

    Raises:
        BadBodyError: it is not UTF-8, or has two marks.
    """
    try:
        text = body.decode().removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError:
        found = (meaning for beginnings, meaning in _BEGINNINGS.items() if body.startswith(beginnings))
        raise BadBodyError(next(found, "body is not valid UTF-8")) from None
    # In UTF-16 and UTF-32, ASCII characters are UTF-8 too, with NULs between them. The parser of XML takes them for UTF-16.
    if "\0" in text[:2]:
        raise BadBodyError(_UTF_16)
    if text.startswith(BYTE_ORDER_MARK):
        raise BadBodyError("body begins with two byte order marks")
    return text


def _unpacked(packed: bytes, most: int) -> bytes:
    plain = bytearray()
    try:
        for block in gunzip([packed]):
            plain += block
            if len(plain) > most:
                raise BodyTooLargeError
    except CutShortGzipError:
        raise BadBodyError("body is packed with gzip, but cut short") from None
    except DamagedGzipError:
        if packed.startswith(_LOST_GZIP):
            raise BadBodyError(_DAMAGED_AS_TEXT) from None
        raise BadBodyError("body is packed with gzip, but damaged or followed by something else") from None
    return bytes(plain)
