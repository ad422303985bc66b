"""Does the stand-in of an upstream hear everything, tell it without the token, and misbehave exactly as told?"""

import asyncio
import gzip
import io
import json
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import aiohttp
import pytest
import urllib3
from click.testing import CliRunner
from multidict import CIMultiDict, CIMultiDictProxy

from pushhub.console import recording_server
from pushhub.console.cli import main
from pushhub.console.failure import ConsoleError
from pushhub.console.local.front_door import reserve_port
from pushhub.console.recording_server import ANSWERS, CRYPTO_POST_EVENTS, POST_EVENTS, Arrival, Behaviour, recording
from pushhub.console.upstream import json_line, line

TOKEN = "3LXP2FRcRxJ-secret"
BODY = {"token": TOKEN, "events": 1, "uid": "u1"}
SENT = json.dumps(BODY).encode()
GOOD = b'{"error":0,"error_text":"Successful operation"}'
LINK = "/2ab9162159" + "f0" * 20

WHOLE = {
    "ok": (200, GOOD),
    "error": (200, b'{"error":1,"error_text":"told to fail"}'),
    "refuse": (400, b'{"error":400,"error_text":"told to answer 400"}'),
    "unauthorized": (401, b'{"error":401,"error_text":"told to answer 401"}'),
    "unprocessable": (422, b'{"error":422,"error_text":"told to answer 422"}'),
    "too-many": (429, b'{"error":429,"error_text":"told to answer 429"}'),
    "fail": (500, b'{"error":500,"error_text":"told to answer 500"}'),
    "unavailable": (503, b'{"error":503,"error_text":"told to answer 503"}'),
}
PLAYED_OTHERWISE = {"html", "redirect", "hang", "drop", "drip", "huge"}


