"""By what do a provider and a device know that two pushes are one?

Both ids come of the sending and the subscription alone, so a push that is sent again has the ids that it had before.
"""

import base64
import hashlib
import re
import uuid
from dataclasses import dataclass
from typing import Final

_COLLAPSE_BYTES: Final = 16
"""They make 22 characters of base64url: few enough for the 32 of `Topic` (RFC 8030, 5.4)."""
_TAG_BYTES: Final = 10
_OF_A_DIGEST: Final = 5
"""The version of a UUID that is made of a name's digest (RFC 9562, 5.5)."""
_HEADER_TEXT: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")
"""What may stand in a header as it is: ASCII that can be seen, with blanks inside."""


@dataclass(frozen=True, slots=True)
class PushIds:
    """`collapse` is 22 characters of base64url, by which a second push replaces the first; `apns` is a UUID."""

    collapse: str
    apns: str


def push_ids(sending: str, reference: str) -> PushIds:
    """Return the ids of the push of a sending to a subscription."""
    digest = push_digest(sending, reference)
    return PushIds(_shortened(digest), str(uuid.UUID(bytes=digest[_COLLAPSE_BYTES:], version=_OF_A_DIGEST)))


def push_digest(sending: str, reference: str) -> bytes:
    """Return 32 bytes that the push of a sending to a subscription has alone."""
    return hashlib.sha256(f"{sending}#{reference}".encode()).digest()


def windows_tag(digest: bytes) -> str:
    """Return 16 letters and digits that stand for a digest: more than `X-WNS-Tag` takes, and other characters, are refused."""
    return base64.b32encode(digest[:_TAG_BYTES]).decode()


def header_id(collapse_key: str) -> str:
    """Return a caller's collapse key as a header may hold it: as it is where that is possible, else a digest of it."""
    return collapse_key if _HEADER_TEXT.fullmatch(collapse_key) else short_id(collapse_key)


def short_id(collapse_key: str) -> str:
    """Return 22 characters of base64url that stand for a caller's collapse key."""
    return _shortened(hashlib.sha256(collapse_key.encode()).digest())


def _shortened(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest[:_COLLAPSE_BYTES]).decode().rstrip("=")
