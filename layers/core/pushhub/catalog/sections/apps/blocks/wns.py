"""The block `wns`: an app of the Microsoft Store, as Partner Center shows it under "WNS/MPNS"."""

import secrets
from typing import Annotated

from pushhub.catalog.sections.apps.blocks.file_block import FileBlock, Url, text_like
from pushhub.catalog.sections.file_values import Text

_PackageSid = Annotated[
    Text,
    text_like(
        r"ms-app://s-1-15-2(?:-[0-9]{1,10}){1,15}/?",
        "a package SID, which begins with ms-app://s-1-15-2-,",
    ),
]
_Secret = Annotated[Text, text_like(r"[!-~]{8,256}", "a secret of 8 to 256 characters without blanks")]


class WnsFileBlock(FileBlock):
    """Credentials for WNS."""

    package_sid: _PackageSid
    secret: _Secret
    auth_url: Url | None = None
    """Where bearers are fetched in the place of Microsoft's usual address."""

    def own_settings(self) -> dict[str, str]:
        """Return where bearers are fetched if that is not the usual place."""
        return {"auth_url": self.auth_url} if self.auth_url else {}

    def credentials(self) -> dict[str, str]:
        """Return the package SID and the secret, which belong together."""
        return {"package_sid": self.package_sid, "secret": self.secret}

    @classmethod
    def made_up(cls) -> "WnsFileBlock":
        """Return a block with a throw-away secret."""
        return cls.model_construct(package_sid="ms-app://s-1-15-2-1", secret=secrets.token_urlsafe(24))
