"""Pushes that leave the hub, against a real server of HTTP/2 on this machine that refuses, resets, says goodbye and breaks off."""

import errno
import gc
import select
import socket
import ssl
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pycurl
import pytest
from h2.errors import ErrorCodes
from hypothesis import given, settings
from hypothesis import strategies as st

from pushhub.adapters.curl import http2
from pushhub.adapters.curl.http2 import Http2Transport
from pushhub.outgoing.calls import MAX_REPLY_BYTES
from pushhub.sends.port import MaybeSent, NotSent, ProviderReply, PushRequest, SendResult, Transport
from tests.doubles.certificates import certify
from tests.doubles.http1_server import answer, listening
from tests.doubles.http2_server import Arrived, Behaviour, Http2Server, serving

LONG = 20.0
"""Seconds for a batch that ends long before; a slow machine must not fail a test."""
SHORT = 0.3
"""Seconds for a batch that never ends by itself."""
SECRET = "secret-push-token"
BODY = b'{"message":{"token":"secret-push-token"}}'
TAKEN = ProviderReply(200)


def _transport(*, allow_local: bool = True) -> Http2Transport:
    return Http2Transport(allow_local=allow_local)


def _pushes(server: Http2Server, count: int, *, body: bytes = BODY, prefix: str = "/") -> list[PushRequest]:
    return [PushRequest(server.url(f"{prefix}{number}"), {"authorization": SECRET}, body) for number in range(count)]


def _send(transport: Http2Transport, requests: Sequence[PushRequest], seconds: float = LONG) -> Sequence[SendResult]:
    results = transport.send_many(requests, seconds)
    assert len(results) == len(requests)
    assert all(SECRET not in result.reason for result in results if not isinstance(result, ProviderReply))
    return results


def _reasons(results: Sequence[SendResult], kind: type[NotSent | MaybeSent]) -> set[str]:
    assert {type(result) for result in results} == {kind}
    return {result.reason for result in results if isinstance(result, NotSent | MaybeSent)}


def _first(behaviour: Behaviour, then: Behaviour = Arrived.answer) -> Behaviour:
    """Do one thing about the first request, another about those after it."""
    behaviours = [behaviour]
    return lambda arrived: behaviours.pop()(arrived) if behaviours else then(arrived)


def _silent(_arrived: Arrived) -> None:
    """Never answer."""


@pytest.fixture
def good() -> Iterator[Http2Server]:
    with serving() as server:
        yield server


@pytest.fixture(params=["http", "https"])
def warmed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Http2Server, Http2Transport]]:
    """Give a server, and a transport with a connection to it that has answered already, by prior knowledge and over TLS."""
    with _served(tmp_path if request.param == "https" else None) as (server, transport):
        assert _send(transport, _pushes(server, 1, prefix="/before")) == [TAKEN]
        server.arrived.clear()
        yield server, transport


@contextmanager
def _served(folder: Path | None) -> Iterator[tuple[Http2Server, Http2Transport]]:
    certificate = certify(folder, address="127.0.0.1") if folder else None
    if certificate:
        certificate.context.set_alpn_protocols(["h2"])
    with serving(context=certificate.context if certificate else None) as server:
        yield server, Http2Transport(allow_local=True, **({"ca_file": str(certificate.file)} if certificate else {}))


def test_it_is_the_transport_that_sendings_need() -> None:
    transport: Transport = _transport()
    assert transport.send_many([], LONG) == []


# What is sent, and what comes back


def test_a_push_is_exactly_this(good: Http2Server) -> None:
    headers = {"Authorization": "bearer abc", "apns-topic": 'b,  c; d="e"', "Content-Type": "application/json"}
    assert _send(_transport(), [PushRequest(good.url("/3/device/a:b?c=d"), headers, BODY)]) == [TAKEN]
    (arrived,) = good.arrived
    assert arrived.body == BODY
    assert arrived.headers == {
        ":method": "POST",
        ":path": "/3/device/a:b?c=d",
        ":scheme": "http",
        ":authority": f"127.0.0.1:{good.port}",
        "user-agent": "pushhub",
        "accept": "*/*",
        "authorization": "bearer abc",
        "apns-topic": 'b,  c; d="e"',
        "content-type": "application/json",
        "content-length": str(len(BODY)),
    }


