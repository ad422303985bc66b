"""How does a request leave the hub: all of a batch at once, within its time, and only to addresses that it may reach?

libcurl does it for two reasons. It bounds the whole time of a request, whatever the other side does. And it hands over the address
before it opens a socket, so the address that is checked is the one that is connected to, even where a name resolves to another one
the second time. Redirects are not followed, proxies of the environment are not used, connections are kept for the next batch.

Answers may be compressed, and libcurl decodes them. It fails on an answer whose encoding it does not know, or that is not in the
encoding it names; some hosts write `Content-Encoding: utf-8`. From then on the answers of that URL are taken as they come, until
one comes compressed all the same.
"""

from collections.abc import Sequence
from typing import Final

import certifi
import pycurl

from pushhub.adapters.curl.transfers import NO_HTTP, UNREACHABLE, BoundedReply, SocketOpener, describe_error, header_lines
from pushhub.outgoing.calls import SECONDS_TO_ANSWER, Call, CallReply, NoReply

SECONDS_TO_CONNECT: Final = 5
"""Of :data:`~pushhub.outgoing.calls.SECONDS_TO_ANSWER`; the look-up of the address and TLS are part of it."""
_MAX_IDLE_CONNECTIONS: Final = 32
_SELECT_SECONDS: Final = 1.0
"""Longest wait for something to happen on a connection; a timer of libcurl that runs out earlier ends the wait."""
_GZIP_MAGIC: Final = b"\x1f\x8b"
_NOT_DECODED: Final = frozenset({pycurl.E_BAD_CONTENT_ENCODING, pycurl.E_WRITE_ERROR})
"""Errors of the decoder: the body is not in the encoding that the answer names, or something stands behind it that is not."""


class CurlExchange:
    """Sends batches of requests; not to be used by two threads."""

    def __init__(self, *, allow_local: bool, ca_file: str = certifi.where(), seconds_to_answer: float = SECONDS_TO_ANSWER) -> None:
        """Reach public addresses by https only, or with `allow_local` any address and http too.

        `ca_file` holds the certificates of the authorities that are trusted.
        """
        self._allow_local = allow_local
        self._ca_file = ca_file
        self._seconds_to_answer = seconds_to_answer
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, _MAX_IDLE_CONNECTIONS)
        self._idle: list[pycurl.Curl] = []
        self._not_decoded: set[str] = set()
        """URLs, without their queries, whose answers are taken as they come."""

    def __call__(self, calls: Sequence[Call]) -> Sequence[CallReply | NoReply]:
        """See :class:`pushhub.outgoing.calls.Exchange`."""
        transfers = [_Transfer(self._handle(), allow_local=self._allow_local) for _ in calls]
        under_way = {
            transfer.handle: transfer for transfer, call in zip(transfers, calls, strict=True) if self._describe(transfer, call)
        }
        for handle in under_way:
            self._multi.add_handle(handle)
        try:
            self._perform(under_way)
        finally:
            for handle in under_way:
                self._multi.remove_handle(handle)
            for transfer in transfers:
                transfer.close()
                self._idle.append(transfer.handle)
        for transfer, call in zip(transfers, calls, strict=True):
            self._learn_whether_to_decode(transfer, _without_query(call))
        return [transfer.result() for transfer in transfers]

    def _learn_whether_to_decode(self, transfer: "_Transfer", url: str) -> None:
        if transfer.could_not_be_decoded:
            self._not_decoded.add(url)
        elif transfer.came_compressed:
            self._not_decoded.discard(url)

    def _describe(self, transfer: "_Transfer", call: Call) -> bool:
        return transfer.describe(call, decodes=_without_query(call) not in self._not_decoded)

    def _handle(self) -> pycurl.Curl:
        handle = self._idle.pop() if self._idle else pycurl.Curl()
        handle.setopt(pycurl.CAINFO, self._ca_file)
        handle.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTPS | (pycurl.PROTO_HTTP if self._allow_local else 0))
        handle.setopt(pycurl.TIMEOUT_MS, round(1000 * self._seconds_to_answer))
        return handle

    def _perform(self, transfers: "dict[pycurl.Curl, _Transfer]") -> None:
        running = len(transfers)
        while running:
            _, running = self._multi.perform()
            _, succeeded, failed = self._multi.info_read()
            for handle in succeeded:
                transfers[handle].end()
            for handle, code, text in failed:
                transfers[handle].end(code, text)
            if running:
                timer = self._multi.timeout()
                self._multi.select(_SELECT_SECONDS if timer < 0 else min(_SELECT_SECONDS, timer / 1000))


