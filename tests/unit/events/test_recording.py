"""A report is written down once, whatever else is written at the same time."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pushhub.adapters.dynamodb.ledger import DynamoLedger
from pushhub.adapters.dynamodb.schema import items
from pushhub.events.command import Happening, RecordEvent
from pushhub.events.ledger import (
    AlreadyCountedError,
    ContradictedError,
    FirstSeen,
    KnownBits,
    Ledger,
    LedgerEntry,
    Repeated,
    ReportMark,
)
from pushhub.events.messages import Receipt, Report
from pushhub.events.recording import Recording
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Milliseconds
from pushhub.races import LONGEST_RACE_WAIT, MAX_RACE_TRIES
from tests.doubles.ledger import MemoryLedger

NONE, DELIVERED, OPENED, BOTH = Happening(0), Happening.DELIVERED, Happening.OPENED, Happening.DELIVERED | Happening.OPENED
MINE = ReportMark(Receipt("a" * 32), Milliseconds(2_000))
OTHERS = ReportMark(Receipt("b" * 32), Milliseconds(1_000))
THIRDS = ReportMark(Receipt("c" * 32), Milliseconds(1_500))


class ScriptedLedger:
    """Raises what it was told to, one for each commit (None: it is written); `entries` are what it was asked to write."""

    def __init__(self, answers: Iterable[Exception | None]) -> None:
        self.answers = list(answers)
        self.entries: list[LedgerEntry] = []

    def commit(self, entry: LedgerEntry) -> None:
        self.entries.append(entry)
        if answer := self.answers.pop(0):
            raise answer

    @property
    def asked(self) -> list[tuple[type[LedgerEntry], Happening]]:
        """The kind of each entry and the bits it sets."""
        return [(type(entry), entry.counts.unique) for entry in self.entries]


def found(known_bits: KnownBits) -> ContradictedError:
    return ContradictedError(known_bits)


def record(ledger: Ledger, happening: Happening = BOTH, by: ReportMark = MINE) -> tuple[Happening, list[float]]:
    """Record a report; return the bits that are its own and the waits."""
    event, waits = RecordEvent(happening, "u"), list[float]()
    return Recording(ledger, waits.append)(Report(by.receipt, by.at, event), event), waits


def test_a_new_report_is_written_at_once() -> None:
    ledger = ScriptedLedger([None])
    assert record(ledger) == (BOTH, [])
    assert ledger.asked == [(FirstSeen, BOTH)]
    assert ledger.entries[0].report == MINE


def test_what_is_found_set_is_left_out_and_the_rest_is_written_without_a_wait() -> None:
    ledger = ScriptedLedger([found({OPENED: OTHERS}), None])
    assert record(ledger) == (DELIVERED, [])
    assert ledger.asked == [(FirstSeen, BOTH), (FirstSeen, DELIVERED)]


def test_contradictions_in_a_row_end_with_a_repeat_that_has_no_bits() -> None:
    ledger = ScriptedLedger([found({OPENED: OTHERS}), found({OPENED: OTHERS, DELIVERED: THIRDS}), None])
    assert record(ledger) == (NONE, [])
    assert ledger.asked == [(FirstSeen, BOTH), (FirstSeen, DELIVERED), (Repeated, NONE)]


def test_a_repeat_whose_receipt_is_counted_has_no_bits() -> None:
    ledger = ScriptedLedger([found({OPENED: OTHERS}), AlreadyCountedError()])
    assert record(ledger, OPENED) == (NONE, [])
    assert ledger.asked == [(FirstSeen, OPENED), (Repeated, NONE)]


def test_a_report_that_is_written_already_has_its_bits_again_and_is_not_written_again() -> None:
    ledger = ScriptedLedger([found({OPENED: MINE, DELIVERED: OTHERS})])
    assert record(ledger) == (OPENED, [])
    assert ledger.asked == [(FirstSeen, BOTH)]


def test_a_report_never_has_bits_that_it_does_not_report() -> None:
    # A message that was altered between two deliveries keeps its receipt.
    assert record(ScriptedLedger([found({OPENED: MINE, DELIVERED: MINE})]), OPENED) == (OPENED, [])


def test_a_lost_race_is_run_again_after_a_wait() -> None:
    ledger = ScriptedLedger([LostRaceError(), LostRaceError(), None])
    bits, waits = record(ledger)
    assert bits == BOTH
    assert len(waits) == 2
    assert all(0 <= wait <= LONGEST_RACE_WAIT for wait in waits)
    assert ledger.asked == [(FirstSeen, BOTH)] * 3


def test_after_a_lost_race_what_was_found_before_is_still_known() -> None:
    ledger = ScriptedLedger([found({OPENED: OTHERS}), LostRaceError(), None])
    bits, waits = record(ledger)
    assert (bits, len(waits)) == (DELIVERED, 1)
    assert ledger.asked == [(FirstSeen, BOTH), (FirstSeen, DELIVERED), (FirstSeen, DELIVERED)]


def test_a_contradiction_that_says_nothing_new_is_a_lost_race() -> None:
    ledger = ScriptedLedger([found({OPENED: OTHERS}), found({OPENED: OTHERS}), None])
    bits, waits = record(ledger)
    assert (bits, len(waits)) == (DELIVERED, 1)
    assert ledger.asked == [(FirstSeen, BOTH), (FirstSeen, DELIVERED), (FirstSeen, DELIVERED)]


def test_a_race_that_is_lost_each_time_is_raised_after_a_bounded_number_of_tries() -> None:
    ledger, waits, event = ScriptedLedger([LostRaceError(str(index)) for index in range(99)]), list[float](), RecordEvent(BOTH, "u")
    with pytest.raises(LostRaceError, match=f"^{MAX_RACE_TRIES - 1}$"):
        Recording(ledger, waits.append)(Report(MINE.receipt, MINE.at, event), event)
    assert (len(ledger.entries), len(waits)) == (MAX_RACE_TRIES, MAX_RACE_TRIES - 1)


@pytest.mark.parametrize("before", [[], [found({OPENED: OTHERS})], [LostRaceError()]], ids=["at once", "contradicted", "raced"])
def test_a_ledger_that_does_not_answer_is_raised_and_not_asked_again(before: list[Exception]) -> None:
    ledger, event = ScriptedLedger([*before, UnavailableError("no answer"), None]), RecordEvent(BOTH, "u")
    with pytest.raises(UnavailableError, match="no answer"):
        Recording(ledger, lambda _: None)(Report(MINE.receipt, MINE.at, event), event)
    assert ledger.answers == [None]


def test_a_write_whose_answer_was_lost_is_its_own_when_the_message_is_delivered_again() -> None:
    class Forgetful(MemoryLedger):
        def commit(self, entry: LedgerEntry) -> None:
            super().commit(entry)
            if self.commits == 1:
                raise UnavailableError("the answer was lost")

    ledger = Forgetful()
    with pytest.raises(UnavailableError):
        record(ledger)
    assert record(ledger) == (BOTH, [])
    assert ledger.total == ledger.unique == Counter({("-", "-", DELIVERED): 1, ("-", "-", OPENED): 1})


@pytest.mark.parametrize("first", [DELIVERED, OPENED, BOTH])
@pytest.mark.parametrize("second", [DELIVERED, OPENED, BOTH])
def test_each_bit_is_given_to_one_of_two_reports_and_both_are_counted_once_however_often_delivered(
    first: Happening, second: Happening
) -> None:
    ledger = MemoryLedger()
    for _ in range(3):
        assert record(ledger, first, OTHERS)[0] == first
        assert record(ledger, second, MINE)[0] == second & ~first
    for bit in BOTH:
        assert ledger.unique["-", "-", bit] == bool(bit & (first | second))
        assert ledger.total["-", "-", bit] == bool(bit & first) + bool(bit & second)


# What keeps contradictions from going on for ever: the table's ledger contradicts only with bits that were to be set.


class CancellingClient:
    """Cancels every transaction because of its first action, whose item it tells; `calls` are the transactions."""

    def __init__(self, item: Mapping[str, object], reason: str = "ConditionalCheckFailed") -> None:
        self.reasons = [{"Code": reason, "Item": items.to_wire(item)}, {"Code": "None"}, {"Code": "None"}]
        self.calls: list[Any] = []

    def transact_write_items(self, **call: object) -> None:
        self.calls.append(call["TransactItems"])
        assert len(self.calls) <= 2 * MAX_RACE_TRIES, "it goes on for ever"
        error: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": self.reasons}
        raise ClientError(error, "TransactWriteItems")

    @property
    def guarded(self) -> list[str]:
        """The verb of the action with the guard in each transaction."""
        return [verb for actions in self.calls for verb in actions[0]]


def dynamo(client: Any) -> DynamoLedger:
    return DynamoLedger(client, "table", retention_days=90)


@pytest.mark.parametrize(
    "item",
    [{}, {"o": OTHERS.receipt, "o_at": 1, "v": items.ITEM_FORMAT}, {"uid": "u", "v": items.ITEM_FORMAT}],
    ids=["nothing", "only a bit that was not to be set", "no bits"],
)
def test_a_table_that_contradicts_and_tells_nothing_of_the_bits_is_a_lost_race_and_not_asked_for_ever(
    item: dict[str, object],
) -> None:
    client = CancellingClient(item)
    with pytest.raises(LostRaceError, match="ConditionalCheckFailed"):
        record(dynamo(client), DELIVERED)
    assert client.guarded == ["Update"] * MAX_RACE_TRIES


def test_a_table_that_keeps_telling_of_the_same_bit_is_a_lost_race_once_that_bit_is_left_out() -> None:
    client = CancellingClient({"o": OTHERS.receipt, "o_at": 1, "v": items.ITEM_FORMAT})
    with pytest.raises(LostRaceError, match="ConditionalCheckFailed"):
        record(dynamo(client))
    assert client.guarded == ["Update"] * (1 + MAX_RACE_TRIES)


def test_a_table_that_tells_of_every_bit_and_that_the_receipt_is_counted_is_asked_twice() -> None:
    client = CancellingClient({"o": OTHERS.receipt, "o_at": 1, "d": OTHERS.receipt, "d_at": 1, "v": items.ITEM_FORMAT})
    assert record(dynamo(client)) == (NONE, [])
    assert client.guarded == ["Update", "Put"]


def test_a_table_that_is_busy_is_a_lost_race_whatever_it_tells() -> None:
    client = CancellingClient({"d": OTHERS.receipt, "d_at": 1, "v": items.ITEM_FORMAT}, reason="TransactionConflict")
    with pytest.raises(LostRaceError, match="TransactionConflict"):
        record(dynamo(client), DELIVERED)
    assert client.guarded == ["Update"] * MAX_RACE_TRIES
