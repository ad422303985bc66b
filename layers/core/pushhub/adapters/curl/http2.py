"""How do pushes leave the hub: many at a time over one connection to a provider, and none of them twice?

The requests of a batch share one HTTP/2 connection to each host, by ALPN over TLS, or by prior knowledge where `http` is allowed;
but requests that name different connections share none. Redirects are not followed, proxies of the environment are not used,
connections are kept for the next batch.

What is known of a request depends on its body: a provider cannot send a push that it has not got. So a request is `NotSent` until
libcurl has taken the first byte of its body; from then on it is `MaybeSent`, unless a reply comes or the provider says that it did
not look at the request.
"""

import math
import select
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import certifi
import pycurl

from pushhub.adapters.curl.transfers import HTTP2_STREAM_ERROR, NO_HTTP, BoundedReply, SocketOpener, describe_error, header_lines
from pushhub.sends.port import MaybeSent, NotSent, ProviderReply, PushRequest, SendResult

_MAX_IN_FLIGHT: Final = 150
"""More make libcurl slower: with 500 it does a fifth of the requests a second that it does with 100."""
_MAX_IDLE_CONNECTIONS: Final = 32
_MAX_POOLS: Final = 8
"""Names of connections that are remembered beyond a batch."""
_SECONDS_IDLE: Final = 60
"""A connection that was not used for longer is not used again: a worker that was frozen cannot see that its peer is gone.

FCM closes idle connections after about three minutes.
"""
_SECONDS_ALONE: Final = 1.0
_SELECT_SECONDS: Final = 0.005

_REFUSED: Final = "necessary data rewind was not possible"
"""libcurl's text where it wants to send a request anew on another connection, and cannot since the body is given only once.

Over HTTP/2 it wants that without another error before it only if the stream was refused: by REFUSED_STREAM, or by a GOAWAY for an
earlier stream. If the connection broke, the text is of what broke.
"""
_HTTP1: Final = frozenset({pycurl.CURL_HTTP_VERSION_1_0, pycurl.CURL_HTTP_VERSION_1_1})

