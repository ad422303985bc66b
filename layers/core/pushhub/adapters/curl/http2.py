"""How do pushes leave the hub: many at a time over one connection to a provider, and none of them twice?

The requests of a batch share one HTTP/2 connection to each host, by ALPN over TLS, or by prior knowledge where `http` is allowed.
Redirects are not followed, proxies of the environment are not used, connections are kept for the next batch.

What is known of a request depends on its body: a provider cannot send a push that it has not got. So a request is `NotSent` until
libcurl has taken the first byte of its body; from then on it is `MaybeSent`, unless a reply comes or the provider says that it did
not look at the request.
"""

import time
from collections import deque
from collections.abc import Sequence
from typing import Final

import certifi
import pycurl

from pushhub.adapters.curl.transfers import NO_HTTP, BoundedReply, SocketOpener, describe_error, header_lines
from pushhub.sends.port import MaybeSent, NotSent, ProviderReply, PushRequest, SendResult

_MAX_IN_FLIGHT: Final = 150
"""More make libcurl slower: with 500 it does a fifth of the requests a second that it does with 100."""
_MAX_IDLE_CONNECTIONS: Final = 32
_SECONDS_IDLE: Final = 60
"""A connection that was not used for longer is not used again: a worker that was frozen cannot see that its peer is gone.

FCM closes idle connections after about three minutes.
"""
_SELECT_SECONDS: Final = 0.005

_REFUSED: Final = "necessary data rewind was not possible"
"""libcurl's text where it wants to send a request anew on another connection, and cannot since the body is given only once.

Over HTTP/2 it wants that without another error before it only if the stream was refused: by REFUSED_STREAM, or by a GOAWAY for an
earlier stream. If the connection broke, the text is of what broke.
"""
_HTTP1: Final = frozenset({pycurl.CURL_HTTP_VERSION_1_0, pycurl.CURL_HTTP_VERSION_1_1})

_NOT_BEGUN: Final = NotSent("the time was over before the request was begun")
_NO_BODY: Final = NotSent("the request has no body, and whether it was taken could not be told")
_REFUSED_TWICE: Final = NotSent("the provider refused the request on two connections without looking at it")


class Http2Transport:
    """Sends batches of requests; not to be used by two threads. See :class:`pushhub.sends.port.Transport`."""

    def __init__(self, *, allow_local: bool, ca_file: str = certifi.where()) -> None:
        """Reach public addresses by https only, or with `allow_local` any address and http too.

        `ca_file` holds the certificates of the authorities that are trusted.
        """
        self._allow_local = allow_local
        self._ca_file = ca_file
        self._multi = _new_multi()
        self._idle: list[_Stream] = []
        self._without_http2: set[str] = set()
        """Origins whose last reply came by HTTP/1."""

    def send_many(self, requests: Sequence[PushRequest], seconds: float) -> Sequence[SendResult]:
        """Return what became of each request, in their order, within so many seconds; it raises nothing.

        A request that the provider did not look at, as it says, is sent once more. A reply of more than 64 KiB is cut.
        """
        batch = _Batch(requests, time.monotonic() + seconds)
        under_way: dict[pycurl.Curl, _Stream] = {}
        try:
            while self._begin(batch, under_way):
                self._multi.perform()
                self._collect(batch, under_way)
                self._wait()
        finally:
            for stream in list(under_way.values()):
                self._release(stream, under_way)
        if batch.timed_out:
            # The connection may be dead without a word, and would hold up the next batch too.
            self._multi.close()
            self._multi = _new_multi()
        return batch.results

    def _begin(self, batch: "_Batch", under_way: "dict[pycurl.Curl, _Stream]") -> bool:
        """Begin as many requests as may be in flight; return whether any is."""
        milliseconds = batch.milliseconds_left()
        while milliseconds and batch.waiting and len(under_way) < _MAX_IN_FLIGHT:
            index = batch.waiting.popleft()
            stream = self._idle.pop() if self._idle else _Stream(allow_local=self._allow_local, ca_file=self._ca_file)
            if refusal := stream.describe(index, batch.requests[index], milliseconds):
                batch.results[index] = refusal
                self._idle.append(stream)
                continue
            under_way[stream.handle] = stream
            self._multi.add_handle(stream.handle)
        return bool(under_way)

    def _collect(self, batch: "_Batch", under_way: "dict[pycurl.Curl, _Stream]") -> None:
        _, succeeded, failed = self._multi.info_read()
        for handle, code, text in (*((handle, pycurl.E_OK, "") for handle in succeeded), *failed):
            stream = under_way[handle]
            batch.take(stream.index, self._result(stream, code, text))
            batch.timed_out |= code == pycurl.E_OPERATION_TIMEDOUT
            self._release(stream, under_way)

    def _result(self, stream: "_Stream", code: int, text: str) -> SendResult | None:
        """Return what became of a request; None if the provider did not look at it."""
        if code == pycurl.E_OK or stream.reply.too_long:
            by_http1 = stream.handle.getinfo(pycurl.INFO_HTTP_VERSION) in _HTTP1
            (self._without_http2.add if by_http1 else self._without_http2.discard)(stream.origin)
            return ProviderReply(stream.handle.getinfo(pycurl.RESPONSE_CODE), stream.reply.body, stream.reply.headers)
        reason = stream.sockets.why_refused(code) or describe_error(code)
        if not stream.body_given:
            return NotSent(reason)
        # HTTP/1 refuses no streams: there libcurl says the same of a connection that was closed without an answer.
        if text == _REFUSED and not stream.handle.getinfo(pycurl.OS_ERRNO) and stream.origin not in self._without_http2:
            return None
        return MaybeSent(reason)

    def _release(self, stream: "_Stream", under_way: "dict[pycurl.Curl, _Stream]") -> None:
        self._multi.remove_handle(stream.handle)
        del under_way[stream.handle]
        stream.forget()
        self._idle.append(stream)

    def _wait(self) -> None:
        # libcurl starts requests by its own timers too, which no socket announces.
        timer = self._multi.timeout()
        self._multi.select(_SELECT_SECONDS if timer < 0 else min(_SELECT_SECONDS, timer / 1000))


