"""Sendings in DynamoDB: what each is, how far its lanes have come, and what waits in deferrals.

What each write requires, and what it changes:

=================  ==============================  ============================================================================
write              requires                        changes
=================  ==============================  ============================================================================
create             no such sending                 the sending, its entry among those that have not ended, its moments' among the
                                                   due
record_ended       no such sending; or, where it   the sending; counters, or its entry, its lane and its deferrals; clears
                   was started: pushing            pushing
begin              scheduled, the same push is     status, begun
                   bound
cancel             scheduled                       status, ended; deletes its entries
cancel             running                         cancelling
expire             scheduled, no push is bound     status, ended; deletes its entries
drop_part          there is such a sending         dropped
rebinding_action   scheduled, the same push is     content, push
                   bound
stop_provider      there is such a sending, no     stops
                   stop of the app's provider
add_example        none of its kind, fewer than    examples
                   `MAX_EXAMPLES`
end                running                         status, counts, ended; deletes its entry; adds to counters
take_lane          not finished, and: no lane, or  run, until
                   its lease is over, or is ours
update_lane        run, claim                      done, claim, until, finished; adds to counts and pending; new deferrals
claim_deferral     not done, tries, unclaimed      run, claimed_at, until
settle_deferral    run, tries                      tries, recipients, done; clears the claim; adds to counts and pending of its lane
=================  ==============================  ============================================================================

Another write of the same item makes a write fail although its guard may hold, since some of them are transactions. Such a one is
tried again here, so what a guard stops is a race that is lost for good. A sending with a pack id is written first, as one that is
pushing, by :mod:`pushhub.adapters.dynamodb.pack_ids`.
"""

import heapq
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any, Final