def test_the_handles_of_a_batch_keep_nothing_for_the_next(good: Http2Server) -> None:
    transport = _transport()
    _send(transport, [PushRequest(good.url("/1"), {"authorization": SECRET, "a": "b"}, BODY, frozenset({"server"}))] * 3)
    _send(transport, [PushRequest(good.url("/2"), {}, b"x")])
    last = good.arrived[-1]
    assert last.body == b"x"
    assert set(last.headers) == {":method", ":path", ":scheme", ":authority", "user-agent", "accept", "content-length"}


def test_a_stand_in_sees_the_host_that_a_push_was_meant_for(good: Http2Server) -> None:
    _send(_transport(), [PushRequest(good.url(), {"host": "updates.push.example"}, BODY)])
    assert good.arrived[0].headers[":authority"] == "updates.push.example"


@pytest.mark.parametrize("path", ["/3/device/../../a", "/a/./b", "//", "/%2E%2E/a", "/a%2Fb"])
def test_a_path_is_sent_as_it_is(good: Http2Server, path: str) -> None:
    _send(_transport(), [PushRequest(good.url(path), {}, BODY)])
    assert good.paths == [path]


@settings(max_examples=20, deadline=None)
@given(bodies=st.lists(st.binary(min_size=1, max_size=300_000), max_size=4))
def test_a_body_of_any_size_arrives_whole_and_once(bodies: list[bytes]) -> None:
    with serving() as server:
        requests = [PushRequest(server.url(f"/{number}"), {}, body) for number, body in enumerate(bodies)]
        assert _send(_transport(), requests) == [TAKEN] * len(bodies)
        assert {arrived.path: arrived.body for arrived in server.arrived} == {f"/{i}": body for i, body in enumerate(bodies)}
        assert len(server.arrived) == len(bodies)


def test_replies_stand_in_the_order_of_the_requests_whichever_comes_first(warmed: tuple[Http2Server, Http2Transport]) -> None:
    held: list[Arrived] = []

    def backwards(arrived: Arrived) -> None:
        held.append(arrived)
        if len(held) == 20:
            for one in reversed(held):
                one.answer(201, one.path.encode())

    server, transport = warmed
    server.behaviour = backwards
    assert _send(transport, _pushes(server, 20)) == [ProviderReply(201, b"/%d" % number) for number in range(20)]


def test_of_the_headers_of_a_reply_those_that_were_asked_for_are_kept(good: Http2Server) -> None:
    good.behaviour = lambda arrived: arrived.answer(429, b"later", {"retry-after": "7", "apns-id": "1", "date": "now"})
    asked = PushRequest(good.url(), {}, BODY, frozenset({"retry-after", "apns-id", "location"}))
    assert _send(_transport(), [asked]) == [ProviderReply(429, b"later", {"retry-after": "7", "apns-id": "1"})]


@pytest.mark.parametrize("status", [200, 201, 301, 308, 400, 401, 403, 404, 410, 413, 429, 500, 503])
def test_every_status_is_a_reply_and_no_redirect_is_followed(good: Http2Server, status: int) -> None:
    good.behaviour = lambda arrived: arrived.answer(status, b"body", {"location": good.url("/elsewhere")})
    assert _send(_transport(), _pushes(good, 1)) == [ProviderReply(status, b"body")]
    assert good.paths == ["/0"]


@pytest.mark.parametrize("size", [MAX_REPLY_BYTES - 1, MAX_REPLY_BYTES, MAX_REPLY_BYTES + 1, 3 * MAX_REPLY_BYTES])
def test_a_reply_is_bounded_and_a_longer_one_costs_the_others_nothing(size: int) -> None:
    def long(arrived: Arrived) -> None:
        arrived.answer(body=b"x" * size if arrived.path == "/0" else b"")

    with serving(long) as server:
        results = _send(_transport(), _pushes(server, 5))
        assert results == [ProviderReply(200, b"x" * min(size, MAX_REPLY_BYTES)), *[TAKEN] * 4]
        assert len(server.connections) == 1


# Lost, or not looked at


def _close(arrived: Arrived) -> None:
    arrived.connection.close()


def _abort(arrived: Arrived) -> None:
    arrived.connection.abort()


def _goodbye_and_close(arrived: Arrived) -> None:
    """Say that it was looked at, and break off."""
    arrived.connection.goodbye(arrived.connection.state.highest_inbound_stream_id)
    arrived.connection.close()


