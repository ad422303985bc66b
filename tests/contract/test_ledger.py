"""What every ledger does, in memory and in DynamoDB."""

import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import pytest

from pushhub.adapters.dynamodb.ledger import DynamoLedger
from pushhub.catalog.providers import PushToken
from pushhub.events.command import Happening, PlainForm, RecordEvent
from pushhub.events.ledger import (
    AlreadyCountedError,
    ContradictedError,
    KnownBits,
    LaunchStatistics,
    Ledger,
    LedgerEntry,
    LedgerEvent,
    ReportMark,
    entry_for,
)
from pushhub.events.messages import Receipt, Report
from pushhub.events.recording import Recording
from pushhub.moments import Milliseconds
from tests.conftest import Hub
from tests.doubles.ledger import MemoryLedger

DELIVERED, OPENED = Happening.DELIVERED, Happening.OPENED
BOTH = DELIVERED | OPENED


class ReadableLedger(Ledger, Protocol):
    def events_of(self, uid: str) -> Sequence[LedgerEvent]: ...
    def launches(self) -> Sequence[str]: ...
    def statistics(self, launch: str) -> Sequence[LaunchStatistics]: ...


@pytest.fixture(params=["memory", "DynamoDB"])
def ledger(request: pytest.FixtureRequest) -> Any:
    if request.param == "memory":
        return MemoryLedger()
    hub: Hub = request.getfixturevalue("hub")
    return DynamoLedger(hub.connection.client("dynamodb"), hub.connection.outputs["LedgerTable"], retention_days=90)


def fresh() -> str:
    return secrets.token_hex(8)


def report() -> ReportMark:
    return ReportMark(Receipt(secrets.token_hex(16)), Milliseconds(1_795_255_200_123))


def event(happening: Happening, uid: str | None = None, launch: str | None = None) -> RecordEvent:
    return RecordEvent(happening, uid or fresh(), launch_of_link=launch or fresh())


def entry(what: RecordEvent, by: ReportMark, known_bits: KnownBits | None = None) -> LedgerEntry:
    found = entry_for(what, by, known_bits or {})
    assert found
    return found


def counters(ledger: ReadableLedger, what: RecordEvent) -> tuple[int, int, int, int]:
    (found,) = ledger.statistics(what.launch)
    return found.unique[DELIVERED], found.unique[OPENED], found.total[DELIVERED], found.total[OPENED]


def test_a_first_report_is_written_and_counted(ledger: ReadableLedger) -> None:
    what, first = event(DELIVERED), report()
    ledger.commit(entry(what, first))
    assert list(ledger.events_of(what.uid)) == [LedgerEvent(what.uid, what.launch, "-", plain=False, known_bits={DELIVERED: first})]
    assert counters(ledger, what) == (1, 0, 1, 0)


def test_a_bit_that_is_set_contradicts_and_nothing_is_counted(ledger: ReadableLedger) -> None:
    what, first = event(DELIVERED), report()
    ledger.commit(entry(what, first))
    both = RecordEvent(BOTH, what.uid, launch_of_link=what.launch)
    with pytest.raises(ContradictedError) as contradiction:
        ledger.commit(entry(both, report()))
    assert contradiction.value.known_bits == {DELIVERED: first}
    assert counters(ledger, what) == (1, 0, 1, 0)


def test_the_other_bit_is_set_later_and_the_whole_report_counted(ledger: ReadableLedger) -> None:
    what, first, second = event(DELIVERED), report(), report()
    ledger.commit(entry(what, first))
    both = RecordEvent(BOTH, what.uid, launch_of_link=what.launch)
    ledger.commit(entry(both, second, {DELIVERED: first}))
    (found,) = ledger.events_of(what.uid)
    assert found.known_bits == {DELIVERED: first, OPENED: second}
    assert counters(ledger, what) == (1, 1, 2, 1)


