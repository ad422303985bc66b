"""What lets an app send through the Windows Push Notification Services?

Microsoft's authorization server gives a bearer for the app's package SID and secret, which lives a day ("Push notification service
request and response headers" in `sources.md`).
"""

from dataclasses import dataclass, field
from typing import Final

from pushhub.moments import Seconds
from pushhub.sends.outcomes import RecipientOutcome
from pushhub.sends.port import PushRequest, SendResult
from pushhub.sends.providers.bearer import Bearer, form_request, granted_bearer

_SCOPE: Final = "notify.windows.com"


@dataclass(frozen=True, slots=True)
class WnsAccount:
    """How an app of the Microsoft Store is known to WNS.

    Attributes:
        package_sid: its package security identifier, which begins with `ms-app://`.
        secret: its application secret.
        auth_url: where bearers are given.
        url: takes the place of every channel's origin, which then stands in the header `host`.
    """

    package_sid: str
    secret: str = field(repr=False)
    auth_url: str = "https://login.live.com/accesstoken.srf"
    url: str = ""

    def bearer_request(self, _now: Seconds) -> PushRequest:
        """Return the request that asks for a bearer."""
        form = {"client_id": self.package_sid, "client_secret": self.secret, "scope": _SCOPE}
        return form_request(self.auth_url, {"grant_type": "client_credentials", **form})

    def read_bearer(self, result: SendResult, now: Seconds) -> Bearer | RecipientOutcome:
        """Return the bearer, or what comes of the recipients that wait for it."""
        return granted_bearer(result, now, "Microsoft refuses the package SID, or its secret")
