"""nghttpd, the HTTP/2 server of the Debian package nghttp2-server, on a free port of this machine."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.running_upstream import free_port, until

HOW_TO_INSTALL = "apt-get install nghttp2-server nghttp2-client"


@dataclass(frozen=True, slots=True)
class Nghttpd:
    """A server that runs."""

    process: subprocess.Popen[bytes]
    port: int
    scheme: str

    def url(self, path: str = "/", host: str = "localhost") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"


def program(name: str) -> str:
    """Return the path of a program; without it, the test is skipped, or fails where `PEERS_REQUIRED` is set."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if found is None:
        reason = f"{name} is not installed: {HOW_TO_INSTALL}"
        (pytest.fail if os.environ.get("PEERS_REQUIRED") else pytest.skip)(reason)
    return found


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