def _junk(arrived: Arrived) -> None:
    arrived.connection.junk()
    arrived.connection.close()


def _cut(arrived: Arrived) -> None:
    arrived.begin_answer()
    arrived.connection.goodbye(arrived.connection.state.highest_inbound_stream_id)
    arrived.connection.close()


def _reset_within_the_answer(arrived: Arrived) -> None:
    arrived.begin_answer(503)
    arrived.reset(ErrorCodes.INTERNAL_ERROR)


def _resetting(error: ErrorCodes) -> Behaviour:
    return lambda arrived: arrived.reset(error)


LOSSES = {
    "closed": _close,
    "reset": _abort,
    "goodbye": _goodbye_and_close,
    "junk": _junk,
    "cut": _cut,
    "reset within the answer": _reset_within_the_answer,
    **{
        f"stream reset with {error.name}": _resetting(error)
        for error in (ErrorCodes.NO_ERROR, ErrorCodes.INTERNAL_ERROR, ErrorCodes.CANCEL, ErrorCodes.PROTOCOL_ERROR)
    },
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_push_that_is_lost_after_its_body_was_given_may_have_been_sent_and_is_not_sent_again(
    warmed: tuple[Http2Server, Http2Transport], loss: Behaviour
) -> None:
    server, transport = warmed
    server.behaviour = loss
    _reasons(_send(transport, _pushes(server, 1)), MaybeSent)
    assert server.paths == ["/0"]


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_the_same_holds_on_a_connection_that_was_not_used_before(tmp_path: Path, loss: Behaviour) -> None:
    for folder in (None, tmp_path):
        with _served(folder) as (server, transport):
            server.behaviour = loss
            _reasons(_send(transport, _pushes(server, 1)), MaybeSent)
            assert server.paths == ["/0"]


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_no_push_of_a_connection_that_breaks_comes_twice(warmed: tuple[Http2Server, Http2Transport], loss: Behaviour) -> None:
    server, transport = warmed
    held: list[Arrived] = []

    def all_at_once(arrived: Arrived) -> None:
        held.append(arrived)
        if len(held) == 20:
            for one in held:
                if one.connection.open:
                    loss(one)

    server.behaviour = all_at_once
    for result in _send(transport, _pushes(server, 20)):
        assert not isinstance(result, ProviderReply)
    assert len(server.paths) == len(set(server.paths)) == 20


def test_a_refused_stream_is_sent_once_more(warmed: tuple[Http2Server, Http2Transport]) -> None:
    server, transport = warmed
    server.behaviour = _first(_resetting(ErrorCodes.REFUSED_STREAM))
    assert _send(transport, _pushes(server, 1)) == [TAKEN]
    assert server.paths == ["/0", "/0"]
    assert [arrived.body for arrived in server.arrived] == [BODY] * 2


def test_a_stream_that_is_refused_again_was_not_sent_and_is_not_sent_a_third_time(good: Http2Server) -> None:
    good.behaviour = _resetting(ErrorCodes.REFUSED_STREAM)
    _reasons(_send(_transport(), _pushes(good, 3)), NotSent)
    assert sorted(good.paths) == sorted(["/0", "/1", "/2"] * 2)


def test_what_a_goodbye_leaves_out_is_sent_once_more_and_what_it_takes_is_answered(
    warmed: tuple[Http2Server, Http2Transport],
) -> None:
    server, transport = warmed
    held: list[Arrived] = []

    def goodbye_for_half(arrived: Arrived) -> None:
        held.append(arrived)
        if len(held) == 20:
            arrived.connection.goodbye(held[9].stream)
            for one in held[:10]:
                one.answer()
            server.behaviour = Arrived.answer

    server.behaviour = goodbye_for_half
    assert _send(transport, _pushes(server, 20)) == [TAKEN] * 20
    assert sorted(server.paths) == sorted([one.path for one in held] + [one.path for one in held[10:]])
    assert len(server.connections) == 2


def test_a_push_that_is_refused_and_then_lost_may_have_been_sent(good: Http2Server) -> None:
    good.behaviour = _first(_resetting(ErrorCodes.REFUSED_STREAM), _close)
    _reasons(_send(_transport(), _pushes(good, 1)), MaybeSent)
    assert good.paths == ["/0", "/0"]


@pytest.mark.parametrize(
    ("text", "errno", "refused"),
    [
        (http2._REFUSED, 0, True),
        (http2._REFUSED, errno.ECONNRESET, False),
        ("Operation aborted by callback", 0, False),
        ("", 0, False),
    ],
)
def test_a_stream_counts_as_refused_only_by_two_signs(
    text: str, errno: int, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule hangs on the wording of libcurl, so its words count for nothing where a socket has failed."""
    stream = _begun(monkeypatch, {pycurl.OS_ERRNO: errno})
    stream._read(100)
    expected = None if refused else MaybeSent("the connection broke while the request was sent")
    assert stream.result(pycurl.E_SEND_FAIL_REWIND, text) == expected


def _begun(monkeypatch: pytest.MonkeyPatch, answers: Mapping[int, int]) -> http2._Stream:
    """Return a request of which libcurl has taken nothing yet, and of which it tells these things when it is asked."""
    stream = http2._Stream(allow_local=True, ca_file="")
    stream.describe(PushRequest("http://127.0.0.1/", {}, BODY))

    class Handle:
        def getinfo(self, asked: int) -> int:
            return answers.get(asked, 0)

    monkeypatch.setattr(stream, "handle", Handle())
    return stream


def test_a_server_that_asks_for_http_1_gets_no_push_a_second_time_by_itself(good: Http2Server) -> None:
    """libcurl sends the request anew by HTTP/1.1, even on a connection that was not used before."""
    good.behaviour = _resetting(ErrorCodes.HTTP_1_1_REQUIRED)
    _reasons(_send(_transport(), _pushes(good, 1)), MaybeSent)
    assert good.paths == ["/0"]
    assert BODY not in b"".join(good.not_http2)


def test_a_stream_that_is_reset_costs_the_others_nothing(good: Http2Server) -> None:
    good.behaviour = lambda arrived: arrived.reset(ErrorCodes.INTERNAL_ERROR) if arrived.path == "/7" else arrived.answer()
    results = list(_send(_transport(), _pushes(good, 20)))
    _reasons([results.pop(7)], MaybeSent)
    assert results == [TAKEN] * 19
    assert len(good.connections) == 1


# Connections


def test_all_requests_share_one_connection_and_so_do_batches(good: Http2Server) -> None:
    transport = _transport()
    for _ in range(3):
        assert _send(transport, _pushes(good, 60)) == [TAKEN] * 60
    assert len(good.connections) == 1


@settings(max_examples=20, deadline=None)
@given(batches=st.lists(st.lists(st.sampled_from(["", "team 1", "team 2"]), max_size=30), max_size=3))
def test_requests_of_one_name_share_a_connection_and_those_of_different_names_do_not(batches: list[list[str]]) -> None:
    """Apple wants one connection for each team."""
    transport = _transport()
    with serving() as server:
        for names in batches:
            requests = [PushRequest(server.url(f"/{name[-1:]}"), {}, BODY, connection=name) for name in names]
            assert _send(transport, requests) == [TAKEN] * len(names)
        used = {(arrived.path, arrived.connection.number) for arrived in server.arrived}
        assert len(used) == len({name for names in batches for name in names}) == len(server.connections)


def test_requests_of_different_names_are_in_flight_at_one_time() -> None:
    held: list[Arrived] = []

    def when_both_are_there(arrived: Arrived) -> None:
        held.append(arrived)
        if len(held) == 2:
            for one in held:
                one.answer()
                one.connection.flush()

    with serving(when_both_are_there) as server:
        requests = [PushRequest(server.url(), {}, BODY, connection=name) for name in ("team 1", "team 2")]
        assert _send(_transport(), requests) == [TAKEN] * 2


def test_the_connections_of_many_names_are_not_all_kept(good: Http2Server) -> None:
    transport = _transport()
    for number in (*range(20), 19, 0):
        _send(transport, [PushRequest(good.url(), {}, BODY, connection=f"team {number}")])
    assert len(transport._pools) == 8
    assert len(good.connections) == 21


def test_of_a_batch_with_more_names_than_are_kept_each_has_its_connection(good: Http2Server) -> None:
    requests = [PushRequest(good.url(), {}, BODY, connection=f"team {number}") for number in range(20)]
    assert _send(_transport(), requests) == [TAKEN] * 20
    assert len(good.connections) == 20


def test_a_host_is_forgotten_when_its_connection_is_too_old(monkeypatch: pytest.MonkeyPatch, good: Http2Server) -> None:
    """Endpoints of browsers have hosts without number."""
    transport = _transport()
    for name in ("127.0.0.1", "localhost", "LOCALHOST"):
        monkeypatch.setattr(http2, "_SECONDS_IDLE", 0 if name == "LOCALHOST" else 60)
        _send(transport, [PushRequest(good.url(host=name), {}, BODY)])
    assert len(transport._pools[""].origins) == 1


def test_a_connection_that_was_closed_meanwhile_is_replaced_and_nothing_comes_twice(
    warmed: tuple[Http2Server, Http2Transport],
) -> None:
    server, transport = warmed
    server.connections[0].channel.shutdown(socket.SHUT_RDWR)
    assert server.closed.acquire(timeout=LONG)
    assert _send(transport, _pushes(server, 30)) == [TAKEN] * 30
    assert sorted(server.paths) == sorted(f"/{number}" for number in range(30))


def test_a_connection_is_not_used_after_a_minute_in_which_it_was_idle() -> None:
    """A worker that thaws does not see at once that its peer is gone."""
    assert _options()[pycurl.MAXAGE_CONN] == 60


def _options() -> dict[int, object]:
    """Return the options that a new handle is made with."""
    found: dict[int, object] = {}

    class Recording:
        def setopt(self, option: int, value: object) -> None:
            found[option] = value

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pycurl, "Curl", Recording)
        http2._Stream(allow_local=False, ca_file="")
    return found


@pytest.mark.parametrize("streams", [1, 10])
def test_a_server_that_allows_few_streams_gets_no_more(streams: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http2, "_SECONDS_ALONE", LONG)
    with serving(streams=streams) as server:
        assert _send(_transport(), _pushes(server, 300)) == [TAKEN] * 300
        assert server.most_at_once <= streams
        assert server.too_many == 0
        assert len(server.connections) == 1
        assert len(set(server.paths)) == len(server.paths) == 300


def test_requests_that_wait_for_a_stream_are_begun_by_timers_of_libcurl_and_wait_for_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No socket announces them: with a wait that ignores timers, one at least would wait for all of it."""
    monkeypatch.setattr(http2, "_SELECT_SECONDS", LONG)
    with serving(streams=1) as server:
        assert _send(_transport(), _pushes(server, 100)) == [TAKEN] * 100


def test_a_wait_is_short_even_where_libcurl_names_no_time(monkeypatch: pytest.MonkeyPatch, good: Http2Server) -> None:
    """What has been read off a connection and belongs to another request is announced by nothing."""
    waits: list[float] = []

    class Recording:
        def timeout(self) -> int:
            return [-1, 0, 3, 60_000][len(waits)]

        def fdset(self) -> tuple[list[int], list[int], list[int]]:
            return [0], [], []

    monkeypatch.setattr(pycurl, "CurlMulti", Recording)
    monkeypatch.setattr(select, "select", lambda *arguments: waits.append(arguments[-1]))
    for _ in range(4):
        http2._wait([pycurl.CurlMulti()])
    assert waits == [0.005, 0, 0.003, 0.005]


def test_requests_wait_for_the_connection_that_is_being_opened(monkeypatch: pytest.MonkeyPatch, good: Http2Server) -> None:
    """They do so by themselves, even without the limit of one connection."""
    monkeypatch.setattr(http2, "_new_multi", pycurl.CurlMulti)
    monkeypatch.setattr(http2, "_SECONDS_ALONE", -1.0)
    assert _send(_transport(), _pushes(good, 50)) == [TAKEN] * 50
    assert len(good.connections) == 1


def test_a_connection_gets_one_request_until_it_has_brought_a_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    """libcurl would send a hundred before it knows what the server allows; APNs allows one until it has seen a valid token."""
    monkeypatch.setattr(http2, "_SECONDS_ALONE", LONG)
    at_once: list[int] = []

    def counting(arrived: Arrived) -> None:
        at_once.append(arrived.connection.state.open_inbound_streams)
        arrived.answer()

    with serving(counting) as server:
        assert _send(_transport(), _pushes(server, 50)) == [TAKEN] * 50
        assert at_once[0] == 1
        assert server.paths[0] == "/0"


def test_a_connection_that_replaces_a_broken_one_gets_one_request_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http2, "_SECONDS_ALONE", LONG)
    count = iter(range(10_000))
    with serving(lambda arrived: arrived.answer() if next(count) != 50 else arrived.connection.abort(), streams=10) as server:
        _send(_transport(), _pushes(server, 400))
        # libcurl may open one for what is withdrawn from it then, and close it unused.
        assert len({arrived.connection.number for arrived in server.arrived}) == 2
        assert server.too_many == 0


def test_what_waited_for_a_connection_that_broke_is_begun_anew_and_one_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """libcurl has taken 150, and sends a hundred of them at a time: the others would go over the next connection all at once."""
    monkeypatch.setattr(http2, "_SECONDS_ALONE", LONG)
    count = iter(range(10_000))

    def breaks_and_is_silent(arrived: Arrived) -> None:
        if arrived.connection.number == 0:
            arrived.answer() if next(count) != 50 else arrived.connection.abort()

    with serving(breaks_and_is_silent) as server:
        _send(_transport(), _pushes(server, 400), 1.0)
        assert sum(arrived.connection.number > 0 for arrived in server.arrived) == 1


def test_a_request_is_begun_anew_after_a_break_only_if_nothing_of_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = _begun(monkeypatch, {})
    assert not stream.is_to_be_begun_anew()
    stream.origin.break_off()
    assert stream.is_to_be_begun_anew()
    stream._read(1)
    assert not stream.is_to_be_begun_anew()


@pytest.mark.parametrize("broken", [False, True])
def test_a_reply_of_a_broken_connection_says_nothing_of_the_next(broken: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = _begun(monkeypatch, {pycurl.RESPONSE_CODE: 200, pycurl.ACTIVESOCKET: 7})
    stream.origin.begin()
    if broken:
        stream.origin.break_off()
    assert stream.result(pycurl.E_OK, "") == TAKEN
    assert stream.origin.takes_another() is not broken
    assert stream.origin.descriptor == (-1 if broken else 7)


def test_an_error_of_one_stream_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http2, "_SECONDS_ALONE", LONG)
    special = {"/1": _silent, "/2": _resetting(ErrorCodes.INTERNAL_ERROR)}
    with serving(lambda arrived: special.get(arrived.path, Arrived.answer)(arrived)) as server:
        first, silent, reset, *others = _send(_transport(), _pushes(server, 170), 1.0)
        _reasons([silent, reset], MaybeSent)
        assert [first, *others] == [TAKEN] * 168


def test_at_most_150_requests_are_in_flight_and_their_handles_are_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[pycurl.Curl] = []
    right = pycurl.Curl

    def counting() -> pycurl.Curl:
        made.append(right())
        return made[-1]

    held: list[Arrived] = []

    def when_libcurl_sends_no_more(arrived: Arrived) -> None:
        """Hold what comes after the first, until there is as much as libcurl sends at one time by itself."""
        held.append(arrived)
        if len(held) == 1 or len(held) > 101:
            arrived.answer()
        elif len(held) == 101:
            for one in held[1:]:
                one.answer()

    with monkeypatch.context() as patched, serving(when_libcurl_sends_no_more, streams=1000) as server:
        patched.setattr(pycurl, "Curl", counting)
        patched.setattr(http2, "_SECONDS_ALONE", LONG)
        transport = _transport()
        for _ in range(3):
            assert _send(transport, _pushes(server, 500)) == [TAKEN] * 500
        assert server.most_at_once == 100
        assert len(server.connections) == 1
    assert len(made) == 150


def test_a_request_that_is_none_costs_no_handle(monkeypatch: pytest.MonkeyPatch) -> None:
    transport, none = _transport(), PushRequest("http://127.0.0.1/", {}, b"")
    _reasons(_send(transport, [none] * 5), NotSent)
    assert len(transport._idle) == 1


def test_a_connection_that_breaks_costs_what_was_in_flight_alone() -> None:
    count = iter(range(10_000))
    with serving(lambda arrived: arrived.answer() if next(count) != 100 else arrived.connection.abort()) as server:
        results = _send(_transport(), _pushes(server, 600))
        assert 0 < sum(isinstance(result, MaybeSent) for result in results) <= 150
        assert len(set(server.paths)) == len(server.paths)


# Time


def test_what_is_not_answered_in_time_may_have_been_sent_and_what_was_not_begun_was_not_sent() -> None:
    with serving(_first(Arrived.answer, _silent), streams=10) as server:
        results = list(_send(_transport(), _pushes(server, 500), SHORT))
        assert results.pop(0) == TAKEN
        begun = {int(path[1:]) for path in server.paths[1:]}
        assert len(begun) == 10
        _reasons([result for number, result in enumerate(results, 1) if number in begun], MaybeSent)
        _reasons([result for number, result in enumerate(results, 1) if number not in begun], NotSent)


def test_a_first_request_that_is_never_answered_costs_the_others_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http2, "_SECONDS_ALONE", 0.01)
    with serving(_first(_silent)) as server:
        silent, *others = _send(_transport(), _pushes(server, 20), SHORT)
        _reasons([silent], MaybeSent)
        assert others == [TAKEN] * 19


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_without_time_nothing_is_begun(good: Http2Server, seconds: float) -> None:
    _reasons(_send(_transport(), _pushes(good, 3), seconds), NotSent)
    assert not good.connections


