"""What lets an app send through FCM?

A service account signs who it is, and Google's authorization server gives a bearer for that, which lives about an hour ("Using
OAuth 2.0 for Server to Server Applications" in `sources.md`). The request and the reading of its reply stand here, without I/O.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from pushhub.moments import Seconds
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.port import MaybeSent, ProviderReply, PushRequest, SendResult
from pushhub.sends.replies import READ_HEADERS, code_word, json_object, result_outcome, status_outcome
from pushhub.sends.signing import SKEW_SECONDS, RsaKey

_SCOPE: Final = "https://www.googleapis.com/auth/firebase.messaging"
_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_MAX_SECONDS: Final = 3_600
"""How long Google lets a signed claim live."""
_BEARER: Final = re.compile(r"[!-~]{1,8192}")
"""What may stand in a header."""


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


@dataclass(frozen=True, slots=True)
class FcmBearer:
    """What FCM takes until a moment, which is a little before the bearer's end."""

    text: str = field(repr=False)
    until: Seconds


def bearer_request(account: FcmAccount, now: Seconds) -> PushRequest:
    """Return the request that asks for a bearer."""
    issued = now - SKEW_SECONDS
    claims = {"iss": account.email, "scope": _SCOPE, "aud": account.auth_url, "iat": issued, "exp": issued + _MAX_SECONDS}
    body = urlencode({"grant_type": _GRANT, "assertion": account.key.jwt(claims, {"typ": "JWT", "kid": account.key_id})}).encode()
    return PushRequest(account.auth_url, {"content-type": "application/x-www-form-urlencoded"}, body, READ_HEADERS)


def read_bearer(result: SendResult, now: Seconds) -> FcmBearer | RecipientOutcome:
    """Return the bearer, or what comes of the recipients that wait for it: a retry, or credentials that are bad."""
    if isinstance(result, ProviderReply) and result.status == HTTPStatus.OK:
        return _bearer(result, now) or _NOT_GOOGLES
    # Nothing was pushed, whatever became of the request.
    outcome = result_outcome(result, lambda reply: _refusal(reply, now))
    return (
        replace(outcome, outcome=Outcome.RETRY) if isinstance(result, MaybeSent) or outcome.outcome == Outcome.UNKNOWN else outcome
    )


def _bearer(reply: ProviderReply, now: Seconds) -> FcmBearer | None:
    document = json_object(reply.body)
    text, seconds = document.get("access_token"), document.get("expires_in")
    if not isinstance(text, str) or not _BEARER.fullmatch(text) or type(seconds) is not int or seconds <= SKEW_SECONDS:
        return None
    return FcmBearer(text, Seconds(now + seconds - SKEW_SECONDS))


def _refusal(reply: ProviderReply, now: Seconds) -> RecipientOutcome:
    outcome = status_outcome(reply, now, _BY_STATUS)
    return replace(outcome, code=code_word(json_object(reply.body).get("error")) or outcome.code)


_NOT_GOOGLES: Final = RecipientOutcome(Outcome.RETRY, code="200", reason="the answer to the request for a bearer holds none")
_ACCOUNT_REFUSED: Final = RecipientOutcome(Outcome.CREDENTIALS_BAD, reason="Google refuses the service account")
_BY_STATUS: Final[Mapping[int, RecipientOutcome]] = dict.fromkeys(
    (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND), _ACCOUNT_REFUSED
)
