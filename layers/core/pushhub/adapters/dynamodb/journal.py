"""The journals of imports in DynamoDB: what came of rows is written in one transaction with what it came from.

A journal is a partition. Each lane has a gate in it, which holds the number of the run that may pass; every append checks that of
its lane. A run that opens the journal takes a number higher than all before, closes gate after gate to lower ones, and then reads
what stands there: earlier runs can add nothing any more. So it gets through, however busy they are.
"""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay, wait_random

from pushhub.adapters.dynamodb.audience import transact_actions
from pushhub.adapters.dynamodb.faults import GUARD_FAILED, guard_failed, reasons_of, translated
from pushhub.adapters.dynamodb.queries import items_in
from pushhub.adapters.dynamodb.schema import imports as schema
from pushhub.adapters.dynamodb.schema import items
from pushhub.adapters.dynamodb.schema.items import Item
from pushhub.audience.changes import Change, SubscriptionPut
from pushhub.catalog.model import DatabaseId
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.imports.job import ChunkProgress, JobId, RowOutcome
from pushhub.imports.port import TakenOverError
from pushhub.moments import SECONDS_PER_DAY

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import UpdateItemInputTypeDef

LANES: Final = 8
"""Lanes of a journal. A release may have more than the one before, never fewer: it would leave lanes of earlier runs open."""
MAX_APPENDED_WRITES: Final = 98
"""Writes of one append: DynamoDB's bound of a transaction, less the journal's entry and the check of the gate."""
MAX_APPENDED_ROWS: Final = 10_000
"""Rows of one append. An entry takes five bytes for one at most, and DynamoDB 400 KB for an item."""
MAX_APPENDED_REASON_BYTES: Final = 256 * 1024
"""Bytes of the different reasons of one append, in UTF-8."""
MAX_GATE_TRIES: Final = 50
MAX_GATE_SECONDS: Final = 10
"""Bounds of trying to close a gate that transactions of an earlier run pass."""
MAX_OPENINGS: Final = 5
"""How often a run that opens a journal takes a new number because one with a higher number came in between."""
_THROTTLED: Final = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded"})


class _OvertakenError(Exception):
    """A run with a higher number is opening the journal."""


