"""nghttpd, the HTTP/2 server of the Debian package nghttp2-server, on a free port of this machine."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.installed import program
from tests.running_upstream import free_port, until


@dataclass(frozen=True, slots=True)
class Nghttpd:
    """A server that runs."""

    process: subprocess.Popen[bytes]
    port: int
    scheme: str

    def url(self, path: str = "/", host: str = "localhost") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"


@contextmanager
def nghttpd(*options: str, key_and_certificate: tuple[Path, Path] | None = None) -> Iterator[Nghttpd]:
    """Serve while the body runs: over TLS with a key and a certificate, else by prior knowledge."""
    port = free_port()
    encryption = ["--no-tls"] if key_and_certificate is None else []
    files = [str(file) for file in key_and_certificate or ()]
    process = subprocess.Popen(
        [program("nghttpd"), "--address=127.0.0.1", *encryption, *options, str(port), *files],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        until(lambda: _listens(port))
        yield Nghttpd(process, port, "https" if key_and_certificate else "http")
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
