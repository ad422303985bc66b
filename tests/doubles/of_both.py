"""Stores that make the calls of AWS, which answers nothing of use, and give what the ones in memory do."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from pushhub.adapters.dynamodb.jobs import DynamoJobs
from pushhub.adapters.dynamodb.journal import DynamoJournals
from pushhub.adapters.dynamodb.pack_ids import DynamoPackIds
from pushhub.adapters.dynamodb.pushes import DynamoPushes
from pushhub.adapters.dynamodb.reach import DynamoReach
from pushhub.adapters.dynamodb.sendings import DynamoSendings
from pushhub.adapters.s3 import S3Files
from pushhub.adapters.step_functions import StepFunctionsExecutions
from pushhub.audience.changes import Change
from pushhub.audience.model import MatchKey, Profile, ProfileId, Subscription, SubscriptionRef
from pushhub.audience.port import ReachPage
from pushhub.catalog.model import AppId, DatabaseId
from pushhub.catalog.providers import Provider
from pushhub.imports.job import ChunkProgress, FilePlan, Job, JobId, JobStatus, RowOutcome, S3Object
from pushhub.imports.port import MissingObjectError, ObjectFacts, ObjectWriter, OpenJournal
from pushhub.moments import Seconds
from pushhub.sends.pack_ids import PackClaim, PackIdStore, PackKey
from pushhub.sends.pushes import KeptReply, NotSchedulableError, PushId, RequestKey, StoredPush
from pushhub.sends.sending import (
    Deferral,
    DeferralKey,
    Example,
    Lane,
    LaneKey,
    OutcomeCounts,
    ProviderStop,
    RunId,
    Sending,
    SendingId,
    SendingStatus,
)
from pushhub.sends.store import DueMoment, LaneUpdate, NewDeferral, SettledTry
from tests.doubles.executions import MemoryExecutions
from tests.doubles.files import MemoryFiles
from tests.doubles.imports import MemoryImports
from tests.doubles.pushes import MemoryPushes
from tests.doubles.reach import MemoryReach
from tests.doubles.sendings import MemorySendings


class FilesOfBoth(S3Files):
    def __init__(self, client: Any, bucket: str, memory: MemoryFiles) -> None:
        super().__init__(client, bucket)
        self._calls = client
        self._memory = memory

    def facts(self, source: S3Object) -> ObjectFacts:
        super().facts(source)
        return self._memory.facts(source)

    def read(self, source: S3Object, start: int, end: int) -> bytes:
        super().read(source, start, end)
        return self._memory.read(source, start, end)

    def stream(self, source: S3Object) -> Iterator[bytes]:
        list(super().stream(source))
        return self._memory.stream(source)

    def put(self, key: str, content: bytes, content_type: str) -> None:
        super().put(key, content, content_type)
        self._memory.put(key, content, content_type)

    @contextmanager
    def writing(self, key: str, content_type: str) -> Iterator[ObjectWriter]:  # type: ignore[override]
        with super().writing(key, content_type) as writer, self._memory.writing(key, content_type) as kept:
            writer.write(b"some content")
            yield kept
        # As where it is large, and breaks off.
        self._calls.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId="upload")

    def move(self, source: S3Object, key: str) -> S3Object:
        moved = self._memory.move(source, key)
        super().move(source, key)
        self._calls.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId="upload")
        return moved

    def latest(self, key: str) -> S3Object:
        with suppress(MissingObjectError):
            super().latest(key)
        return self._memory.latest(key)

    def list_inbox(self) -> Iterator[S3Object]:
        list(super().list_inbox())
        return self._memory.list_inbox()


class ExecutionsOfBoth(StepFunctionsExecutions):
    def __init__(self, client: Any, state_machine: str, memory: MemoryExecutions) -> None:
        super().__init__(client, state_machine)
        self._memory = memory

    def start(self, job: JobId, attempt: int) -> None:
        super().start(job, attempt)
        self._memory.start(job, attempt)

    def ended(self, job: JobId, attempt: int) -> str | None:
        super().ended(job, attempt)
        return self._memory.ended(job, attempt)


class ImportsOfBoth(DynamoJobs):
    """Its calls that read first are answered with a job; see `ANSWERED_JOB`."""

    def __init__(self, client: Any, table: str, retention_days: int, memory: MemoryImports) -> None:
        super().__init__(client, table, retention_days)
        self._memory = memory

    def create(self, job: Job) -> bool:
        super().create(job)
        return self._memory.create(job)

    def load(self, job: JobId) -> Job:
        super().load(job)
        return self._memory.load(job)

    def running(self) -> Sequence[Job]:
        super().running()
        super()._jobs([JobId("any")])
        return self._memory.running()

    def plan(self, job: JobId, plan: FilePlan) -> None:
        super().plan(job, plan)
        self._memory.plan(job, plan)

    def give_up(self, job: JobId, reason: str) -> None:
        super().give_up(job, reason)
        self._memory.give_up(job, reason)

    def note_fault(self, job: JobId, reason: str) -> None:
        super().note_fault(job, reason)
        self._memory.note_fault(job, reason)

    def end(self, job: Job, status: JobStatus, reason: str, ended: Seconds, location: S3Object) -> bool:
        super().end(job, status, reason, ended, location)
        return self._memory.end(job, status, reason, ended, location)

    def show(self, job: JobId, progress: ChunkProgress) -> None:
        super().show(job, progress)
        self._memory.show(job, progress)

    def progress(self, job: JobId) -> Mapping[int, ChunkProgress]:
        super().progress(job)
        return self._memory.progress(job)


class JournalsOfBoth(DynamoJournals):
    def __init__(self, client: Any, ledger: str, audience: str, retention_days: int, memory: MemoryImports) -> None:
        super().__init__(client, ledger, audience, retention_days)
        self._memory = memory

    def open(self, job: JobId, chunk: int) -> "JournalOfBoth":  # type: ignore[override]
        return JournalOfBoth(super().open(job, chunk), self._memory.open(job, chunk))


class JournalOfBoth:
    def __init__(self, called: OpenJournal, memory: OpenJournal) -> None:
        self._called = called
        self._memory = memory
        self.settled = memory.settled
        self.finished = memory.finished
        self.lanes = memory.lanes

    def append(self, lane: int, outcomes: Mapping[int, RowOutcome], changes: Sequence[tuple[DatabaseId, Change]] = ()) -> None:
        self._called.append(lane, outcomes, changes)
        self._memory.append(lane, outcomes, changes)

    def finish(self, progress: ChunkProgress) -> None:
        self._called.finish(progress)
        self._memory.finish(progress)


class ReachOfBoth(DynamoReach):
    def __init__(self, client: Any, table: str, memory: MemoryReach) -> None:
        super().__init__(client, table)
        self._memory = memory

    def page(self, database: DatabaseId, lane: str, after: str, limit: int) -> ReachPage:
        super().page(database, lane, after, limit)
        return self._memory.page(database, lane, after, limit)

    def holders(self, database: DatabaseId, keys: Sequence[MatchKey]) -> Mapping[MatchKey, ProfileId]:
        super().holders(database, keys)
        return self._memory.holders(database, keys)

    def profiles(self, database: DatabaseId, ids: Sequence[ProfileId]) -> Mapping[ProfileId, Profile]:
        super().profiles(database, ids)
        return self._memory.profiles(database, ids)

    def subscriptions(self, database: DatabaseId, refs: Sequence[SubscriptionRef]) -> Mapping[SubscriptionRef, Subscription]:
        super().subscriptions(database, refs)
        return self._memory.subscriptions(database, refs)


class SendingsOfBoth(DynamoSendings):
    def __init__(self, client: Any, table: str, retention_days: int, memory: MemorySendings) -> None:
        super().__init__(client, table, retention_days)
        self._memory = memory

    def sending(self, sending: SendingId) -> Sending | None:
        super().sending(sending)
        return self._memory.sending(sending)

    def record_ended(self, sending: Sending, deferrals: Sequence[NewDeferral], *, started: bool = False) -> None:
        super().record_ended(sending, deferrals, started=started)
        self._memory.record_ended(sending, deferrals, started=started)

    def begin(self, sending: SendingId, now: Seconds, push: int | None = None) -> bool:
        begun = super().begin(sending, now, push)
        self._memory.begin(sending, now, push)
        return begun

    def cancel(self, sending: SendingId, now: Seconds) -> None:
        super().cancel(sending, now)
        self._memory.cancel(sending, now)

    def stop_provider(self, sending: SendingId, app: AppId, provider: Provider, stop: ProviderStop) -> None:
        super().stop_provider(sending, app, provider, stop)
        self._memory.stop_provider(sending, app, provider, stop)

    def expire(self, sending: SendingId, now: Seconds) -> None:
        super().expire(sending, now)
        self._memory.expire(sending, now)

    def drop_part(self, sending: SendingId, part: int) -> None:
        super().drop_part(sending, part)
        self._memory.drop_part(sending, part)

    def add_example(self, sending: SendingId, example: Example) -> None:
        super().add_example(sending, example)
        self._memory.add_example(sending, example)

    def end(self, sending: SendingId, status: SendingStatus, counts: OutcomeCounts, now: Seconds) -> None:
        super().end(sending, status, counts, now)
        self._memory.end(sending, status, counts, now)

    def take_lane(self, key: LaneKey, run: RunId, now: Seconds, until: Seconds) -> Lane | None:
        super().take_lane(key, run, now, until)
        return self._memory.take_lane(key, run, now, until)

    def update_lane(self, key: LaneKey, update: LaneUpdate) -> None:
        super().update_lane(key, update)
        self._memory.update_lane(key, update)

    def lane(self, key: LaneKey) -> Lane | None:
        super().lane(key)
        return self._memory.lane(key)

    def lanes(self, sending: SendingId, part: int) -> Sequence[Lane]:
        super().lanes(sending, part)
        return self._memory.lanes(sending, part)

    def deferral(self, key: DeferralKey) -> Deferral | None:
        super().deferral(key)
        return self._memory.deferral(key)

    def deferrals(self, sending: SendingId, part: int) -> Sequence[Deferral]:
        super().deferrals(sending, part)
        return self._memory.deferrals(sending, part)

    def claim_deferral(self, key: DeferralKey, run: RunId, tries: int, now: Seconds, until: Seconds) -> bool:
        super().claim_deferral(key, run, tries, now, until)
        return self._memory.claim_deferral(key, run, tries, now, until)

    def settle_deferral(self, settled: SettledTry) -> None:
        super().settle_deferral(settled)
        self._memory.settle_deferral(settled)

    def due_moments(self, until: Seconds) -> Sequence[DueMoment]:
        super().due_moments(until)
        return self._memory.due_moments(until)

    def note_put(self, moment: DueMoment, put: int) -> None:
        super().note_put(moment, put)
        self._memory.note_put(moment, put)

    def forget_due(self, moment: DueMoment) -> None:
        super().forget_due(moment)
        self._memory.forget_due(moment)

    def running_sendings(self, now: Seconds) -> Sequence[SendingId]:
        super().running_sendings(now)
        return self._memory.running_sendings(now)


class PackIdsOfBoth(DynamoPackIds):
    def __init__(self, client: Any, table: str, retention_days: int, memory: PackIdStore) -> None:
        super().__init__(client, table, retention_days)
        self._memory = memory

    def claim_of(self, pack: PackKey) -> PackClaim | None:
        super().claim_of(pack)
        return self._memory.claim_of(pack)

    def claim_pack(self, pack: PackKey, claim: PackClaim, now: Seconds) -> bool:
        super().claim_pack(pack, claim, now)
        return self._memory.claim_pack(pack, claim, now)

    def start(self, pack: PackKey, sending: Sending, now: Seconds, until: Seconds) -> None:
        super().start(pack, sending, now, until)
        self._memory.start(pack, sending, now, until)

    def release_pack(self, pack: PackKey, sending: SendingId) -> bool:
        super().release_pack(pack, sending)
        return self._memory.release_pack(pack, sending)


class PushesOfBoth(DynamoPushes):
    def __init__(self, client: Any, table: str, retention_days: int, memory: MemoryPushes) -> None:
        super().__init__(client, table, retention_days)
        self._memory = memory

    def create_push(self, push: StoredPush, kept: KeptReply | None) -> None:
        super().create_push(push, kept)
        self._memory.create_push(push, kept)

    def create_sending(self, sending: Sending, push: StoredPush | None, kept: KeptReply | None) -> None:
        super().create_sending(sending, push, kept)
        self._memory.create_sending(sending, push, kept)

    def push(self, push: PushId) -> StoredPush | None:
        super().push(push)
        return self._memory.push(push)

    def kept_reply(self, key: RequestKey) -> KeptReply | None:
        super().kept_reply(key)
        return self._memory.kept_reply(key)

    def bind(self, sending: Sending, push: StoredPush | None, now: Seconds, in_time: Callable[[], bool] = lambda: True) -> None:
        # What is bound now is read from the store itself, which has nothing here.
        with suppress(NotSchedulableError):
            super().bind(sending, push, now, in_time)
        self._written(self._binding(sending, push, None))
        self._memory.bind(sending, push, now)