class _Transfer:
    """One request on its way; libcurl calls the methods that take a socket, a chunk or a header line."""

    def __init__(self, handle: pycurl.Curl, *, allow_local: bool) -> None:
        self.handle = handle
        self.sockets = SocketOpener(allow_local=allow_local)
        self.reply = BoundedReply()
        self.could_not_be_decoded = False
        self._result: CallReply | NoReply = NoReply("the request was not sent", unreachable=False)

    def describe(self, call: Call, *, decodes: bool) -> bool:
        """Set the options of the request; return whether it can be sent at all."""
        try:
            self._describe(call)
            if decodes:
                # An empty list of encodings stands for all that this libcurl knows.
                self.handle.setopt(pycurl.ACCEPT_ENCODING, "")
        except ValueError:
            # The error's text may quote the URL, which may hold a credential.
            self._result = NoReply(NO_HTTP, unreachable=False)
            return False
        return True

    def close(self) -> None:
        self.handle.reset()
        self.sockets.forget()

    def _describe(self, call: Call) -> None:
        set_option = self.handle.setopt
        set_option(pycurl.URL, call.url)
        set_option(pycurl.NOSIGNAL, 1)
        set_option(pycurl.CONNECTTIMEOUT_MS, 1000 * SECONDS_TO_CONNECT)
        set_option(pycurl.FOLLOWLOCATION, 0)
        set_option(pycurl.PROXY, "")
        set_option(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        set_option(pycurl.USERAGENT, "pushhub")
        set_option(pycurl.OPENSOCKETFUNCTION, self.sockets)
        set_option(pycurl.WRITEFUNCTION, self.reply.write)
        set_option(pycurl.HEADERFUNCTION, self.reply.header)
        set_option(pycurl.CUSTOMREQUEST, call.method)
        if call.body is not None:
            set_option(pycurl.POST, 1)
            set_option(pycurl.POSTFIELDS, call.body)
        set_option(pycurl.HTTPHEADER, header_lines(call.headers))
        self.reply.begin(call.reply_headers)

    def result(self) -> CallReply | NoReply:
        return self._result

    @property
    def came_compressed(self) -> bool:
        """Whether the body that was taken as it came is compressed with gzip."""
        return self.reply.body.startswith(_GZIP_MAGIC)

    def end(self, code: int = pycurl.E_OK, text: str = "") -> None:
        status, seconds = self.handle.getinfo(pycurl.RESPONSE_CODE), self.handle.getinfo(pycurl.TOTAL_TIME)
        reply = self.reply
        self.could_not_be_decoded = code == pycurl.E_BAD_CONTENT_ENCODING and not reply.body
        if code == pycurl.E_OK or reply.too_long or self.could_not_be_decoded or (code in _NOT_DECODED and reply.body):
            self._result = CallReply(status, reply.body, reply.headers, seconds)
            return
        # Once an answer has begun, libcurl's text may quote it.
        broken = describe_error(code) if status else f"{describe_error(code)} ({text})"
        reason = self.sockets.why_refused(code) or broken
        self._result = NoReply(reason, unreachable=code in UNREACHABLE, seconds=seconds)


def _without_query(call: Call) -> str:
    return call.url.partition("?")[0]
