"""web-push-testing, a push service and the browsers that subscribe with it, in Node.js. It speaks HTTP/1.1 alone."""

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import urllib3

from pushhub.sends.signing import base64url
from tests.doubles.sending import vapid_account
from tests.peers.installed import node_script, program
from tests.running_upstream import free_port, until

AUTHORITY = "updates.push.services.mozilla.com"
"""In whose name it takes pushes: the hub sends to known push services alone."""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A browser that has subscribed."""

    service: "PushService"
    client: str
    keys: dict[str, str]

    @property
    def push_token(self) -> str:
        return json.dumps({"endpoint": f"https://{AUTHORITY}/notify/{self.client}", "expirationTime": None, "keys": self.keys})

    def shown(self) -> list[Any]:
        """Return what the browser has decrypted so far."""
        told = self.service.ask("/get-notifications", {"clientHash": self.client})
        return [json.loads(message) for message in told["messages"]]

    def unsubscribe(self) -> None:
        self.service.ask(f"/expire-subscription/{self.client}")


@dataclass(frozen=True, slots=True)
class PushService:
    """A push service that runs."""

    port: int

    def ask(self, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        reply = urllib3.request("POST", f"http://127.0.0.1:{self.port}{path}", json=body or {}, timeout=60)
        assert reply.status == 200, reply.data
        return dict(reply.json()["data"]) if reply.data[:1] == b"{" else {}

    def subscribed(self) -> Subscribed:
        """Subscribe a browser with the VAPID key of the tests."""
        key = base64url(vapid_account().key.public_point)
        told = self.ask("/subscribe", {"userVisibleOnly": "true", "applicationServerKey": key})
        return Subscribed(self, told["clientHash"], told["keys"])

    def answer(self, request: bytes) -> bytes:
        """Return its answer to a request, both in the bytes of HTTP/1.1."""
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
            return b"".join(iter(lambda: connection.recv(65_536), b""))


@contextmanager
def push_service() -> Iterator[PushService]:
    """Serve while the body runs."""
    port = free_port()
    script = node_script("web-push-testing/src/bin/server.js")
    process = subprocess.Popen(
        [program("node"), script, str(port)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None
        until(process.stdout.readline)
        yield PushService(port)
    finally:
        process.kill()
        process.communicate()
