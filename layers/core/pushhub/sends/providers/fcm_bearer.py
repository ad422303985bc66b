"""What lets an app send through FCM?

A service account signs who it is, and Google's authorization server gives a bearer for that, which lives about an hour ("Using
OAuth 2.0 for Server to Server Applications" in `sources.md`).
"""

from dataclasses import dataclass, field
from typing import Final

from pushhub.moments import Seconds
from pushhub.sends.outcomes import RecipientOutcome
from pushhub.sends.port import PushRequest, SendResult
from pushhub.sends.providers.bearer import Bearer, form_request, granted_bearer
from pushhub.sends.signing import SKEW_SECONDS, RsaKey

_SCOPE: Final = "https://www.googleapis.com/auth/firebase.messaging"
_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_MAX_SECONDS: Final = 3_600
"""How long Google lets a signed claim live."""


@dataclass(frozen=True, slots=True)
class FcmAccount:
    """A service account of a Firebase project.

    Attributes:
        project: id of the project; it becomes a step of a path.
        email: the account's `client_email`.
        key: the account's.
        key_id: its `private_key_id`.
        auth_url: its `token_uri`.
        url: takes the place of FCM's own.
    """

    project: str
    email: str
    key: RsaKey = field(repr=False)
    key_id: str
    auth_url: str = "https://oauth2.googleapis.com/token"
    url: str = ""

    @property
    def base_url(self) -> str:
        """Where pushes go, without a slash at the end."""
        return self.url or "https://fcm.googleapis.com"

    def bearer_request(self, now: Seconds) -> PushRequest:
        """Return the request that asks for a bearer."""
        issued = now - SKEW_SECONDS
        claims = {"iss": self.email, "scope": _SCOPE, "aud": self.auth_url, "iat": issued, "exp": issued + _MAX_SECONDS}
        assertion = self.key.jwt(claims, {"typ": "JWT", "kid": self.key_id})
        return form_request(self.auth_url, {"grant_type": _GRANT, "assertion": assertion})

    def read_bearer(self, result: SendResult, now: Seconds) -> Bearer | RecipientOutcome:
        """Return the bearer, or what comes of the recipients that wait for it."""
        return granted_bearer(result, now, "Google refuses the service account")