def test_a_repeat_is_counted_once_for_its_receipt(ledger: ReadableLedger) -> None:
    what, first, repeat = event(DELIVERED), report(), report()
    ledger.commit(entry(what, first))
    ledger.commit(entry(what, repeat, {DELIVERED: first}))
    with pytest.raises(AlreadyCountedError):
        ledger.commit(entry(what, repeat, {DELIVERED: first}))
    ledger.commit(entry(what, report(), {DELIVERED: first}))
    assert counters(ledger, what) == (1, 0, 3, 0)


def test_launches_and_providers_are_counted_apart(ledger: ReadableLedger) -> None:
    uid, launches = fresh(), (fresh(), fresh())
    for launch in launches:
        for provider in ("ios-apns", "android-firebase"):
            ledger.commit(entry(RecordEvent(OPENED, uid, PlainForm(launch, provider, PushToken("a token"))), report()))
    assert set(launches) <= set(ledger.launches())
    for launch in launches:
        found = ledger.statistics(launch)
        assert [(one.launch, one.provider, one.unique[OPENED]) for one in found] == [
            (launch, "android-firebase", 1),
            (launch, "ios-apns", 1),
        ]
    assert len(list(ledger.events_of(uid))) == 4


def test_the_special_form_is_another_event_than_the_plain_one(ledger: ReadableLedger) -> None:
    uid = fresh()
    special, plain = event(DELIVERED, uid), RecordEvent(DELIVERED, uid, PlainForm(7, "ios-apns", PushToken("a token")))
    ledger.commit(entry(special, report()))
    ledger.commit(entry(plain, report()))
    assert {(one.launch, one.provider, one.plain) for one in ledger.events_of(uid)} == {
        (special.launch, "-", False),
        ("7", "ios-apns", True),
    }


@pytest.mark.parametrize("text", ["#", "N#x#0", "🙂", " ", "a" * 256, "LAUNCHES"])
def test_any_text_may_name_a_launch(ledger: ReadableLedger, text: str) -> None:
    launch = text + fresh()
    ledger.commit(entry(event(DELIVERED, launch=launch), report()))
    assert launch in ledger.launches()
    assert [found.launch for found in ledger.statistics(launch)] == [launch]


def test_what_is_unknown_is_empty(ledger: ReadableLedger) -> None:
    assert not list(ledger.events_of(fresh()))
    assert not list(ledger.statistics(fresh()))


def test_recording_gives_a_report_its_own_bits_however_often_it_is_delivered(ledger: ReadableLedger) -> None:
    recording = Recording(ledger)
    what = event(BOTH)
    delivered = RecordEvent(DELIVERED, what.uid, launch_of_link=what.launch)
    first, second, third = (Report(one.receipt, one.at, what) for one in (report(), report(), report()))
    assert [recording(first, delivered) for _ in range(3)] == [DELIVERED] * 3
    assert [recording(second, what) for _ in range(3)] == [OPENED] * 3
    assert [recording(third, what) for _ in range(3)] == [Happening(0)] * 3
    assert counters(ledger, what) == (1, 1, 3, 2)


@pytest.fixture
def twelve_hands() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(12) as pool:
        yield pool


def test_of_twins_that_arrive_at_the_same_time_one_is_the_first(hub: Hub, twelve_hands: ThreadPoolExecutor) -> None:
    ledgers = [
        DynamoLedger(hub.connection.client("dynamodb"), hub.connection.outputs["LedgerTable"], retention_days=90) for _ in range(12)
    ]
    for _ in range(5):
        what = event(BOTH)
        reports = [Report(one.receipt, one.at, what) for one in (report() for _ in ledgers)]
        jobs = [twelve_hands.submit(Recording(ledger), one, what) for ledger, one in zip(ledgers, reports, strict=True)]
        found = [job.result() for job in jobs]
        assert sorted(found) == [Happening(0)] * 11 + [BOTH]
        assert counters(ledgers[0], what) == (1, 1, 12, 12)
