"""The ledger in memory."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, assert_never

from pushhub.events.command import Happening, Identity, RecordEvent
from pushhub.events.ledger import (
    AlreadyCountedError,
    ContradictedError,
    Counts,
    FirstSeen,
    LaunchStatistics,
    LedgerEntry,
    LedgerEvent,
    Repeated,
    ReportMark,
    SentCounts,
)

if TYPE_CHECKING:
    from pushhub.events.messages import Receipt

BITS = (Happening.DELIVERED, Happening.OPENED)


class MemoryLedger:
    """A ledger for tests; what it holds may be looked into."""

    def __init__(self) -> None:
        self.known_bits: defaultdict[Identity, dict[Happening, ReportMark]] = defaultdict(dict)
        self.events: dict[Identity, RecordEvent] = {}
        self.repeats: set[Receipt] = set()
        self.unique: Counter[tuple[str, str, Happening]] = Counter()
        self.total: Counter[tuple[str, str, Happening]] = Counter()
        self.sent: dict[tuple[str, str], SentCounts] = {}
        """What sendings have added to the counters of a launch and provider."""
        self.commits = 0

    def commit(self, entry: LedgerEntry) -> None:
        self.commits += 1
        match entry:
            case FirstSeen():
                self._set_bits(entry)
            case Repeated(report):
                if report.receipt in self.repeats:
                    raise AlreadyCountedError("the receipt is counted already")
                self.repeats.add(report.receipt)
            case _:
                assert_never(entry)
        self._count(entry.counts)

    def _set_bits(self, entry: FirstSeen) -> None:
        known_bits = self.known_bits[entry.event.identity]
        if any(bit in known_bits for bit in BITS if bit & entry.bits):
            raise ContradictedError(dict(known_bits))
        known_bits |= {bit: entry.report for bit in BITS if bit & entry.bits}
        self.events.setdefault(entry.event.identity, entry.event)

    def events_of(self, uid: str) -> Iterable[LedgerEvent]:
        found = [(identity, event) for identity, event in self.events.items() if event.uid == uid]
        return tuple(
            LedgerEvent(uid, event.launch, event.provider, event.plain is not None, dict(self.known_bits[identity]))
            for identity, event in sorted(found)
        )

    def launches(self) -> tuple[str, ...]:
        return tuple(sorted({launch for launch, _ in self._counted()}))

    def statistics(self, launch: str) -> tuple[LaunchStatistics, ...]:
        providers = sorted({provider for counted, provider in self._counted() if counted == launch})
        return tuple(
            LaunchStatistics(
                launch,
                provider,
                {bit: self.unique[launch, provider, bit] for bit in BITS},
                {bit: self.total[launch, provider, bit] for bit in BITS},
                self.sent.get((launch, provider), SentCounts()),
            )
            for provider in providers
        )

    def _counted(self) -> set[tuple[str, str]]:
        return {(launch, provider) for launch, provider, _ in self.total} | self.sent.keys()

    def _count(self, counts: Counts) -> None:
        for counter, counted in ((self.unique, counts.unique), (self.total, counts.total)):
            counter.update((counts.launch, counts.provider, bit) for bit in BITS if bit & counted)