@dataclass(frozen=True, slots=True)
class Upstream:
    """A stand-in that listens, and a client of it."""

    url: str
    session: aiohttp.ClientSession
    heard: asyncio.Queue[Arrival]

    def post(
        self, body: bytes = SENT, path: str = POST_EVENTS, **headers: str
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        # As a file: aiohttp warns about large bytes.
        return self.session.post(self.url + path, data=io.BytesIO(body), headers=headers, allow_redirects=False)

    async def answer(self, body: bytes = SENT, path: str = POST_EVENTS) -> tuple[int, bytes]:
        async with self.post(body, path) as reply:
            return reply.status, await reply.read()


@asynccontextmanager
async def _listening(behaviour: Behaviour) -> AsyncIterator[Upstream]:
    heard: asyncio.Queue[Arrival] = asyncio.Queue()
    async with recording(behaviour, heard.put_nowait) as server, aiohttp.ClientSession() as session:
        yield Upstream(server.url, session, heard)


def _with_upstream[Result](scenario: Callable[[Upstream], Awaitable[Result]], behaviour: Behaviour | None = None) -> Result:
    async def run() -> Result:
        async with _listening(behaviour or Behaviour()) as upstream, asyncio.timeout(20):
            return await scenario(upstream)

    return asyncio.run(run())


def _arrival(body: bytes = SENT) -> Arrival:
    at = datetime(2026, 11, 3, 10, 20, 30, 4_500, UTC)
    return Arrival(at, "POST", POST_EVENTS, "", CIMultiDictProxy(CIMultiDict()), body, "ok", 200)


LINK_ARRIVAL = replace(_arrival(b""), method="GET", path=CRYPTO_POST_EVENTS, query=LINK)


# What it answers


def test_every_answer_of_the_table_is_played_below() -> None:
    assert WHOLE.keys() | PLAYED_OTHERWISE == ANSWERS.keys()


@pytest.mark.parametrize("name", WHOLE)
def test_an_event_is_answered_as_told(name: str) -> None:
    async def scenario(upstream: Upstream) -> None:
        async with upstream.post() as reply:
            assert (reply.status, await reply.read()) == WHOLE[name]
            assert reply.content_type == "application/json"
        assert (await upstream.heard.get()).status == WHOLE[name][0]

    _with_upstream(scenario, Behaviour(name))


def test_a_link_is_answered_like_an_event_and_heard_byte_for_byte() -> None:
    async def scenario(upstream: Upstream) -> None:
        async with upstream.session.get(f"{upstream.url}{CRYPTO_POST_EVENTS}?{LINK}") as reply:
            assert (reply.status, await reply.read()) == (200, GOOD)
        arrival = await upstream.heard.get()
        assert (arrival.call, arrival.query, arrival.body) == ("crypto_post_events", LINK, b"")

    _with_upstream(scenario)


def test_an_event_is_heard_with_its_bytes_and_headers() -> None:
    async def scenario(upstream: Upstream) -> None:
        async with upstream.post(gzip.compress(SENT), **{"Content-Encoding": "gzip", "X-Of": "the hub"}):
            arrival = await upstream.heard.get()
        assert (arrival.call, arrival.body, arrival.headers["x-of"]) == ("post_events", SENT, "the hub")

    _with_upstream(scenario)


@pytest.mark.parametrize("path", ["/", "/post_events", POST_EVENTS + "/", CRYPTO_POST_EVENTS, "/prefix" + POST_EVENTS])
def test_another_call_is_not_found_and_is_told_what_there_is(path: str) -> None:
    async def scenario(upstream: Upstream) -> None:
        status, message = await upstream.answer(path=path)
        assert status == 404
        assert f"POST {POST_EVENTS}" in json.loads(message)["message"]
        assert (await upstream.heard.get()).call is None

    _with_upstream(scenario, Behaviour("hang"))


@pytest.mark.parametrize(("body", "encoding"), [(b"a" * (2**20 + 1), "identity"), (b"no gzip", "gzip")])
def test_a_body_that_cannot_be_read_is_refused_and_heard_of(body: bytes, encoding: str, capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(upstream: Upstream) -> None:
        async with upstream.post(body, **{"Content-Encoding": encoding}) as reply:
            assert reply.status == 400
        assert (await upstream.heard.get()).answer == "unreadable"

    _with_upstream(scenario)
    assert "Traceback" not in capsys.readouterr().err


def test_html_looks_like_success_and_is_none() -> None:
    async def scenario(upstream: Upstream) -> None:
        async with upstream.post() as reply:
            assert (reply.status, reply.content_type) == (200, "text/html")

    _with_upstream(scenario, Behaviour("html"))


def test_a_redirect_leads_to_itself() -> None:
    async def scenario(upstream: Upstream) -> None:
        link = f"{CRYPTO_POST_EVENTS}?{LINK}"
        async with upstream.session.get(upstream.url + link, allow_redirects=False) as reply:
            assert (reply.status, reply.headers["location"]) == (302, link)

    _with_upstream(scenario, Behaviour("redirect"))


def test_a_hanging_request_is_heard_and_disturbs_nobody() -> None:
    async def scenario(upstream: Upstream) -> None:
        hanging = asyncio.create_task(upstream.answer())
        assert (await upstream.heard.get()).status is None
        assert await upstream.answer() == (200, GOOD)
        assert not hanging.done()
        hanging.cancel()

    _with_upstream(scenario, Behaviour("hang", first=1))


def test_a_dropped_connection_brings_no_byte(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(upstream: Upstream) -> None:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await upstream.answer()
        assert (await upstream.heard.get()).status is None

    _with_upstream(scenario, Behaviour("drop"))
    assert capsys.readouterr().err == ""


def test_a_drip_begins_at_once_and_goes_on_by_single_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert recording_server.SECONDS_BETWEEN_DRIPS == 1
    monkeypatch.setattr(recording_server, "SECONDS_BETWEEN_DRIPS", 0)

    async def scenario(upstream: Upstream) -> None:
        async with upstream.post() as reply:
            assert reply.status == 200
            chunks = reply.content.iter_chunks()
            assert [await anext(chunks) for _ in range(3)] == [(b" ", True)] * 3

    _with_upstream(scenario, Behaviour("drip"))


def test_a_huge_body_comes_as_fast_as_it_is_read_and_leaves_others_their_turn(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(upstream: Upstream) -> None:
        async with upstream.post() as reply:
            assert await reply.content.readexactly(2**24) == b" " * 2**24
            assert await upstream.answer() == (200, GOOD)

    _with_upstream(scenario, Behaviour("huge", first=1))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ["hang", "huge", "drip"])
def test_a_client_that_goes_away_disturbs_nobody(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    half = f"POST {POST_EVENTS} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{{".encode()

    async def scenario(upstream: Upstream) -> None:
        for sent in (half, half + b"}"):
            _, writer = await asyncio.open_connection("127.0.0.1", int(upstream.url.rpartition(":")[2]))
            writer.write(sent)
            await writer.drain()
            if sent != half:
                assert (await upstream.heard.get()).answer == name
            writer.transport.abort()
        assert await upstream.answer() == (200, GOOD)
        assert (await upstream.heard.get()).answer == "ok"

    _with_upstream(scenario, Behaviour(name, first=1))
    assert capsys.readouterr().err == ""


# When it answers so


def test_only_the_first_calls_are_answered_badly_and_strangers_do_not_count() -> None:
    async def scenario(upstream: Upstream) -> list[int]:
        paths = [POST_EVENTS, "/", POST_EVENTS, POST_EVENTS, POST_EVENTS]
        return [(await upstream.answer(path=path))[0] for path in paths]

    assert _with_upstream(scenario, Behaviour("fail", first=2)) == [500, 404, 500, 200, 200]


@pytest.mark.parametrize("name", sorted(ANSWERS.keys() - {"ok", "hang", "drop"}))
def test_retry_after_comes_with_each_answer_but_a_good_one(name: str) -> None:
    async def scenario(upstream: Upstream) -> None:
        async with upstream.post() as reply:
            assert reply.headers["retry-after"] == "7"
        async with upstream.post() as reply:
            assert "retry-after" not in reply.headers

    _with_upstream(scenario, Behaviour(name, first=1, retry_after=7))


def test_a_delayed_answer_is_heard_of_before_it_is_given() -> None:
    async def scenario(upstream: Upstream) -> float:
        started = asyncio.get_running_loop().time()
        delayed = asyncio.create_task(upstream.answer())
        await upstream.heard.get()
        assert not delayed.done()
        assert await delayed == (200, GOOD)
        return asyncio.get_running_loop().time() - started

    assert _with_upstream(scenario, Behaviour(delay=0.05)) >= 0.05


def test_connections_are_kept() -> None:
    with _running() as command, urllib3.HTTPConnectionPool("127.0.0.1", command.port) as pool:
        for _ in range(3):
            assert pool.request("POST", POST_EVENTS, body=SENT).status == 200
        assert pool.num_connections == 1


# What it tells


def test_a_person_reads_everything_but_the_token() -> None:
    assert line(_arrival()) == 'post_events {"token":"…","events":1,"uid":"u1"} → 200'


def test_a_person_reads_what_was_played() -> None:
    assert line(replace(_arrival(b"{}"), answer="hang", status=None)) == "post_events {} → no answer (hang)"
    assert line(replace(_arrival(b"{}"), answer="html")) == "post_events {} → 200 (html)"
    assert line(replace(_arrival(), path="/x", answer="not-found", status=404)) == "POST /x → 404"


def test_a_link_is_cut_for_a_person_and_whole_in_json() -> None:
    assert line(LINK_ARRIVAL) == f"crypto_post_events {LINK[:24]}… → 200"
    assert line(replace(LINK_ARRIVAL, query="/2ab9")) == "crypto_post_events /2ab9 → 200"
    assert json.loads(json_line(LINK_ARRIVAL)) == {
        "at": "2026-11-03T10:20:30.004Z",
        "call": "crypto_post_events",
        "link": LINK,
        "answered": 200,
        "answer": "ok",
    }


def test_json_tells_tokens_apart_without_them() -> None:
    assert json.loads(json_line(_arrival())) == {
        "at": "2026-11-03T10:20:30.004Z",
        "call": "post_events",
        "body": {"events": 1, "uid": "u1"},
        "token_sha256": "16d285",
        "answered": 200,
        "answer": "ok",
    }


def test_a_missing_token_is_none() -> None:
    for body in (b"{}", b'{"token": null}'):
        assert json.loads(json_line(_arrival(body)))["token_sha256"] is None
    assert line(_arrival(b'{"token": null}')) == 'post_events {"token":null} → 200'


@pytest.mark.parametrize(
    "body",
    [
        SENT,
        json.dumps({"event": BODY}).encode(),
        json.dumps([BODY]).encode(),
        json.dumps({"token": [TOKEN]}).encode(),
        SENT[:-1],
        f'{{"token": "{TOKEN}'.encode(),
        f"events=1&token={TOKEN}&uid=u1".encode(),
        f"<xml><events>1</events><token>{TOKEN}</token></xml>".encode(),
        b"\xff" + SENT,
        b"[" * 200_000 + SENT,
    ],
)
@pytest.mark.parametrize("shown", [line, json_line])
def test_no_token_is_ever_told(shown: Callable[[Arrival], str], body: bytes) -> None:
    told = shown(_arrival(body))
    assert "secret" not in told
    assert "\n" not in told


def test_a_body_that_is_no_json_is_told_as_text_that_is_not_long() -> None:
    assert line(_arrival(b"a\n\xff")) == r"post_events 'a\n\\xff' → 200"
    assert line(_arrival(b"a" * 999)) == f"post_events '{'a' * 200}…' → 200"
    assert json.loads(json_line(_arrival(b"a\n")))["body"] == "a\n"


@pytest.mark.parametrize(
    "arrival",
    [
        _arrival('{"uid": "\\u001b[2J\u202e\\ud800"}'.encode()),
        _arrival(b"\x1b[2J"),
        replace(LINK_ARRIVAL, query="/\x9b2J"),
        replace(_arrival(), path="/\udcff\x1b"),
    ],
)
def test_what_a_caller_sends_cannot_steer_the_terminal(arrival: Arrival) -> None:
    assert line(arrival).isprintable()
    assert json_line(arrival).isprintable()


# The command


@dataclass(frozen=True, slots=True)
class Command:
    """A `pushhub upstream` that listens."""

    process: subprocess.Popen[str]
    first_line: str

    @property
    def url(self) -> str:
        (url,) = re.findall(r"http://127\.0\.0\.1:\d+", self.first_line)
        return str(url)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def next_line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; give the exit code and what was said on stderr."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=20)
        return self.process.returncode, said


@contextmanager
def _running(*options: str) -> Iterator[Command]:
    with subprocess.Popen(
        [sys.executable, "-m", "pushhub.console.cli", "upstream", "--port", "0", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        try:
            yield Command(process, process.stdout.readline())
        finally:
            process.kill()


def _post(url: str) -> int:
    return urllib3.request("POST", url + POST_EVENTS, body=SENT, retries=False, timeout=20).status


def test_the_command_prints_its_url_and_each_request_and_at_the_end_a_count() -> None:
    with _running("--answer", "fail", "--first", "1") as command:
        assert command.first_line == f"{command.url}\n"
        assert [_post(command.url) for _ in range(3)] == [500, 200, 200]
        told = 'post_events {"token":"…","events":1,"uid":"u1"} → '
        assert [command.next_line() for _ in range(3)] == [f"{told}500 (fail)\n", f"{told}200\n", f"{told}200\n"]
        assert command.end() == (
            0,
            "the upstream listens; Ctrl-C stops it\nstopped; 3 requests, 2 of them answered well\n",
        )


def test_with_json_every_line_is_an_object() -> None:
    with _running("--json", "--delay", "1", "--retry-after", "1") as command:
        assert json.loads(command.first_line) == {"listening": command.url}
        assert _post(command.url) == 200
        told = json.loads(command.next_line())
        assert abs(datetime.fromisoformat(told["at"]) - datetime.now(UTC)).total_seconds() < 60
        assert (told["call"], told["answered"]) == ("post_events", 200)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name", ["hang", "huge"])
def test_a_signal_stops_the_command_at_once_whatever_a_request_waits_for(name: str, number: signal.Signals) -> None:
    with _running("--answer", name) as command:
        # Its reply is never read, if there is one.
        with asyncio.Runner() as runner:
            _, writer = runner.run(asyncio.open_connection("127.0.0.1", command.port))
            writer.write(f"POST {POST_EVENTS} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(SENT)}\r\n\r\n".encode() + SENT)
            assert command.next_line().endswith(f"({name})\n")
            code, said = command.end(number)
            writer.transport.abort()
        assert code == 0
        assert said.endswith("stopped; 1 requests, 0 of them answered well\n")
        assert "Traceback" not in said


def test_a_taken_port_is_one_line() -> None:
    with reserve_port(0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        result = CliRunner().invoke(main, ["upstream", "--port", str(port)])
    assert (result.exit_code, result.output) == (1, f"Error: port {port} is in use; choose another one with --port\n")


def test_a_taken_port_is_a_console_error_in_process_too() -> None:
    async def run(port: int) -> None:
        async with recording(Behaviour(), lambda _: None, port):
            pass

    with reserve_port(0) as taken:
        taken.listen()
        with pytest.raises(ConsoleError, match="is in use"):
            asyncio.run(run(taken.getsockname()[1]))


@pytest.mark.parametrize("options", [["--answer", "nonsense"], ["--delay", "-1"], ["--first", "x"], ["--port", "70000"]])
def test_wrong_use_exits_with_2(options: list[str]) -> None:
    assert CliRunner().invoke(main, ["upstream", *options]).exit_code == 2
