"""Requests that leave the hub, against real servers on this machine: good ones, bad ones, and ones it must not reach."""

import asyncio
import gc
import gzip
import os
import resource
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pycurl
import pytest

from pushhub.adapters.curl import exchange as outbound
from pushhub.adapters.curl.exchange import CurlExchange
from pushhub.adapters.curl.transfers import BoundedReply
from pushhub.console.recording_server import ANSWERS, Arrival, Behaviour, recording
from pushhub.outgoing.calls import MAX_REPLY_BYTES, RETRY_AFTER, SECONDS_TO_ANSWER, Call, CallReply, NoReply
from tests.doubles.certificates import Certificate, certify
from tests.doubles.http1_server import RawServer, answer, listening

SHORT = 0.3
"""Seconds to answer, where a server never does."""
LONG = 20.0
"""Seconds to answer, where it does; a slow machine must not fail a test."""
TOKEN, LINK = "secret-token-of-the-upstream", "link-that-is-a-credential-itself"
POSTED = f'{{"token":"{TOKEN}","uid":"u"}}'.encode()
ENCODINGS = b"Accept-Encoding: deflate, gzip, br\r\n"
POST_PATH, LINK_PATH = "/api/v1.1/pushes/post_events", f"/api/v1.1/pushes/crypto_post_events?/{LINK}"


def _exchange(*, allow_local: bool = True, seconds: float = LONG) -> CurlExchange:
    return CurlExchange(allow_local=allow_local, seconds_to_answer=seconds)


def _one(exchange: CurlExchange, call: Call) -> CallReply | NoReply:
    (result,) = exchange([call])
    return result


def _no_reply(result: CallReply | NoReply, *, unreachable: bool) -> str:
    assert isinstance(result, NoReply)
    assert result.unreachable is unreachable
    assert TOKEN not in result.reason
    assert LINK not in result.reason
    return result.reason


def _post(url: str, body: bytes = POSTED) -> Call:
    return Call(url, "POST", {"Content-Type": "application/json"}, body, frozenset({RETRY_AFTER}))


def _good(_request: bytes) -> bytes:
    return answer(body=b"good")


@dataclass
class StandIn:
    """The stand-in of an upstream, in a thread."""

    url: str = ""
    arrivals: list[Arrival] = field(default_factory=list)


@contextmanager
def _standing_in(behaviour: Behaviour) -> Iterator[StandIn]:
    stand_in, ready = StandIn(), threading.Event()
    loop, ended = asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        async with recording(behaviour, stand_in.arrivals.append) as server:
            stand_in.url = server.url
            ready.set()
            await ended.wait()

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        thread = threading.Thread(target=runner.run, args=(serve(),))
        thread.start()
        assert ready.wait(20)
        try:
            yield stand_in
        finally:
            loop.call_soon_threadsafe(ended.set)
            thread.join()


@pytest.fixture
def good() -> Iterator[RawServer]:
    with listening(_good) as server:
        yield server


# What is sent


def test_a_post_is_exactly_this(good: RawServer) -> None:
    body = b'{"uid":"' + "é\U0001f600".encode() + bytes(range(256)) + b'"}'
    assert _one(_exchange(), _post(good.url("/a/b"), body)) == CallReply(200, b"good")
    assert good.requests == [
        b"POST /a/b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: pushhub\r\nAccept: */*\r\n%b"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (good.port, ENCODINGS, len(body), body)
    ]


@pytest.mark.parametrize(
    "opaque", ["f" * 16, "-_" * 1024, "Zz09-_" * 10, "/%2F", "a%20b", "=", "a&b=c", "%41", "//", "../..", "a?b"]
)
def test_a_get_has_the_opaque_part_byte_for_byte(good: RawServer, opaque: str) -> None:
    path = f"/api/v1.1/pushes/crypto_post_events?/{opaque}"
    assert _one(_exchange(), Call(good.url(path))) == CallReply(200, b"good")
    assert good.requests == [
        b"GET %b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: pushhub\r\nAccept: */*\r\n%b\r\n"
        % (path.encode(), good.port, ENCODINGS)
    ]


@pytest.mark.parametrize("body", [b"", b"\0", b"x" * 2_000_000])
def test_a_body_of_any_size_is_sent_whole_and_at_once(good: RawServer, body: bytes) -> None:
    assert _one(_exchange(), _post(good.url(), body)) == CallReply(200, b"good")
    head, _, sent = good.requests[0].partition(b"\r\n\r\n")
    assert sent == body
    assert b"Expect" not in head
    assert head.startswith(b"POST ")


