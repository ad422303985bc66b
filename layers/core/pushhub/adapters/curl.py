"""How does a request leave the hub: all of a batch at once, within its time, and only to addresses that it may reach?

libcurl does it for two reasons. It bounds the whole time of a request, whatever the other side does. And it hands over the address
before it opens a socket, so the address that is checked is the one that is connected to, even where a name resolves to another one
the second time. Redirects are not followed, proxies of the environment are not used, connections are kept for the next batch.

Answers may be compressed, and libcurl decodes them. It fails on an answer whose encoding it does not know, or that is not in the
encoding it names; some hosts write `Content-Encoding: utf-8`. From then on the answers of that URL are taken as they come, until
one comes compressed all the same.
"""

import re
import socket
from collections.abc import Sequence
from typing import Final

import certifi
import pycurl

from pushhub.outgoing.addresses import is_public
from pushhub.outgoing.calls import MAX_REPLY_BYTES, SECONDS_TO_ANSWER, Call, CallReply, NoReply

SECONDS_TO_CONNECT: Final = 5
"""Of :data:`~pushhub.outgoing.calls.SECONDS_TO_ANSWER`; the look-up of the address and TLS are part of it."""
_MAX_IDLE_CONNECTIONS: Final = 32
_SELECT_SECONDS: Final = 1.0
"""Longest wait for something to happen on a connection; a timer of libcurl that runs out earlier ends the wait."""
_HEADER_NAME: Final = re.compile(r"[0-9A-Za-z-]+", re.ASCII)
_HEADER_VALUE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?", re.ASCII)
"""What libcurl sends as it is: it takes an empty value as an order to leave the header out, and line breaks as further headers."""

_UNREACHABLE: Final = {
    pycurl.E_COULDNT_RESOLVE_HOST: "the host's name was not found",
    pycurl.E_COULDNT_CONNECT: "no connection",
    pycurl.E_OPERATION_TIMEDOUT: "no answer in time",
    pycurl.E_SSL_CONNECT_ERROR: "no TLS connection",
    pycurl.E_PEER_FAILED_VERIFICATION: "the host's certificate is not valid",
}
"""Errors that the next request to the same host would meet too."""
_BROKEN_OFF: Final = {
    pycurl.E_GOT_NOTHING: "the connection was closed without an answer",
    pycurl.E_RECV_ERROR: "the connection broke while the answer was awaited",
    pycurl.E_SEND_ERROR: "the connection broke while the request was sent",
    pycurl.E_PARTIAL_FILE: "the connection was closed within the answer",
}
"""Errors that say nothing of the next request."""
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
        self._allow_local = allow_local
        self._body = bytearray()
        self._too_long = False
        self._reply_headers: frozenset[str] = frozenset()
        self._headers: dict[str, str] = {}
        self._refused_address = ""
        self.could_not_be_decoded = False
        self._sockets: list[socket.socket] = []
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
            self._result = NoReply("the request has a character that HTTP does not take", unreachable=False)
            return False
        return True

    def close(self) -> None:
        self.handle.reset()
        for opened in self._sockets:
            opened.close()

    def _describe(self, call: Call) -> None:
        set_option = self.handle.setopt
        set_option(pycurl.URL, call.url)
        set_option(pycurl.NOSIGNAL, 1)
        set_option(pycurl.CONNECTTIMEOUT_MS, 1000 * SECONDS_TO_CONNECT)
        set_option(pycurl.FOLLOWLOCATION, 0)
        set_option(pycurl.PROXY, "")
        set_option(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        set_option(pycurl.USERAGENT, "pushhub")
        set_option(pycurl.OPENSOCKETFUNCTION, self._open_socket)
        set_option(pycurl.WRITEFUNCTION, self._write)
        set_option(pycurl.HEADERFUNCTION, self._header)
        set_option(pycurl.CUSTOMREQUEST, call.method)
        lines = [_header_line(name, value) for name, value in call.headers.items()]
        if call.body is not None:
            set_option(pycurl.POST, 1)
            set_option(pycurl.POSTFIELDS, call.body)
            # An empty value leaves out what libcurl would add: a type of its own where none is given, and for a large body the
            # question whether it may be sent.
            lines += ["Content-Type:", "Expect:"]
        set_option(pycurl.HTTPHEADER, lines)
        self._reply_headers = call.reply_headers

    def result(self) -> CallReply | NoReply:
        return self._result

    @property
    def came_compressed(self) -> bool:
        """Whether the body that was taken as it came is compressed with gzip."""
        return self._body.startswith(_GZIP_MAGIC)

    def end(self, code: int = pycurl.E_OK, text: str = "") -> None:
        status, seconds = self.handle.getinfo(pycurl.RESPONSE_CODE), self.handle.getinfo(pycurl.TOTAL_TIME)
        self.could_not_be_decoded = code == pycurl.E_BAD_CONTENT_ENCODING and not self._body
        if code == pycurl.E_OK or self._too_long or self.could_not_be_decoded or (code in _NOT_DECODED and self._body):
            self._result = CallReply(status, bytes(self._body), self._headers, seconds)
        elif self._refused_address and code == pycurl.E_COULDNT_CONNECT:
            self._result = NoReply(f"the address {self._refused_address} is not a public one", unreachable=True, seconds=seconds)
        else:
            known = {**_UNREACHABLE, **_BROKEN_OFF}.get(code, f"error {code} of libcurl")
            # Once an answer has begun, libcurl's text may quote it.
            reason = known if status else f"{known} ({text})"
            self._result = NoReply(reason, unreachable=code in _UNREACHABLE, seconds=seconds)

    def _open_socket(self, _purpose: int, address: tuple[int, int, int, tuple[str, int]]) -> socket.socket | int:
        family, kind, protocol, (host, *_) = address
        if not self._allow_local and not is_public(host):
            self._refused_address = host
            return pycurl.SOCKET_BAD
        try:
            opened = socket.socket(family, kind, protocol)
        except OSError:
            return pycurl.SOCKET_BAD
        # libcurl works with a duplicate, and closes that one only.
        self._sockets.append(opened)
        return opened

    def _write(self, chunk: bytes) -> int:
        room = MAX_REPLY_BYTES - len(self._body)
        self._body += chunk[:room]
        self._too_long = len(chunk) > room
        return min(len(chunk), room)

    def _header(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if (known := name.strip().lower().decode("latin-1")) in self._reply_headers:
            self._headers[known] = value.strip().decode("latin-1")


def _without_query(call: Call) -> str:
    return call.url.partition("?")[0]


def _header_line(name: str, value: str) -> str:
    """Return a header as libcurl takes it.

    Raises:
        ValueError: it is none; the text quotes nothing of it.
    """
    if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
        raise ValueError("a header with a character that HTTP does not take")
    return f"{name}: {value}"
