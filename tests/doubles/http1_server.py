"""A server of HTTP/1.1 that answers what a test tells it to."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


def answer(status: str = "200 OK", body: bytes = b"", *headers: str) -> bytes:
    """Return a whole HTTP answer."""
    head = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"))
    return head.encode() + b"\r\n" + body


@dataclass
class RawServer:
    """Listens on 127.0.0.1; keeps connections open unless `closes` or the answer is None, and says goodbye in TLS if it `unwraps`.

    `reply` makes the answer to a request; `requests` are those that came, `connections` counts what was accepted, and `closed` is
    released for each connection that has ended.
    """

    reply: Callable[[bytes], bytes | None]
    context: ssl.SSLContext | None = None
    closes: bool = False
    unwraps: bool = False
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    closed: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0), backlog=128))
    _open: list[socket.socket] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{'https' if self.context else 'http'}://{host}:{self.port}{path}"

    def accept(self) -> None:
        # Ended by the shutdown of the listener.
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                thread = threading.Thread(target=self._serve, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def stop(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            if self.context:
                with self.context.wrap_socket(connection, server_side=True) as secured:
                    self._open.append(secured)
                    self._talk(secured)
                    if self.unwraps:
                        secured.unwrap()
            else:
                self._talk(connection)
        self.closed.release()

    def _talk(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            while request := _request(stream.readline, stream.read):
                self.requests.append(request)
                reply = self.reply(request)
                if reply is None:
                    return
                connection.sendall(reply)
                if self.closes:
                    return


def _request(line: Callable[[], bytes], read: Callable[[int], bytes]) -> bytes:
    """Return the next request, nothing where the client is gone."""
    lines = []
    size = 0
    while (one := line()) not in {b"", b"\r\n"}:
        lines.append(one)
        name, _, value = one.partition(b":")
        if name.lower() == b"content-length":
            size = int(value)
    return b"".join([*lines, b"\r\n", read(size)]) if lines else b""


@contextmanager
def listening(
    reply: Callable[[bytes], bytes | None], context: ssl.SSLContext | None = None, *, closes: bool = False, unwraps: bool = False
) -> Iterator[RawServer]:
    """Serve while the body runs."""
    server = RawServer(reply, context, closes, unwraps)
    acceptor = threading.Thread(target=server.accept)
    acceptor.start()
    try:
        yield server
    finally:
        server.stop()
        acceptor.join()
        # What was accepted while the others were shut down.
        server.stop()
