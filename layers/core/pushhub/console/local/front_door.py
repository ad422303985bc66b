"""What do clients of the local hub talk to? A proxy in front of the engine that behaves as API Gateway does.

It passes on only requests that have a route, since the engine has paths of its own, such as `/_ministack/reset`. It passes them on
byte for byte. Of a burst, only `REQUESTS_AT_ONCE` reach the engine at one time: the engine starts a worker for each, which takes a
second, 60 MB of memory and 100 MB of disk.
"""

import asyncio
import errno
import io
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from pushhub.console.failure import ConsoleError
from pushhub.console.local.cors import CorsRules
from pushhub.console.local.routes import DOMAIN, Route
from pushhub.console.progress import say
from pushhub.console.terse_log import terse_logger

REQUESTS_AT_ONCE = 8
"""Requests that the engine works on at the same time; others wait."""

BODY_LIMIT = 10 * 2**20
"""Bytes of a request body that API Gateway takes."""

SECONDS_TO_ANSWER_CALLERS = 30
"""API Gateway's limit for a function's answer."""

# RFC 9110, 7.6.1: these hold for one connection alone. Host and Content-Length are set anew, and `Expect` has been answered.
_HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
        *("te", "trailer", "transfer-encoding", "upgrade", "host", "content-length", "expect"),
    }
)
# Headers of the engine's own that API Gateway does not send.
_ENGINE_HEADERS = frozenset({"server", "date"})

# Headers that aiohttp would add; the function sees only those that the client sent.
_NOT_ADDED = (hdrs.USER_AGENT, hdrs.CONTENT_TYPE, hdrs.ACCEPT, hdrs.ACCEPT_ENCODING)


@dataclass(frozen=True, slots=True)
class LoggedResponse:
    """A response, and the remark that its line in the log ends with."""

    response: web.Response
    remark: str = ""


@dataclass(frozen=True, slots=True)
class FrontDoorRules:
    """What the deployed API lets through, and what it tells browsers; without `cors`, nothing."""

    routes: tuple[Route, ...]
    cors: CorsRules | None = None


class FrontDoor:
    """The proxy: one answer for each request."""

    def __init__(self, engine: str, rules: FrontDoorRules, session: aiohttp.ClientSession) -> None:
        """Set up the door.

        Args:
            engine: the engine's address, without a slash at the end.
            rules: those of the deployed API.
            session: connections to the engine.
        """
        self._engine = engine
        self._rules = rules
        self._session = session
        self._slots = asyncio.Semaphore(REQUESTS_AT_ONCE)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request and log it in one line, without query and bodies: they may hold credentials."""
        started = time.monotonic()
        path = request.raw_path.partition("?")[0]
        answer = await self._answer(request, path)
        milliseconds = (time.monotonic() - started) * 1000
        say(f"{request.method} {path} {answer.response.status} {milliseconds:.0f} ms{answer.remark and f' ({answer.remark})'}")
        return answer.response

    async def _answer(self, request: web.Request, path: str) -> LoggedResponse:
        if answered_here := self._answer_without_function(request, path):
            return answered_here
        try:
            # Read before a slot is taken: a slow sender must not keep others out.
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return LoggedResponse(_message(413, "Request Too Long"))
        except web.RequestPayloadError:
            return LoggedResponse(_message(400, "Bad Request"), "broken body")
        except ConnectionError:
            return LoggedResponse(_message(400, "Bad Request"), "the client went away")
        async with self._slots:
            return await self._pass_on(request, body)

    def _answer_without_function(self, request: web.Request, path: str) -> LoggedResponse | None:
        if not request.raw_path.isprintable():
            return LoggedResponse(_message(400, "Bad Request"), "not UTF-8")
        if any(route.takes(request.method, path) for route in self._rules.routes):
            return None
        if self._rules.cors and _is_preflight(request):
            return LoggedResponse(web.Response(status=204, headers=self._rules.cors.of_preflight(request.headers[hdrs.ORIGIN])))
        return LoggedResponse(_message(404, "Not Found"))

    async def _pass_on(self, request: web.Request, body: bytes) -> LoggedResponse:
        try:
            async with self._session.request(
                request.method,
                URL(self._engine + request.raw_path, encoded=True),
                headers=_to_engine(request.headers),
                # As a file: aiohttp warns about large bytes.
                data=io.BytesIO(body) if body else None,
                allow_redirects=False,
                skip_auto_headers=_NOT_ADDED,
            ) as reply:
                content = await reply.read()
        except TimeoutError:
            return LoggedResponse(_message(503, "Service Unavailable"), f"no answer within {SECONDS_TO_ANSWER_CALLERS} s")
        except aiohttp.ClientError as failure:
            return LoggedResponse(_message(500, "Internal Server Error"), f"the engine failed: {type(failure).__name__}")
        if error := _function_error(reply.status, content):
            return LoggedResponse(_message(500, "Internal Server Error"), f"the function failed: {error}")
        headers = _end_to_end(reply.headers)
        for name in _ENGINE_HEADERS:
            headers.popall(name, None)
        if self._rules.cors:
            headers.update(self._rules.cors.of_reply(request.headers.get(hdrs.ORIGIN, "")))
        return LoggedResponse(web.Response(status=reply.status, body=content, headers=headers))


def reserve_port(port: int) -> socket.socket:
    """Bind a port of the loopback interface without listening: clients are refused until the hub is ready.

    Args:
        port: 0 for any free one.

    Raises:
        ConsoleError: it is in use, or not ours to take.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        reserved.bind(("127.0.0.1", port))
    except OSError as failure:
        reserved.close()
        raise _port_error(port, failure) from None
    return reserved