_CLOSED_BY_PEER: Final = getattr(select, "POLLRDHUP", select.POLLHUP)
"""Only Linux has the former, which is set even where something can still be read."""

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
        self._pools: dict[str, _Pool] = {}
        self._idle: list[_Stream] = []

    def send_many(self, requests: Sequence[PushRequest], seconds: float) -> Sequence[SendResult]:
        """Return what became of each request, in their order, within so many seconds; it raises nothing.

        A request that the provider did not look at, as it says, is sent once more. A reply of more than 64 KiB is cut.
        """
        pools = self._pools_of(requests)
        batch = _Batch(requests, time.monotonic() + seconds)
        under_way: dict[pycurl.Curl, _Stream] = {}
        try:
            while batch.has_time() and self._begin(batch, under_way):
                for pool in pools:
                    pool.multi.perform()
                    self._collect(pool, batch, under_way)
                _wait([pool.multi for pool in pools])
            for stream in under_way.values():
                batch.take(stream.index, stream.result(pycurl.E_OPERATION_TIMEDOUT, ""))
            may_be_dead = {stream.pool for stream in under_way.values()}
        finally:
            for stream in list(under_way.values()):
                self._release(stream, under_way)
        for pool in may_be_dead:
            # What did not answer in time may be gone without a word, and would hold up the next batch too.
            pool.renew()
        return batch.results

    def _pools_of(self, requests: Sequence[PushRequest]) -> "Sequence[_Pool]":
        """Return the pools of the connections that requests name, ready for a batch, and forget those used longest ago."""
        names = {request.connection for request in requests}
        named = {name: self._pools.pop(name) if name in self._pools else _Pool() for name in names}
        self._pools |= named
        for name in list(self._pools)[: -max(_MAX_POOLS, len(named))]:
            self._pools.pop(name).multi.close()
        for pool in named.values():
            pool.look()
        return [*named.values()]

    def _begin(self, batch: "_Batch", under_way: "dict[pycurl.Curl, _Stream]") -> bool:
        """Begin as many requests as may be in flight; return whether any is."""
        while batch.waiting and len(under_way) < _MAX_IN_FLIGHT:
            index = batch.waiting[0]
            pool = self._pools[batch.requests[index].connection]
            origin = pool.origins[_origin(batch.requests[index].url)]
            if not origin.takes_another():
                break
            batch.waiting.popleft()
            stream = self._idle.pop() if self._idle else _Stream(allow_local=self._allow_local, ca_file=self._ca_file)
            if refusal := stream.describe(batch.requests[index]):
                batch.results[index] = refusal
                self._idle.append(stream)
                continue
            stream.index, stream.pool, stream.origin, stream.breaks = index, pool, origin, origin.breaks
            origin.begin()
            under_way[stream.handle] = stream
            pool.multi.add_handle(stream.handle)
        return bool(under_way)

    def _collect(self, pool: "_Pool", batch: "_Batch", under_way: "dict[pycurl.Curl, _Stream]") -> None:
        _, succeeded, failed = pool.multi.info_read()
        for handle, code, text in (*((handle, pycurl.E_OK, "") for handle in succeeded), *failed):
            stream = under_way[handle]
            batch.take(stream.index, stream.result(code, text))
            self._release(stream, under_way)
        # libcurl would send those that wait for a stream over the next connection, all at once. Only a failure breaks one.
        for stream in [stream for stream in under_way.values() if stream.is_to_be_begun_anew()] if failed else ():
            batch.waiting.appendleft(stream.index)
            self._release(stream, under_way)

    def _release(self, stream: "_Stream", under_way: "dict[pycurl.Curl, _Stream]") -> None:
        stream.pool.multi.remove_handle(stream.handle)
        del under_way[stream.handle]
        stream.origin.in_flight -= 1
        stream.forget()
        self._idle.append(stream)


def _wait(multis: Sequence[pycurl.CurlMulti]) -> None:
    """Wait until a socket of any is ready, or a timer of any is over."""
    # libcurl starts requests by its own timers too, which no socket announces.
    timers = [timer / 1000 for multi in multis if (timer := multi.timeout()) >= 0]
    of_kinds = zip(*(multi.fdset() for multi in multis), strict=True)
    readable, writable, broken = (list(chain.from_iterable(sockets)) for sockets in of_kinds)
    # Without a socket nothing is in flight, so there may be more to begin.
    if readable or writable or broken:
        select.select(readable, writable, broken, min([_SELECT_SECONDS, *timers]))


def _new_multi() -> pycurl.CurlMulti:
    multi = pycurl.CurlMulti()
    multi.setopt(pycurl.M_MAXCONNECTS, _MAX_IDLE_CONNECTIONS)
    # With PIPEWAIT: all requests to a host share a connection. Otherwise each of the first hundred would open one of its own.
    multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, 1)
    return multi


def _origin(url: str) -> str:
    """Return scheme, host and port of a URL."""
    return "/".join(url.split("/", 3)[:3]).lower()


def _is_closed(descriptor: int) -> bool:
    """Say whether the peer has closed a connection.

    libcurl looks at that once a second at most, and what it sends in between is lost. That something can be read means nothing: it
    may be a frame that every server sends.
    """
    if descriptor < 0:
        return False
    poll = select.poll()
    poll.register(descriptor, _CLOSED_BY_PEER)
    return bool(poll.poll(0))


class _Pool:
    """The connections that requests of one name share, one to each origin, and what is known of each origin."""

    def __init__(self) -> None:
        self.multi = _new_multi()
        self.origins: defaultdict[str, _Origin] = defaultdict(_Origin)

    def look(self) -> None:
        """Get ready for a batch: do not use a connection that its peer has closed, and forget origins of none."""
        if any(_is_closed(origin.descriptor) for origin in self.origins.values()):
            self.renew()
        for url in [url for url, origin in self.origins.items() if not origin.is_connected()]:
            del self.origins[url]

    def renew(self) -> None:
        """Close all connections."""
        self.multi.close()
        self.multi = _new_multi()
        self.origins.clear()