def test_a_get_after_a_post_on_the_same_handle_is_bare(good: RawServer) -> None:
    exchange = _exchange()
    exchange([_post(good.url())])
    exchange([Call(good.url("/bare"))])
    assert good.requests[1] == (
        b"GET /bare HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: pushhub\r\nAccept: */*\r\n%b\r\n" % (good.port, ENCODINGS)
    )


def test_headers_are_sent_as_they_are_and_in_their_order(good: RawServer) -> None:
    headers = {"apns-topic": "app", "Authorization": f"Bearer {TOKEN}", "A": 'b,  c; d="e"'}
    exchange = _exchange()
    exchange([Call(good.url("/1"), headers=headers), Call(good.url("/2"), "POST", headers, b"x")])
    own = b'apns-topic: app\r\nAuthorization: Bearer %b\r\nA: b,  c; d="e"\r\n' % TOKEN.encode()
    sent = b"Accept: */*\r\n" + ENCODINGS + own
    assert {request[: request.index(b" ")]: request[request.index(b"Accept") :] for request in good.requests} == {
        b"GET": sent + b"\r\n",
        b"POST": sent + b"Content-Length: 1\r\n\r\nx",
    }
    exchange([Call(good.url("/bare"))])
    assert TOKEN.encode() not in good.requests[2]


@pytest.mark.parametrize("body", [None, b"x"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("A", "b\r\nX: y"),
        ("A", "b\n"),
        ("A", "b\0"),
        ("A", "é"),
        ("A", ""),
        ("A", " "),
        ("A", " b"),
        ("", "b"),
        ("A:", "b"),
        ("A b", "c"),
        ("A\n", "b"),
    ],
)
def test_a_header_that_is_none_is_an_outcome_and_the_others_of_the_batch_are_sent(
    good: RawServer, name: str, value: str, body: bytes | None
) -> None:
    bad = Call(good.url("/bad"), headers={name: value, "Authorization": TOKEN}, body=body)
    first, refused, last = _exchange()([Call(good.url("/1")), bad, Call(good.url("/2"))])
    _no_reply(refused, unreachable=False)
    assert first == last == CallReply(200, b"good")
    assert len(good.requests) == 2


def test_no_credential_stands_in_what_is_printed_of_a_call() -> None:
    shown = repr(Call(f"https://up.example/{LINK}", "POST", {"Authorization": TOKEN}, POSTED))
    assert LINK not in shown
    assert TOKEN not in shown


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:{}/é", "http://127.0.0.1:{}/\0", "http://127.0.0.1:{}/ a", "http://127.0.0.1:{}/\r\nX: y", "http://a b/"],
)
def test_a_url_that_is_none_is_an_outcome_and_the_others_of_the_batch_are_sent(good: RawServer, url: str) -> None:
    exchange = _exchange()
    first, bad, last = exchange([Call(good.url("/1")), Call(url.format(good.port) + LINK), Call(good.url("/2"))])
    _no_reply(bad, unreachable=False)
    assert first == last == CallReply(200, b"good")
    assert len(good.requests) == 2
    assert exchange([Call(good.url())] * 3) == [CallReply(200, b"good")] * 3


# At once, and over the same connections


def test_a_batch_is_sent_all_at_once() -> None:
    all_there = threading.Barrier(10)

    def together(_request: bytes) -> bytes:
        all_there.wait(LONG)
        return answer()

    with listening(together) as server:
        assert _exchange()([_post(server.url())] * 10) == [CallReply(200)] * 10


def test_answers_come_in_the_order_of_the_calls_whichever_is_first() -> None:
    turns = [threading.Event() for _ in range(10)]

    def backwards(request: bytes) -> bytes:
        number = int(request.split()[1].strip(b"/"))
        if number < 9:
            turns[number + 1].wait(LONG)
        turns[number].set()
        return answer(body=b"%d" % number)

    with listening(backwards) as server:
        results = _exchange()([Call(server.url(f"/{number}")) for number in range(10)])
    assert results == [CallReply(200, b"%d" % number) for number in range(10)]


def test_connections_are_used_again_by_later_batches(good: RawServer) -> None:
    exchange = _exchange()
    for _ in range(20):
        assert exchange([_post(good.url())] * 3) == [CallReply(200, b"good")] * 3
    assert len(good.requests) == 60
    assert good.connections == 3


def test_nothing_is_sent_for_nothing() -> None:
    assert _exchange()([]) == []


