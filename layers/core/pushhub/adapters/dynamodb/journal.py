"""The journals of imports in DynamoDB: the outcomes of rows are written in one transaction with the changes that the rows ask for.

A journal is a partition. Each opening of it has a number. Each lane has a gate: an item that holds the number of the opening that
may append there. Every append to the lane checks its gate. The gate of lane 0 also counts the openings: a new opening adds one to
it, which gives a higher number than any before, and writes this number to the other gates. Then it reads all entries. By then no
earlier opening can append any more, so it reads all that they will ever have written.

A run of a chunk may open the journal several times, and each opening shuts out those before it, its own run's too. Items hold the
number of an opening as the attribute `run`.
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
"""Lanes of a journal. A release may have more than the one before, never fewer: gates that it does not know would stay open."""
MAX_APPENDED_WRITES: Final = 98
"""Writes of one append: DynamoDB's bound of a transaction, without the journal's entry and the check of the gate."""
MAX_APPENDED_ROWS: Final = 10_000
"""Rows of one append. An entry takes five bytes for one at most, and DynamoDB 400 KB for an item."""
MAX_APPENDED_REASON_BYTES: Final = 256 * 1024
"""Bytes of the different reasons of one append, in UTF-8."""
MAX_GATE_TRIES: Final = 50
MAX_GATE_SECONDS: Final = 10
"""Bounds of trying to write a gate while transactions of an earlier opening check it."""
MAX_OPENING_TRIES: Final = 5
"""How often an opening takes a number, where each time a later opening takes a higher one at the same moment."""
_THROTTLED: Final = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded"})


class _OvertakenError(Exception):
    """A later opening, with a higher number, is under way at the same time."""


class DynamoJournals:
    """The journals of a stack."""

    def __init__(  # noqa: PLR0913  (only tests set `now` and `sleep`)
        self,
        client: "DynamoDBClient",
        ledger_table: str,
        audience_table: str,
        retention_days: int,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Use the Ledger table, and the Audience table for changes, through a client.

        Args:
            client: has the rights to read and write the Ledger table, and to write the Audience table.
            ledger_table: name of the Ledger table.
            audience_table: name of the Audience table.
            retention_days: how long after it was opened last the entries of a journal are kept.
            now: gives seconds since 1970-01-01 UTC.
            sleep: waits between tries.
        """
        self._client = client
        self._ledger_table = ledger_table
        self._audience_table = audience_table
        self._retention = retention_days * SECONDS_PER_DAY
        self._now = now
        self._sleep = sleep

    def open(self, job: JobId, chunk: int) -> "DynamoJournal":
        """See :meth:`pushhub.imports.port.Journals.open`; an update for each lane, and a query."""
        partition = _Partition(
            self._client, self._ledger_table, schema.journal_partition(job, chunk), int(self._now()) + self._retention, self._sleep
        )
        for _ in range(MAX_OPENING_TRIES):
            try:
                opening = partition.claim_gates()
            except _OvertakenError:
                continue
            return DynamoJournal(partition, self._audience_table, job, opening)
        raise UnavailableError("other runs open the journal again and again")


class DynamoJournal:
    """See :class:`pushhub.imports.port.OpenJournal`; each append, and the finish, is one transaction."""

    def __init__(self, partition: "_Partition", audience_table: str, job: JobId, opening: int) -> None:
        """Read the entries of earlier openings, which can append no more."""
        self._partition = partition
        self._audience_table = audience_table
        self._job = job
        self._opening = opening
        self._places = [0] * LANES
        """The place of the next entry of this opening in each lane."""
        self._settled: dict[int, RowOutcome] = {}
        self._finished = False
        for entry in partition.entries():
            self._settled |= schema.stored_outcomes(entry.get("outcomes", []))
            self._finished |= entry.get("finished", False)

    @property
    def settled(self) -> Mapping[int, RowOutcome]:
        """The outcomes of rows that were settled when the journal was opened, by their position in the chunk."""
        return self._settled

    @property
    def finished(self) -> bool:
        """Whether a run had called `finish` when the journal was opened."""
        return self._finished

    @property
    def lanes(self) -> int:
        """How many threads may append at one time."""
        return LANES

    def append(self, lane: int, outcomes: Mapping[int, RowOutcome], changes: Sequence[tuple[DatabaseId, Change]] = ()) -> None:
        """See :meth:`pushhub.imports.port.OpenJournal.append`.

        After UnavailableError it is not known whether the append was written. If it was, its entry fills the place of the next one:
        each further append in that lane writes nothing and raises UnavailableError, until the journal is opened again.

        Raises:
            ValueError: it is more than a transaction or an entry takes, or writes an item twice.
        """
        require_appendable(lane, outcomes, changes)
        actions = [action for database, change in changes for action in transact_actions(self._audience_table, database, change)]
        self._write(lane, {"outcomes": schema.outcomes_attribute(outcomes)}, actions)

    def finish(self, progress: ChunkProgress) -> None:
        """See :meth:`pushhub.imports.port.OpenJournal.finish`; the entry stands in the first lane."""
        item = schema.progress_item(self._job, replace(progress, finished=True), self._partition.expires)
        self._write(0, {"finished": True}, [{"Put": {"TableName": self._partition.table, "Item": items.to_wire(item)}}])

    def _write(self, lane: int, content: Item, actions: list[Any]) -> None:
        request_token = secrets.token_hex(8)
        entry = self._partition.entry_actions(lane, self._opening, self._places[lane], content | {"token": request_token})
        try:
            with translated():
                # The client sends the same request token when it tries again, so that a lost answer does not write twice.
                self._partition.client.transact_write_items(TransactItems=[*actions, *entry], ClientRequestToken=request_token)
        except LostRaceError as lost:
            _raise_unless_written(lost, request_token)
        self._places[lane] += 1


