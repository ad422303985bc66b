"""A server of HTTP/2 that does what a test tells it to: it answers, refuses, resets, says goodbye, or breaks off."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, DataReceived, Event, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes

_READ_BYTES = 65_536
_NO_LIMIT = 1_000_000
_SETTINGS, _GOAWAY = 4, 7
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)
"""The value of SO_LINGER by which a socket that is closed resets its connection."""


@dataclass(eq=False)
class Arrived:
    """A request that has come whole, and the connection that it came by."""

    connection: "ServedConnection"
    stream: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.headers[":path"]

    def answer(self, status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.begin_answer(status, headers)
        self.connection.unsent[self.stream] = body

    def begin_answer(self, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Answer without an end."""
        self.connection.state.send_headers(self.stream, [(":status", str(status)), *(headers or {}).items()])

    def reset(self, error: ErrorCodes) -> None:
        self.connection.state.reset_stream(self.stream, error)


Behaviour = Callable[[Arrived], None]
"""What a server does about a request; what it sends leaves when it returns, in one piece."""


@dataclass(eq=False)
class ServedConnection:
    """One connection of a server."""

    server: "Http2Server"
    number: int
    channel: socket.socket
    state: H2Connection = field(default_factory=lambda: H2Connection(H2Configuration(client_side=False)))
    under_way: dict[int, Arrived] = field(default_factory=dict)
    unsent: dict[int, bytes] = field(default_factory=dict)
    """Bodies of answers, as far as the client has not let them through yet."""
    open: bool = True

    def goodbye(self, last: int) -> None:
        """Say that streams up to this one are answered, and no later one was looked at."""
        self.flush()
        # Not `close_connection`, after which h2 answers nothing more.
        self.channel.sendall(_frame(_GOAWAY, struct.pack(">II", last, ErrorCodes.NO_ERROR)))

    def close(self) -> None:
        """Break off, as a server that ends does."""
        self.open = False

    def abort(self) -> None:
        """Break off, as a server that crashes does: the client reads that the connection was reset."""
        self.channel.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        self.open = False

    def serve(self) -> None:
        # h2 would break the connection off where a stream is too many; real servers refuse that stream.
        self.state.local_settings[SettingCodes.MAX_CONCURRENT_STREAMS] = _NO_LIMIT
        self.state.initiate_connection()
        self.flush()
        self.channel.sendall(_frame(_SETTINGS, struct.pack(">HI", SettingCodes.MAX_CONCURRENT_STREAMS, self.server.streams)))
        while self.open and (read := self.channel.recv(_READ_BYTES)):
            for event in self._events(read):
                self._take(event)
                if not self.open:
                    break
            self.flush()

    def junk(self) -> None:
        """Send what is no HTTP/2."""
        self.flush()
        self.channel.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10)

    def _events(self, read: bytes) -> list[Event]:
        try:
            return self.state.receive_data(read)
        except ProtocolError:
            self.server.not_http2.append(read)
            raise

    def flush(self) -> None:
        for stream in list(self.unsent):
            self._let_through(stream)
        if data := self.state.data_to_send():
            self.channel.sendall(data)

    def _let_through(self, stream: int) -> None:
        while (window := self.state.local_flow_control_window(stream)) or not self.unsent[stream]:
            size = min(window, self.state.max_outbound_frame_size)
            chunk, rest = self.unsent[stream][:size], self.unsent[stream][size:]
            self.state.send_data(stream, chunk, end_stream=not rest)
            if not rest:
                del self.unsent[stream]
                return
            self.unsent[stream] = rest

    def _take(self, event: Event) -> None:
        match event:
            case RequestReceived(stream_id=stream, headers=headers):
                if self.state.open_inbound_streams > self.server.streams:
                    self.state.reset_stream(stream, ErrorCodes.REFUSED_STREAM)
                    self.server.too_many += 1
                    return
                self.under_way[stream] = Arrived(self, stream, {_text(name): _text(value) for name, value in headers})
            case DataReceived(stream_id=stream, data=data, flow_controlled_length=length):
                if stream in self.under_way:
                    self.under_way[stream].body += data
                self.state.acknowledge_received_data(length, stream)
            case StreamEnded(stream_id=stream):
                if stream in self.under_way:
                    self.server.take(self.under_way.pop(stream))
            case StreamReset(stream_id=stream):
                self.unsent.pop(stream, None)
                self.under_way.pop(stream, None)
            case ConnectionTerminated():
                self.open = False


@dataclass(eq=False)
class Http2Server:
    """Listens on a free port of 127.0.0.1, by prior knowledge or over TLS.

    Attributes:
        behaviour: what it does about a request; may be replaced while it runs.
        context: of TLS; None for prior knowledge.
        streams: how many it allows at a time on a connection.
        arrived: requests that have come whole, in order.
        connections: those that were accepted.
        too_many: how many streams it has refused, since that many were open already.
        not_http2: what came that is something else.
        most_at_once: the largest number of streams that were open at a time on a connection.
    """

    behaviour: Behaviour
    context: ssl.SSLContext | None = None
    streams: int = 100
    arrived: list[Arrived] = field(default_factory=list)
    connections: list[ServedConnection] = field(default_factory=list)
    closed: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    not_http2: list[bytes] = field(default_factory=list)
    most_at_once: int = 0
    too_many: int = 0
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0), backlog=128))
    _accepted: list[socket.socket] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def paths(self) -> list[str]:
        return [arrived.path for arrived in self.arrived]

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{'https' if self.context else 'http'}://{host}:{self.port}{path}"

    def take(self, arrived: Arrived) -> None:
        with self._lock:
            self.arrived.append(arrived)
            self.most_at_once = max(self.most_at_once, arrived.connection.state.open_inbound_streams)
        self.behaviour(arrived)

    def accept(self) -> None:
        # Ended by the shutdown of the listener.
        with suppress(OSError):
            while True:
                channel, _ = self._listener.accept()
                self._accepted.append(channel)
                thread = threading.Thread(target=self._serve, args=(channel,))
                thread.start()
                self._threads.append(thread)

    def _serve(self, channel: socket.socket) -> None:
        with channel, suppress(OSError, ProtocolError):
            secured = self.context.wrap_socket(channel, server_side=True) if self.context else channel
            with secured:
                connection = ServedConnection(self, len(self.connections), secured)
                self.connections.append(connection)
                connection.serve()
        self.closed.release()

    def stop_accepting(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def stop(self) -> None:
        # TLS takes over the socket that was accepted.
        for channel in (*self._accepted, *(connection.channel for connection in self.connections)):
            with suppress(OSError):
                channel.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()


def _frame(kind: int, payload: bytes) -> bytes:
    """Return a frame of the whole connection, without flags."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, 0]) + bytes(4) + payload


def _text(part: str | bytes) -> str:
    return part if isinstance(part, str) else part.decode()


@contextmanager
def serving(
    behaviour: Behaviour = Arrived.answer, *, context: ssl.SSLContext | None = None, streams: int = 100
) -> Iterator[Http2Server]:
    """Serve while the body runs."""
    server = Http2Server(behaviour, context, streams)
    acceptor = threading.Thread(target=server.accept)
    acceptor.start()
    try:
        yield server
    finally:
        server.stop_accepting()
        acceptor.join()
        server.stop()
