"""Does the front door pass on what it should, as it came, and answer the rest as API Gateway would?"""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email.message import Message
from email.parser import BytesParser

import pytest

from pushhub.console.failure import ConsoleError
from pushhub.console.local.cors import CorsRules
from pushhub.console.local.front_door import BODY_LIMIT, REQUESTS_AT_ONCE, FrontDoorRules, open_door, reserve_port
from pushhub.console.local.routes import Route

_RULES = FrontDoorRules((Route("POST", "/push"), Route("GET", "/events"), Route("ANY", "/things/{thing}/{rest+}")))
_SHOP = "https://shop.example.com"
_WITH_CORS = replace(_RULES, cors=CorsRules((_SHOP, "http://localhost:3000"), ("POST",), ("content-type",), ("x-request-id",), 60))


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
async def _open(engine: Engine, rules: FrontDoorRules) -> AsyncIterator[Door]:
    async with await asyncio.start_server(engine.serve, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with reserve_port(0) as reserved:
            async with open_door(reserved, address, rules):
                yield Door(reserved.getsockname()[1], engine)
        engine.may_answer.set()
        server.close_clients()


def _with_door[Result](
    scenario: Callable[[Door], Awaitable[Result]], engine: Engine | None = None, rules: FrontDoorRules = _RULES
) -> Result:
    async def run() -> Result:
        behind = engine or Engine()
        behind.may_answer.set()
        async with _open(behind, rules) as door:
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


@pytest.mark.parametrize("kind", ["application/json", "text/plain; charset=utf-8", "application/xml"])
def test_a_packed_body_is_given_to_the_engine_as_a_type_that_it_does_not_take_for_text(kind: str) -> None:
    packed = _forwarded(_request("POST /push", f"Content-Type: {kind}", "Content-Encoding: gzip", body=b"packed"))
    plain = _forwarded(_request("POST /push", f"Content-Type: {kind}", body=b"plain"))
    assert (packed.headers["content-type"], plain.headers["content-type"]) == (f",{kind}", kind)
    assert "content-type" not in _forwarded(_request("POST /push", "Content-Encoding: gzip", body=b"packed")).headers


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
            async with open_door(reserved, f"http://127.0.0.1:{nobody.getsockname()[1]}", _RULES):
                return await Door(reserved.getsockname()[1], Engine()).send(_request("POST /push"))

    assert asyncio.run(run()).body == b'{"message":"Internal Server Error"}'


def test_the_log_has_a_line_for_each_request_without_its_query_and_body(capsys: pytest.CaptureFixture[str]) -> None:
    _answer(_request("POST /push?token=secret", body=b"secret"))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("POST /push 200 ")
    assert line.endswith(" ms")


def _cross_origin(line: str, *headers: str) -> Received:
    async def scenario(door: Door) -> Received:
        reply = await door.send(_request(line, *headers))
        assert len(door.engine.received) == (1 if line.startswith("POST") else 0)
        return reply

    return _with_door(scenario, rules=_WITH_CORS)


def _told(reply: Received) -> dict[str, str]:
    return {name.lower(): value for name, value in reply.headers.items() if name.lower().startswith("access-control")}


_PREFLIGHT = ("Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type")


@pytest.mark.parametrize("path", ["/push", "/nowhere"])
def test_a_preflight_is_answered_without_a_function(path: str) -> None:
    reply = _cross_origin(f"OPTIONS {path}", f"Origin: {_SHOP}", *_PREFLIGHT)
    assert (reply.first_line, reply.body) == ("HTTP/1.1 204 No Content", b"")
    assert _told(reply) == {
        "access-control-allow-origin": _SHOP,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type",
        "access-control-max-age": "60",
    }


@pytest.mark.parametrize(
    "origin", ["https://shop.example.com.evil.example", "http://shop.example.com", "https://shop.example.com:8443", "null", "*", ""]
)
def test_another_origin_is_told_nothing(origin: str) -> None:
    preflight = _cross_origin("OPTIONS /push", f"Origin: {origin}", *_PREFLIGHT)
    assert (preflight.first_line, _told(preflight)) == ("HTTP/1.1 204 No Content", {})
    assert _told(_cross_origin("POST /push", f"Origin: {origin}")) == {}


def test_a_reply_to_an_allowed_origin_may_be_read_by_its_page() -> None:
    reply = _cross_origin("POST /push", "Origin: http://localhost:3000")
    assert reply.body == b"{}"
    told = {"access-control-allow-origin": "http://localhost:3000", "access-control-expose-headers": "x-request-id"}
    assert _told(reply) == told
    assert _told(_cross_origin("POST /push")) == {}


@pytest.mark.parametrize("headers", [(), (f"Origin: {_SHOP}",), _PREFLIGHT])
def test_an_options_request_that_is_no_preflight_has_no_route(headers: tuple[str, ...]) -> None:
    assert _cross_origin("OPTIONS /push", *headers).first_line == "HTTP/1.1 404 Not Found"


@pytest.mark.parametrize("route", [Route("ANY", "/{proxy+}"), Route("ANY", "$default"), Route("OPTIONS", "/push")])
def test_a_preflight_goes_to_the_route_that_takes_it_as_at_api_gateway(route: Route) -> None:
    async def scenario(door: Door) -> None:
        reply = await door.send(_request("OPTIONS /push", f"Origin: {_SHOP}", *_PREFLIGHT))
        assert (reply.first_line, reply.body) == ("HTTP/1.1 200 OK", b"{}")
        assert [one.first_line for one in door.engine.received] == ["OPTIONS /push HTTP/1.1"]

    _with_door(scenario, rules=replace(_WITH_CORS, routes=(route,)))


def test_without_cors_no_origin_is_told_anything() -> None:
    async def scenario(door: Door) -> None:
        preflight = await door.send(_request("OPTIONS /push", f"Origin: {_SHOP}", *_PREFLIGHT))
        assert (preflight.first_line, _told(preflight)) == ("HTTP/1.1 404 Not Found", {})
        assert _told(await door.send(_request("POST /push", f"Origin: {_SHOP}"))) == {}

    _with_door(scenario)


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