@dataclass(slots=True)
class _Origin:
    """What is known of a scheme, host and port, and of the one connection to it.

    Attributes:
        in_flight: how many requests are.
        descriptor: of the socket that the last reply came by; -1 before there is one.
        replied_at: when that was, by the monotonic clock.
        by_http1: whether it came by HTTP/1.
        begun_at: when a request was begun while no other was in flight.
        breaks: how many errors its connections have met; a reply to a request from before the last one says nothing of the next.
    """

    in_flight: int = 0
    descriptor: int = -1
    replied_at: float = -math.inf
    by_http1: bool = False
    begun_at: float = -math.inf
    breaks: int = 0

    def takes_another(self) -> bool:
        """Say whether one more request may be begun: until the connection has brought a reply, one alone is under way.

        libcurl sends a hundred before it knows how many streams the server allows, which then refuses most of them. APNs allows one
        until it has seen a valid token. A first request that is never answered holds the others up for a second.
        """
        return not self.in_flight or self.is_connected() or time.monotonic() - self.begun_at > _SECONDS_ALONE

    def is_connected(self) -> bool:
        """Say whether its connection has brought a reply, and may be used again."""
        return time.monotonic() - self.replied_at < _SECONDS_IDLE

    def begin(self) -> None:
        if not self.in_flight:
            self.begun_at = time.monotonic()
        self.in_flight += 1

    def break_off(self) -> None:
        self.replied_at = -math.inf
        self.breaks += 1


class _Batch:
    """What is to be sent, and what became of it so far."""

    def __init__(self, requests: Sequence[PushRequest], deadline: float) -> None:
        self.requests = requests
        self.waiting = deque(range(len(requests)))
        """Indexes of requests."""
        self.results: list[SendResult] = [_NOT_BEGUN] * len(requests)
        self._deadline = deadline
        self._refused: set[int] = set()

    def has_time(self) -> bool:
        return time.monotonic() < self._deadline

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
        self.pool: _Pool
        self.origin = _Origin()
        self.breaks = 0
        self.reply = BoundedReply()
        self.sockets = SocketOpener(allow_local=allow_local)
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

    def describe(self, request: PushRequest) -> NotSent | None:
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
        self._body, self._given = memoryview(request.body), 0
        self.reply.begin(request.reply_headers)
        return None

    def is_to_be_begun_anew(self) -> bool:
        """Say whether its connection broke before any of its body was given."""
        return not self._given and self.breaks != self.origin.breaks

    def result(self, code: int, text: str) -> SendResult | None:
        """Return what became of the request, by libcurl's error and its text; None if the provider did not look at it."""
        ask = self.handle.getinfo
        if code == pycurl.E_OK or self.reply.too_long:
            if self.breaks == self.origin.breaks:
                self.origin.replied_at, self.origin.descriptor = time.monotonic(), ask(pycurl.ACTIVESOCKET)
            self.origin.by_http1 = ask(pycurl.INFO_HTTP_VERSION) in _HTTP1
            return ProviderReply(ask(pycurl.RESPONSE_CODE), self.reply.body, self.reply.headers)
        # An error of one stream leaves the connection as it is.
        if code != HTTP2_STREAM_ERROR:
            self.origin.break_off()
        reason = self.sockets.why_refused(code) or describe_error(code)
        if not self._given:
            return NotSent(reason)
        # HTTP/1 refuses no streams: there libcurl says the same of a connection that was closed without an answer.
        if text == _REFUSED and not ask(pycurl.OS_ERRNO) and not self.origin.by_http1:
            return None
        return MaybeSent(reason)

    def forget(self) -> None:
        self.sockets.forget()
        self.reply.begin(frozenset())
        self._body = memoryview(b"")

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