@asynccontextmanager
async def open_door(reserved: socket.socket, engine: str, rules: FrontDoorRules) -> AsyncIterator[None]:
    """Listen while the body runs.

    Args:
        reserved: the bound socket.
        engine: the engine's address.
        rules: those of the deployed API.

    Raises:
        ConsoleError: another process began to listen on the port meanwhile.
    """
    timeout = aiohttp.ClientTimeout(total=SECONDS_TO_ANSWER_CALLERS)
    # A compressed body passes as it is, in both directions.
    async with aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session:
        application = web.Application(client_max_size=BODY_LIMIT)
        application.router.add_route("*", "/{anything:.*}", FrontDoor(engine, rules, session).handle)
        runner = web.AppRunner(application, access_log=None, auto_decompress=False, logger=terse_logger("the front door"))
        await runner.setup()
        try:
            await web.SockSite(runner, reserved).start()
            yield
        except OSError as failure:
            raise _port_error(reserved.getsockname()[1], failure) from None
        finally:
            await runner.cleanup()


def _port_error(port: int, failure: OSError) -> ConsoleError:
    if failure.errno == errno.EADDRINUSE:
        return ConsoleError(f"port {port} is in use; choose another one with --port")
    return ConsoleError(f"port {port} cannot be used: {failure.strerror}")


def _is_preflight(request: web.Request) -> bool:
    """Tell whether a browser asks if it may send a request.

    API Gateway answers that for a path without a route too, but hands it to a route that takes it, as one of `ANY` does.
    Source: <https://github.com/aws/serverless-application-model/issues/1603>.
    """
    return request.method == hdrs.METH_OPTIONS and {hdrs.ORIGIN, hdrs.ACCESS_CONTROL_REQUEST_METHOD} <= request.headers.keys()


def _to_engine(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """Return the headers for the engine, in such a form that the function gets a packed body as it came.

    The engine hands bodies of some types on as text, JSON among them, whatever `Content-Encoding` says; it replaces bytes that are
    not UTF-8. Bodies of types that it does not know it hands on in base64.
    """
    kept = _end_to_end(headers, host=DOMAIN)
    if hdrs.CONTENT_ENCODING in kept and hdrs.CONTENT_TYPE in kept:
        kept[hdrs.CONTENT_TYPE] = f",{kept[hdrs.CONTENT_TYPE]}"
    return kept


def _end_to_end(headers: CIMultiDictProxy[str], **added: str) -> CIMultiDict[str]:
    named = {name.strip().lower() for value in headers.getall(hdrs.CONNECTION, []) for name in value.split(",")}
    dropped = _HOP_BY_HOP | named
    kept = CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in dropped)
    kept.extend(added)
    return kept


def _function_error(status: int, content: bytes) -> str | None:
    """Return the type of the error that a function ended with, None if it answered.

    For a function that failed, ministack replies 502 with the error, API Gateway 500 without it. A 502 that a function itself
    replies has no such body.
    """
    if status != HTTPStatus.BAD_GATEWAY:
        return None
    try:
        error = json.loads(content)
    except ValueError:
        return None
    return str(error["errorType"]) if isinstance(error, dict) and "errorType" in error else None


def _message(status: int, text: str) -> web.Response:
    """Answer as API Gateway itself does."""
    return web.Response(
        status=status, body=json.dumps({"message": text}, separators=(",", ":")).encode(), content_type="application/json"
    )