def _raise_unless_written(lost: LostRaceError, request_token: str) -> None:
    """Raise what a cancelled transaction means; return where an earlier try of the same request had written it.

    | what the transaction met | what it means |
    |---|---|
    | an entry in its place, with the request token of this request | an earlier try of it was written, and its answer lost |
    | a gate with the number of another opening | the journal was opened again |
    | an entry in its place, with another request token | an earlier append in this lane was written, and its answer lost |
    | a throttled item | DynamoDB is overloaded |
    | anything else | a guard of a change did not hold, or items were busy: a lost race |

    The last two reasons of a cancelled transaction are those of the entry and of the gate.
    """
    cancellations = reasons_of(lost)
    entry, gate = cancellations[-2:] if len(cancellations) > 1 else ({}, {})
    stored = entry.get("Item")
    if stored and items.from_wire(stored).get("token") == request_token:
        return
    if gate.get("Code") == GUARD_FAILED:
        raise TakenOverError("another run has opened the journal") from lost
    if entry.get("Code") == GUARD_FAILED:
        raise UnavailableError("an append in this lane had gone through unseen: open the journal again") from lost
    if throttled := _THROTTLED & {reason.get("Code") for reason in cancellations}:
        raise UnavailableError(f"DynamoDB cancelled a transaction: {', '.join(sorted(throttled))}") from lost
    raise lost


def require_appendable(lane: int, outcomes: Mapping[int, RowOutcome], changes: Sequence[tuple[DatabaseId, Change]]) -> None:
    """Refuse an append that does not fit a transaction and an entry.

    Raises:
        ValueError: says which bound it breaks.
    """
    if not 0 <= lane < LANES:
        raise ValueError(f"lane {lane}; there are {LANES}")
    if len(outcomes) > MAX_APPENDED_ROWS:
        raise ValueError(f"{len(outcomes)} rows in one append; at most {MAX_APPENDED_ROWS}")
    row_reasons = {outcome.reason for outcome in outcomes.values()}
    if (size := sum(len(reason.encode()) for reason in row_reasons)) > MAX_APPENDED_REASON_BYTES:
        raise ValueError(f"{size} bytes of reasons in one append; at most {MAX_APPENDED_REASON_BYTES}")
    written = Counter((database, item) for database, change in changes for item in _items_of(change))
    if not written.total() == len(written) <= MAX_APPENDED_WRITES:
        raise ValueError(f"{written.total()} writes of {len(written)} items; at most {MAX_APPENDED_WRITES}, one for each item")


def _items_of(change: Change) -> Iterator[object]:
    """Give for each write of a change what names its item within the database."""
    yield from (write.id for write in change.profiles)
    yield from (write.key for write in change.keys)
    for write in change.subscriptions:
        yield write.subscription.address.ref if isinstance(write, SubscriptionPut) else write.ref


@dataclass(frozen=True, slots=True)
class _Partition:
    """The items of one journal; what is written to them expires at the moment `expires`."""

    client: "DynamoDBClient"
    table: str
    key: str
    expires: int
    sleep: Callable[[float], None]

    def claim_gates(self) -> int:
        """Write the number of a new opening to all gates, and return it: only this opening can append then.

        The gate of lane 0 counts the openings, and so gives each of them another number. During opening 4, an append of opening 3
        meets one of these:

        | gate of the lane | what happens to the append | what opening 4 makes of it |
        |---|---|---|
        | still holds 3 | it is written | it reads the entry, since it reads after it has written all gates |
        | changes from 3 to 4 at that moment | append or change fails as busy, and is tried again | see the row above or below |
        | holds 4 | its check fails: TakenOverError | nothing; the rows are not settled |

        Where a gate holds 5, a later opening is claiming the gates too. Opening 4 then starts again with a number above 5.

        Raises:
            _OvertakenError: a gate holds a higher number.
        """
        opening = self._write_gate(0, "SET v = :v, expires = :expires ADD #run :one", {":one": 1})
        for lane in range(1, LANES):
            not_higher = "attribute_not_exists(#run) OR #run <= :run"
            self._write_gate(lane, "SET v = :v, expires = :expires, #run = :run", {":run": opening}, not_higher)
        return opening

    def entries(self) -> Iterator[Item]:
        return items_in(self.client, self.table, self.key, schema.ENTRIES)

    def entry_actions(self, lane: int, opening: int, place: int, content: Item) -> list[Any]:
        """Return the actions that put an entry in its place, which must be free, and check the gate of its lane."""
        entry = schema.entry_key(self.key, lane, opening, place) | {"v": items.ITEM_FORMAT, "expires": self.expires} | content
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
            "ExpressionAttributeValues": items.to_wire({":run": opening}),
        }
        return [{"Put": put}, {"ConditionCheck": check}]

    def _write_gate(self, lane: int, expression: str, values: Mapping[str, object], condition: str = "") -> int:
        """Write a gate, and repeat that while transactions that check it are under way; return the number that it holds now."""
        update: UpdateItemInputTypeDef = {
            "TableName": self.table,
            "Key": items.to_wire(schema.gate_key(self.key, lane)),
            "UpdateExpression": expression,
            "ExpressionAttributeNames": {"#run": "run"},
            "ExpressionAttributeValues": items.to_wire({":v": items.ITEM_FORMAT, ":expires": self.expires, **values}),
            "ReturnValues": "ALL_NEW",
        }
        if condition:
            update["ConditionExpression"] = condition

        def write_once() -> int:
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
            return tries(write_once)
        except LostRaceError as lost:
            raise UnavailableError(f"gate {lane} of a journal stays busy") from lost
