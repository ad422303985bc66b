"""Is a person at the terminal, and how are texts shown there that others wrote?"""

import json
import sys


def stdout_is_a_terminal() -> bool:
    """Tell whether stdout is a terminal."""
    return sys.stdout.isatty()


def stdin_is_a_terminal() -> bool:
    """Tell whether stdin is a terminal."""
    return sys.stdin.isatty()


def on_one_line(text: str) -> str:
    """Return a text that others wrote so that it cannot steer the terminal it is shown on."""
    return text if text.isprintable() else json.dumps(text)


def beginning(text: str, length: int) -> str:
    """Return a text cut to a length, with … where more follows."""
    return text if len(text) <= length else f"{text[:length]}…"
