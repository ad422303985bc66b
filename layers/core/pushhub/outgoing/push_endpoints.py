"""At which addresses do the push services of browsers and of Windows take pushes?

A browser gives an app the URL of its subscription, Windows a channel URI, and the app gives it to the hub: so anyone can name any
URL. The hub takes those of known services alone, in their plain form.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from pushhub.outgoing.addresses import MAX_URL_CHARACTERS

WINDOWS_HOSTS: Final = "*.notify.windows.com"
PUSH_SERVICES: Final = frozenset(
    {
        "fcm.googleapis.com",
        "updates.push.services.mozilla.com",
        "*.push.services.mozilla.com",
        "*.push.apple.com",
        WINDOWS_HOSTS,
    }
)
"""Hosts of the known services; `*.` stands for one or more labels."""

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_STEP: Final = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
_DOTS: Final = re.compile(r"/(?:\.|%2[eE]){1,2}(?=[/?]|\Z)")
"""Steps of a path that a client would leave out, and so ask for another path."""


# Compiled when it is needed: few push tokens are endpoints, and a cold start pays for what is compiled when modules load.
@cache
def _endpoint() -> re.Pattern[str]:
    host, target = rf"(?i:{_LABEL}(?:\.{_LABEL})+)", rf"(?:/{_STEP}*)+(?:\?(?:{_STEP}|[/?])*)?"
    return re.compile(rf"(?i:https)://(?P<host>{host})(?P<target>{target})", re.ASCII)


class PushEndpointError(ValueError):
    """A text is no endpoint of a known push service; the error says what is wrong, and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class PushEndpoint:
    """Where a push to a browser goes: `host` in lower case, and `target`, the path with the query."""

    host: str
    target: str = field(repr=False)

    @property
    def origin(self) -> str:
        """The endpoint's origin, as VAPID signs it (RFC 8292, 2)."""
        return f"https://{self.host}"

    @property
    def url(self) -> str:
        """The whole endpoint."""
        return self.origin + self.target


def push_endpoint(text: str, more_hosts: Collection[str] = ()) -> PushEndpoint:
    """Read the endpoint of a browser's subscription: https, without a user, a port, a fragment, or a step of dots.

    Args:
        text: anything.
        more_hosts: hosts beside :data:`PUSH_SERVICES`, in lower case; `*.` at the beginning stands for one or more labels.

    Raises:
        PushEndpointError: it is none.
    """
    found = _endpoint().fullmatch(text) if len(text) <= MAX_URL_CHARACTERS else None
    if found is None or _DOTS.search(found["target"].partition("?")[0]):
        raise PushEndpointError(
            "an https URL with a host and a path is expected, without a user, a port, a fragment or steps of dots"
        )
    host = found["host"].lower()
    if not any(_is_of(host, service) for service in (*PUSH_SERVICES, *more_hosts)):
        raise PushEndpointError("its host is not one of the known push services")
    return PushEndpoint(host, found["target"])


def windows_channel(text: str) -> PushEndpoint:
    """Read a channel URI of the Windows Push Notification Services, which is an endpoint at one of their hosts.

    Raises:
        PushEndpointError: it is none.
    """
    endpoint = push_endpoint(text)
    if not _is_of(endpoint.host, WINDOWS_HOSTS):
        raise PushEndpointError("its host is none of the Windows Push Notification Services")
    return endpoint


def _is_of(host: str, service: str) -> bool:
    return host.endswith(service[1:]) if service.startswith("*.") else host == service
