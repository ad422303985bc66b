"""Many things are read in a short time, in their order, and no more than are needed."""

from contextlib import closing
from threading import Event

import pytest

from pushhub.console.reading import AT_ONCE, read_each
from pushhub.faults import UnavailableError


def test_what_is_read_comes_in_the_order_of_the_things() -> None:
    assert list(read_each(lambda number: number * 2, range(50), "reading")) == list(range(0, 100, 2))


def test_no_more_is_read_ahead_than_is_read_at_one_time() -> None:
    begun: list[int] = []
    all_begun = Event()

    def read(number: int) -> int:
        begun.append(number)
        if len(begun) == AT_ONCE:
            all_begun.set()
        return number

    with closing(read_each(read, range(1000), "reading")) as found:
        assert next(found) == 0
        assert all_begun.wait(10)
    assert sorted(begun) == list(range(AT_ONCE))


def test_a_fault_of_one_ends_it() -> None:
    def fail(_: int) -> int:
        raise UnavailableError("no answer")

    with pytest.raises(UnavailableError):
        list(read_each(fail, range(3), "reading"))
