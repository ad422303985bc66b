"""How are names from outside shown in a message: bounded, printable, and without data of a row?"""

import re
from collections.abc import Iterable
from typing import Final

_SHOWN: Final = 40
_LISTED: Final = 10
_CHOICES: Final = 20
_LIKE_A_NAME: Final = re.compile(r"[^\W\d][\w .-]{0,29}")
"""What may be shown of a first line that is no header: tokens and addresses are longer, or hold other characters."""


def shown(name: str) -> str:
    """Return a name in quotes, bounded and printable."""
    printable = "".join(character if character.isprintable() else "\ufffd" for character in name[:_SHOWN])
    return f'"{printable}{"…" if len(name) > _SHOWN else ""}"'


def choices(words: Iterable[object]) -> str:
    """Return what a person may pick from, as the end of a message, bounded; the words themselves are printable."""
    listed = [str(word) for word in words]
    if not listed:
        return "there is none"
    more = f" and {len(listed) - _CHOICES} more" if len(listed) > _CHOICES else ""
    return f"there {'is' if len(listed) == 1 else 'are'} {', '.join(listed[:_CHOICES])}{more}"


def looks_like_data(cells: Iterable[str]) -> bool:
    """Say whether no cell of a first line looks like the name of a column."""
    return not any(_LIKE_A_NAME.fullmatch(cell) for cell in cells)


def shown_of_first_line(cells: Iterable[str]) -> str:
    """Return those cells that look like names of columns; the others, which may be data, are only counted."""
    all_cells = list(cells)
    names = [cell for cell in all_cells if _LIKE_A_NAME.fullmatch(cell)]
    parts = [shown(name) for name in names[:_LISTED]]
    if more := len(names) - len(parts):
        parts.append(f"{more} more")
    if others := len(all_cells) - len(names):
        parts.append(f"{others} that {'is no name' if others == 1 else 'are no names'}")
    return ", ".join(parts)
