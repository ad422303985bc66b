"""How does a command wait for imports, and print the reports of those that have ended?"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from pushhub.console.connection import Stack, command_line
from pushhub.console.failure import INTERRUPTED
from pushhub.console.imports.progress import Standing
from pushhub.console.imports.report import Entry, report_lines, share_line
from pushhub.console.imports.stores import ImportStores
from pushhub.console.imports.watch import Watch
from pushhub.console.printing import object_or_array, print_found
from pushhub.console.progress import say
from pushhub.console.stores import faults_explained
from pushhub.imports.job import JobId, JobStatus
from pushhub.imports.keys import ERRORS, REPORT, RETRY, report_key
from pushhub.imports.steps.summary import summary_of


def wait_and_print(stores: ImportStores, ids: Sequence[JobId], stack: Stack | None, *, as_json: bool) -> bool:
    """Wait until jobs have ended, print their reports in this order, and return whether all are done.

    Raises:
        ConsoleError: the hub does not begin one, or cannot be asked.
        SystemExit: Ctrl-C; the jobs go on.
    """
    jobs, them = (f"job {ids[0]}", "it") if len(ids) == 1 else (f"{len(ids)} jobs", "them")
    say(f"waiting for {jobs}; Ctrl-C does not stop {them}")
    try:
        with faults_explained():
            ended = Watch(stores.jobs).until_ended(ids)
    except KeyboardInterrupt:
        say_that_jobs_go_on(ids, stack)
        sys.exit(INTERRUPTED)
    print_reports(ended, stores, stack, as_json=as_json)
    return all(standing.job.status is JobStatus.DONE for standing in ended)


def say_that_jobs_go_on(ids: Sequence[JobId], stack: Stack | None) -> None:
    """Say that jobs go on although nobody waits for them any more."""
    for id_ in ids:
        say(f"job {id_} goes on; see it with `{command_line(stack, 'imports', 'show', id_)}`")


def entry_of(stores: ImportStores, standing: Standing) -> Entry:
    """Return the report of a job that has ended; where its file is not kept any more, the same from the ledger.

    Raises:
        UnavailableError: the bucket cannot be asked.
    """
    written = stores.bucket.read(report_key(standing.job.id, REPORT)) if standing.job.status.final else None
    return summary_of(standing.job, standing.tally) if written is None else cast("Mapping[str, object]", json.loads(written))


def print_reports(ended: Sequence[Standing], stores: ImportStores, stack: Stack | None, *, as_json: bool) -> None:
    """Print the reports of jobs that have ended; as JSON, that of one job is an object, those of several are an array.

    Raises:
        ConsoleError: the bucket cannot be asked.
    """
    with faults_explained():
        entries = [entry_of(stores, standing) for standing in ended]
        lines = (line for pair in zip(ended, entries, strict=True) for line in _outcome_lines(*pair, stores, stack))
        print_found(object_or_array(entries), lines, as_json=as_json)


def _outcome_lines(standing: Standing, entry: Entry, stores: ImportStores, stack: Stack | None) -> Sequence[str]:
    """Return what a person reads of one job: its report, what to do next, and where its files are."""
    return [
        *report_lines(entry, standing.job.plan),
        *_what_next(standing, stack),
        *_where(standing.job.id, stores, stack),
    ]


def _what_next(standing: Standing, stack: Stack | None) -> Iterator[str]:
    """Give the progress of a job that is not done, and what a person can do about it."""
    job = standing.job
    if job.status is JobStatus.DONE:
        return
    if job.plan or not job.refused:
        yield share_line(standing)
    if job.refused:
        yield "  next        mend the file, its path or its metadata, and drop it again"
    else:
        yield f"  go on with  {command_line(stack, 'imports', 'retry', job.id)}"


def _where(job: JobId, stores: ImportStores, stack: Stack | None) -> list[str]:
    folder = report_key(job, "")
    names = [name for name in (REPORT, ERRORS, RETRY) if name in stores.bucket.names(folder)]
    if not names:
        return ["  reports     are not kept any more"]
    return [
        f"  reports     s3://{stores.bucket.name}/{folder} {', '.join(names)}",
        f"  fetch them  {command_line(stack, 'imports', 'fetch', job)}",
    ]