from pushhub.adapters.dynamodb.batches import BatchReader
from pushhub.adapters.dynamodb.expressions import Terms
from pushhub.adapters.dynamodb.faults import translated
from pushhub.adapters.dynamodb.guarded import write_guarded
from pushhub.adapters.dynamodb.launches import LaunchList
from pushhub.adapters.dynamodb.queries import items_in
from pushhub.adapters.dynamodb.schema import items
from pushhub.adapters.dynamodb.schema import ledger as ledger_schema
from pushhub.adapters.dynamodb.schema import sendings as schema
from pushhub.adapters.dynamodb.schema.items import Item
from pushhub.adapters.dynamodb.schema.sending_content import content_text
from pushhub.adapters.dynamodb.updates import Update
from pushhub.catalog.model import AppId
from pushhub.catalog.providers import PROVIDER_CODES, Provider
from pushhub.events.uid import Launch
from pushhub.faults import LostRaceError
from pushhub.moments import SECONDS_PER_DAY, Seconds
from pushhub.sends.outcomes import Outcome
from pushhub.sends.sending import (
    BEGINNING,
    MAX_EXAMPLES,
    MAX_HUB_TRIES_SECONDS,
    NAMED_LANE,
    Deferral,
    DeferralKey,
    Example,
    Lane,
    LaneKey,
    Named,
    OutcomeCounts,
    ProviderStop,
    RunId,
    Sending,
    SendingId,
    SendingStatus,
    sent_counts,
)
from pushhub.sends.store import (
    MAX_DUE_MOMENTS,
    MAX_DUE_READ,
    MAX_ENDED_DEFERRALS,
    MAX_PARTS,
    MAX_STEP_DEFERRALS,
    DueMoment,
    KnownSendingError,
    LaneUpdate,
    NewDeferral,
    SettledTry,
    due_moments_of,
    require_bound,
    require_content_bound,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DUE_PAGE: Final = 100
"""Listed moments or sendings that one call asks for: most of those that are listed are not due for long."""

_NO_CONTENT: Final[Item] = {"content": content_text(Named(()), {})}
_LISTED: Final = (
    *("sk", "v", "app", "caller", "dialect", "name", "tag", "launch", "parts", "expire", "status", "cancelling", "begun", "ended"),
    *("push", "dropped", "examples", "stops", *(f"{schema.STOP_BEFORE}:{code}" for code in PROVIDER_CODES.values())),
    *(schema.count_name(provider, outcome) for provider in PROVIDER_CODES for outcome in Outcome),
)
"""Attributes of a sending but for its content: which numbers it has, its item alone says."""


class DynamoSendings:
    """The sendings of a stack."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        retention_days: int,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Use a table through a client.

        Args:
            client: has the rights to read and write the table.
            table: the Ledger table.
            retention_days: how long after its last possible try a sending is forgotten, with all that is its own.
            now: gives seconds since 1970-01-01 UTC.
            sleep: waits between tries.
        """
        self._client = client
        self._table = table
        self._retention = retention_days * SECONDS_PER_DAY
        self._now = now
        self._sleep = sleep
        self._reader = BatchReader(client, table, sleep)
        self._launches = LaunchList(table)

    def create(self, sending: Sending) -> None:
        """See :meth:`pushhub.sends.store.SendingStore.create`; one transaction."""
        if not self._written_together(self.creation_actions(sending)):
            raise KnownSendingError(f"there is a sending {sending.id} already")

    def creation_actions(self, sending: Sending) -> list[Any]:
        """Return the actions of a transaction that writes a new sending; the first of them requires that its id is free.

        There are at most :data:`pushhub.sends.store.MAX_DUE_MOMENTS` + 2, so that others have room in the same transaction.

        Raises:
            SendingTooLargeError: see :meth:`create`.
        """
        moments = due_moments_of(sending)
        require_bound("parts", len(sending.parts), MAX_PARTS)
        require_bound("moments at which it is due", len(moments), MAX_DUE_MOMENTS)
        expires = schema.sending_expires(sending, self._retention)
        listed = self._entry(sending, expires), *(schema.due_item(moment, expires) for moment in moments)
        return [self._making(sending), *map(self._put, listed)]

    def rebinding_action(self, sending: Sending, bound: int | None) -> dict[str, Any]:
        """Return the action of a transaction that gives a scheduled sending another content and push, or takes them away.

        Args:
            sending: as it is to be, of its selection, messages, translations and push.
            bound: the push that has to be bound to it before; None for none.

        Raises:
            SendingTooLargeError: its content exceeds :data:`MAX_SENDING_BYTES`.
        """
        update = _scheduled_with(sending.id, bound)
        update.assign({"content": self._fitting_item(sending)["content"]})
        return self._update(update.remove("push") if sending.push is None else update.assign({"push": sending.push}))

    def record_ended(self, sending: Sending, deferrals: Sequence[NewDeferral], *, started: bool = False) -> None:
        """See :meth:`pushhub.sends.store.SendingStore.record_ended`; one transaction."""
        require_bound("deferrals", len(deferrals), MAX_ENDED_DEFERRALS)
        write, kept = self._record_started if started else self._make, replace(sending, selection=Named(()))
        if not deferrals:
            counting = self._counting(sending.id, sending.launch, sending.counts)
            write(replace(kept, messages={}), counting)
            self._remember_listed(sending.launch, sending.counts)
            return
        pending = sum(_number(each.recipients) for each in deferrals)
        key = LaneKey(sending.id, sending.parts[0].number, NAMED_LANE)
        lane = Lane(key, RunId(""), Seconds(0), counts=sending.counts, pending=pending, finished=True)
        expires = schema.sending_expires(sending, self._retention)
        running = replace(kept, status=SendingStatus.RUNNING, counts=OutcomeCounts(), ended=None)
        own = (self._entry(sending, expires), schema.lane_item(lane, expires), *self._new_deferrals(deferrals))
        write(running, [self._put(item) for item in own])

    def sending(self, sending: SendingId) -> Sending | None:
        """See :meth:`pushhub.sends.store.SendingStore.sending`; one read."""
        item = self._item(schema.sending_key(sending))
        return schema.sending_of(item) if item else None

    def begin(self, sending: SendingId, now: Seconds, push: int | None = None) -> bool:
        """See :meth:`pushhub.sends.store.SendingStore.begin`; one update."""
        begun = {"status": str(SendingStatus.RUNNING), "begun": now}
        return self._updated(_scheduled_with(sending, push).assign(begun))

    def cancel(self, sending: SendingId, now: Seconds) -> None:
        """See :meth:`pushhub.sends.store.SendingStore.cancel`; a read, and one write, unless the status changes meanwhile."""
        # A status changes twice at most, so the third look finds one that stays.
        for _ in range(3):
            if self._cancelled(sending, now):
                return

    def expire(self, sending: SendingId, now: Seconds) -> None:
        """See :meth:`pushhub.sends.store.SendingStore.expire`; a read, and one transaction."""
        known = self.sending(sending)
        if known and known.status is SendingStatus.SCHEDULED and known.push is None:
            update = _update_of(sending)
            self._end_unsent(known, SendingStatus.EXPIRED, update.guard(f"attribute_not_exists({update.terms.name('push')})"), now)

    def drop_part(self, sending: SendingId, part: int) -> None:
        """See :meth:`pushhub.sends.store.SendingStore.drop_part`; one update."""
        update = _update_of(sending).add({"dropped": schema.dropped_attribute([part])})
        self._updated(update.guard(f"attribute_exists({update.terms.name('pk')})"))

    def stop_provider(self, sending: SendingId, app: AppId, provider: Provider, stop: ProviderStop) -> None:
        """See :meth:`pushhub.sends.store.SendingStore.stop_provider`; one update."""
        update, added = _update_of(sending), schema.stop_attributes([(app, provider, stop)])
        (kind,), terms = added["stop_kinds"], update.terms
        update.guard(f"attribute_exists({terms.name('pk')})", f"NOT contains({terms.name('stop_kinds')}, {terms.value(kind)})")
        self._updated(update.append("stops", added["stops"]).add({"stop_kinds": added["stop_kinds"]}))

    def add_example(self, sending: SendingId, example: Example) -> None:
        """See :meth:`pushhub.sends.store.SendingStore.add_example`; one update."""
        update, added = _update_of(sending), schema.example_attributes([example])
        (kind,), terms = added["example_kinds"], update.terms
        examples, kinds = terms.name("examples"), terms.name("example_kinds")
        update.guard(
            f"attribute_exists({terms.name('pk')})",
            f"NOT contains({kinds}, {terms.value(kind)})",
            f"(attribute_not_exists({examples}) OR size({examples}) < {terms.value(MAX_EXAMPLES)})",
        )
        self._updated(update.append("examples", added["examples"]).add({"example_kinds": added["example_kinds"]}))

    def end(self, sending: SendingId, status: SendingStatus, counts: OutcomeCounts, now: Seconds) -> None:
        """See :meth:`pushhub.sends.store.SendingStore.end`; a read, and one transaction."""
        known = self.sending(sending)
        if not known or known.status is not SendingStatus.RUNNING:
            return
        update = _update_of(sending).require(status=str(SendingStatus.RUNNING))
        update.assign({"status": str(status), "ended": now, **schema.count_attributes(counts)})
        counting = self._counting(sending, known.launch, counts)
        if self._written_together([self._update(update), self._delete(schema.running_sending_key(known)), *counting]):
            self._remember_listed(known.launch, counts)

    def take_lane(self, key: LaneKey, run: RunId, now: Seconds, until: Seconds) -> Lane | None:
        """See :meth:`pushhub.sends.store.SendingStore.take_lane`; one update."""
        update = Update(schema.lane_key(key))
        terms = update.terms
        over = f"{terms.name('until')} < {terms.value(now)}"
        free = f"{terms.equal('finished', False)} AND ({over} OR {terms.equal('run', run)})"
        update.guard(f"attribute_not_exists({terms.name('pk')}) OR ({free})")
        update.assign({"v": items.ITEM_FORMAT, "run": run, "until": until, "expires": self._expires()})
        update.assign_missing({"done": BEGINNING, "pending": 0, "finished": False})
        taken = write_guarded(
            lambda: self._client.update_item(**update.parameters(self._table), ReturnValues="ALL_NEW"), self._sleep
        )
        return schema.lane_of(items.from_wire(taken["Attributes"])) if taken else None

    def update_lane(self, key: LaneKey, update: LaneUpdate) -> None:
        """See :meth:`pushhub.sends.store.SendingStore.update_lane`; one update, or one transaction where there are deferrals."""
        deferrals = update.recorded.deferrals if update.recorded else ()
        if len(deferrals) > MAX_STEP_DEFERRALS:
            raise ValueError(f"a step has {len(deferrals)} deferrals; at most {MAX_STEP_DEFERRALS} are written with it")
        change = _lane_change(key, update)
        actions = [self._update(change), *map(self._put, self._new_deferrals(deferrals))]
        if not (self._written_together(actions) if deferrals else self._updated(change)):
            raise LostRaceError("another run has the lease, or the lane has another claim")

    def lane(self, key: LaneKey) -> Lane | None:
        """See :meth:`pushhub.sends.store.SendingStore.lane`; one read."""
        item = self._item(schema.lane_key(key))
        return schema.lane_of(item) if item else None

    def lanes(self, sending: SendingId, part: int) -> Sequence[Lane]:
        """See :meth:`pushhub.sends.store.SendingStore.lanes`; one batch read of all that there may be."""
        found = self._reader.read(schema.lane_keys(sending, part))
        return sorted(map(schema.lane_of, found), key=lambda lane: lane.key.lane)

    def deferral(self, key: DeferralKey) -> Deferral | None:
        """See :meth:`pushhub.sends.store.SendingStore.deferral`; one read."""
        item = self._item(schema.deferral_key(key))
        return schema.deferral_of(item) if item else None

    def deferrals(self, sending: SendingId, part: int) -> Sequence[Deferral]:
        """See :meth:`pushhub.sends.store.SendingStore.deferrals`; a query, which reads those that are done too."""
        stored = self._items(schema.part_partition(sending, part), schema.DEFERRALS)
        return [deferral for deferral in map(schema.deferral_of, stored) if not deferral.done]

    def claim_deferral(self, key: DeferralKey, run: RunId, tries: int, now: Seconds, until: Seconds) -> bool:
        """See :meth:`pushhub.sends.store.SendingStore.claim_deferral`; one update.

        The client repeats a call whose answer is lost; the request token tells the repeat from a second claim of the same run.
        """
        update, request_token = Update(schema.deferral_key(key)), secrets.token_hex(8)
        terms = update.terms
        unclaimed = f"(attribute_not_exists({terms.name('run')}) OR {terms.equal('request', request_token)})"
        update.require(done=False, tries=tries).guard(unclaimed)
        update.assign({"run": run, "claimed_at": now, "until": until, "request": request_token})
        return self._updated(update)

    def settle_deferral(self, settled: SettledTry) -> None:
        """See :meth:`pushhub.sends.store.SendingStore.settle_deferral`; one transaction."""
        deferral = Update(schema.deferral_key(settled.key)).require(run=settled.run, tries=settled.tries)
        left = {"recipients": schema.recipients_attribute(settled.left), "done": not settled.left}
        deferral.assign({"tries": settled.tries + 1, **left}).remove("run", "claimed_at", "until", "request")
        lane = Update(schema.lane_key(settled.key.lane))
        lane.guard(f"attribute_exists({lane.terms.name('pk')})")
        lane.add({"pending": -settled.counts.total, **schema.count_attributes(settled.counts)})
        actions = [self._update(deferral), *([self._update(lane)] if settled.counts.total else [])]
        if not self._written_together(actions):
            raise LostRaceError("the try is not claimed by this run any more")

    def due_moments(self, until: Seconds) -> Sequence[DueMoment]:
        """See :meth:`pushhub.sends.store.SendingStore.due_moments`; a query for each 100 moments that are due."""
        listed = map(schema.due_of, self._items(schema.DUE, page_size=DUE_PAGE))
        return list(islice(takewhile(lambda moment: moment.due <= until, listed), MAX_DUE_READ))

    def note_put(self, moment: DueMoment, put: int) -> None:
        """See :meth:`pushhub.sends.store.SendingStore.note_put`; one update."""
        update = Update(schema.due_key(moment)).assign({"put": put})
        self._updated(update.guard(f"attribute_exists({update.terms.name('pk')})"))

    def forget_due(self, moment: DueMoment) -> None:
        """See :meth:`pushhub.sends.store.SendingStore.forget_due`; one deletion."""
        key = items.to_wire(schema.due_key(moment))
        write_guarded(lambda: self._client.delete_item(TableName=self._table, Key=key), self._sleep)

    def running_sendings(self, now: Seconds) -> Sequence[SendingId]:
        """See :meth:`pushhub.sends.store.SendingStore.running_sendings`; a query for each 100 that are due."""
        listed = map(schema.running_sending_of, self._items(schema.SENDING, page_size=DUE_PAGE))
        return [sending for _, sending in takewhile(lambda one: one[0] <= now, listed)]

    def listed(self, day: str, fits: Callable[[Sending], bool] = lambda _: True, most: int | None = None) -> Sequence[Sending]:
        """See :meth:`pushhub.sends.store.SendingStore.listed`; 16 queries.

        Messages and identifiers, which may take a hundred times as much as all else, are not read: a listed sending has none.

        Args:
            day: on which their ids were made.
            fits: says of each whether it is to be returned.
            most: how many are returned at most, the newest; None for all. Further ones are not kept in memory.
        """
        partitions = schema.day_partitions(day)
        found = (schema.sending_of(item | _NO_CONTENT) for partition in partitions for item in self._listed_items(partition))
        fitting = filter(fits, found)
        return sorted(fitting, key=_id_of, reverse=True) if most is None else heapq.nlargest(most, fitting, key=_id_of)

    def _listed_items(self, partition: str) -> Iterator[Item]:
        return items_in(self._client, self._table, partition, attributes=_LISTED)

    def _make(self, sending: Sending, actions: Sequence[Any]) -> None:
        """Write a new sending, and what belongs to it, at one time."""
        if not self._written_together([self._making(sending), *actions]):
            raise KnownSendingError(f"there is a sending {sending.id} already")

    def _making(self, sending: Sending) -> dict[str, Any]:
        """Return the action that writes a new sending."""
        made = self._put(self._fitting_item(sending))
        made["Put"]["ConditionExpression"] = "attribute_not_exists(pk)"
        return made

    def _record_started(self, sending: Sending, actions: Sequence[Any]) -> None:
        """Write what came of a sending that is pushing, and what belongs to it; a cancel that came meanwhile stays.

        It is put as a whole: an update of every number would exceed what DynamoDB takes as one expression.
        """
        for cancelling in (sending.cancelling, True):
            terms, item = Terms(), items.to_wire(self._fitting_item(replace(sending, cancelling=cancelling)))
            guard = terms.guarding(terms.equal("pushing", True), terms.equal("cancelling", cancelling))
            if self._written_together([{"Put": {"TableName": self._table, "Item": item, **guard}}, *actions]):
                return
        raise KnownSendingError(f"the sending {sending.id} does not push any more")

    def _fitting_item(self, sending: Sending) -> Item:
        item = schema.sending_item(sending, schema.sending_expires(sending, self._retention))
        require_content_bound(item["content"])
        return item

    def _cancelled(self, sending: SendingId, now: Seconds) -> bool:
        """Cancel a sending unless it has ended; return whether it still had the status that was read."""
        known = self.sending(sending)
        if not known or known.status.ended:
            return True
        update = _update_of(sending)
        if known.status is SendingStatus.RUNNING:
            return self._updated(update.require(status=str(known.status)).assign({"cancelling": True}))
        return self._end_unsent(known, SendingStatus.CANCELLED, update, now)

    def _end_unsent(self, known: Sending, status: SendingStatus, update: Update, now: Seconds) -> bool:
        """End a scheduled sending; return whether it was still that, and the update's own guards held.

        The release before listed parts one by one: what is left of that, the sweep forgets when it is due.
        """
        update.require(status=str(SendingStatus.SCHEDULED)).assign({"status": str(status), "ended": now})
        entries = (schema.running_sending_key(known), *map(schema.due_key, due_moments_of(known)))
        return self._written_together([self._update(update), *map(self._delete, entries)])

    def _counting(self, sending: SendingId, launch: Launch, counts: OutcomeCounts) -> list[Any]:
        """Return the actions that add the recipients of a sending to the counters of its launch."""
        shard = ledger_schema.counter_shard(str(sending))
        actions: list[Any] = []
        for provider, sent in sent_counts(counts).items():
            update = Update(ledger_schema.counter_key(launch.text, provider, shard))
            update.assign({"launch": launch.text, "v": items.ITEM_FORMAT}).add(ledger_schema.sent_attributes(sent))
            actions += [self._update(update), *self._launches.listing(launch.text, provider)]
        return actions

    def _remember_listed(self, launch: Launch, counts: OutcomeCounts) -> None:
        for provider in counts.by_provider:
            self._launches.remember(launch.text, provider)

    def _entry(self, sending: Sending, expires: int) -> Item:
        """Return the entry of a sending among those that have not ended."""
        return schema.running_sending_key(sending) | {"v": items.ITEM_FORMAT, "expires": expires}

    def _new_deferrals(self, deferrals: Iterable[NewDeferral]) -> list[Item]:
        return [schema.deferral_item(each, self._expires()) for each in deferrals]

    def _expires(self) -> int:
        """Return when lanes and deferrals that are written now are forgotten."""
        return int(self._now()) + MAX_HUB_TRIES_SECONDS + self._retention

    def _item(self, key: Item) -> Item | None:
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=items.to_wire(key), ConsistentRead=True)
        return items.from_wire(answer["Item"]) if "Item" in answer else None

    def _items(self, partition: str, prefix: str = "", page_size: int | None = None) -> Iterator[Item]:
        return items_in(self._client, self._table, partition, prefix, page_size=page_size)

    def _put(self, item: Item) -> dict[str, Any]:
        return {"Put": {"TableName": self._table, "Item": items.to_wire(item)}}

    def _delete(self, key: Item) -> dict[str, Any]:
        return {"Delete": {"TableName": self._table, "Key": items.to_wire(key)}}

    def _update(self, update: Update) -> dict[str, Any]:
        return {"Update": update.parameters(self._table)}

    def _updated(self, update: Update) -> bool:
        """Write an update; return whether its guard held."""
        return write_guarded(lambda: self._client.update_item(**update.parameters(self._table)), self._sleep) is not None

    def _written_together(self, actions: list[Any]) -> bool:
        """Write a transaction; return whether its guards held."""
        return write_guarded(lambda: self._client.transact_write_items(TransactItems=actions), self._sleep) is not None


