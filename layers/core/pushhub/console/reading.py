"""How does a command read many things of a hub in a short time?"""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from pushhub.console.bars import counting_bar

AT_ONCE: Final = 8
"""How many things are read at one time, and at most ahead of what was taken."""


def read_each[Thing, Found](read: Callable[[Thing], Found], things: Sequence[Thing], label: str) -> Generator[Found]:
    """Give what is read of each thing, in order and :data:`AT_ONCE` at one time, and show by a bar how many are read.

    After Ctrl-C or a fault, and once this is closed, things whose reading has not begun are not read.
    """
    pool = ThreadPoolExecutor(AT_ONCE)
    # A pool takes all that it is given, so whoever needs the first things alone would pay for reading the others.
    ahead: deque[Future[Found]] = deque()
    try:
        with counting_bar(len(things), label) as advance:
            for thing in things:
                ahead.append(pool.submit(read, thing))
                if len(ahead) == AT_ONCE:
                    yield ahead.popleft().result()
                    advance(1)
            while ahead:
                yield ahead.popleft().result()
                advance(1)
    finally:
        pool.shutdown(cancel_futures=True)
