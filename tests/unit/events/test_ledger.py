"""What is written for a report: every combination of what it reports and what is known of its event, and of whom."""

from itertools import product

import pytest

from pushhub.catalog.providers import PushToken
from pushhub.events.command import Happening, PlainForm, RecordEvent
from pushhub.events.ledger import Counts, FirstSeen, KnownBits, Repeated, ReportMark, entry_for, own_bits
from pushhub.events.messages import Receipt
from pushhub.moments import Milliseconds

NONE, DELIVERED, OPENED, BOTH = Happening(0), Happening.DELIVERED, Happening.OPENED, Happening.DELIVERED | Happening.OPENED
MINE = ReportMark(Receipt("mine"), Milliseconds(2_000))
OTHERS = ReportMark(Receipt("another's"), Milliseconds(1_000))
REPORTED = (DELIVERED, OPENED, BOTH)
UNKNOWN: KnownBits = {}


def known(mine: Happening, others: Happening) -> KnownBits:
    """Return what is known where some bits are mine and some are another's."""
    return dict.fromkeys(mine, MINE) | dict.fromkeys(others, OTHERS)


def event(happening: Happening) -> RecordEvent:
    return RecordEvent(happening, "u", launch_of_link="sale")


DISJOINT = [(mine, others) for mine, others in product((NONE, *REPORTED), repeat=2) if not mine & others]


@pytest.mark.parametrize(("mine", "others"), DISJOINT)
def test_the_bits_of_a_receipt_are_those_it_set_and_no_others(mine: Happening, others: Happening) -> None:
    assert own_bits(known(mine, others), MINE.receipt) == mine
    assert own_bits(known(mine, others), OTHERS.receipt) == others
    assert own_bits(known(mine, others), Receipt("nobody's")) == NONE


def test_bits_belong_to_a_receipt_whenever_it_was_accepted() -> None:
    assert own_bits({OPENED: ReportMark(MINE.receipt, Milliseconds(9))}, MINE.receipt) == OPENED


TO_WRITE = [
    # reported, known as another's, new; None new is a repeat
    (DELIVERED, NONE, DELIVERED),
    (DELIVERED, DELIVERED, None),
    (DELIVERED, OPENED, DELIVERED),
    (DELIVERED, BOTH, None),
    (OPENED, NONE, OPENED),
    (OPENED, DELIVERED, OPENED),
    (OPENED, OPENED, None),
    (OPENED, BOTH, None),
    (BOTH, NONE, BOTH),
    (BOTH, DELIVERED, OPENED),
    (BOTH, OPENED, DELIVERED),
    (BOTH, BOTH, None),
]


def test_the_table_leaves_no_combination_out() -> None:
    assert [(reported, others) for reported, others, _ in TO_WRITE] == sorted(product(REPORTED, (NONE, *REPORTED)))


@pytest.mark.parametrize(("reported", "others", "new"), TO_WRITE)
def test_bits_that_nobody_set_are_set_and_where_there_are_none_it_is_a_repeat(
    reported: Happening, others: Happening, new: Happening | None
) -> None:
    entry = entry_for(event(reported), MINE, known(NONE, others))
    if new is None:
        assert entry == Repeated(MINE, Counts("sale", "-", NONE, reported))
    else:
        assert entry == FirstSeen(event(reported), MINE, new, Counts("sale", "-", new, reported))


@pytest.mark.parametrize(("reported", "mine", "others"), [(one, *both) for one, both in product(REPORTED, DISJOINT) if both[0]])
def test_where_a_bit_is_the_reports_own_all_of_it_is_written_already(
    reported: Happening, mine: Happening, others: Happening
) -> None:
    assert entry_for(event(reported), MINE, known(mine, others)) is None


def test_a_bit_that_is_set_by_the_same_receipt_at_another_time_is_its_own() -> None:
    assert entry_for(event(OPENED), MINE, {OPENED: ReportMark(MINE.receipt, Milliseconds(9))}) is None


@pytest.mark.parametrize(
    ("reported", "launch", "provider"),
    [
        (RecordEvent(OPENED, "u"), "-", "-"),
        (RecordEvent(OPENED, "u", launch_of_link="sale"), "sale", "-"),
        (RecordEvent(OPENED, "u", PlainForm(7, "ios-apns", PushToken("t"))), "7", "ios-apns"),
    ],
)
def test_a_report_is_counted_for_its_launch_and_provider(reported: RecordEvent, launch: str, provider: str) -> None:
    first, again = entry_for(reported, MINE, UNKNOWN), entry_for(reported, MINE, known(NONE, OPENED))
    assert first
    assert again
    assert [(entry.counts.launch, entry.counts.provider) for entry in (first, again)] == [(launch, provider)] * 2
