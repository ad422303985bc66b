"""Does the front door pass on what it should, as it came, and answer the rest as API Gateway would?"""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser

import pytest

from pushhub.console.failure import ConsoleError
from pushhub.console.local.front_door import BODY_LIMIT, REQUESTS_AT_ONCE, open_door, reserve_port
from pushhub.console.local.routes import Route

_ROUTES = (Route("POST", "/push"), Route("GET", "/events"), Route("ANY", "/things/{thing}/{rest+}"))


@dataclass(frozen=True, slots=True)
class Received:
    """A request or reply, as its bytes came."""

    first_line: str
    headers: Message
    body: bytes


@dataclass(slots=True)
class Engine:
    """An upstream that notes each request byte for byte and answers as told."""

    reply: bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
    received: list[Received] = field(default_factory=list)
    inside: int = 0
    most_inside: int = 0
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    full: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await _read(reader):
            self.received.append(request)
            self.inside += 1
            self.most_inside = max(self.most_inside, self.inside)
            if self.inside == REQUESTS_AT_ONCE:
                self.full.set()
            await self.may_answer.wait()
            self.inside -= 1
            writer.write(self.reply)
            await writer.drain()
        writer.close()


@dataclass(frozen=True, slots=True)
class Door:
    """An open front door with an engine behind it."""

    port: int
    engine: Engine

    async def send(self, request: bytes) -> Received:
        """Send the bytes of one request and read the reply."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        reply = await _read(reader)
        writer.close()
        await writer.wait_closed()
        assert reply is not None
        return reply


async def _read(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first_line, _, rest = head.partition(b"\r\n")
    headers = BytesParser().parsebytes(rest)
    return Received(first_line.decode("latin-1"), headers, await reader.readexactly(int(headers.get("content-length", "0"))))


@asynccontextmanager
async def _open(engine: Engine) -> AsyncIterator[Door]:
    async with await asyncio.start_server(engine.serve, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with reserve_port(0) as reserved:
            async with open_door(reserved, address, _ROUTES):
                yield Door(reserved.getsockname()[1], engine)
        engine.may_answer.set()
        server.close_clients()


def _with_door[Result](scenario: Callable[[Door], Awaitable[Result]], engine: Engine | None = None) -> Result:
    async def run() -> Result:
        behind = engine or Engine()
        behind.may_answer.set()
        async with _open(behind) as door:
            return await scenario(door)

    return asyncio.run(run())


def _request(line: str, *headers: str, body: bytes = b"") -> bytes:
    length = [f"Content-Length: {len(body)}"] if body else []
    head = [f"{line} HTTP/1.1", "Host: example.com", *length, *headers, "", ""]
    return "\r\n".join(head).encode("latin-1") + body


def _forwarded(request: bytes) -> Received:
    async def scenario(door: Door) -> Received:
        await door.send(request)
        return door.engine.received[0]

    return _with_door(scenario)


def _answer(request: bytes, engine: Engine | None = None) -> tuple[str, bytes]:
    async def scenario(door: Door) -> tuple[str, bytes]:
        reply = await door.send(request)
        return reply.first_line.split()[1], reply.body

    return _with_door(scenario, engine)


@pytest.mark.parametrize(
    "target",
    [
        "/events?/2ab9abcdef",
        "/events?%2F2ab9&a=1&a=2&&b",
        "/events?a=%zz%e4+b;c",
        "/things/a%2Fb/../c//d?x=/?y",
        "//events",
    ],
)
def test_path_and_query_arrive_byte_for_byte(target: str) -> None:
    assert _forwarded(_request(f"GET {target}")).first_line == f"GET {target} HTTP/1.1"


@pytest.mark.parametrize("body", [b'{"a": "\xff\xfe"}', bytes(range(256)), gzip.compress(b"{}", mtime=0), b""])
def test_bodies_arrive_byte_for_byte(body: bytes) -> None:
    request = _request("POST /push", "Content-Type: application/json", "Content-Encoding: gzip", body=body)
    received = _forwarded(request)
    assert received.body == body
    assert received.headers["content-encoding"] == "gzip"


def test_headers_of_one_connection_stay_behind_and_nothing_is_added() -> None:
    received = _forwarded(_request("GET /events", "Connection: keep-alive, X-Hop", "X-Hop: 1", "TE: trailers", "X-End: 1"))
    assert sorted(name.lower() for name in received.headers) == ["host", "x-end"]
    assert received.headers["host"] == "hub.local"


@pytest.mark.parametrize(
    "line",
    [
        "GET /push",
        "POST /push/",
        "OPTIONS /push",
        "GET /",
        "GET /health",
        "GET /_localstack/health",
        "POST /_ministack/reset",
        "GET //_ministack/health",
        "GET /things/one",
    ],
)
def test_what_has_no_route_is_not_found_and_never_reaches_the_engine(line: str) -> None:
    async def scenario(door: Door) -> None:
        reply = await door.send(_request(line))
        assert (reply.first_line, reply.body) == ("HTTP/1.1 404 Not Found", b'{"message":"Not Found"}')
        assert reply.headers["content-type"] == "application/json"
        assert not door.engine.received

    _with_door(scenario)


def test_the_functions_reply_passes_as_it_is() -> None:
    body = gzip.compress(b"hello")
    head = (
        b"HTTP/1.1 302 Found\r\nlocation: /x\r\nset-cookie: a=1\r\nset-cookie: b=2\r\ncontent-encoding: gzip\r\nserver: engine\r\n"
    )
    engine = Engine(head + b"content-length: %d\r\n\r\n" % len(body) + body)

    async def scenario(door: Door) -> Received:
        return await door.send(_request("GET /events"))

    reply = _with_door(scenario, engine)
    assert (reply.first_line, reply.body) == ("HTTP/1.1 302 Found", body)
    assert reply.headers.get_all("set-cookie") == ["a=1", "b=2"]
    assert reply.headers["content-encoding"] == "gzip"
    assert reply.headers["server"] != "engine"


def test_a_body_over_the_limit_is_refused() -> None:
    assert _answer(_request("POST /push", body=b"a" * BODY_LIMIT))[0] == "200"
    assert _answer(_request("POST /push", body=b"a" * (BODY_LIMIT + 1))) == ("413", b'{"message":"Request Too Long"}')


def _reply_502(content: object) -> Engine:
    body = json.dumps(content).encode()
    return Engine(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: %d\r\n\r\n" % len(body) + body)


def test_a_crash_of_the_function_is_an_internal_error_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    engine = _reply_502({"errorType": "ValueError", "errorMessage": "a secret"})
    assert _answer(_request("POST /push"), engine) == ("500", b'{"message":"Internal Server Error"}')
    said = capsys.readouterr().err
    assert "(the function failed: ValueError)" in said
    assert "secret" not in said


def test_a_502_of_the_functions_own_passes() -> None:
    assert _answer(_request("POST /push"), _reply_502({"message": "mine"})) == ("502", b'{"message": "mine"}')


def test_a_dead_engine_is_an_internal_error() -> None:
    async def run() -> Received:
        with reserve_port(0) as nobody, reserve_port(0) as reserved:
            async with open_door(reserved, f"http://127.0.0.1:{nobody.getsockname()[1]}", _ROUTES):
                return await Door(reserved.getsockname()[1], Engine()).send(_request("POST /push"))

    assert asyncio.run(run()).body == b'{"message":"Internal Server Error"}'


def test_the_log_has_a_line_for_each_request_without_its_query_and_body(capsys: pytest.CaptureFixture[str]) -> None:
    _answer(_request("POST /push?token=secret", body=b"secret"))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("POST /push 200 ")
    assert line.endswith(" ms")


def test_a_burst_waits_at_the_gate() -> None:
    async def scenario(door: Door) -> None:
        door.engine.may_answer.clear()
        async with asyncio.TaskGroup() as burst:
            replies = [burst.create_task(door.send(_request("POST /push"))) for _ in range(3 * REQUESTS_AT_ONCE)]
            await door.engine.full.wait()
            # Once this one is answered, the door has had its turn to read the others.
            assert (await door.send(_request("GET /nowhere"))).body == b'{"message":"Not Found"}'
            door.engine.may_answer.set()
        assert {reply.result().first_line for reply in replies} == {"HTTP/1.1 200 OK"}
        assert door.engine.most_inside == REQUESTS_AT_ONCE

    _with_door(scenario)


def test_a_client_that_goes_away_disturbs_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(door: Door) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(_request("POST /push", body=b"whole")[:-1])
        await writer.drain()
        writer.transport.abort()
        assert (await door.send(_request("POST /push"))).first_line == "HTTP/1.1 200 OK"

    _with_door(scenario)
    assert "Traceback" not in capsys.readouterr().err


def test_nobody_is_let_in_before_the_door_opens() -> None:
    async def run() -> None:
        with reserve_port(0) as reserved:
            await Door(reserved.getsockname()[1], Engine()).send(_request("GET /events"))

    with pytest.raises(ConnectionRefusedError):
        asyncio.run(run())


def test_a_taken_port_is_refused_in_one_line() -> None:
    with reserve_port(0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConsoleError, match=rf"^port {port} is in use; choose another one with --port$"):
            reserve_port(port)
