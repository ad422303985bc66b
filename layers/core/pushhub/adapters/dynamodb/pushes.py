"""Stored pushes in DynamoDB, and replies to requests with idempotency keys: an item for each, in the Ledger table.

What each write requires, and what it changes; all of them are transactions:

==============  =================================  =====================================================================
write           requires                           changes
==============  =================================  =====================================================================
create_push     no such push; no reply, or its     the push; the reply
                `until` is over
create_sending  no such sending, no such push;     the sending and what :mod:`pushhub.adapters.dynamodb.sendings` lists
                no reply, or its `until` is over   of it; the push, bound to it; the reply
bind            the sending is scheduled and has   content and push of the sending; the push, bound to it; the push that
                the push that was read; the push   was read is bound to nothing
                is bound to nothing or to it; the
                one that was read is bound to it
==============  =================================  =====================================================================

A push is forgotten with the sending that it is bound to, one that is bound to nothing some days after it was. An item may be there
long after it is over: what it says counts until `expires` of a push and `until` of a reply, and the table's own deletion only makes
room.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pushhub.adapters.dynamodb.expressions import Terms
from pushhub.adapters.dynamodb.faults import translated
from pushhub.adapters.dynamodb.guarded import write_guarded
from pushhub.adapters.dynamodb.schema import items
from pushhub.adapters.dynamodb.schema import pushes as schema
from pushhub.adapters.dynamodb.schema.items import Item
from pushhub.adapters.dynamodb.schema.sendings import sending_expires
from pushhub.adapters.dynamodb.sendings import DynamoSendings
from pushhub.adapters.dynamodb.updates import Update
from pushhub.faults import UnavailableError
from pushhub.moments import SECONDS_PER_DAY, Seconds
from pushhub.sends.pushes import (
    BoundElsewhereError,
    KeptReply,
    KnownPushError,
    KnownRequestError,
    NotSchedulableError,
    PushId,
    RequestKey,
    StoredPush,
)
from pushhub.sends.sending import Sending, SendingStatus
from pushhub.sends.store import KnownSendingError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_BIND_TRIES: Final = 3
MAX_BIND_SECONDS: Final = 8
"""How often a push is bound anew, since another one was bound to the sending meanwhile, and after how long no more."""


class DynamoPushes:
    """The stored pushes of a stack."""

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
            client: has the rights to get, put, update and delete items of the table.
            table: the Ledger table.
            retention_days: how long a push that is bound to nothing is kept, and a sending after its last possible try.
            now: gives seconds since 1970-01-01 UTC.
            sleep: waits between tries.
        """
        self._client = client
        self._table = table
        self._retention = retention_days * SECONDS_PER_DAY
        self._now = now
        self._sleep = sleep
        self._sendings = DynamoSendings(client, table, retention_days, now, sleep)

    def create_push(self, push: StoredPush, kept: KeptReply | None) -> None:
        """See :meth:`pushhub.sends.pushes.PushStore.create_push`; one transaction."""
        if not self._written([self._making(push, self._unbound_expires()), *self._keeping(kept)]):
            self._require_unknown(kept)
            raise KnownPushError(f"there is a push {push.id} already")

    def create_sending(self, sending: Sending, push: StoredPush | None, kept: KeptReply | None) -> None:
        """See :meth:`pushhub.sends.pushes.PushStore.create_sending`; one transaction."""
        making = [self._making(push, sending_expires(sending, self._retention))] if push else []
        if not self._written([*self._sendings.creation_actions(sending), *making, *self._keeping(kept)]):
            self._require_unknown(kept)
            raise KnownSendingError(f"there is a sending {sending.id} already, or its push")

    def push(self, push: PushId) -> StoredPush | None:
        """See :meth:`pushhub.sends.pushes.PushStore.push`; one read."""
        item = self._item(schema.push_key(push))
        return schema.push_of(item) if item and int(item["expires"]) >= self._seconds() else None

    def kept_reply(self, key: RequestKey) -> KeptReply | None:
        """See :meth:`pushhub.sends.pushes.PushStore.kept_reply`; one read."""
        item = self._item(schema.reply_key(key))
        kept = schema.reply_of(key, item) if item else None
        return kept if kept and kept.until >= self._seconds() else None

    def bind(self, sending: Sending, push: StoredPush | None, now: Seconds, in_time: Callable[[], bool] = lambda: True) -> None:
        """See :meth:`pushhub.sends.pushes.PushStore.bind`; a read and a transaction, unless another push is bound meanwhile."""
        deadline = self._now() + MAX_BIND_SECONDS
        for tried in range(MAX_BIND_TRIES):
            if tried and self._now() > deadline:
                break
            current = self._sendings.sending(sending.id)
            if not current or current.status is not SendingStatus.SCHEDULED or current.due <= now:
                raise NotSchedulableError
            if self._written(self._binding(sending, push, current.push)):
                return
            if not in_time():
                break
            known = self.push(push.id) if push else None
            if known and known.bound not in (None, sending.id):
                raise BoundElsewhereError
        raise UnavailableError("others bind pushes to the sending")

    def _binding(self, sending: Sending, push: StoredPush | None, before: int | None) -> list[Any]:
        """Return the actions that bind a push to a sending in the place of the one before."""
        actions = [self._sendings.rebinding_action(sending, before)]
        if push:
            actions.append(self._putting_bound(push, sending))
        if before is not None and before != sending.push:
            freed = Update(schema.push_key(PushId(before))).require(bound=sending.id)
            freed.remove("bound").assign({"expires": self._unbound_expires()})
            actions.append({"Update": freed.parameters(self._table)})
        return actions

    def _putting_bound(self, push: StoredPush, sending: Sending) -> dict[str, Any]:
        """Return the action that binds a push to a sending; as a whole, since a push never changes and may be forgotten by now."""
        terms = Terms()
        guard = terms.guarding(f"attribute_not_exists({terms.name('bound')}) OR {terms.equal('bound', sending.id)}")
        return self._putting(schema.push_item(replace(push, bound=sending.id), sending_expires(sending, self._retention)), guard)

    def _making(self, push: StoredPush, expires: int) -> dict[str, Any]:
        """Return the action that writes a new push."""
        return self._putting(schema.push_item(push, expires), {"ConditionExpression": "attribute_not_exists(pk)"})

    def _keeping(self, kept: KeptReply | None) -> list[Any]:
        """Return the action that keeps a reply, if there is one to be kept."""
        if kept is None:
            return []
        terms = Terms()
        over = f"{terms.name('until')} < {terms.value(self._seconds())}"
        return [self._putting(schema.reply_item(kept), terms.guarding(f"attribute_not_exists({terms.name('pk')}) OR {over}"))]

    def _require_unknown(self, kept: KeptReply | None) -> None:
        """Require that no request has been answered with the key of a reply."""
        if kept and self.kept_reply(kept.key):
            raise KnownRequestError

    def _unbound_expires(self) -> int:
        return self._seconds() + self._retention

    def _seconds(self) -> int:
        return int(self._now())

    def _putting(self, item: Item, guard: dict[str, Any]) -> dict[str, Any]:
        return {"Put": {"TableName": self._table, "Item": items.to_wire(item), **guard}}

    def _item(self, key: Item) -> Item | None:
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=items.to_wire(key), ConsistentRead=True)
        return items.from_wire(answer["Item"]) if "Item" in answer else None

    def _written(self, actions: list[Any]) -> bool:
        """Write a transaction, and return whether its guards held."""
        return write_guarded(lambda: self._client.transact_write_items(TransactItems=actions), self._sleep) is not None
