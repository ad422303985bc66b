"""How does an instance id say whose instance it is, so that nobody can make one up or alter one?

It is 35 digits in base62, which stand for 26 bytes: the app's push.express id (4), the profile (12), and the beginning of an
HMAC-SHA-256 over both (10). An instance id that was made once opens for ever, even where the profile is gone: clients keep it, and
some of them stop where it is refused. So its key is derived from the first link key of the stack, which no rotation and no
roll-back takes away. It stays the same where that link key is revoked.
"""

import hashlib
import hmac
import json
import string
from typing import Final, NamedTuple, NewType

from pushhub.audience.model import ProfileId
from pushhub.catalog.model import AppId
from pushhub.catalog.secrets import LinkKeyId, Secrets
from pushhub.faults import UnavailableError

InstanceId = NewType("InstanceId", str)
"""The `id` of a registration, which clients call an instance by."""

INSTANCE_ID_CHARACTERS: Final = 35
_PX_ID_BYTES: Final = 4
_PROFILE_BYTES: Final = 12
_SIGNED_BYTES: Final = _PX_ID_BYTES + _PROFILE_BYTES
_SIGNATURE_BYTES: Final = 10
_DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_VALUE_OF: Final = {digit: value for value, digit in enumerate(_DIGITS)}
_FIRST_LINK_KEY: Final = LinkKeyId(1)


class OpenedInstanceId(NamedTuple):
    """What an instance id says: the push.express id of its app, and its profile."""

    px_id: int
    profile: ProfileId


def profile_of_instance(app: AppId, installation: str, ext_id: str) -> ProfileId:
    """Return the profile of an installation: another one for each person that logs in there.

    Args:
        app: the app that is installed.
        installation: `ic_token`, which the client has made up for it.
        ext_id: who is logged in, in the words of the app; empty for nobody.
    """
    identity = json.dumps([app, installation, ext_id]).encode()
    return ProfileId(hashlib.sha256(identity).hexdigest()[: 2 * _PROFILE_BYTES])


def instance_key(secrets: Secrets, stack: str) -> bytes:
    """Return the key of the instance ids of a stack.

    Raises:
        UnavailableError: the secret has no first link key; CloudFormation writes it with the stack.
    """
    link_key = secrets.link_keys.get(_FIRST_LINK_KEY) or secrets.revoked_link_keys.get(_FIRST_LINK_KEY)
    if link_key is None:
        raise UnavailableError("the stack's secret has no link key 1, which instance ids are signed with")
    return hmac.digest(link_key.encode(), b"pushhub instance key\0" + stack.encode(), hashlib.sha256)


def mint_instance_id(key: bytes, px_id: int, profile: ProfileId) -> InstanceId:
    """Return the instance id of a profile.

    Args:
        key: of the stack, by :func:`instance_key`.
        px_id: push.express id of the app, below 2^31.
        profile: 24 lower-case hex digits.
    """
    signed = px_id.to_bytes(_PX_ID_BYTES) + bytes.fromhex(profile)
    return InstanceId(_encoded(int.from_bytes(signed + _signature(key, signed))))


def open_instance_id(key: bytes, text: str) -> OpenedInstanceId | None:
    """Return what an instance id says, None where it is altered, another stack's, or no instance id at all."""
    raw = _decoded(text)
    if raw is None:
        return None
    signed, signature = raw[:_SIGNED_BYTES], raw[_SIGNED_BYTES:]
    if not hmac.compare_digest(signature, _signature(key, signed)):
        return None
    return OpenedInstanceId(int.from_bytes(signed[:_PX_ID_BYTES]), ProfileId(signed[_PX_ID_BYTES:].hex()))


def _signature(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, signed, hashlib.sha256)[:_SIGNATURE_BYTES]


def _encoded(number: int) -> str:
    digits = []
    for _ in range(INSTANCE_ID_CHARACTERS):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


def _decoded(text: str) -> bytes | None:
    """Return the bytes of a text, None where no bytes are written like this."""
    if len(text) != INSTANCE_ID_CHARACTERS or not _VALUE_OF.keys() >= set(text):
        return None
    number = 0
    for digit in text:
        number = number * len(_DIGITS) + _VALUE_OF[digit]
    try:
        return number.to_bytes(_SIGNED_BYTES + _SIGNATURE_BYTES)
    except OverflowError:
        return None
