"""What every store of imports does, in memory and in DynamoDB."""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol

import pytest
from botocore.exceptions import ReadTimeoutError

from pushhub.adapters.dynamodb.jobs import DynamoJobs
from pushhub.adapters.dynamodb.journal import (
    LANES,
    MAX_APPENDED_REASON_BYTES,
    MAX_APPENDED_ROWS,
    MAX_APPENDED_WRITES,
    DynamoJournals,
)
from pushhub.audience.changes import Change, SubscriptionPut
from pushhub.audience.command import Mode
from pushhub.audience.model import Address, ProfileId, Subscription, SubscriptionState
from pushhub.audience.port import AudienceStore, SnapshotQuery
from pushhub.catalog.model import DatabaseId, ResourceId
from pushhub.catalog.providers import Provider, PushToken
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.imports.files.layout import Layout
from pushhub.imports.job import (
    ChunkProgress,
    FilePlan,
    Job,
    JobId,
    JobStatus,
    RowOutcome,
    RowResult,
    S3Object,
    Tally,
    UnknownJobError,
)
from pushhub.imports.port import JobControl, JobLifecycle, JobWork, Journals, OpenJournal, TakenOverError
from pushhub.moments import Seconds
from tests.conftest import Hub
from tests.doubles.audience import MemoryAudience
from tests.doubles.imports import MemoryImports

SUBSCRIBED, UNCHANGED = RowOutcome(RowResult.SUBSCRIBED), RowOutcome(RowResult.UNCHANGED)
LAYOUT = Layout("utf-16-le", 2, "\t", quoted=True, columns=("subscription_id", "имя", "№ 3"), header=66, line_end="\r\n")
PLAN = FilePlan(LAYOUT, Mode.UPDATE, 20 * 10**9, 2385, "work/a-job/unpacked")
TALLY = Tally({RowResult.SUBSCRIBED: 7, RowResult.FAILED: 3}, {"id is empty": 2, "the row has 3 cells, the header 4": 1})


