"""The push transport against an HTTP/2 server that is not ours."""

import signal
from collections import Counter
from pathlib import Path

import pytest

from pushhub.adapters.curl.http2 import Http2Transport
from pushhub.sends.port import MaybeSent, NotSent, ProviderReply, PushRequest
from tests.doubles.certificates import certify
from tests.peers.nghttpd import Nghttpd, nghttpd

SECONDS = 60.0
ECHO = "--echo-upload"
"""Each request gets its own body back."""


def _pushes(server: Nghttpd, count: int) -> list[PushRequest]:
    headers = {"authorization": "bearer " + "t" * 200, "content-type": "application/json"}
    return [PushRequest(server.url(f"/{number}"), headers, b'{"number":%d}' % number) for number in range(count)]


@pytest.mark.parametrize("streams", [1, 10, 100, 1000])
def test_each_push_is_answered_once_whatever_the_server_allows(streams: int) -> None:
    with nghttpd(ECHO, f"--max-concurrent-streams={streams}") as server:
        transport = Http2Transport(allow_local=True)
        requests = _pushes(server, 2_000)
        for _ in range(2):
            assert transport.send_many(requests, SECONDS) == [ProviderReply(200, request.body) for request in requests]


def test_the_same_over_tls_with_an_authority_of_ones_own(tmp_path: Path) -> None:
    certificate = certify(tmp_path)
    with nghttpd(ECHO, key_and_certificate=(tmp_path / "key.pem", certificate.file)) as server:
        requests = _pushes(server, 2_000)
        transport = Http2Transport(allow_local=True, ca_file=str(certificate.file))
        assert transport.send_many(requests, SECONDS) == [ProviderReply(200, request.body) for request in requests]
        (refused,) = Http2Transport(allow_local=True).send_many(requests[:1], SECONDS)
        assert refused == NotSent("the host's certificate is not valid")


def test_a_server_that_is_killed_and_one_that_takes_its_place_cost_no_reply() -> None:
    transport = Http2Transport(allow_local=True)
    with nghttpd(ECHO) as server:
        requests = _pushes(server, 100)
        assert transport.send_many(requests, SECONDS) == [ProviderReply(200, request.body) for request in requests]
    gone = transport.send_many(requests, SECONDS)
    assert Counter(type(result) for result in gone) == {NotSent: 100}
    with nghttpd(ECHO) as other:
        requests = _pushes(other, 100)
        assert transport.send_many(requests, SECONDS) == [ProviderReply(200, request.body) for request in requests]


def test_a_server_that_is_stopped_leaves_its_pushes_unknown() -> None:
    """A process that is stopped keeps its connections, and answers nothing."""
    transport = Http2Transport(allow_local=True)
    with nghttpd(ECHO) as server:
        requests = _pushes(server, 10)
        transport.send_many(requests, SECONDS)
        server.process.send_signal(signal.SIGSTOP)
        results = transport.send_many(requests, 0.2)
        assert {type(result) for result in results} == {MaybeSent}
        server.process.send_signal(signal.SIGCONT)
        assert transport.send_many(requests, SECONDS) == [ProviderReply(200, request.body) for request in requests]
