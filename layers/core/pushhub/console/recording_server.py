"""What does an upstream get, and what does it answer? A server that stands in for one, and behaves as well or badly as it is to.

It knows the two calls that events are forwarded by, at the vendor's paths. It hands each request on as it came, with the upstream
token in it.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import hdrs, web
from multidict import CIMultiDictProxy

from pushhub.console.local.front_door import reserve_port
from pushhub.console.terse_log import terse_logger

POST_EVENTS = "/api/v1.1/pushes/post_events"
CRYPTO_POST_EVENTS = "/api/v1.1/pushes/crypto_post_events"
CALLS = {("POST", POST_EVENTS): "post_events", ("GET", CRYPTO_POST_EVENTS): "crypto_post_events"}
"""The calls that an upstream answers, and their names; any other method and path is answered 404."""

SECONDS_BETWEEN_DRIPS = 1

type _Respond = Callable[[web.BaseRequest, Mapping[str, str]], Awaitable[web.StreamResponse]]
"""Answers a request, with these headers among the answer's."""


@dataclass(frozen=True, slots=True)
class ScriptedAnswer:
    """One way to answer."""

    status: int | None
    """None if there is no answer at all."""
    respond: _Respond


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How an upstream answers the two calls."""

    answer: str = "ok"
    """A name in `ANSWERS`."""
    first: int | None = None
    """How many calls get that answer before all others get `ok`; None for all calls."""
    delay: float = 0
    """Seconds before each answer."""
    retry_after: int | None = None
    """Seconds, for the header `Retry-After` of each answer but `ok`."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request as it came, and the answer to it."""

    at: datetime
    method: str
    path: str
    query: str
    """Byte for byte: the opaque part of a link is in it."""
    headers: CIMultiDictProxy[str]
    body: bytes = field(repr=False)
    answer: str
    """A name in `ANSWERS`, `not-found`, or `unreadable`."""
    status: int | None
    """The status of the answer; None if there is no answer."""

    @property
    def call(self) -> str | None:
        """The name of the call, if it is one of an upstream's."""
        return CALLS.get((self.method, self.path))


class RecordingServer:
    """The upstream: hands each request on, and answers as its behaviour says."""

    def __init__(self, url: str, behaviour: Behaviour, heard: Callable[[Arrival], None]) -> None:
        """Set up the upstream.

        Args:
            url: where it listens, without a slash at the end.
            behaviour: how it answers.
            heard: is called with each request that has come whole, before it is answered.
        """
        self.url = url
        self.requests = 0
        self.answered_well = 0
        self._behaviour = behaviour
        self._heard = heard
        self._left = behaviour.first

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        name, body = await self._read(request)
        answer = _ALL[name]
        path, _, query = request.raw_path.partition("?")
        self.requests += 1
        self._heard(Arrival(datetime.now(UTC), request.method, path, query, request.headers, body, name, answer.status))
        if self._behaviour.delay:
            await asyncio.sleep(self._behaviour.delay)
        good = name == "ok"
        self.answered_well += good
        after = self._behaviour.retry_after
        return await answer.respond(request, {} if good or after is None else {hdrs.RETRY_AFTER: str(after)})

    async def _read(self, request: web.BaseRequest) -> tuple[str, bytes]:
        """Return the name of the answer, and the body."""
        try:
            body = await request.read()
        except (web.HTTPRequestEntityTooLarge, web.RequestPayloadError):
            return "unreadable", b""
        if (request.method, request.raw_path.partition("?")[0]) not in CALLS:
            return "not-found", body
        return self._next_answer(), body

    def _next_answer(self) -> str:
        if self._left is None:
            return self._behaviour.answer
        if self._left == 0:
            return "ok"
        self._left -= 1
        return self._behaviour.answer


