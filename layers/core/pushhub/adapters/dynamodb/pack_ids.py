"""Pack ids in DynamoDB: one item for each, in the Ledger table.

What each write requires, and what it changes:

=============  ===================================  ===================================================================
write          requires                             changes
=============  ===================================  ===================================================================
claim_pack     no item, or `until` is over, or run  sending, until, run
start          sending, a run, `until` is not       until; clears run; the sending, which is running and pushing
               over; no such sending
release_pack   sending, a run                       deletes the item
=============  ===================================  ===================================================================

An item may be there long after it is over: what it says counts until `until`, and the table's own deletion only makes room. The
client repeats a call whose answer is lost. A repeated claim finds its own run; once it is started there is none, so a claim that
arrives late changes nothing.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pushhub.adapters.dynamodb.expressions import Terms
from pushhub.adapters.dynamodb.faults import translated
from pushhub.adapters.dynamodb.guarded import write_guarded
from pushhub.adapters.dynamodb.schema import items
from pushhub.adapters.dynamodb.schema import pack_ids as schema
from pushhub.adapters.dynamodb.schema import sendings as sending_schema
from pushhub.adapters.dynamodb.updates import Update
from pushhub.faults import LostRaceError
from pushhub.moments import SECONDS_PER_DAY, Seconds
from pushhub.sends.pack_ids import PackClaim, PackKey
from pushhub.sends.sending import Named, Sending, SendingId, SendingStatus

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoPackIds:
    """The pack ids of a stack."""

    def __init__(
        self, client: "DynamoDBClient", table: str, retention_days: int, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Use a table through a client.

        Args:
            client: has the rights to get, put, update and delete items of the table.
            table: the Ledger table.
            retention_days: how long after its last possible try a sending is forgotten.
            sleep: waits between tries.
        """
        self._client = client
        self._table = table
        self._retention = retention_days * SECONDS_PER_DAY
        self._sleep = sleep

    def claim_of(self, pack: PackKey) -> PackClaim | None:
        """See :meth:`pushhub.sends.pack_ids.PackIdStore.claim_of`; one read."""
        key = items.to_wire(schema.pack_key(pack))
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return schema.claim_of(items.from_wire(answer["Item"])) if "Item" in answer else None

    def claim_pack(self, pack: PackKey, claim: PackClaim, now: Seconds) -> bool:
        """See :meth:`pushhub.sends.pack_ids.PackIdStore.claim_pack`; one write."""
        terms = Terms()
        over, own = f"{terms.name('until')} < {terms.value(now)}", terms.equal("run", claim.run)
        guard = terms.guarding(f"attribute_not_exists({terms.name('pk')}) OR {over} OR {own}")
        item = items.to_wire(schema.pack_item(pack, claim))
        return self._written(lambda: self._client.put_item(TableName=self._table, Item=item, **guard))

    def start(self, pack: PackKey, sending: Sending, now: Seconds, until: Seconds) -> None:
        """See :meth:`pushhub.sends.pack_ids.PackIdStore.start`; one transaction."""
        used = Update(schema.pack_key(pack))
        used.guard(*_claimed(used.terms, sending.id), f"{used.terms.name('until')} >= {used.terms.value(now)}")
        used.assign(schema.claim_attributes(PackClaim(sending.id, until, None))).remove("run")
        actions: Any = [{"Update": used.parameters(self._table)}, {"Put": self._pushing(sending)}]
        if not self._written(lambda: self._client.transact_write_items(TransactItems=actions)):
            raise LostRaceError("the sending has no claim of the pack id, or its own id is taken")

    def release_pack(self, pack: PackKey, sending: SendingId) -> bool:
        """See :meth:`pushhub.sends.pack_ids.PackIdStore.release_pack`; one deletion."""
        terms, key = Terms(), items.to_wire(schema.pack_key(pack))
        guard = terms.guarding(*_claimed(terms, sending))
        return self._written(lambda: self._client.delete_item(TableName=self._table, Key=key, **guard))

    def _pushing(self, sending: Sending) -> dict[str, Any]:
        """Return what puts a sending that pushes from now on; what it pushes is written where something of it waits."""
        kept = replace(sending, status=SendingStatus.RUNNING, selection=Named(()), messages={})
        item = sending_schema.sending_item(kept, sending_schema.sending_expires(sending, self._retention)) | {"pushing": True}
        return {"TableName": self._table, "Item": items.to_wire(item), "ConditionExpression": "attribute_not_exists(pk)"}

    def _written(self, write: Callable[[], object]) -> bool:
        """Write, and return whether the guard held."""
        return write_guarded(write, self._sleep) is not None


def _claimed(terms: Terms, sending: SendingId) -> tuple[str, str]:
    """Return the conditions that a sending has a pack id, and is not started."""
    return terms.equal("sending", sending), f"attribute_exists({terms.name('run')})"
