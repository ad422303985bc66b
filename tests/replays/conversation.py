"""What the vendor's SDKs talk to in these tests: the front door of a local hub, with both functions of their calls behind it.

Routes and what browsers are told are those of the template. The audience and the queue of events are in memory.
"""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from typing import Any

import pytest

from pushhub.console.local.cors import CorsRules
from pushhub.console.local.front_door import FrontDoorRules, open_door, reserve_port
from pushhub.console.local.routes import Route
from tests.doubles.functions import load_handler, wiring_of
from tests.doubles.gateway import Gateway, Handler
from tests.doubles.http1_server import listening
from tests.doubles.push_express import SdkHub
from tests.template import expanded_template

ORIGIN = "https://shop.example.com"
"""The pages of it may call the hub from a browser."""
RESOURCES = {"PushexpressInstances": "pushexpress_instances", "PushexpressDeviceEvents": "pushexpress_device_events"}
"""What the template calls the two functions, and the names of their folders."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as a client reads it."""

    status: int
    headers: Message
    body: bytes

    @property
    def successful(self) -> bool:
        """Whether clients call it a success: `isSuccessful`, `ok`, `IsSuccessStatusCode`."""
        return 200 <= self.status < 300

    @property
    def json(self) -> Any:
        """What stands in the body."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A hub that listens, and what it holds."""

    port: int
    hub: SdkHub

    def send(self, head: str, body: str = "") -> Reply:
        """Send the bytes of one request and read its reply.

        Args:
            head: request line and headers, one a line; `{length}` stands for the size of the body in bytes.
            body: as it is sent, in UTF-8.
        """
        content = body.encode()
        lines = [line.replace("{length}", str(len(content))) for line in head.strip().splitlines()]
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection, connection.makefile("rb") as stream:
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + content)
            status = int(stream.readline().split()[1])
            headers = BytesParser().parsebytes(b"".join(iter(stream.readline, b"\r\n")))
            return Reply(status, headers, stream.read(int(headers.get("content-length", "0"))))


@contextmanager
def a_hub(monkeypatch: pytest.MonkeyPatch, hub: SdkHub) -> Iterator[Conversation]:
    """Serve while the body runs."""
    template = expanded_template()["Resources"]
    for function, endpoint in (("pushexpress_instances", hub.instances), ("pushexpress_device_events", hub.device_events)):
        monkeypatch.setattr(wiring_of(function), "endpoint", lambda endpoint=endpoint: endpoint)
    handlers: dict[Route, Handler] = {}
    for resource, function in RESOURCES.items():
        handler = load_handler(function).handler
        for event in template[resource]["Properties"]["Events"].values():
            handlers[Route(event["Properties"]["Method"], event["Properties"]["Path"])] = handler

    def handler_of(method: str, path: str) -> Handler:
        # API Gateway prefers the more specific route.
        taking = [route for route in handlers if route.takes(method, path)]
        return handlers[min(taking, key=lambda route: route.path.endswith("+}"))]

    told = template["Api"]["Properties"]["CorsConfiguration"]["Fn::If"][1]
    cors = CorsRules(
        (ORIGIN,), tuple(told["AllowMethods"]), tuple(told["AllowHeaders"]), tuple(told["ExposeHeaders"]), told["MaxAge"]
    )
    with listening(Gateway(handler_of)) as engine, _door(engine.url(""), FrontDoorRules(tuple(handlers), cors)) as port:
        yield Conversation(port, hub)


@contextmanager
def _door(engine: str, rules: FrontDoorRules) -> Iterator[int]:
    """Hold the front door open in a thread of its own; give its port."""
    loop, opened, reserved = asyncio.new_event_loop(), threading.Event(), reserve_port(0)
    closing = asyncio.Event()

    async def hold() -> None:
        async with open_door(reserved, engine, rules):
            opened.set()
            await closing.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(hold(),))
    thread.start()
    assert opened.wait(30)
    try:
        yield reserved.getsockname()[1]
    finally:
        loop.call_soon_threadsafe(closing.set)
        thread.join()
        loop.close()
