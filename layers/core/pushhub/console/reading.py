"""How does a command read many things of a hub in a short time?"""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from pushhub.console.bars import counting_bar

_AT_ONCE: Final = 8


def read_each[Thing, Found](read: Callable[[Thing], Found], things: Sequence[Thing], label: str) -> Generator[Found]:
    """Give what is read of each thing, in order and some at once, and show by a bar how many are read.

    After Ctrl-C or a fault, and once this is closed, things whose reading has not begun are not read.
    """
    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        with counting_bar(len(things), label) as advance:
            for found in pool.map(read, things):
                yield found
                advance(1)
    finally:
        pool.shutdown(cancel_futures=True)