@asynccontextmanager
async def recording(behaviour: Behaviour, heard: Callable[[Arrival], None], port: int = 0) -> AsyncIterator[RecordingServer]:
    """Listen on 127.0.0.1 while the body runs; at its end, every connection is cut, even one that waits.

    Args:
        behaviour: how requests are answered.
        heard: is called with each request; `list.append` keeps them.
        port: 0 for any free one.

    Raises:
        ConsoleError: the port is in use, or not ours to take.
    """
    with reserve_port(port) as reserved:
        recorder = RecordingServer(f"http://127.0.0.1:{reserved.getsockname()[1]}", behaviour, heard)
        # A request that hangs ends with its client.
        server = web.Server(recorder.handle, handler_cancellation=True, access_log=None, logger=terse_logger("the upstream"))
        runner = web.ServerRunner(server, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.SockSite(runner, reserved).start()
            yield recorder
        finally:
            for connection in server.connections:
                # Not `close`, which would wait for a client that does not read.
                if connection.transport:
                    connection.transport.abort()
            await runner.cleanup()


def _whole(status: int, content: bytes, content_type: str = "application/json") -> ScriptedAnswer:
    async def respond(_: web.BaseRequest, headers: Mapping[str, str]) -> web.Response:
        return web.Response(status=status, body=content, content_type=content_type, headers=headers)

    return ScriptedAnswer(status, respond)


def _result(status: int, error: int, text: str) -> ScriptedAnswer:
    return _whole(status, json.dumps({"error": error, "error_text": text}, separators=(",", ":")).encode())


def _failure(status: int) -> ScriptedAnswer:
    return _result(status, status, f"told to answer {status}")


def _message(status: int, text: str) -> ScriptedAnswer:
    return _whole(status, json.dumps({"message": text}).encode())


async def _to_itself(request: web.BaseRequest, headers: Mapping[str, str]) -> web.Response:
    return web.Response(status=302, headers={**headers, hdrs.LOCATION: request.raw_path})


async def _never(_request: web.BaseRequest, _headers: Mapping[str, str]) -> web.Response:
    never: asyncio.Future[web.Response] = asyncio.get_running_loop().create_future()
    return await never


async def _cut(request: web.BaseRequest, _: Mapping[str, str]) -> web.Response:
    if request.transport:
        request.transport.abort()
    # aiohttp needs a response, although there is no connection left to send it on.
    return web.Response()


def _endless(chunk: bytes, pause: Callable[[], float]) -> ScriptedAnswer:
    async def respond(request: web.BaseRequest, headers: Mapping[str, str]) -> web.StreamResponse:
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "application/json", **headers})
        # aiohttp logs a client that goes away in the middle as an error of ours.
        with suppress(ConnectionError):
            await response.prepare(request)
            while True:
                await response.write(chunk)
                # A write to a client that keeps up does not wait, so this gives other requests their turn, even without a pause.
                await asyncio.sleep(pause())
        return response

    return ScriptedAnswer(200, respond)


ANSWERS: Mapping[str, ScriptedAnswer] = {
    "ok": _result(200, 0, "Successful operation"),
    "error": _result(200, 1, "told to fail"),
    "html": _whole(200, b"<!doctype html><title>Sorry</title><p>We will be back soon.", "text/html"),
    "refuse": _failure(400),
    "unauthorized": _failure(401),
    "unprocessable": _failure(422),
    "too-many": _failure(429),
    "fail": _failure(500),
    "unavailable": _failure(503),
    "redirect": ScriptedAnswer(302, _to_itself),
    "hang": ScriptedAnswer(None, _never),
    "drop": ScriptedAnswer(None, _cut),
    # Blanks: JSON may begin with any number of them.
    "drip": _endless(b" ", lambda: SECONDS_BETWEEN_DRIPS),
    "huge": _endless(b" " * 2**16, lambda: 0),
}
"""What an upstream can be told to do with a call."""

_ALL: Mapping[str, ScriptedAnswer] = {
    **ANSWERS,
    "not-found": _message(404, "this upstream knows " + " and ".join(f"{method} {path}" for method, path in CALLS)),
    "unreadable": _message(400, "the body cannot be read, or is larger than 1 MiB"),
}
