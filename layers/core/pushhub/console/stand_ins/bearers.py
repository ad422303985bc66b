"""Which bearers has a stand-in given, and is that of a push one of them?"""

import secrets
from typing import Final

from pushhub.console.stand_ins.arrivals import ArrivedRequest, AuthorizationFault, provider_json
from pushhub.moments import Milliseconds
from pushhub.sends.port import ProviderReply

_SCHEME: Final = "bearer "


class GivenBearers:
    """The bearers that one provider has given."""

    def __init__(self, prefix: str, seconds: int) -> None:
        """Give bearers that begin with a prefix, and are good for so many seconds."""
        self._prefix = prefix
        self._seconds = seconds
        self._until: dict[str, Milliseconds] = {}

    def give(self, now: Milliseconds) -> ProviderReply:
        """Return the reply that gives a new one, which is said to end a second before it does."""
        self._until = {bearer: until for bearer, until in self._until.items() if until > now}
        bearer = f"{self._prefix}{secrets.token_urlsafe(24)}"
        self._until[bearer] = Milliseconds(now + self._seconds * 1000)
        return provider_json(200, {"access_token": bearer, "expires_in": self._seconds - 1, "token_type": "Bearer"})

    def fault(self, request: ArrivedRequest, now: Milliseconds) -> AuthorizationFault | None:
        """Return what is wrong with the bearer of a push."""
        scheme, bearer = request.authorization[: len(_SCHEME)], request.authorization[len(_SCHEME) :]
        if scheme.lower() != _SCHEME:
            return AuthorizationFault("no bearer")
        until = self._until.get(bearer)
        if until is None:
            return AuthorizationFault("a bearer that was not given here")
        return AuthorizationFault("the bearer is over", old=True) if until <= now else None
