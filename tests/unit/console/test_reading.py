"""Many things are read in a short time, in their order, and no more than are needed."""

from contextlib import closing
from threading import Event

import pytest

from pushhub.console.reading import read_each
from pushhub.faults import UnavailableError


def test_what_is_read_comes_in_the_order_of_the_things() -> None:
    assert list(read_each(lambda number: number * 2, range(50), "reading")) == list(range(0, 100, 2))


def test_after_it_is_closed_nothing_else_is_read() -> None:
    read: list[int] = []
    gate = Event()

    def slowly(number: int) -> int:
        read.append(number)
        if number:
            gate.wait(1)
        return number

    with closing(read_each(slowly, range(1000), "reading")) as found:
        assert next(found) == 0
        gate.set()
    assert len(read) < 1000


def test_a_fault_of_one_ends_it() -> None:
    def fail(_: int) -> int:
        raise UnavailableError("no answer")

    with pytest.raises(UnavailableError):
        list(read_each(fail, range(3), "reading"))
