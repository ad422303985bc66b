"""How does a person see imports, resume failed ones, and end running ones?"""

import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Final

import click

from pushhub.console.connection import Stack, command_line
from pushhub.console.failure import ConsoleError
from pushhub.console.imports.ended import print_reports, wait_and_print
from pushhub.console.imports.progress import Standing
from pushhub.console.imports.report import job_entry, job_lines, progress_entry, progress_lines, report_lines
from pushhub.console.imports.stores import ImportStores, open_imports
from pushhub.console.printing import print_done, print_found
from pushhub.console.progress import say
from pushhub.console.stores import faults_explained, json_option, stack_options
from pushhub.console.terminal import on_one_line
from pushhub.imports.files.drop import MatchBy, RowMatching, read_key
from pushhub.imports.job import JOB_ID, Job, JobId, JobStatus, UnknownJobError
from pushhub.imports.keys import ERRORS, REPORT, RETRY, report_key
from pushhub.imports.steps.summary import summary_of
from pushhub.moments import seconds_now

_SWEEP_MINUTES: Final = 15
_TRIES: Final = 3
"""More than once only where the job changes between reading and writing it, which the hub's schedule may do once."""

_job_argument = click.argument("job")


@click.group()
def imports() -> None:
    """See what came of imported files, let failed imports go on, and end running ones.

    A job is the import of one file that was dropped; `pushhub import` drops files.
    """


@imports.command(name="list")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="At most N jobs.")
@stack_options
@json_option
def list_(*, limit: int, stack: Stack | None, as_json: bool) -> None:
    """Print the jobs begun last.

    The latest come first. A job is kept for the days that the stack's parameter ImportRetentionDays says.
    """
    with faults_explained():
        jobs = open_imports(stack).jobs
        standings = [Standing(job, jobs.progress(job.id)) for job in jobs.recent(limit)]
    lines = job_lines(standings, seconds_now()) if standings else ["no imports"]
    print_found(list(map(job_entry, standings)), lines, as_json=as_json)


@imports.command()
@_job_argument
@stack_options
@json_option
def show(*, job: str, stack: Stack | None, as_json: bool) -> None:
    """Print the report of a job, or how far it has come.

    As JSON a running job has `progress` too: bytes and chunks.
    """
    stores = open_imports(stack)
    with faults_explained():
        standing = Standing(_load(stores, job, stack), stores.jobs.progress(JobId(job)))
    if standing.job.status.final:
        print_reports([standing], stores, stack, as_json=as_json)
        return
    entry = summary_of(standing.job, standing.tally)
    lines = chain(report_lines(entry, standing.job.plan), progress_lines(standing, seconds_now()))
    print_found({**entry, "progress": progress_entry(standing)}, lines, as_json=as_json)