def test_a_connection_on_which_a_reply_did_not_come_in_time_is_not_used_again(good: Http2Server) -> None:
    transport = _transport()
    good.behaviour = _silent
    _reasons(_send(transport, _pushes(good, 1), SHORT), MaybeSent)
    good.behaviour = Arrived.answer
    assert _send(transport, _pushes(good, 3)) == [TAKEN] * 3
    assert len(good.connections) == 2


def test_a_server_that_does_not_even_greet_holds_nothing_up_beyond_its_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # A connection is accepted by the kernel, and nobody talks on it.
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        started = time.monotonic()
        _reasons(_send(_transport(), [PushRequest(url, {}, BODY)] * 3, SHORT), NotSent)
        assert time.monotonic() - started < LONG


# What cannot be sent at all


def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert _reasons(_send(_transport(), [PushRequest(f"http://127.0.0.1:{port}/", {}, BODY)] * 300), NotSent) == {"no connection"}


def test_a_host_that_is_not_found_was_sent_nothing() -> None:
    (reason,) = _reasons(_send(_transport(), [PushRequest(f"https://no-such-host.invalid/{SECRET}", {}, BODY)]), NotSent)
    assert reason == "the host's name was not found"


@pytest.mark.parametrize(
    ("url", "headers", "body"),
    [
        ("/\0", {}, BODY),
        ("/é", {}, BODY),
        ("/ a", {}, BODY),
        ("/\r\nX: y", {}, BODY),
        ("/", {"A": "b\r\nX: y"}, BODY),
        ("/", {"A": "b\0"}, BODY),
        ("/", {"A": ""}, BODY),
        ("/", {"A b": "c"}, BODY),
        ("/", {"A": "é"}, BODY),
        ("/", {}, b""),
    ],
)
def test_a_request_that_is_none_is_not_sent_and_the_others_of_the_batch_are(
    good: Http2Server, url: str, headers: dict[str, str], body: bytes
) -> None:
    bad = PushRequest(good.url(url) + SECRET, {**headers, "authorization": SECRET}, body)
    first, refused, last = _send(_transport(), [*_pushes(good, 1), bad, *_pushes(good, 1)])
    _reasons([refused], NotSent)
    assert first == last == TAKEN
    assert len(good.arrived) == 2


