"""What does every request by libcurl need, whichever protocol it takes: an allowed address, true header lines, a bounded reply?"""

import re
import socket
from collections.abc import Mapping
from typing import Final

import pycurl

from pushhub.outgoing.addresses import is_public
from pushhub.outgoing.calls import MAX_REPLY_BYTES

_HEADER_NAME: Final = re.compile(r"[0-9A-Za-z-]+", re.ASCII)
_HEADER_VALUE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?", re.ASCII)
"""What libcurl sends as it is: it takes an empty value as an order to leave the header out, and line breaks as further headers."""
_NOT_ADDED: Final = ("Content-Type:", "Expect:")
"""An empty value leaves out what libcurl would add to a body: a type of its own where none is given, and for a large body the
question whether it may be sent."""

HTTP2_STREAM_ERROR: Final = 92
"""CURLE_HTTP2_STREAM, of which pycurl has no name."""
UNREACHABLE: Final = {
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
    pycurl.E_SEND_FAIL_REWIND: "the connection broke while the request was sent",
    pycurl.E_PARTIAL_FILE: "the connection was closed within the answer",
    pycurl.E_HTTP2: "the connection was closed without an answer",
    HTTP2_STREAM_ERROR: "the host broke off this one request",
}
"""Errors that say nothing of the next request."""
NO_HTTP: Final = "the request has a character that HTTP does not take"


class SocketOpener:
    """Opens sockets for libcurl, which hands over the address that it is about to connect to.

    So the address that is checked is the one that is connected to, even where a name resolves to another one the second time.
    """

    def __init__(self, *, allow_local: bool) -> None:
        """Open sockets to public addresses only, or with `allow_local` to any."""
        self._allow_local = allow_local
        self._opened: list[socket.socket] = []
        self._refused_address = ""

    def __call__(self, _purpose: int, address: tuple[int, int, int, tuple[str, int]]) -> socket.socket | int:
        """Return a socket for an address, as pycurl's OPENSOCKETFUNCTION."""
        family, kind, protocol, (host, *_) = address
        if not self._allow_local and not is_public(host):
            self._refused_address = host
            return pycurl.SOCKET_BAD
        try:
            opened = socket.socket(family, kind, protocol)
        except OSError:
            return pycurl.SOCKET_BAD
        # libcurl works with a duplicate, and closes that one only.
        self._opened.append(opened)
        return opened

    def why_refused(self, code: int) -> str:
        """Return why an error of libcurl is one of this opener, which refused an address; empty if it is not."""
        refused = self._refused_address if code == pycurl.E_COULDNT_CONNECT else ""
        return refused and f"the address {refused} is not a public one"

    def forget(self) -> None:
        """Close what was opened, of which libcurl has duplicates, and forget what was refused."""
        self._refused_address = ""
        while self._opened:
            self._opened.pop().close()


class BoundedReply:
    """Gathers a reply, as pycurl hands it over: a header line or a chunk at a time.

    Attributes:
        headers: those that were asked for, by their names in lower case.
        too_long: whether the body has more than `MAX_REPLY_BYTES`; the rest was not read.
    """

    def __init__(self) -> None:
        """Begin with a reply of which no header is kept."""
        self.begin(frozenset())

    def begin(self, names: frozenset[str]) -> None:
        """Forget what was gathered, for a reply of which the headers of these names are kept."""
        self._names = names
        self._body = bytearray()
        self.headers: dict[str, str] = {}
        self.too_long = False

    @property
    def body(self) -> bytes:
        """What was gathered of the body."""
        return bytes(self._body)

    def write(self, chunk: bytes) -> int:
        """Take a chunk, as pycurl's WRITEFUNCTION: libcurl ends a transfer of which less is taken than it has."""
        room = MAX_REPLY_BYTES - len(self._body)
        self._body += chunk[:room]
        self.too_long = len(chunk) > room
        return min(len(chunk), room)

    def header(self, line: bytes) -> None:
        """Take a header line, as pycurl's HEADERFUNCTION."""
        name, _, value = line.partition(b":")
        if (known := name.strip().lower().decode("latin-1")) in self._names:
            self.headers[known] = value.strip().decode("latin-1")


def header_lines(headers: Mapping[str, str]) -> list[str]:
    """Return headers as libcurl takes them.

    Raises:
        ValueError: one is none; the text quotes nothing of it.
    """
    if not all(_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value) for name, value in headers.items()):
        raise ValueError("a header with a character that HTTP does not take")
    return [*(f"{name}: {value}" for name, value in headers.items()), *_NOT_ADDED]


def describe_error(code: int) -> str:
    """Return an error of libcurl in words that hold nothing of the request."""
    return {**UNREACHABLE, **_BROKEN_OFF}.get(code, f"error {code} of libcurl")