@imports.command()
@_job_argument
@click.option("--to", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Where to; without it, a folder named JOB.")
@stack_options
@json_option
def fetch(*, job: str, folder: Path | None, stack: Stack | None, as_json: bool) -> None:
    """Download the reports of a job that has ended.

    report.json has the counts; errors.csv the failed rows with line number and reason, for people, tokens masked; retry.csv the
    same rows as they were: mend them and import that file. No file is overwritten.
    """
    stores, folder = open_imports(stack), folder or Path(job)
    with faults_explained():
        ended = _load(stores, job, stack)
        if not ended.status.final:
            raise ConsoleError(f"job {job} is running: its reports are written when it has ended")
        fetched = _download(stores, ended.id, folder)
    names = list(map(str, fetched))
    print_found({"job": job, "files": names}, names, as_json=as_json)
    if (folder / RETRY) in fetched:
        say(f"mend {folder / RETRY}, then: {retry_command(ended, folder / RETRY, stack)}")


@imports.command()
@_job_argument
@click.option("--wait", is_flag=True, help="Wait until it has ended, and print its report.")
@stack_options
@json_option
def retry(*, job: str, wait: bool, stack: Stack | None, as_json: bool) -> None:
    """Let a failed or cancelled job go on.

    Only chunks that did not finish run again, and rows that are settled stay so. Failed rows of a job that is done are no business
    of this: mend its retry.csv.
    """
    stores = open_imports(stack)
    with faults_explained():
        loaded = _load(stores, job, stack)
        _require_retriable(loaded, stack)
        attempt = _resume(stores, loaded)
    if wait:
        sys.exit(0 if wait_and_print(stores, [loaded.id], stack, as_json=as_json) else 1)
    line = f"job {job} goes on, attempt {attempt}; see it with `{command_line(stack, 'imports', 'show', job)}`"
    print_done({"job": job, "status": str(JobStatus.RUNNING), "attempt": attempt}, [line], as_json=as_json)


@imports.command()
@_job_argument
@stack_options
@json_option
def cancel(*, job: str, stack: Stack | None, as_json: bool) -> None:
    """End a running job. What it has imported stays; `imports retry` lets it go on.

    Chunks that are being imported end within seconds, and the report is written then.
    """
    stores = open_imports(stack)
    with faults_explained():
        loaded = _load(stores, job, stack)
        if loaded.status.final:
            raise ConsoleError(f"job {job} has ended already: it is {loaded.status}")
        stores.jobs.stop(loaded.id)
        if not stores.executions.stop(loaded.id, loaded.attempt):
            say(f"nothing runs of job {job} at present; within {_SWEEP_MINUTES} minutes the hub notices that it was cancelled")
    line = f"job {job} is being cancelled; see it with `{command_line(stack, 'imports', 'show', job)}`"
    print_done({"job": job, "stopping": True}, [line], as_json=as_json)


def retry_command(job: Job, file: Path, stack: Stack | None) -> str:
    """Return the command line that imports mended rows in the way in which the whole file was imported."""
    drop = read_key(job.source.key)
    words = ["import", str(file), "--resource", str(drop.resource), "--provider", drop.provider]
    words += ["--match", _match_option(drop.matching)]
    if job.plan:
        words += ["--mode", str(job.plan.mode), "--encoding", job.plan.layout.encoding]
        words += ["--delimiter", "tab" if job.plan.layout.delimiter == "\t" else job.plan.layout.delimiter]
    return command_line(stack, *words)


def _match_option(matching: RowMatching) -> str:
    """Return the value of `--match`: a field by its name, unless that name alone would mean something else."""
    return matching.word if matching.field in {"", MatchBy.PUSH_TOKEN, MatchBy.PROFILE_ID} else matching.field


def _load(stores: ImportStores, job: str, stack: Stack | None) -> Job:
    if JOB_ID.fullmatch(job):
        with suppress(UnknownJobError):
            return stores.jobs.load(JobId(job))
    listing = command_line(stack, "imports", "list")
    raise ConsoleError(f"there is no job {on_one_line(job)}, or it is not kept any more; `{listing}` shows them")


def _require_retriable(job: Job, stack: Stack | None) -> None:
    if job.status is JobStatus.RUNNING:
        raise ConsoleError(f"job {job.id} is running; `{command_line(stack, 'imports', 'cancel', job.id)}` ends it")
    if job.status is JobStatus.DONE:
        fetching = command_line(stack, "imports", "fetch", job.id)
        raise ConsoleError(f"job {job.id} is done; if rows failed, mend its {RETRY} (`{fetching}`) and import that")


def _resume(stores: ImportStores, job: Job) -> int:
    """Redrive the last attempt of a job, or start another; return which attempt runs now.

    The job becomes running first, since a chunk of a job that does not run ends at once. If no execution can be started then, the
    hub's own sweep ends the job again.

    Raises:
        ConsoleError: somebody else lets it go on at this moment.
    """
    if _can_be_redriven(job):
        _make_running(stores, job, job.attempt)
        if stores.executions.redrive(job.id, job.attempt):
            # Resumed once more: a sweep that looked before the redrive has seen a failed execution, and must not end the job.
            any(stores.jobs.resume(stores.jobs.load(job.id), job.attempt) for _ in range(_TRIES))
            return job.attempt
        job = stores.jobs.load(job.id)
    _make_running(stores, job, job.attempt + 1)
    stores.executions.start(job.id, job.attempt + 1)
    return job.attempt + 1


def _make_running(stores: ImportStores, job: Job, attempt: int) -> None:
    if not stores.jobs.resume(job, attempt):
        raise ConsoleError(f"somebody else has let job {job.id} go on at this moment; `imports show` tells how it stands")


def _can_be_redriven(job: Job) -> bool:
    """Say whether a redrive helps. It repeats the step that failed, which fails again for a job that was refused or stopped."""
    return job.status is JobStatus.FAILED and not job.refused and job.plan is not None


def _download(stores: ImportStores, job: JobId, folder: Path) -> Sequence[Path]:
    files = [folder / name for name in (REPORT, ERRORS, RETRY)]
    for file in files:
        if file.exists():
            raise ConsoleError(f"{file} is there already, and may hold what you mended; choose another folder with --to")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fetched = [file for file in files if stores.bucket.download(report_key(job, file.name), file)]
    except OSError as error:
        raise ConsoleError(f"{folder}: {error.strerror or type(error).__name__}") from None
    if not fetched:
        raise ConsoleError(f"the reports of job {job} are not kept any more")
    return fetched
