"""Import jobs in DynamoDB: what each job is, which status it has, and the progress of its chunks."""

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from pushhub.adapters.dynamodb.batches import MAX_BATCH_ITEMS, BatchReader
from pushhub.adapters.dynamodb.faults import translated
from pushhub.adapters.dynamodb.guarded import write_guarded
from pushhub.adapters.dynamodb.queries import items_in
from pushhub.adapters.dynamodb.schema import imports as schema
from pushhub.adapters.dynamodb.schema import items
from pushhub.adapters.dynamodb.schema.items import Item
from pushhub.imports.job import ChunkProgress, FilePlan, Job, JobId, JobStatus, S3Object, UnknownJobError
from pushhub.moments import SECONDS_PER_DAY, Seconds

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RETENTION_DAYS: Final = 30
"""How long a job is kept after its last change, unless it was created with another retention."""

# What each write of a job requires, and what it changes:
#
#   write       requires                        status                              also changes
#   create      no such job                     running
#   plan        no plan                                                             plan
#   give_up     running, not refused                                                reason, refused
#   note_fault  running, not refused                                                reason
#   stop                                                                            stopping
#   end         status and `resumed` as loaded  running to done, failed, cancelled  reason, ended, location
#   resume      status and `resumed` as loaded  any to running                      attempt, resumed + 1; clears the rest
#
# Every resume raises `resumed`, also where the job runs already. So an `end` that rests on an older look at the job does nothing.
_NOT_REFUSED: Final = "#refused = :not_refused AND #status = :running"
_NOT_REFUSED_VALUES: Final = {":not_refused": False, ":running": str(JobStatus.RUNNING)}
_NAME_IN_A_GUARD: Final = re.compile(r"#(\w+)", re.ASCII)


def _as_it_was(job: Job) -> tuple[str, dict[str, object]]:
    """Return the guard that a job has neither ended nor been resumed since it was loaded, with its values."""
    return "#status = :was AND #resumed = :times", {":was": str(job.status), ":times": job.resumed}


