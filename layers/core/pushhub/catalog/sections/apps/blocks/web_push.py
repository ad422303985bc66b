"""The block `web_push`: a VAPID key pair (RFC 8292) for browsers."""

from typing import Annotated

from pydantic import PlainValidator

from pushhub.catalog.sections.apps.blocks.file_block import FileBlock, parsed_by, text_like
from pushhub.catalog.sections.apps.keys import TriedKey, throw_away_p256_key, try_vapid_key
from pushhub.catalog.sections.file_values import Text

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL})+"
_Subject = Annotated[
    Text,
    # Apple refuses a subject at localhost with 403 BadJwtToken, so a host has a dot.
    text_like(
        rf"(?=.{{1,256}}\Z)(?:mailto:[!-?A-~]+@{_HOST}|https://{_HOST}(?::[0-9]{{1,5}})?(?:/[!-~]*)?)",
        "mailto: and an email address, or an https URL, with a host on the public internet and at most 256 characters,",
    ),
]


class WebPushFileBlock(FileBlock):
    """Credentials for Web Push; the subject tells a push service whom to ask about the sender."""

    private_key: Annotated[TriedKey, PlainValidator(parsed_by(try_vapid_key))]
    subject: _Subject

    def own_settings(self) -> dict[str, str]:
        """Return the subject, and the public key, which a page subscribes with (`applicationServerKey`)."""
        return {"subject": self.subject, "public_key": self.private_key.public_point}

    def credentials(self) -> dict[str, str]:
        """Return the private key."""
        return {"private_key": self.private_key.der}

    @classmethod
    def made_up(cls) -> "WebPushFileBlock":
        """Return a block with a throw-away key."""
        return cls.model_construct(private_key=throw_away_p256_key(), subject="mailto:stand-in@example.com")