def test_connections_that_the_server_has_closed_meanwhile_are_opened_again() -> None:
    with listening(_good, closes=True) as server:
        exchange = _exchange()
        for _ in range(3):
            assert exchange([_post(server.url())] * 3) == [CallReply(200, b"good")] * 3
            for _ in range(3):
                assert server.closed.acquire(timeout=LONG)
        assert server.connections == 9


def test_a_connection_that_is_closed_as_it_is_used_again_is_no_failure() -> None:
    seen: list[bytes] = []

    def second_time_unlucky(request: bytes) -> bytes | None:
        seen.append(request)
        return None if len(seen) == 2 else answer(body=b"good")

    with listening(second_time_unlucky) as server:
        exchange = _exchange()
        assert [_one(exchange, _post(server.url())) for _ in range(2)] == [CallReply(200, b"good")] * 2
    assert seen[0] == seen[1] == seen[2]


# What comes back


def test_retry_after_is_read() -> None:
    replies = iter(
        [
            answer("503 x", b"", "Retry-After: 120"),
            answer("429 x", b"", "retry-AFTER:\t Fri, 31 Dec 1999 23:59:59 GMT  "),
            answer("500 x", b"", "Retry-After:"),
            answer("500 x", b"", "X-Retry-After: 5", "Retry-After-X: 6"),
            b"HTTP/1.1 503 x\r\nRetry-After: caf\xe9\r\nContent-Length: 0\r\n\r\n",
            answer("200 OK"),
        ]
    )
    with listening(lambda _: next(replies)) as server:
        exchange = _exchange()
        results = [_one(exchange, Call(server.url())) for _ in range(6)]
    assert results == [
        CallReply(503, b"", {RETRY_AFTER: "120"}),
        CallReply(429, b"", {RETRY_AFTER: "Fri, 31 Dec 1999 23:59:59 GMT"}),
        CallReply(500, b"", {RETRY_AFTER: ""}),
        CallReply(500),
        CallReply(503, b"", {RETRY_AFTER: "café"}),
        CallReply(200),
    ]


def test_of_the_headers_of_an_answer_those_are_kept_that_the_caller_reads() -> None:
    reply = answer("200 OK", b"", "APNs-ID: a", "Retry-After: 5", "Other: b", "apns-id: c ")
    with listening(lambda _: reply) as server:
        kept = (frozenset({"apns-id"}), frozenset({"apns-id", "retry-after", "none"}), frozenset[str]())
        results = _exchange()([Call(server.url(), reply_headers=names) for names in kept])
    assert results == [CallReply(200, b"", headers) for headers in ({"apns-id": "c"}, {"apns-id": "c", RETRY_AFTER: "5"}, {})]


@pytest.mark.parametrize("status", [200, 204, 304, 400, 404, 418, 500, 599])
def test_a_status_is_read(status: int) -> None:
    with listening(lambda _: f"HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n".encode()) as server:
        assert _one(_exchange(), Call(server.url())) == CallReply(status)


@pytest.mark.parametrize(
    ("size", "kept"), [(0, 0), (9, 9), *((MAX_REPLY_BYTES + more, MAX_REPLY_BYTES) for more in (0, 1, 5_000_000))]
)
def test_a_body_over_64_kib_is_cut(size: int, kept: int) -> None:
    with listening(lambda _: answer("422 x", b"x" * size, "Retry-After: 9")) as server:
        assert _one(_exchange(), Call(server.url())) == CallReply(422, b"x" * kept, {RETRY_AFTER: "9"})


def test_a_body_in_chunks_is_put_together() -> None:
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 1000 + b"0\r\n\r\n"
    with listening(lambda _: chunks) as server:
        exchange = _exchange()
        assert [_one(exchange, Call(server.url())) for _ in range(2)] == [CallReply(200, b"a" * 1000)] * 2