class FlakyClient:
    """A DynamoDB client that may lose an answer, or an order, or carry a transaction out twice."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None
        self.repeats: list[Callable[[dict[str, Any]], dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **parameters: Any) -> Any:
        self.before()
        answer = self._client.transact_write_items(**parameters)
        self.after()
        for changed in self.repeats:
            answer = self._client.transact_write_items(**changed(parameters))
        return answer


class Jobs(JobLifecycle, JobWork, JobControl, Protocol):
    """All that anybody may ask of the jobs of a stack."""


@dataclass(frozen=True, slots=True)
class Stores:
    jobs: Jobs
    journals: Journals
    audience: AudienceStore
    faults: MemoryImports | FlakyClient

    def lose(self, what: str) -> None:
        """Let the next append fail before it is written, or after."""

        def fail() -> None:
            setattr(self.faults, name, lambda: None)
            if isinstance(self.faults, FlakyClient):
                raise ReadTimeoutError(endpoint_url="https://dynamodb")
            raise UnavailableError("no answer")

        if isinstance(self.faults, FlakyClient):
            name = {"the order": "before", "the answer": "after"}[what]
        else:
            name = {"the order": "before_append", "the answer": "after_append"}[what]
        setattr(self.faults, name, fail)


@pytest.fixture(params=["memory", "DynamoDB"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        audience = MemoryAudience()
        imports = MemoryImports(audience)
        return Stores(imports, imports, audience, imports)
    return dynamo(request.getfixturevalue("hub"))


def dynamo(hub: Hub) -> Stores:
    client, outputs = FlakyClient(hub.connection.client("dynamodb")), hub.connection.outputs
    return Stores(
        DynamoJobs(client, outputs["LedgerTable"]),  # type: ignore[arg-type]
        DynamoJournals(client, outputs["LedgerTable"], outputs["AudienceTable"], retention_days=30),  # type: ignore[arg-type]
        hub.audience(),
        client,
    )


@pytest.fixture
def database() -> DatabaseId:
    """Give a database that no other test has written to."""
    return DatabaseId(secrets.randbelow(2**31))


@pytest.fixture
def eight_hands() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def new_id() -> JobId:
    return JobId(f"a-job-{secrets.token_hex(8)}")


def new_job(started: int | None = None) -> Job:
    """Return a job that began at some moment far ahead, so that it is among the latest."""
    moment = Seconds(2 * 10**9 + secrets.randbelow(10**9) if started is None else started)
    source = S3Object("a-bucket", "inbox/5/ios-apns/token/a.csv", secrets.token_hex(4))
    return Job(new_id(), source, source, JobStatus.RUNNING, moment)


def known_job(stores: Stores) -> Job:
    job = new_job()
    assert stores.jobs.create(job)
    return job


def put(number: int, version: int = 1) -> Change:
    """Return a change that writes a subscription of its own."""
    subscription = Subscription(
        address=Address(Provider("ios-apns"), PushToken(f"t{number}")),
        profile=ProfileId("ann"),
        resources={ResourceId(5): (SubscriptionState.ACTIVE, Seconds(10))},
        owner_may_be_anonymous=True,
        created=Seconds(10),
        seen=Seconds(10),
        version=version,
    )
    return Change(subscriptions=(SubscriptionPut(subscription),))


def written(stores: Stores, database: DatabaseId, numbers: Sequence[int]) -> set[int]:
    """Return the numbers whose subscriptions exist."""
    addresses = {Address(Provider("ios-apns"), PushToken(f"t{number}")): number for number in numbers}
    (snapshot,) = stores.audience.read([SnapshotQuery(database, tuple(addresses))])
    return {addresses[stored.address] for stored in snapshot.subscriptions.values()}


# Jobs


def test_a_new_job_is_loaded_as_it_was_created(stores: Stores) -> None:
    job = new_job()
    assert stores.jobs.create(job)
    assert stores.jobs.load(job.id) == job


def test_a_known_job_is_not_created_again_and_stays_as_it_is(stores: Stores) -> None:
    job = known_job(stores)
    stores.jobs.give_up(job.id, "the header is empty")
    before = stores.jobs.load(job.id)
    assert not stores.jobs.create(job)
    assert not stores.jobs.create(replace(job, attempt=7))
    assert stores.jobs.load(job.id) == before


def test_of_eight_notices_of_one_object_one_begins_the_job(stores: Stores, eight_hands: ThreadPoolExecutor) -> None:
    for _ in range(5):
        job = new_job()
        copies = [replace(job) for _ in range(8)]
        assert sorted(eight_hands.map(stores.jobs.create, copies)) == [False] * 7 + [True]
        assert [one.id for one in stores.jobs.running()].count(job.id) == 1


@pytest.mark.parametrize("plan", [PLAN, replace(PLAN, unpacked="", mode=Mode.UPSERT, layout=replace(LAYOUT, line_end="", mark=0))])
def test_a_plan_comes_back_as_it_was(stores: Stores, plan: FilePlan) -> None:
    job = known_job(stores)
    assert stores.jobs.load(job.id).plan is None
    stores.jobs.plan(job.id, plan)
    assert stores.jobs.load(job.id) == replace(job, plan=plan)


def test_the_first_plan_stays(stores: Stores) -> None:
    job = known_job(stores)
    stores.jobs.plan(job.id, PLAN)
    stores.jobs.plan(job.id, replace(PLAN, chunks=1))
    assert stores.jobs.load(job.id).plan == PLAN


def test_a_job_is_given_up_for_the_first_reason(stores: Stores) -> None:
    job = known_job(stores)
    stores.jobs.give_up(job.id, "the first")
    stores.jobs.give_up(job.id, "the second")
    assert stores.jobs.load(job.id) == replace(job, reason="the first", refused=True)


def test_the_last_fault_counts_until_the_job_is_given_up(stores: Stores) -> None:
    job = known_job(stores)
    for fault in ("throttled", "no answer"):
        stores.jobs.note_fault(job.id, fault)
    assert stores.jobs.load(job.id) == replace(job, reason="no answer")
    stores.jobs.give_up(job.id, "a quote stands in it")
    stores.jobs.note_fault(job.id, "throttled")
    assert stores.jobs.load(job.id) == replace(job, reason="a quote stands in it", refused=True)
    assert stores.jobs.resume(stores.jobs.load(job.id), 1)
    assert stores.jobs.load(job.id) == replace(job, resumed=1)


def test_a_job_that_has_ended_is_not_given_up_any_more(stores: Stores) -> None:
    job = known_job(stores)
    stores.jobs.end(job, JobStatus.DONE, "", Seconds(99), job.source)
    stores.jobs.give_up(job.id, "too late")
    stores.jobs.note_fault(job.id, "too late")
    assert stores.jobs.load(job.id).reason == ""


def test_a_job_is_stopped_ended_and_resumed(stores: Stores) -> None:
    job = known_job(stores)
    stores.jobs.stop(job.id)
    assert stores.jobs.load(job.id) == replace(job, stopping=True)
    moved = S3Object("a-bucket", "failed/a.csv", "v2")
    assert stores.jobs.end(job, JobStatus.CANCELLED, "cancelled", Seconds(99), moved)
    ended = replace(job, stopping=True, status=JobStatus.CANCELLED, reason="cancelled", ended=Seconds(99), location=moved)
    assert stores.jobs.load(job.id) == ended
    assert job.id not in {one.id for one in stores.jobs.running()}
    assert not stores.jobs.end(job, JobStatus.DONE, "told again", Seconds(100), job.source)
    assert stores.jobs.load(job.id) == ended
    assert not stores.jobs.resume(job, 7), "loaded before it ended"
    assert stores.jobs.resume(ended, 2)
    resumed = replace(job, location=moved, attempt=2, resumed=1)
    assert stores.jobs.load(job.id) == resumed
    assert resumed in stores.jobs.running()
    assert not stores.jobs.resume(ended, 2), "somebody else was faster"
    assert not stores.jobs.end(job, JobStatus.FAILED, "told late of the first attempt", Seconds(100), job.source)
    assert stores.jobs.load(job.id) == resumed


def test_whoever_has_looked_at_a_job_before_it_was_resumed_again_does_not_end_it(stores: Stores) -> None:
    job = known_job(stores)
    stores.jobs.end(job, JobStatus.FAILED, "a step kept failing", Seconds(99), job.source)
    stores.jobs.resume(stores.jobs.load(job.id), 1)
    looked_at = stores.jobs.load(job.id)
    assert stores.jobs.resume(looked_at, 1)
    assert not stores.jobs.end(looked_at, JobStatus.FAILED, "a step kept failing", Seconds(100), job.source)
    assert stores.jobs.load(job.id) == replace(job, resumed=2)


def test_a_running_job_has_not_ended(stores: Stores) -> None:
    job = known_job(stores)
    with pytest.raises(ValueError, match="running is no end"):
        stores.jobs.end(job, JobStatus.RUNNING, "", Seconds(99), job.source)


def test_the_jobs_that_began_last_come_first(stores: Stores) -> None:
    base = 10**11 + secrets.randbelow(10**11)
    jobs = [new_job(base + moment) for moment in (3, 1, 2, 12, 5)]
    for job in jobs:
        stores.jobs.create(job)
    latest = sorted(jobs, key=lambda job: job.started, reverse=True)
    known = {job.id for job in jobs}
    found = [job for job in stores.jobs.recent(100_000) if job.id in known]
    assert found == latest
    assert len(stores.jobs.recent(2)) == 2
    assert not stores.jobs.recent(0)


def test_nobody_knows_a_job_that_was_not_created(stores: Stores) -> None:
    job, place = new_id(), S3Object("a", "b", "c")
    asked: list[Callable[[], object]] = [
        lambda: stores.jobs.load(job),
        lambda: stores.jobs.plan(job, PLAN),
        lambda: stores.jobs.give_up(job, "a reason"),
        lambda: stores.jobs.note_fault(job, "a reason"),
        lambda: stores.jobs.stop(job),
        lambda: stores.jobs.resume(Job(job, place, place, JobStatus.RUNNING, Seconds(9)), 2),
        lambda: stores.jobs.end(Job(job, place, place, JobStatus.RUNNING, Seconds(9)), JobStatus.DONE, "", Seconds(9), place),
    ]
    for ask in asked:
        with pytest.raises(UnknownJobError):
            ask()
    assert not stores.jobs.progress(job)
    assert job not in {one.id for one in (*stores.jobs.running(), *stores.jobs.recent(1000))}


def test_progress_comes_back_by_chunk(stores: Stores) -> None:
    job = new_id()
    shown = {0: ChunkProgress(0, TALLY, 900), 11: ChunkProgress(11, Tally(), 0), 2: ChunkProgress(2, TALLY, 5, lines=3)}
    for progress in shown.values():
        stores.jobs.show(job, progress)
    assert stores.jobs.progress(job) == shown


def test_progress_never_goes_back(stores: Stores) -> None:
    job, later = new_id(), ChunkProgress(1, TALLY, 900)
    stores.jobs.show(job, later)
    stores.jobs.show(job, ChunkProgress(1, Tally(), 899))
    assert stores.jobs.progress(job) == {1: later}
    same = ChunkProgress(1, Tally({RowResult.SKIPPED: 1}), 900)
    stores.jobs.show(job, same)
    assert stores.jobs.progress(job) == {1: same}


def test_progress_of_a_finished_chunk_stays(stores: Stores) -> None:
    job, finished = new_id(), ChunkProgress(1, TALLY, 900, lines=10, finished=True)
    stores.journals.open(job, 1).finish(finished)
    stores.jobs.show(job, ChunkProgress(1, Tally(), 10**9))
    assert stores.jobs.progress(job) == {1: finished}


# Journals


def test_a_new_journal_is_empty(stores: Stores) -> None:
    journal = stores.journals.open(new_id(), 0)
    assert not journal.settled
    assert not journal.finished
    assert journal.lanes == LANES


def test_what_was_settled_is_read_by_the_next_run(stores: Stores) -> None:
    job = new_id()
    first = stores.journals.open(job, 3)
    reasons = ["id is empty", "№ 3 ist leer", ""]
    one = {
        0: SUBSCRIBED,
        1: UNCHANGED,
        5: SUBSCRIBED,
        6: RowOutcome(RowResult.CANCELLED),
        7: RowOutcome(RowResult.SKIPPED),
        **{10 + number: RowOutcome(RowResult.FAILED, reason) for number, reason in enumerate(reasons)},
        8_388_608: SUBSCRIBED,
    }
    other = {2: SUBSCRIBED, **dict.fromkeys(range(1000, 9000), UNCHANGED), **dict.fromkeys(range(10_000, 12_000, 3), SUBSCRIBED)}
    first.append(0, one)
    first.append(7, other)
    first.append(7, {})
    assert not first.settled
    second = stores.journals.open(job, 3)
    assert second.settled == one | other
    second.append(0, {3: UNCHANGED})
    assert stores.journals.open(job, 3).settled == one | other | {3: UNCHANGED}


def test_journals_of_chunks_and_jobs_are_apart(stores: Stores) -> None:
    job, other = new_id(), new_id()
    journal = stores.journals.open(job, 1)
    for neighbour in ((job, 11), (job, 0), (other, 1)):
        assert not stores.journals.open(*neighbour).settled
    journal.append(0, {1: SUBSCRIBED})
    assert not stores.journals.open(job, 11).settled


def test_a_row_is_settled_together_with_its_changes(stores: Stores, database: DatabaseId) -> None:
    job, other = new_id(), DatabaseId(database + 1)
    journal = stores.journals.open(job, 0)
    journal.append(2, {4: SUBSCRIBED, 5: SUBSCRIBED}, [(database, put(4)), (other, put(4)), (database, put(5))])
    assert written(stores, database, [4, 5]) == {4, 5}
    assert written(stores, other, [4, 5]) == {4}
    assert stores.journals.open(job, 0).settled == {4: SUBSCRIBED, 5: SUBSCRIBED}


def test_a_guard_that_does_not_hold_undoes_rows_and_changes(stores: Stores, database: DatabaseId) -> None:
    job = new_id()
    journal = stores.journals.open(job, 0)
    journal.append(0, {0: SUBSCRIBED}, [(database, put(0))])
    changes = [(database, put(1)), (DatabaseId(database + 1), put(2)), (database, put(0))]
    with pytest.raises(LostRaceError):
        journal.append(0, {1: SUBSCRIBED, 2: SUBSCRIBED}, changes)
    assert written(stores, database, [0, 1]) == {0}
    assert not written(stores, DatabaseId(database + 1), [2])
    journal.append(0, {2: UNCHANGED}, changes[:1])
    assert stores.journals.open(job, 0).settled == {0: SUBSCRIBED, 2: UNCHANGED}


def test_as_much_as_an_append_takes_is_written(stores: Stores, database: DatabaseId) -> None:
    job = new_id()
    journal = stores.journals.open(job, 0)
    writes = range(MAX_APPENDED_WRITES)
    journal.append(0, dict.fromkeys(writes, SUBSCRIBED), [(database, put(number)) for number in writes])
    long = RowOutcome(RowResult.FAILED, "я" * (MAX_APPENDED_REASON_BYTES // 2))
    scattered = {position: long if position % 10 else SUBSCRIBED for position in range(10**7, 10**7 + 5 * MAX_APPENDED_ROWS, 5)}
    journal.append(0, scattered)
    assert stores.journals.open(job, 0).settled == dict.fromkeys(writes, SUBSCRIBED) | scattered


@pytest.mark.parametrize(
    ("lane", "rows", "changes", "says"),
    [
        (LANES, 1, [], "lane 8; there are 8"),
        (-1, 1, [], "lane -1"),
        (0, MAX_APPENDED_ROWS + 1, [], "10001 rows"),
        (0, 1, [(DatabaseId(1), put(number)) for number in range(100)], "100 writes"),
        (0, 1, [(DatabaseId(1), put(1)), (DatabaseId(1), put(1, version=2))], "2 writes of 1 items"),
    ],
)
def test_more_than_an_append_takes_is_refused(
    stores: Stores, lane: int, rows: int, changes: list[tuple[DatabaseId, Change]], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        stores.journals.open(new_id(), 0).append(lane, dict.fromkeys(range(rows), SUBSCRIBED), changes)


def test_too_much_to_say_is_refused(stores: Stores) -> None:
    outcomes = {number: RowOutcome(RowResult.FAILED, f"{number}" * 50_000) for number in range(100, 102)}
    with pytest.raises(ValueError, match="300000 bytes of reasons"):
        stores.journals.open(new_id(), 0).append(0, outcomes)


def test_lanes_are_appended_to_at_one_time(stores: Stores, database: DatabaseId, eight_hands: ThreadPoolExecutor) -> None:
    job = new_id()
    journal = stores.journals.open(job, 0)

    def work(lane: int) -> None:
        for turn in range(10):
            position = lane + LANES * turn
            journal.append(lane, {position: SUBSCRIBED}, [(database, put(position))])

    list(eight_hands.map(work, range(LANES)))
    assert stores.journals.open(job, 0).settled == dict.fromkeys(range(80), SUBSCRIBED)
    assert written(stores, database, range(80)) == set(range(80))


@pytest.mark.parametrize("lane", range(LANES))
@pytest.mark.parametrize("begun", [False, True], ids=["untouched", "in use"])
def test_a_run_writes_nothing_after_another_has_opened_the_journal(
    stores: Stores, database: DatabaseId, lane: int, begun: bool
) -> None:
    job = new_id()
    first = stores.journals.open(job, 0)
    if begun:
        first.append(lane, {0: SUBSCRIBED}, [(database, put(0))])
    second = stores.journals.open(job, 0)
    for _ in range(2):
        with pytest.raises(TakenOverError):
            first.append(lane, {1: SUBSCRIBED}, [(database, put(1))])
    with pytest.raises(TakenOverError):
        first.append(lane, {1: UNCHANGED})
    assert not written(stores, database, [1])
    second.append(lane, {2: SUBSCRIBED}, [(database, put(2))])
    with pytest.raises(TakenOverError):
        first.append(lane, {1: SUBSCRIBED}, [(database, put(1))])
    before = {0: SUBSCRIBED} if begun else {}
    assert second.settled == before
    assert stores.journals.open(job, 0).settled == before | {2: SUBSCRIBED}


def test_that_a_run_was_taken_over_counts_more_than_a_guard(stores: Stores, database: DatabaseId) -> None:
    job = new_id()
    first = stores.journals.open(job, 0)
    stores.journals.open(job, 0).append(5, {1: SUBSCRIBED}, [(database, put(1))])
    with pytest.raises(TakenOverError):
        first.append(5, {1: SUBSCRIBED}, [(database, put(1))])


def test_of_many_runs_the_last_one_writes(stores: Stores) -> None:
    job = new_id()
    runs = [stores.journals.open(job, 0) for _ in range(4)]
    for number, run in enumerate(runs[:-1]):
        with pytest.raises(TakenOverError):
            run.append(number, {number: SUBSCRIBED})
    runs[-1].append(0, {9: SUBSCRIBED})
    assert stores.journals.open(job, 0).settled == {9: SUBSCRIBED}


def test_a_chunk_that_is_finished_says_so_to_the_next_run(stores: Stores) -> None:
    job, progress = new_id(), ChunkProgress(4, TALLY, 900, lines=12)
    journal = stores.journals.open(job, 4)
    journal.append(0, {0: SUBSCRIBED})
    journal.finish(progress)
    assert not journal.finished
    assert stores.jobs.progress(job) == {4: replace(progress, finished=True)}
    for _ in range(2):
        again = stores.journals.open(job, 4)
        assert again.finished
        assert again.settled == {0: SUBSCRIBED}
    again.finish(progress)


def test_a_run_that_was_taken_over_does_not_finish(stores: Stores) -> None:
    job = new_id()
    first = stores.journals.open(job, 4)
    second = stores.journals.open(job, 4)
    with pytest.raises(TakenOverError):
        first.finish(ChunkProgress(4, TALLY, 900, finished=True))
    assert not stores.jobs.progress(job)
    assert not second.finished
    assert not stores.journals.open(job, 4).finished


@dataclass
class Worker:
    """Appends in one lane, one row after the other, until it is stopped or taken over; remembers what was written."""

    journal: OpenJournal
    lane: int
    database: DatabaseId
    most: int = 300

    def __call__(self) -> set[int]:
        done: set[int] = set()
        for position in range(self.lane, self.most * LANES, LANES):
            try:
                while not self._appended(position):
                    pass
            except TakenOverError:
                break
            done.add(position)
        return done

    def _appended(self, position: int) -> bool:
        try:
            self.journal.append(self.lane, {position: SUBSCRIBED}, [(self.database, put(position))])
        except LostRaceError:
            return False
        return True


def test_what_a_run_that_is_taken_over_at_work_has_written_is_what_the_next_one_sees(
    stores: Stores, eight_hands: ThreadPoolExecutor
) -> None:
    for _ in range(4):
        job, base = new_id(), DatabaseId(secrets.randbelow(2**31))
        first = stores.journals.open(job, 0)
        working = [eight_hands.submit(Worker(first, lane, base)) for lane in range(LANES)]
        time.sleep(secrets.randbelow(100) / 1000)
        second = stores.journals.open(job, 0)
        done = set[int]().union(*(one.result() for one in working))
        assert second.settled.keys() == done
        assert written(stores, base, sorted(done) + [position + LANES for position in done]) == done
        assert stores.journals.open(job, 0).settled.keys() == done


def test_runs_that_open_a_journal_at_one_time_leave_one_that_knows_all(stores: Stores) -> None:
    with ThreadPoolExecutor(LANES + 4) as pool:
        for _ in range(3):
            job, base = new_id(), DatabaseId(secrets.randbelow(2**31))
            first = stores.journals.open(job, 0)
            working = [pool.submit(Worker(first, lane, base)) for lane in range(LANES)]
            opening = [pool.submit(stores.journals.open, job, 0) for _ in range(4)]
            opened = [one.result() for one in opening]
            done = set[int]().union(*(one.result() for one in working))
            alive = [run for run in opened if all(_takes(run, lane) for lane in range(LANES))]
            assert len(alive) == 1
            assert alive[0].settled.keys() == done
            assert written(stores, base, range(0, 300 * LANES, 1)) == done


def _takes(run: OpenJournal, lane: int) -> bool:
    try:
        run.append(lane, {})
    except TakenOverError:
        return False
    return True


@pytest.mark.parametrize("lost", ["the order", "the answer"])
def test_a_journal_that_is_opened_again_knows_whether_an_append_was_written(
    stores: Stores, database: DatabaseId, lost: str
) -> None:
    job = new_id()
    journal = stores.journals.open(job, 0)
    journal.append(3, {0: SUBSCRIBED}, [(database, put(0))])
    stores.lose(lost)
    with pytest.raises(UnavailableError):
        journal.append(3, {1: SUBSCRIBED}, [(database, put(1))])
    expected = {0, 1} if lost == "the answer" else {0}
    assert stores.journals.open(job, 0).settled == dict.fromkeys(expected, SUBSCRIBED)
    assert written(stores, database, [0, 1]) == expected


@pytest.mark.parametrize("lost", ["the order", "the answer"])
def test_a_journal_that_is_opened_again_knows_whether_it_was_finished(stores: Stores, lost: str) -> None:
    job = new_id()
    journal = stores.journals.open(job, 2)
    stores.lose(lost)
    with pytest.raises(UnavailableError):
        journal.finish(ChunkProgress(2, TALLY, 900, finished=True))
    assert stores.journals.open(job, 2).finished is (lost == "the answer")
    assert len(stores.jobs.progress(job)) == (lost == "the answer")


def test_a_lane_whose_last_append_was_written_unseen_takes_no_other(hub: Hub, database: DatabaseId) -> None:
    stores, job = dynamo(hub), new_id()
    journal = stores.journals.open(job, 0)
    stores.lose("the answer")
    for _ in range(3):
        with pytest.raises(UnavailableError):
            journal.append(3, {1: SUBSCRIBED}, [(database, put(1))])
    journal.append(4, {2: SUBSCRIBED})
    assert stores.journals.open(job, 0).settled == {1: SUBSCRIBED, 2: SUBSCRIBED}


def test_a_lane_whose_last_append_was_not_written_takes_the_next(hub: Hub, database: DatabaseId) -> None:
    stores, job = dynamo(hub), new_id()
    journal = stores.journals.open(job, 0)
    stores.lose("the order")
    with pytest.raises(UnavailableError):
        journal.append(3, {1: SUBSCRIBED}, [(database, put(1))])
    journal.append(3, {1: SUBSCRIBED}, [(database, put(1))])
    assert stores.journals.open(job, 0).settled == {1: SUBSCRIBED}


@pytest.mark.parametrize("forgetful", [False, True], ids=["by the token of the call", "by the token of the entry"])
def test_an_append_that_the_client_sends_twice_is_known_to_be_written(hub: Hub, database: DatabaseId, forgetful: bool) -> None:
    stores, job = dynamo(hub), new_id()
    assert isinstance(stores.faults, FlakyClient)
    journal = stores.journals.open(job, 0)
    again = {"ClientRequestToken": secrets.token_hex(8)} if forgetful else {}
    stores.faults.repeats = [lambda parameters: parameters | again]
    journal.append(0, {1: SUBSCRIBED}, [(database, put(1))])
    journal.append(0, {2: SUBSCRIBED}, [(database, put(2))])
    assert stores.journals.open(job, 0).settled == {1: SUBSCRIBED, 2: SUBSCRIBED}
