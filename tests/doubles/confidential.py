"""What a run has used that nobody may read: push tokens, endpoints of browsers, credentials, and what was signed with them.

A run gathers all of it in one :class:`Confidential`; then everything that the run has logged, counted, put into queues, stored as
an example or answered is searched for each, in every form in which texts are written.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, quote_plus

from pushhub.sends.port import PushRequest

_SHORT: Final = 8
"""A shorter text is no secret: it may stand anywhere by chance."""
_PUBLIC: Final = frozenset({"key_id", "team_id", "project_id", "client_email", "email", "auth_url", "token_uri", "subject"})
"""Members of credentials that say who somebody is, and open nothing."""


@dataclass
class Confidential:
    """What a run has used, each with words for it, since a test that fails may not print it either."""

    used: dict[str, str] = field(default_factory=dict)

    def add(self, what: str, text: str) -> None:
        if len(text) >= _SHORT:
            self.used[text] = what

    def add_push_token(self, push_token: str) -> None:
        """Add a push token; of a browser's subscription its endpoint and keys, too."""
        self.add("a push token", push_token)
        for name, text in _texts(_document(push_token)):
            self.add(f"{name} of a browser's subscription", text)

    def add_credentials(self, credentials: Mapping[str, Any]) -> None:
        """Add what stands in the secret of apps, or in a block of a catalog file, however deep."""
        for name, text in _texts(credentials):
            if name not in _PUBLIC:
                self.add(f"{name} of an app's credentials", text)

    def add_requests(self, requests: Iterable[PushRequest]) -> None:
        """Add what was sent: headers that authorize, bodies, and paths, which hold push tokens."""
        for request in requests:
            self.add("the URL of a push", request.url)
            for name, value in request.headers.items():
                if name.lower() == "authorization":
                    self.add("what authorizes a push", value.partition(" ")[2] or value)

    def found_in(self, text: str) -> set[str]:
        """Return which of it stand whole in a text, in words."""
        return {what for secret, what in self.used.items() if any(form in text for form in _forms(secret))}

    def assert_absent(self, **texts: str) -> None:
        """Check that none of it stands in texts, which are named for the message."""
        assert self.used, "nothing was gathered, so nothing can be found"
        found = {name: sorted(self.found_in(text)) for name, text in texts.items()}
        assert not any(found.values()), {name: what for name, what in found.items() if what}


def _forms(secret: str) -> set[str]:
    raw = secret.encode()
    return {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(json.dumps(secret)[1:-1])[1:-1],
        repr(secret)[1:-1],
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    }


def _document(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _texts(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text of a document with the name that it has; a text that is a document itself is looked into, too."""
    match value:
        case str():
            yield name, value
            if value.startswith("{"):
                yield from _texts(_document(value), name)
        case Mapping():
            for key, inner in value.items():
                yield from _texts(inner, str(key))
        case list() | tuple():
            for inner in value:
                yield from _texts(inner, name)
        case _:
            pass