def test_nothing_confidential_is_printed(good: Http2Server, capfd: pytest.CaptureFixture[str]) -> None:
    good.behaviour = _first(_junk, _abort)
    _send(_transport(), _pushes(good, 5))
    said = capfd.readouterr()
    assert not said.out + said.err
    assert SECRET not in repr(_pushes(good, 1, prefix=f"/{SECRET}/"))


# Where to


LOCAL = ["127.0.0.1", "[::1]", "0.0.0.0", "10.0.0.1", "192.168.0.1", "169.254.169.254", "[::ffff:127.0.0.1]", "localhost"]


@pytest.mark.parametrize("host", LOCAL)
def test_local_addresses_are_refused_before_a_socket_is_opened(
    host: str, good: Http2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    with monkeypatch.context() as patched:
        patched.setattr("pushhub.adapters.curl.transfers.socket.socket", lambda *asked: opened.append(asked))
        results = _send(_transport(allow_local=False), [PushRequest(f"https://{host}:{good.port}/", {}, BODY)] * 3)
    assert all("is not a public one" in reason for reason in _reasons(results, NotSent))
    assert not opened


def test_http_is_refused_where_local_addresses_are(good: Http2Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is so of public addresses too."""
    monkeypatch.setattr("pushhub.adapters.curl.transfers.is_public", lambda _host: True)
    _reasons(_send(_transport(allow_local=False), _pushes(good, 1)), NotSent)
    assert not good.connections


@pytest.mark.parametrize("scheme", ["file", "ftp", "gopher", "ws", "HTTPX"])
def test_no_other_scheme_is_spoken(scheme: str, good: Http2Server) -> None:
    _reasons(_send(_transport(), [PushRequest(f"{scheme}://127.0.0.1:{good.port}/", {}, BODY)]), NotSent)
    assert not good.connections


@pytest.mark.parametrize("name", ["http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"])
def test_proxies_of_the_environment_are_not_used(good: Http2Server, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert _send(_transport(), _pushes(good, 1)) == [TAKEN]


# TLS


def test_an_authority_of_ones_own_is_trusted_where_it_is_named_and_nowhere_else(tmp_path: Path) -> None:
    with _served(tmp_path) as (server, transport):
        assert _send(transport, _pushes(server, 20)) == [TAKEN] * 20
        assert len(server.connections) == 1
        assert _reasons(_send(_transport(), _pushes(server, 3)), NotSent) == {"the host's certificate is not valid"}
        assert len(server.arrived) == 20


@pytest.mark.parametrize(("dns", "ended", "host"), [("push.example", False, "localhost"), ("localhost", True, "localhost")])
def test_a_certificate_for_another_host_or_another_time_is_not_valid(tmp_path: Path, dns: str, ended: bool, host: str) -> None:
    certificate = certify(tmp_path, dns=dns, ended=ended)
    certificate.context.set_alpn_protocols(["h2"])
    with serving(context=certificate.context) as server:
        transport = Http2Transport(allow_local=True, ca_file=str(certificate.file))
        results = _send(transport, [PushRequest(server.url(host=host), {}, BODY)])
        assert _reasons(results, NotSent) == {"the host's certificate is not valid"}
        assert not server.arrived


def test_tls_older_than_1_2_is_not_spoken(tmp_path: Path) -> None:
    certificate = certify(tmp_path, address="127.0.0.1")
    certificate.context.set_alpn_protocols(["h2"])
    certificate.context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        certificate.context.minimum_version = ssl.TLSVersion.TLSv1
        certificate.context.maximum_version = ssl.TLSVersion.TLSv1_1
    with serving(context=certificate.context) as server:
        transport = Http2Transport(allow_local=True, ca_file=str(certificate.file))
        assert _reasons(_send(transport, _pushes(server, 1)), NotSent) == {"no TLS connection"}


def test_a_host_that_speaks_http_1_alone_is_sent_to_one_request_after_the_other(tmp_path: Path) -> None:
    certificate = certify(tmp_path, address="127.0.0.1")
    with listening(lambda _request: answer(body=b"good"), certificate.context) as server:
        transport = Http2Transport(allow_local=True, ca_file=str(certificate.file))
        assert _send(transport, [PushRequest(server.url(), {}, BODY)] * 20) == [ProviderReply(200, b"good")] * 20
        assert server.connections == 1


def test_a_push_that_such_a_host_does_not_answer_is_not_sent_again(tmp_path: Path) -> None:
    """libcurl says of it what it says of a refused stream."""
    certificate = certify(tmp_path, address="127.0.0.1")
    with listening(lambda request: None if b"/lost" in request else answer(), certificate.context, unwraps=True) as server:
        transport = Http2Transport(allow_local=True, ca_file=str(certificate.file))
        assert _send(transport, [PushRequest(server.url(), {}, BODY)]) == [TAKEN]
        _reasons(_send(transport, [PushRequest(server.url("/lost"), {}, BODY)]), MaybeSent)
        assert len(server.requests) == 2


# What it takes


def test_no_descriptor_is_left_open() -> None:
    def descriptors(transports: int) -> int:
        with serving() as server:
            for _ in range(transports):
                transport = _transport()
                for behaviour in (Arrived.answer, _close, _silent, Arrived.answer):
                    server.behaviour = behaviour
                    _send(transport, _pushes(server, 30), LONG if behaviour != _silent else 0.05)
            del transport
        gc.collect()
        return len(list(Path("/proc/self/fd").iterdir()))

    assert descriptors(2) == descriptors(8)
