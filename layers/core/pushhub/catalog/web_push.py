"""What do browsers and Windows give an app in the place of a push token?

A browser gives a PushSubscription (W3C, "Push API"), which apps send as JSON. It has an endpoint, which is where the push service
takes pushes for this browser, and two keys to encrypt them with. Windows gives a channel URI, which is an endpoint without keys.
Endpoints come from clients, and the hub sends requests there. So only those of known push services are taken.
"""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from pushhub.outgoing.push_endpoints import PushEndpoint, PushEndpointError, push_endpoint, windows_channel


@dataclass(frozen=True, slots=True)
class PushSubscription:
    """What a browser gives an app; `keys` are `p256dh` and `auth` as they came, None where they are not both there."""

    endpoint: str
    keys: tuple[str, str] | None


def read_push_subscription(text: str) -> PushSubscription | None:
    """Return what a text says as JSON, None where it is no object with an https endpoint of printable ASCII."""
    if not text.startswith("{"):
        return None
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return None
    endpoint = read.get("endpoint")
    if not isinstance(endpoint, str) or not endpoint.startswith("https://"):
        return None
    printable = endpoint.isascii() and endpoint.isprintable() and " " not in endpoint
    return PushSubscription(endpoint, _keys(read.get("keys"))) if printable else None


def _keys(read: object) -> tuple[str, str] | None:
    if not isinstance(read, dict):
        return None
    p256dh, auth = read.get("p256dh"), read.get("auth")
    return (p256dh, auth) if isinstance(p256dh, str) and isinstance(auth, str) and p256dh and auth else None


def is_endpoint(url: str, more_hosts: Collection[str] = ()) -> bool:
    """Say whether a URL is an endpoint of a known push service, or at one of `more_hosts`."""
    return _reads(partial(push_endpoint, more_hosts=more_hosts), url)


def is_channel(url: str) -> bool:
    """Say whether a URL is a channel URI of the Windows Push Notification Services."""
    return _reads(windows_channel, url)


def _reads(read: Callable[[str], PushEndpoint], url: str) -> bool:
    try:
        read(url)
    except PushEndpointError:
        return False
    return True