class DynamoJobs:
    """The import jobs of a stack; it serves the four ports of jobs in :mod:`pushhub.imports.port`."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        retention_days: int = RETENTION_DAYS,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Use a table through a client.

        Args:
            client: has the rights to read and write the table.
            table: the Ledger table.
            retention_days: how long after its last change a job that is created here expires, and its progress.
            now: gives seconds since 1970-01-01 UTC.
            sleep: waits between tries.
        """
        self._client = client
        self._table = table
        self._reader = BatchReader(client, table, sleep)
        self._retention = retention_days * SECONDS_PER_DAY
        self._now = now
        self._sleep = sleep

    def create(self, job: Job) -> bool:
        """See :meth:`pushhub.imports.port.JobLifecycle.create`; one transaction of three items."""
        made = schema.job_item(job, self._retention) | {"expires": self._expires(self._retention)}
        return self._written_together(
            [
                {"Put": self._put(made, "attribute_not_exists(pk)")},
                self._listing(schema.listed_key(job.id, job.started), self._retention),
                self._listing(schema.running_key(job.id), self._retention),
            ]
        )

    def load(self, job: JobId) -> Job:
        """See :meth:`pushhub.imports.port.JobReader.load`; one consistent read."""
        return schema.stored_job(self._stored(job))

    def recent(self, limit: int) -> Sequence[Job]:
        """See :meth:`pushhub.imports.port.JobControl.recent`; a query, and a batch read for each 100 jobs."""
        found: list[Job] = []
        at_once = min(max(limit, 1), MAX_BATCH_ITEMS)
        latest = items_in(self._client, self._table, schema.JOBS, latest_first=True, page_size=at_once)
        for ids in batched(map(schema.listed_job, latest), at_once, strict=False):
            if len(found) >= limit:
                break
            found += self._jobs(ids)
        return found[:limit]

    def running(self) -> Sequence[Job]:
        """See :meth:`pushhub.imports.port.JobReader.running`; a query, and a batch read for each 100 jobs."""
        listed = [schema.running_job(item) for item in items_in(self._client, self._table, schema.RUNNING)]
        return [job for job in self._jobs(listed) if not job.status.final]

    def plan(self, job: JobId, plan: FilePlan) -> None:
        """See :meth:`pushhub.imports.port.JobWork.plan`; one update, unless there is a plan."""
        self._update(job, {"plan": schema.plan_attribute(plan)}, "attribute_not_exists(#plan)")

    def give_up(self, job: JobId, reason: str) -> None:
        """See :meth:`pushhub.imports.port.JobWork.give_up`; one update."""
        self._update(job, {"reason": reason, "refused": True}, _NOT_REFUSED, _NOT_REFUSED_VALUES)

    def note_fault(self, job: JobId, reason: str) -> None:
        """See :meth:`pushhub.imports.port.JobWork.note_fault`; one update."""
        self._update(job, {"reason": reason}, _NOT_REFUSED, _NOT_REFUSED_VALUES)

    def stop(self, job: JobId) -> None:
        """See :meth:`pushhub.imports.port.JobControl.stop`; one update."""
        self._update(job, {"stopping": True})

    def resume(self, job: Job, attempt: int) -> bool:
        """See :meth:`pushhub.imports.port.JobControl.resume`; a read, and one transaction of three items."""
        stored = self._stored(job.id)
        assigned = {"status": str(JobStatus.RUNNING), "attempt": attempt, "reason": "", "refused": False, "stopping": False}
        update = self._changed(job.id, assigned | {"resumed": job.resumed + 1}, *_as_it_was(job), removed="ended")
        return self._replaced(stored, update, self._listing(schema.running_key(job.id), int(stored["retention"])))

    def end(self, job: Job, status: JobStatus, reason: str, ended: Seconds, location: S3Object) -> bool:
        """See :meth:`pushhub.imports.port.JobLifecycle.end`; a read, and one transaction of three items.

        Raises:
            ValueError: the status is not final.
        """
        if not status.final:
            raise ValueError(f"{status} is no end")
        where = schema.object_attribute(location)
        assigned = {"status": str(status), "reason": reason, "ended": ended, "location": where}
        update = self._changed(job.id, assigned, *_as_it_was(job))
        running = {"Delete": {"TableName": self._table, "Key": items.to_wire(schema.running_key(job.id))}}
        return self._replaced(self._stored(job.id), update, running)

    def show(self, job: JobId, progress: ChunkProgress) -> None:
        """See :meth:`pushhub.imports.port.JobWork.show`; one write, unless more bytes are stored already."""
        item = schema.progress_item(job, progress, self._expires(self._retention))
        not_behind = "attribute_not_exists(pk) OR (finished = :false AND #bytes <= :bytes)"
        put = self._put(item, not_behind) | {
            "ExpressionAttributeNames": {"#bytes": "bytes"},
            "ExpressionAttributeValues": items.to_wire({":false": False, ":bytes": progress.bytes}),
        }
        self._written(lambda: self._client.put_item(**put))

    def progress(self, job: JobId) -> Mapping[int, ChunkProgress]:
        """See :meth:`pushhub.imports.port.JobReader.progress`; a query."""
        stored = items_in(self._client, self._table, schema.job_key(job)["pk"], schema.PROGRESS)
        shown = map(schema.stored_progress, stored)
        return {progress.number: progress for progress in shown}

    def _stored(self, job: JobId) -> Item:
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=items.to_wire(schema.job_key(job)), ConsistentRead=True)
        if "Item" not in answer:
            raise UnknownJobError(f"there is no import job {job}")
        return items.from_wire(answer["Item"])

    def _jobs(self, ids: Iterable[JobId]) -> list[Job]:
        keys = [schema.job_key(id_) for id_ in ids]
        found = {item["pk"]: item for item in self._reader.read(keys)}
        return [schema.stored_job(found[key["pk"]]) for key in keys if key["pk"] in found]

    def _update(
        self, job: JobId, assigned: Mapping[str, object], guard: str = "", values: Mapping[str, object] | None = None
    ) -> None:
        """Change a job if the guard holds.

        Raises:
            UnknownJobError: there is no such job.
        """
        update = self._changed(job, assigned, guard, values)
        if not self._written(lambda: self._client.update_item(**update)):
            self._stored(job)

    def _replaced(self, stored: Item, update: dict[str, Any], running: dict[str, Any]) -> bool:
        """Change a job that was just read, and its entries in both lists, if the guard holds; return whether it held."""
        job = schema.stored_job(stored)
        listing = self._listing(schema.listed_key(job.id, job.started), int(stored["retention"]))
        return self._written_together([{"Update": update}, listing, running])

    def _changed(
        self,
        job: JobId,
        assigned: Mapping[str, object],
        guard: str = "",
        values: Mapping[str, object] | None = None,
        removed: str = "",
    ) -> dict[str, Any]:
        """Return the parameters of an update of a job that exists."""
        sets = [f"#{name} = :{name}" for name in assigned]
        removal = f" REMOVE {removed}" if removed else ""
        named = {"retention", "expires", *assigned, *_NAME_IN_A_GUARD.findall(guard)}
        return {
            "TableName": self._table,
            "Key": items.to_wire(schema.job_key(job)),
            "UpdateExpression": f"SET {', '.join(sets)}, #expires = #retention + :now{removal}",
            "ConditionExpression": " AND ".join(filter(None, ("attribute_exists(pk)", guard))),
            "ExpressionAttributeNames": {f"#{name}": name for name in named},
            "ExpressionAttributeValues": items.to_wire(
                {f":{name}": value for name, value in assigned.items()} | {":now": int(self._now())} | dict(values or {})
            ),
        }

    def _put(self, item: Item, condition: str) -> dict[str, Any]:
        return {"TableName": self._table, "Item": items.to_wire(item), "ConditionExpression": condition}

    def _listing(self, key: Item, retention: int) -> dict[str, Any]:
        item = key | {"v": items.ITEM_FORMAT, "expires": self._expires(retention)}
        return {"Put": {"TableName": self._table, "Item": items.to_wire(item)}}

    def _expires(self, retention: int) -> int:
        return int(self._now()) + retention

    def _written_together(self, actions: list[Any]) -> bool:
        return self._written(lambda: self._client.transact_write_items(TransactItems=actions))

    def _written(self, write: Callable[[], object]) -> bool:
        """Write; return whether the guard held."""
        return write_guarded(write, self._sleep) is not None