class DynamoJournals:
    """The journals of a stack."""

    def __init__(  # noqa: PLR0913  (two clocks, which only tests set)
        self,
        client: "DynamoDBClient",
        ledger: str,
        audience: str,
        retention_days: int,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Use the Ledger table, and the Audience table for changes, through a client.

        Args:
            client: has the rights to read and write the one, and to write the other.
            ledger: the Ledger table.
            audience: the Audience table.
            retention_days: how long after it was opened last what is written to a journal is remembered.
            now: gives seconds since 1970-01-01 UTC.
            sleep: waits between tries.
        """
        self._client = client
        self._ledger = ledger
        self._audience = audience
        self._retention = retention_days * SECONDS_PER_DAY
        self._now = now
        self._sleep = sleep

    def open(self, job: JobId, chunk: int) -> "DynamoJournal":
        """See :meth:`pushhub.imports.port.Journals.open`; an update for each lane, and a query."""
        partition = _Partition(
            self._client, self._ledger, schema.journal_partition(job, chunk), int(self._now()) + self._retention, self._sleep
        )
        for _ in range(MAX_OPENINGS):
            try:
                run = partition.close_gates()
            except _OvertakenError:
                continue
            return DynamoJournal(partition, self._audience, job, run)
        raise UnavailableError("other runs open the journal again and again")


class DynamoJournal:
    """See :class:`pushhub.imports.port.OpenJournal`; each append, and the finish, is one transaction."""

    def __init__(self, partition: "_Partition", audience: str, job: JobId, run: int) -> None:
        """Read what earlier runs have settled, which can write no more."""
        self._partition = partition
        self._audience = audience
        self._job = job
        self._run = run
        self._places = [0] * LANES
        self._settled: dict[int, RowOutcome] = {}
        self._finished = False
        for entry in partition.entries():
            self._settled |= schema.outcomes_of(entry.get("outcomes", []))
            self._finished |= entry.get("finished", False)

    @property
    def settled(self) -> Mapping[int, RowOutcome]:
        """What came of rows that were settled when the journal was opened, by their position in the chunk."""
        return self._settled

    @property
    def finished(self) -> bool:
        """Whether every row was settled, and `finish` said so, when the journal was opened."""
        return self._finished

    @property
    def lanes(self) -> int:
        """How many threads may append at one time."""
        return LANES

    def append(self, lane: int, outcomes: Mapping[int, RowOutcome], changes: Sequence[tuple[DatabaseId, Change]] = ()) -> None:
        """See :meth:`pushhub.imports.port.OpenJournal.append`.

        Where an append was written although that was not to be known, each further one in its lane writes nothing and says so.

        Raises:
            ValueError: it is more than a transaction or an entry takes, or writes an item twice.
        """
        checked(lane, outcomes, changes)
        actions = [action for database, change in changes for action in transact_actions(self._audience, database, change)]
        self._write(lane, {"outcomes": schema.outcomes_attribute(outcomes)}, actions)

    def finish(self, progress: ChunkProgress) -> None:
        """See :meth:`pushhub.imports.port.OpenJournal.finish`; the entry stands in the first lane."""
        item = schema.progress_item(self._job, replace(progress, finished=True), self._partition.expires)
        self._write(0, {"finished": True}, [{"Put": {"TableName": self._partition.table, "Item": items.to_wire(item)}}])

    def _write(self, lane: int, said: Item, actions: list[Any]) -> None:
        token = secrets.token_hex(8)
        entering = self._partition.entering(lane, self._run, self._places[lane], said | {"token": token})
        try:
            with translated():
                # The client keeps the token when it tries again, so a lost answer does not write twice.
                self._partition.client.transact_write_items(TransactItems=[*actions, *entering], ClientRequestToken=token)
        except LostRaceError as lost:
            _explain(lost, token)
        self._places[lane] += 1


def _explain(lost: LostRaceError, token: str) -> None:
    """Raise what a cancelled transaction means; return where an earlier try of the same had gone through.

    The last two of its reasons are those of the entry and of the gate.
    """
    reasons = reasons_of(lost)
    entry, gate = reasons[-2:] if len(reasons) > 1 else ({}, {})
    placed = entry.get("Item")
    if placed and items.from_wire(placed).get("token") == token:
        return
    if gate.get("Code") == GUARD_FAILED:
        raise TakenOverError("another run has opened the journal") from lost
    if entry.get("Code") == GUARD_FAILED:
        raise UnavailableError("an append in this lane had gone through unseen: open the journal again") from lost
    if throttled := _THROTTLED & {reason.get("Code") for reason in reasons}:
        raise UnavailableError(f"DynamoDB cancelled a transaction: {', '.join(sorted(throttled))}") from lost
    raise lost


def checked(lane: int, outcomes: Mapping[int, RowOutcome], changes: Sequence[tuple[DatabaseId, Change]]) -> None:
    """Refuse an append that no store can write at once.

    Raises:
        ValueError: says which bound it breaks.
    """
    if not 0 <= lane < LANES:
        raise ValueError(f"lane {lane}; there are {LANES}")
    if len(outcomes) > MAX_APPENDED_ROWS:
        raise ValueError(f"{len(outcomes)} rows in one append; at most {MAX_APPENDED_ROWS}")
    reasons = {outcome.reason for outcome in outcomes.values()}
    if (size := sum(len(reason.encode()) for reason in reasons)) > MAX_APPENDED_REASON_BYTES:
        raise ValueError(f"{size} bytes of reasons in one append; at most {MAX_APPENDED_REASON_BYTES}")
    written = Counter((database, item) for database, change in changes for item in _written_by(change))
    if not written.total() == len(written) <= MAX_APPENDED_WRITES:
        raise ValueError(f"{written.total()} writes of {len(written)} items; at most {MAX_APPENDED_WRITES}, one for each item")


def _written_by(change: Change) -> Iterator[object]:
    yield from (write.id for write in change.profiles)
    yield from (write.key for write in change.keys)
    for write in change.subscriptions:
        yield write.subscription.address.ref if isinstance(write, SubscriptionPut) else write.ref


@dataclass(frozen=True, slots=True)
class _Partition:
    """The items of one journal; what is written to it is forgotten at the moment `expires`."""

    client: "DynamoDBClient"
    table: str
    key: str
    expires: int
    sleep: Callable[[float], None]

    def close_gates(self) -> int:
        """Let nobody but a new run write to any lane, and return its number.

        The first gate gives the number, to each run another.

        Raises:
            _OvertakenError: a run with a higher number has closed a gate before.
        """
        run = self._close(0, "SET v = :v, expires = :expires ADD #run :one", {":one": 1})
        for lane in range(1, LANES):
            not_higher = "attribute_not_exists(#run) OR #run <= :run"
            self._close(lane, "SET v = :v, expires = :expires, #run = :run", {":run": run}, not_higher)
        return run

    def entries(self) -> Iterator[Item]:
        return items_in(self.client, self.table, self.key, schema.ENTRIES)

    def entering(self, lane: int, run: int, place: int, said: Item) -> list[Any]:
        """Return the actions that put an entry in its place, where nothing may stand, and check the gate of its lane."""
        entry = schema.entry_key(self.key, lane, run, place) | {"v": items.FORMAT, "expires": self.expires} | said
        put = {
            "TableName": self.table,
            "Item": items.to_wire(entry),
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        check = {
            "TableName": self.table,
            "Key": items.to_wire(schema.gate_key(self.key, lane)),
            "ConditionExpression": "#run = :run",
            "ExpressionAttributeNames": {"#run": "run"},
            "ExpressionAttributeValues": items.to_wire({":run": run}),
        }
        return [{"Put": put}, {"ConditionCheck": check}]

    def _close(self, lane: int, expression: str, values: Mapping[str, object], condition: str = "") -> int:
        """Close a gate, again while transactions that pass it are under way; return the number it holds now."""
        update: UpdateItemInputTypeDef = {
            "TableName": self.table,
            "Key": items.to_wire(schema.gate_key(self.key, lane)),
            "UpdateExpression": expression,
            "ExpressionAttributeNames": {"#run": "run"},
            "ExpressionAttributeValues": items.to_wire({":v": items.FORMAT, ":expires": self.expires, **values}),
            "ReturnValues": "ALL_NEW",
        }
        if condition:
            update["ConditionExpression"] = condition

        def close_once() -> int:
            try:
                with translated():
                    return int(items.from_wire(self.client.update_item(**update)["Attributes"])["run"])
            except LostRaceError as lost:
                if guard_failed(lost):
                    raise _OvertakenError from lost
                raise

        tries = Retrying(
            retry=retry_if_exception_type(LostRaceError),
            stop=stop_after_attempt(MAX_GATE_TRIES) | stop_before_delay(MAX_GATE_SECONDS),
            wait=wait_random(max=0.1),
            sleep=self.sleep,
            reraise=True,
        )
        try:
            return tries(close_once)
        except LostRaceError as lost:
            raise UnavailableError(f"gate {lane} of a journal stays busy") from lost
