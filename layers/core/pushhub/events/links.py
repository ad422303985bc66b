"""How does a link say which push was delivered or opened, so that nobody can make one up or alter one?

The opaque part of a link is unpadded base64url of four parts: format (1 byte), key id (1 byte), purpose (1 byte), and the uid and
launch encrypted with AES-SIV. AES-SIV authenticates the stack, format, key id and purpose too. It needs no nonce (RFC 5297): the
same push and purpose always give the same link, and a key may make any number of links. Links do not expire.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from pushhub.catalog.secrets import LinkKeyId, Secrets
from pushhub.events.command import LINK_PATH, Happening, RecordEvent
from pushhub.text import has_control_character

MAX_LINK_CHARACTERS: Final = 512
"""Bound of a whole link: both links of a push have to fit into the 4 KiB of its payload."""
MAX_UID_BYTES: Final = 200
MAX_LAUNCH_BYTES: Final = 100
_FORMAT: Final = 1
_HEADER_BYTES: Final = 3
_PURPOSES: Final = {Happening.DELIVERED: b"a", Happening.OPENED: b"o"}
"""The vendor's names of the two links of a push are `ack` and `open`."""
_HAPPENINGS: Final = {purpose: happening for happening, purpose in _PURPOSES.items()}


class LinkError(ValueError):
    """A link cannot be made of what was given; the text says why."""


@dataclass(frozen=True, slots=True)
class HubLinks:
    """The two links that a push carries as `hub_link`."""

    ack: str
    open: str


def mint_links(base_url: str, stack: str, secrets: Secrets, uid: str, launch: str | None = None) -> HubLinks:
    """Return the links of one push to one device.

    Args:
        base_url: the hub's, without a slash at the end.
        stack: name of the hub's stack; another stack does not open the links.
        secrets: the newest of their link keys is used.
        uid: identity of the push.
        launch: what statistics count its events for; None takes what the uid says.

    Raises:
        LinkError: the uid or the launch is empty, too long or holds a control character, or a link would be too long.
    """
    for name, text, most in (("uid", uid, MAX_UID_BYTES), ("launch", launch, MAX_LAUNCH_BYTES)):
        if text is not None and not 1 <= (size := _size(name, text)) <= most:
            raise LinkError(f"{name} has {size} bytes; 1 to {most} are expected")
        if text is not None and has_control_character(text):
            raise LinkError(f"{name} holds a control character")
    key_id = secrets.minting_link_key
    if key_id is None:
        raise LinkError("the stack's secret has no link key")
    content = json.dumps([uid] if launch is None else [uid, launch], ensure_ascii=False, separators=(",", ":")).encode()
    ack, opened = (
        base_url + LINK_PATH + _encrypted(content, stack, key_id, secrets.link_keys[key_id], _PURPOSES[purpose])
        for purpose in (Happening.DELIVERED, Happening.OPENED)
    )
    if len(opened) > MAX_LINK_CHARACTERS:
        raise LinkError(f"a link would have {len(opened)} characters; at most {MAX_LINK_CHARACTERS} are made")
    return HubLinks(ack, opened)


def _size(name: str, text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise LinkError(f"{name} is not valid Unicode") from None


def open_link(opaque: str, stack: str, key_of: Callable[[LinkKeyId], str | None]) -> RecordEvent | None:
    """Return what a link of ours reports, None where it is altered, another stack's, or no link at all.

    Args:
        opaque: what follows the slash.
        stack: name of this hub's stack.
        key_of: returns the link key with an id, None if there is none.
    """
    raw = _decoded(opaque)
    if raw is None or len(raw) <= _HEADER_BYTES or raw[0] != _FORMAT:
        return None
    key_id, purpose = LinkKeyId(raw[1]), raw[2:_HEADER_BYTES]
    key = key_of(key_id)
    if key is None or purpose not in _HAPPENINGS:
        return None
    try:
        content = _cipher(key).decrypt(raw[_HEADER_BYTES:], _associated_data(stack, raw[:_HEADER_BYTES]))
    except InvalidTag:
        return None
    uid, *launch = json.loads(content)
    return RecordEvent(_HAPPENINGS[purpose], uid, launch_of_link=launch[0] if launch else None)


def _encrypted(content: bytes, stack: str, key_id: LinkKeyId, key: str, purpose: bytes) -> str:
    header = bytes([_FORMAT, key_id]) + purpose
    return _encoded(header + _cipher(key).encrypt(content, _associated_data(stack, header)))


def _associated_data(stack: str, header: bytes) -> list[bytes]:
    """Return what AES-SIV authenticates besides the encrypted content."""
    return [b"pushhub link", stack.encode(), header]


@lru_cache(maxsize=8)
def _cipher(key: str) -> AESSIV:
    """Derive the 64 bytes of AES-256-SIV from a link key; the label keeps them apart from anything else derived from that key."""
    return AESSIV(hmac.digest(key.encode(), b"pushhub link key", hashlib.sha512))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes | None:
    """Read base64url back if it is written as `_encoded` writes it: decoders ignore some bits of the last character."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if _encoded(raw) == text else None