def _id_of(sending: Sending) -> SendingId:
    return sending.id


def _scheduled_with(sending: SendingId, push: int | None) -> Update:
    """Return an update of a scheduled sending to which this push is bound; None for none."""
    update = _update_of(sending).require(status=str(SendingStatus.SCHEDULED))
    if push is None:
        return update.guard(f"attribute_not_exists({update.terms.name('push')})")
    return update.require(push=push)


def _update_of(sending: SendingId) -> Update:
    return Update(schema.sending_key(sending))


def _lane_change(key: LaneKey, update: LaneUpdate) -> Update:
    change = Update(schema.lane_key(key)).require(run=update.run)
    change.assign({"until": update.until, "finished": update.finished})
    if update.claim_before:
        change.require(claim=schema.claim_attribute(update.claim_before))
    else:
        change.guard(f"attribute_not_exists({change.terms.name('claim')})")
    if update.claim:
        change.assign({"claim": schema.claim_attribute(update.claim)})
    elif update.claim_before:
        change.remove("claim")
    if recorded := update.recorded:
        pending = sum(_number(each.recipients) for each in recorded.deferrals)
        change.assign({"done": recorded.place}).add({"pending": pending, **schema.count_attributes(recorded.counts)})
    return change


def _number(recipients: Mapping[Provider, int]) -> int:
    return sum(recipients.values())