def _new_multi() -> pycurl.CurlMulti:
    multi = pycurl.CurlMulti()
    multi.setopt(pycurl.M_MAXCONNECTS, _MAX_IDLE_CONNECTIONS)
    # With PIPEWAIT: all requests to a host share a connection. Otherwise each of the first hundred would open one of its own.
    multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, 1)
    return multi


class _Batch:
    """What is to be sent, and what became of it so far."""

    def __init__(self, requests: Sequence[PushRequest], deadline: float) -> None:
        self.requests = requests
        self.waiting = deque(range(len(requests)))
        """Indexes of requests."""
        self.results: list[SendResult] = [_NOT_BEGUN] * len(requests)
        self.timed_out = False
        self._deadline = deadline
        self._refused: set[int] = set()

    def milliseconds_left(self) -> int:
        return max(0, int(1000 * (self._deadline - time.monotonic())))

    def take(self, index: int, result: SendResult | None) -> None:
        if result is None and index not in self._refused:
            self._refused.add(index)
            self.waiting.appendleft(index)
        self.results[index] = result or _REFUSED_TWICE


class _Stream:
    """One request on its way. Its handle serves one request after the other: a new handle for each takes six times the memory."""

    def __init__(self, *, allow_local: bool, ca_file: str) -> None:
        self.handle = pycurl.Curl()
        self.index = 0
        self.reply = BoundedReply()
        self.sockets = SocketOpener(allow_local=allow_local)
        self._url = ""
        self._body = memoryview(b"")
        self._given = 0
        for option, value in {
            pycurl.NOSIGNAL: 1,
            pycurl.PROTOCOLS: pycurl.PROTO_HTTPS | (pycurl.PROTO_HTTP if allow_local else 0),
            pycurl.FOLLOWLOCATION: 0,
            pycurl.PROXY: "",
            # A path is sent as it was rendered: without this, libcurl takes `/../` out of it.
            pycurl.PATH_AS_IS: 1,
            pycurl.CAINFO: ca_file,
            pycurl.SSLVERSION: pycurl.SSLVERSION_TLSv1_2,
            pycurl.PIPEWAIT: 1,
            pycurl.MAXAGE_CONN: _SECONDS_IDLE,
            pycurl.USERAGENT: "pushhub",
            pycurl.POST: 1,
            pycurl.OPENSOCKETFUNCTION: self.sockets,
            pycurl.READFUNCTION: self._read,
            pycurl.WRITEFUNCTION: self.reply.write,
            pycurl.HEADERFUNCTION: self.reply.header,
        }.items():
            self.handle.setopt(option, value)

    def describe(self, index: int, request: PushRequest, milliseconds: int) -> NotSent | None:
        """Make it the request's; return why it cannot be sent."""
        if not request.body:
            return _NO_BODY
        over_tls = request.url[:6].lower() == "https:"
        set_option = self.handle.setopt
        try:
            set_option(pycurl.URL, request.url)
            set_option(pycurl.HTTPHEADER, header_lines(request.headers))
        except ValueError:
            # The error's text may quote the URL, which may hold a push token.
            return NotSent(NO_HTTP)
        set_option(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS if over_tls else pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE)
        set_option(pycurl.POSTFIELDSIZE, len(request.body))
        set_option(pycurl.TIMEOUT_MS, milliseconds)
        self.index, self._url, self._body, self._given = index, request.url, memoryview(request.body), 0
        self.reply.begin(request.reply_headers)
        return None

    def forget(self) -> None:
        self.sockets.forget()
        self.reply.begin(frozenset())
        self._body = memoryview(b"")

    @property
    def body_given(self) -> bool:
        """Whether libcurl has any of the body, and so the provider may have all of it."""
        return self._given > 0

    @property
    def origin(self) -> str:
        """Scheme, host and port of the URL."""
        return "/".join(self._url.split("/", 3)[:3]).lower()

    def _read(self, size: int) -> bytes | int:
        """Give the body once.

        libcurl sends a request anew by itself if a connection that was used before dies before the first byte of an answer. With a
        body that it can read twice, a device got its push twice.
        """
        if self._given == len(self._body):
            return pycurl.READFUNC_ABORT
        chunk = bytes(self._body[self._given : self._given + size])
        self._given += len(chunk)
        return chunk
