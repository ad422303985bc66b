"""Which port does the engine listen on, and what happens if another program has taken it?"""

import re
import socket
from pathlib import Path

from pushhub.console.progress import say


def choose_port(noted: Path, state: Path) -> int:
    """Return the port of the last start, or a free one if that is taken or there was none, and note it.

    The engine saves the URLs of its queues with the port in them, and finds no queue under another port. So where the port changes,
    the saved URLs are changed too.

    Args:
        noted: file with the port of the last start.
        state: folder with what the engine has saved; no engine uses it.
    """
    remembered = int(noted.read_text()) if noted.exists() else None
    if remembered is not None and _is_free(remembered):
        return remembered
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    if remembered is not None:
        say(f"port {remembered}, which the engine used so far, is taken; it moves to {port}")
        _move(state, remembered, port)
    noted.write_text(str(port))
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _move(state: Path, old: int, new: int) -> None:
    address = re.compile(rf"\b(localhost|127\.0\.0\.1):{old}\b")
    for path in state.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        if (moved := address.sub(rf"\1:{new}", text)) != text:
            # Replaced as a whole, so that a crash never leaves half a file.
            beside = path.with_suffix(".moved")
            beside.write_text(moved, encoding="utf-8")
            beside.replace(path)