GOOD = b'{"error":0}'
ENCODED = {
    "gzip": gzip.compress(GOOD),
    "x-gzip": gzip.compress(GOOD),
    "deflate": zlib.compress(GOOD),
    "Deflate": zlib.compress(GOOD)[2:-4],
    # Compressed by brotli: Python cannot.
    "br": bytes.fromhex("0b05807b226572726f72223a307d03"),
    "gzip, gzip": gzip.compress(gzip.compress(GOOD)),
    "identity": GOOD,
    "none": GOOD,
    "": GOOD,
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_a_compressed_body_is_unpacked(encoding: str) -> None:
    with listening(lambda _: answer("200 OK", ENCODED[encoding], f"Content-Encoding: {encoding}")) as server:
        assert _one(_exchange(), Call(server.url())) == CallReply(200, GOOD)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_body_that_unpacks_to_a_hundred_megabytes_is_cut(encoding: str) -> None:
    compress = gzip.compress if encoding == "gzip" else zlib.compress
    bomb = answer("200 OK", compress(b" " * 100_000_000), f"Content-Encoding: {encoding}")
    with listening(lambda _: bomb) as server:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert _one(_exchange(), Call(server.url())) == CallReply(200, b" " * MAX_REPLY_BYTES)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_what_stands_behind_a_compressed_body_is_passed_over() -> None:
    body = gzip.compress(GOOD) + b"<!-- 0.01 s -->"
    with listening(lambda _: answer("200 OK", body, "Content-Encoding: gzip")) as server:
        assert _one(_exchange(), Call(server.url())) == CallReply(200, GOOD)


@pytest.mark.parametrize("encoding", ["utf-8", "gzip", "br", "zstd", "unknown"])
def test_a_url_that_names_a_wrong_encoding_is_taken_at_its_body_from_the_second_answer_on(encoding: str) -> None:
    spoilt = answer("200 OK", GOOD, f"Content-Encoding: {encoding}", "Retry-After: 9")
    with listening(lambda _: spoilt) as server:
        exchange = _exchange()
        calls = [_post(server.url("/wrong?a")), _post(server.url("/wrong?b"))]
        assert exchange(calls) == [CallReply(200, b"", {RETRY_AFTER: "9"})] * 2
        assert exchange(calls) == [CallReply(200, GOOD, {RETRY_AFTER: "9"})] * 2
        assert b"Accept-Encoding" not in server.requests[-1]
        exchange([_post(server.url("/other"))])
        assert ENCODINGS in server.requests[-1]


def test_a_url_that_compresses_all_the_same_is_unpacked_again_after_one_answer() -> None:
    packed = answer("200 OK", gzip.compress(GOOD), "Content-Encoding: gzip")
    answers = iter([answer("200 OK", GOOD, "Content-Encoding: utf-8"), packed, packed, packed])
    with listening(lambda _: next(answers)) as server:
        exchange, call = _exchange(), _post(server.url())
        bodies = [reply.body for _ in range(4) if isinstance(reply := _one(exchange, call), CallReply)]
    assert (bodies[0], bodies[1][:2], bodies[2:]) == (b"", b"\x1f\x8b", [GOOD, GOOD])


@pytest.mark.parametrize("status", [204, 400, 422, 500])
def test_a_status_counts_even_where_the_body_cannot_be_unpacked(status: int) -> None:
    with listening(lambda _: answer(f"{status} x", GOOD if status != 204 else b"", "Content-Encoding: utf-8")) as server:
        assert _one(_exchange(), Call(server.url())) == CallReply(status)


GOOD_BODY = b'{"error":0,"error_text":"Successful operation"}'
PLAYED: dict[str, CallReply] = {
    "ok": CallReply(200, GOOD_BODY),
    "error": CallReply(200, b'{"error":1,"error_text":"told to fail"}', {RETRY_AFTER: "7"}),
    "html": CallReply(200, b"<!doctype html><title>Sorry</title><p>We will be back soon.", {RETRY_AFTER: "7"}),
    "redirect": CallReply(302, b"", {RETRY_AFTER: "7"}),
    "huge": CallReply(200, b" " * MAX_REPLY_BYTES, {RETRY_AFTER: "7"}),
} | {
    name: CallReply(status, b'{"error":%d,"error_text":"told to answer %d"}' % (status, status), {RETRY_AFTER: "7"})
    for name, status in {
        "refuse": 400,
        "unauthorized": 401,
        "unprocessable": 422,
        "too-many": 429,
        "fail": 500,
        "unavailable": 503,
    }.items()
}


@pytest.mark.parametrize("name", PLAYED)
def test_what_the_stand_in_answers_is_what_comes_back(name: str) -> None:
    with _standing_in(Behaviour(name, retry_after=7)) as upstream:
        posted, asked = _exchange()([_post(upstream.url + POST_PATH), Call(upstream.url + LINK_PATH)])
        assert sorted(arrival.method for arrival in upstream.arrivals) == ["GET", "POST"]
    assert PLAYED[name] in (
        posted,
        CallReply(posted.status, b"", {RETRY_AFTER: "7"}) if isinstance(posted, CallReply) and name == "redirect" else posted,
    )
    assert isinstance(asked, CallReply)
    assert asked.status == PLAYED[name].status


@pytest.mark.parametrize("name", ["hang", "drip"])
def test_a_server_that_does_not_come_to_an_end_is_left_in_time(name: str) -> None:
    with _standing_in(Behaviour(name)) as upstream:
        exchange = _exchange(seconds=SHORT)
        seconds = []
        for _ in range(3):
            began = time.monotonic()
            results = exchange([_post(upstream.url + POST_PATH), Call(upstream.url + LINK_PATH)])
            seconds.append(time.monotonic() - began)
            assert all(_no_reply(result, unreachable=True).startswith("no answer in time") for result in results)
    assert SHORT * 0.9 <= min(seconds) < 0.9


def test_a_server_that_drops_connections_is_not_called_unreachable() -> None:
    with _standing_in(Behaviour("drop")) as upstream:
        for result in _exchange()([_post(upstream.url + POST_PATH), Call(upstream.url + LINK_PATH)]):
            assert "the connection" in _no_reply(result, unreachable=False)


def test_every_answer_of_the_stand_in_is_tried() -> None:
    assert {*PLAYED, "hang", "drip", "drop"} == set(ANSWERS)


def test_ten_seconds_are_what_it_waits_for_unless_told_otherwise() -> None:
    assert CurlExchange(allow_local=True)._seconds_to_answer == SECONDS_TO_ANSWER == 10


def test_one_that_hangs_does_not_spoil_the_others_of_its_batch(good: RawServer) -> None:
    with _standing_in(Behaviour("hang")) as upstream:
        first, hung, last = _exchange(seconds=SHORT * 3)([Call(good.url()), _post(upstream.url + POST_PATH), Call(good.url())])
    assert first == last == CallReply(200, b"good")
    _no_reply(hung, unreachable=True)


ODD = {
    "not http": f"{TOKEN} {LINK}\r\n\r\n",
    "no status": f"HTTP/1.1 {TOKEN}\r\n\r\n",
    "status of four digits": "HTTP/1.1 2000 OK\r\n\r\n",
    "another version": f"HTTP/9.9 200 {TOKEN}\r\n\r\n",
    "http 2": f"HTTP/2 200 {TOKEN}\r\nContent-Length: 0\r\n\r\n",
    "odd transfer encoding": f"HTTP/1.1 200 OK\r\nTransfer-Encoding: {TOKEN}-{LINK}\r\n\r\n",
    "odd content encoding": f"HTTP/1.1 200 OK\r\nContent-Encoding: {TOKEN}-{LINK}\r\nContent-Length: 0\r\n\r\n",
    "odd length": f"HTTP/1.1 200 OK\r\nContent-Length: {TOKEN}\r\n\r\n",
    "negative length": "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    "two lengths": "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length beyond all numbers": f"HTTP/1.1 200 OK\r\nContent-Length: {'9' * 99}\r\n\r\n",
    "too short": f"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{TOKEN}",
    "odd chunk": f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{TOKEN}\r\n",
    "no colon": f"HTTP/1.1 200 OK\r\n{TOKEN}{LINK}\r\n\r\n",
    "nul in a header": f"HTTP/1.1 200 OK\r\nX: \0{TOKEN}\r\n\r\n",
    "endless headers": "HTTP/1.1 200 OK\r\n" + f"X: {TOKEN * 100}\r\n" * 500,
    "one endless header": f"HTTP/1.1 200 OK\r\nRetry-After: {TOKEN * 50_000}\r\n\r\n",
    "switching protocols": f"HTTP/1.1 101 {TOKEN}\r\nUpgrade: {TOKEN}\r\n\r\n",
    "only an interim answer": f"HTTP/1.1 103 {TOKEN}\r\nLink: <{LINK}>\r\n\r\n",
    "an odd place": f"HTTP/1.1 302 Found\r\nLocation: ftp://{TOKEN}@{LINK}/\r\nContent-Length: 0\r\n\r\n",
    "authentication": f"HTTP/1.1 401 x\r\nWWW-Authenticate: Negotiate {TOKEN}\r\nContent-Length: 0\r\n\r\n",
    "a cookie": f"HTTP/1.1 200 OK\r\nSet-Cookie: a={TOKEN}\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_answer_is_an_outcome_that_quotes_nothing_and_spoils_nothing(name: str, good: RawServer) -> None:
    with listening(lambda _: ODD[name].encode(), closes=True) as server:
        exchange = _exchange()
        results = exchange([_post(server.url()), Call(server.url(f"/{LINK}")), Call(good.url())])
        for result in results[:2]:
            if isinstance(result, NoReply):
                _no_reply(result, unreachable=False)
            else:
                assert 200 <= result.status <= 599
        assert results[2] == CallReply(200, b"good")
        assert exchange([Call(good.url()), Call(good.url())]) == [CallReply(200, b"good")] * 2
    assert all(TOKEN.encode() not in request and b"ookie" not in request for request in good.requests)


# What is not followed and not used


def test_redirects_are_not_followed(good: RawServer) -> None:
    for status in (301, 302, 303, 307, 308):
        target = good.url()
        with listening(lambda _, s=status, t=target: answer(f"{s} x", b"", f"Location: {t}")) as server:  # type: ignore[misc]
            assert _exchange()([_post(server.url()), Call(server.url())]) == [CallReply(status)] * 2
    assert good.connections == 0


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
def test_proxies_of_the_environment_are_not_used(name: str, good: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for unset in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(unset, raising=False)
    with listening(lambda _: answer("502 Proxied")) as proxy:
        monkeypatch.setenv(name, proxy.url())
        assert _one(_exchange(), Call(good.url())) == CallReply(200, b"good")
        assert proxy.connections == 0


def test_credentials_of_the_environment_are_not_used(good: RawServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text(f"machine 127.0.0.1 login joe password {TOKEN}\ndefault login joe password {TOKEN}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    assert _one(_exchange(), Call(good.url())) == CallReply(200, b"good")
    assert b"Authorization" not in good.requests[0]


# What cannot be reached


@contextmanager
def _closed_port() -> Iterator[int]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_a_closed_port_is_unreachable() -> None:
    with _closed_port() as port:
        for result in _exchange()([_post(f"http://127.0.0.1:{port}/"), Call(f"http://127.0.0.1:{port}{LINK_PATH}")]):
            assert _no_reply(result, unreachable=True).startswith("no connection")


def test_an_unknown_host_is_unreachable() -> None:
    _no_reply(_one(_exchange(), Call(f"http://no-such-host.invalid{LINK_PATH}")), unreachable=True)


def test_where_there_are_no_sockets_left_nothing_is_lost(
    good: RawServer, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    exchange = _exchange()

    def none_left(*_: object) -> socket.socket:
        raise OSError("too many open files")

    with monkeypatch.context() as patched:
        patched.setattr("pushhub.adapters.curl.transfers.socket.socket", none_left)
        results = exchange([_post(good.url())] * 3)
    assert all(_no_reply(result, unreachable=True).startswith("no connection") for result in results)
    assert exchange([_post(good.url())] * 3) == [CallReply(200, b"good")] * 3
    assert not capfd.readouterr().err


# TLS


def _trusting(certificate: Certificate) -> CurlExchange:
    return CurlExchange(allow_local=True, ca_file=str(certificate.file), seconds_to_answer=LONG)


def test_a_host_whose_certificate_is_trusted_is_sent_to_over_connections_that_are_kept(tmp_path: Path) -> None:
    certificate = certify(tmp_path)
    with listening(_good, certificate.context) as server:
        exchange = _trusting(certificate)
        for _ in range(5):
            assert exchange([_post(server.url(host="localhost"))] * 2) == [CallReply(200, b"good")] * 2
        assert server.connections == 2


def test_a_host_whose_certificate_nobody_vouches_for_is_unreachable_and_is_told_nothing(tmp_path: Path) -> None:
    certificate = certify(tmp_path)
    with listening(_good, certificate.context) as server:
        for result in _exchange()([_post(server.url(host="localhost")), Call(server.url(LINK_PATH, "localhost"))]):
            assert _no_reply(result, unreachable=True).startswith("the host's certificate is not valid")
        assert not server.requests


@pytest.mark.parametrize(
    ("dns", "ended", "host"),
    [("localhost", False, "127.0.0.1"), ("up.example", False, "localhost"), ("localhost", True, "localhost")],
)
def test_a_certificate_for_another_host_or_another_time_is_not_valid(tmp_path: Path, dns: str, ended: bool, host: str) -> None:
    certificate = certify(tmp_path, dns=dns, ended=ended)
    with listening(_good, certificate.context) as server:
        result = _one(_trusting(certificate), _post(server.url(host=host)))
        assert _no_reply(result, unreachable=True).startswith("the host's certificate is not valid")
        assert not server.requests


def test_a_certificate_may_be_for_an_address(tmp_path: Path) -> None:
    certificate = certify(tmp_path, address="127.0.0.1")
    with listening(_good, certificate.context) as server:
        assert _one(_trusting(certificate), _post(server.url())) == CallReply(200, b"good")


def test_old_versions_of_tls_are_not_spoken(tmp_path: Path) -> None:
    certificate = certify(tmp_path)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        certificate.context.maximum_version = ssl.TLSVersion.TLSv1_1
    with listening(_good, certificate.context) as server:
        _no_reply(_one(_trusting(certificate), _post(server.url(host="localhost"))), unreachable=True)
        assert not server.requests


def test_what_speaks_no_tls_is_unreachable_by_it() -> None:
    def speak_http(listener: socket.socket) -> None:
        with listener.accept()[0] as connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=speak_http, args=(listener,))
        thread.start()
        result = _one(_exchange(), _post(f"https://127.0.0.1:{listener.getsockname()[1]}/"))
        thread.join()
    assert _no_reply(result, unreachable=True).startswith("no TLS connection")


# What must not be reached


LOCAL = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0.0.0.0",
    "0",
    "127.255.255.254",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fe80::1]",
    "[fc00::1]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "[::ffff:169.254.169.254]",
    "[fd00:ec2::254]",
    "224.0.0.1",
    "255.255.255.255",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
]


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[RawServer]:
    """Give a server that nothing may connect to, on every local address."""
    with listening(_good, certify(tmp_path, address="127.0.0.1").context) as server:
        yield server
        reached = server.connections
        # It listens all right: what connects is seen.
        socket.create_connection(("127.0.0.1", server.port)).close()
        assert server.closed.acquire(timeout=LONG)
        assert (reached, server.connections) == (0, 1)


def _refused(exchange: CurlExchange, url: str) -> None:
    for call in (_post(url), Call(url)):
        assert "is not a public one" in _no_reply(_one(exchange, call), unreachable=True)


@pytest.mark.parametrize("host", LOCAL)
def test_local_addresses_are_refused_before_a_socket_is_opened(host: str, trap: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    exchange = _exchange(allow_local=False)
    with monkeypatch.context() as patched:
        patched.setattr("pushhub.adapters.curl.transfers.socket.socket", lambda *asked: opened.append(asked))
        _refused(exchange, f"https://{host}:{trap.port}/")
    assert not opened


def test_a_name_of_this_machine_that_is_local_is_refused(trap: RawServer) -> None:
    """Names in /etc/hosts; a machine's own may be public, though."""
    hosts = [line.partition("#")[0].split() for line in Path("/etc/hosts").read_text().splitlines()]
    names = {name for address, *names in filter(None, hosts) if address.startswith("127.") for name in names}
    assert "localhost" in names
    for name in names:
        _refused(_exchange(allow_local=False), f"https://{name}:{trap.port}/")


class Resolving(CurlExchange):
    """Finds the addresses of names where a test says; a new answer each time, as one who rebinds names gives."""

    def __init__(self, *answers: Sequence[str]) -> None:
        super().__init__(allow_local=False, seconds_to_answer=SHORT)
        self._answers = iter(answers)

    def _handle(self) -> pycurl.Curl:
        handle = super()._handle()
        handle.setopt(pycurl.RESOLVE, list(next(self._answers)))
        return handle


UNUSED = "3ffe::1"
"""Of a network that was given back, so nobody is there; to all rules it is a public address."""


def test_a_public_name_with_a_local_address_is_refused(trap: RawServer) -> None:
    for address in ("127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254"):
        exchange = Resolving([f"up.example:{trap.port}:{address}"], [f"up.example:{trap.port}:{address}"])
        _refused(exchange, f"https://up.example:{trap.port}/")


def test_a_name_that_is_rebound_to_a_local_address_is_refused(trap: RawServer) -> None:
    at = f"up.example:{trap.port}"
    exchange = Resolving([f"{at}:[{UNUSED}]"], [f"-{at}", f"{at}:127.0.0.1"], [f"-{at}", f"{at}:127.0.0.1"])
    first = _one(exchange, _post(f"https://{at}/"))
    assert "not a public one" not in _no_reply(first, unreachable=True)
    _refused(exchange, f"https://{at}/")


def test_a_name_with_a_public_and_a_local_address_does_not_fall_back_to_the_local_one(trap: RawServer) -> None:
    at = f"up.example:{trap.port}"
    for addresses in (f"[{UNUSED}],127.0.0.1", f"127.0.0.1,[{UNUSED}]"):
        _no_reply(_one(Resolving([f"{at}:{addresses}"]), _post(f"https://{at}/")), unreachable=True)


def test_a_refused_address_is_not_blamed_for_what_went_wrong_at_another_one() -> None:
    transfer = outbound._Transfer(pycurl.Curl(), allow_local=False)
    assert transfer.sockets(0, (socket.AF_INET, socket.SOCK_STREAM, 6, ("10.0.0.1", 443))) == pycurl.SOCKET_BAD
    transfer.end(pycurl.E_GOT_NOTHING, "Empty reply from server")
    assert _no_reply(transfer.result(), unreachable=False).startswith("the connection was closed without an answer")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "up.example", "[3ffe::1]"])
def test_http_is_refused(host: str, trap: RawServer) -> None:
    reason = _no_reply(_one(_exchange(allow_local=False), Call(f"http://{host}:{trap.port}{LINK_PATH}")), unreachable=False)
    assert "http" in reason


@pytest.mark.parametrize("allow_local", [True, False])
@pytest.mark.parametrize("scheme", ["file", "ftp", "gopher", "dict", "ldap", "smtp", "ws", "scp", "tftp", "telnet", "HTTPX"])
def test_no_other_scheme_is_spoken(scheme: str, allow_local: bool, trap: RawServer) -> None:
    url = "file:///etc/hosts" if scheme == "file" else f"{scheme}://127.0.0.1:{trap.port}/"
    _no_reply(_one(_exchange(allow_local=allow_local), Call(url)), unreachable=False)


# When something goes wrong within


def test_an_error_in_a_callback_costs_one_answer_alone(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    right = BoundedReply.write

    def wrong(reply: BoundedReply, chunk: bytes) -> int:
        if b"boom" in chunk:
            raise ZeroDivisionError
        return right(reply, chunk)

    monkeypatch.setattr(BoundedReply, "write", wrong)
    with listening(lambda request: answer(body=b"boom" if b"/boom" in request else b"good")) as server:
        exchange = _exchange()
        calls = [Call(server.url(f"/{name}")) for name in ("1", "boom", "2")]
        for _ in range(3):
            first, spoilt, last = exchange(calls)
            assert first == last == CallReply(200, b"good")
            _no_reply(spoilt, unreachable=False)
    assert "ZeroDivisionError" in capfd.readouterr().err


class Interrupted(CurlExchange):
    """Is interrupted in the middle of its first batch."""

    times = 0

    def _perform(self, transfers: "dict[pycurl.Curl, outbound._Transfer]") -> None:
        self.times += 1
        if self.times == 1:
            self._multi.perform()
            raise KeyboardInterrupt
        super()._perform(transfers)


def test_after_an_interrupted_batch_the_next_one_is_clean(good: RawServer) -> None:
    exchange = Interrupted(allow_local=True, seconds_to_answer=LONG)
    with pytest.raises(KeyboardInterrupt):
        exchange([_post(good.url())] * 3)
    assert exchange([Call(good.url(f"/{number}")) for number in range(3)]) == [CallReply(200, b"good")] * 3
    assert len(exchange._idle) == 3


@pytest.mark.parametrize("name", ["huge", "drip", "hang", "drop"])
def test_a_handle_whose_transfer_was_broken_off_is_clean_the_next_time(name: str, good: RawServer) -> None:
    exchange = _exchange(seconds=SHORT * 2)
    with _standing_in(Behaviour(name, retry_after=5)) as upstream:
        for _ in range(3):
            spoilt = _one(exchange, _post(upstream.url + POST_PATH))
            assert isinstance(spoilt, NoReply) or not spoilt.body.strip()
            assert _one(exchange, Call(good.url())) == CallReply(200, b"good")
    assert len(exchange._idle) == 1


def test_a_refused_address_leaves_nothing_behind_for_the_next_use_of_its_handle() -> None:
    exchange = _exchange(allow_local=False)
    _refused(exchange, "https://127.0.0.1/")
    assert "not a public one" not in _no_reply(_one(exchange, Call("http://127.0.0.1/")), unreachable=False)


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  (a Path would open nothing less)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted by /proc")
def test_a_thousand_calls_leave_no_file_open() -> None:
    gc.collect()
    before = _open_files()
    with listening(_good) as keeping, listening(_good, closes=True) as closing, _closed_port() as port:
        exchange = _exchange()
        calls = [
            Call(keeping.url()),
            Call(closing.url()),
            Call(f"http://127.0.0.1:{port}/"),
            Call("http://\0"),
            Call(keeping.url()),
        ]
        for _ in range(100):
            kept, closed, refused, none, kept_too = exchange(2 * calls)[:5]
            assert kept == closed == kept_too == CallReply(200, b"good")
            assert isinstance(refused, NoReply)
            assert isinstance(none, NoReply)
        assert len(exchange._idle) == 10
        assert keeping.connections <= 10
    del exchange
    gc.collect()
    assert _open_files() == before
