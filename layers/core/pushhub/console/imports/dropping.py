"""How does a person drop files to be imported, and wait until they are?"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from pushhub.adapters.s3_for_commands import ImportBucket
from pushhub.audience.command import Mode
from pushhub.catalog.model import Catalog
from pushhub.console.bars import counting_bar
from pushhub.console.catalog import read_catalog
from pushhub.console.connection import Stack, command_line
from pushhub.console.failure import ConsoleError
from pushhub.console.imports.destination import destination_of, require_droppable, settings_of
from pushhub.console.imports.dry_run import try_and_print
from pushhub.console.imports.ended import say_that_jobs_go_on, wait_and_print
from pushhub.console.imports.stores import open_imports
from pushhub.console.printing import object_or_array, print_done
from pushhub.console.progress import say
from pushhub.console.stores import faults_explained, json_option, open_stores, stack_options
from pushhub.console.terminal import on_one_line
from pushhub.faults import UnavailableError
from pushhub.imports.job import JobId, S3Object, job_of


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that was uploaded, and the object it became."""

    file: Path
    source: S3Object

    @property
    def job(self) -> JobId:
        """The job that imports it."""
        return job_of(self.source)

    @property
    def entry(self) -> dict[str, object]:
        """The same as JSON has it."""
        source = self.source
        return {"job": self.job, "file": str(self.file), "bucket": source.bucket, "key": source.key, "version": source.version}


@click.command(name="import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option(
    "--resource", type=click.IntRange(min=1), required=True, metavar="N", help="The resource's id: a door for subscriptions."
)
@click.option("--provider", required=True, metavar="P", help="Provider of rows that name none, such as android-firebase.")
@click.option("--match", required=True, metavar="token|profile_id|FIELD", help="What a row's profile is found by.")
@click.option(
    "--mode",
    type=click.Choice([str(mode) for mode in Mode]),
    default=str(Mode.UPSERT),
    show_default=True,
    help="add passes over rows whose profile exists, update over those whose profile does not.",
)
@click.option("--delimiter", metavar="D", help="comma, semicolon, tab or pipe; without it, recognised.")
@click.option("--encoding", metavar="E", help="utf-8, utf-16, utf-16-le, utf-16-be or windows-1251; without it, recognised.")
@click.option("--quoted", is_flag=True, help="Quotes enclose cells, even if the beginning of the file has none.")
@click.option("--wait", is_flag=True, help="Wait until all is imported, and print the reports.")
@click.option("--dry-run", is_flag=True, help="Read the files here and print what would fail; upload and change nothing.")
@click.option(
    "--catalog",
    "catalog_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="For --dry-run: a catalog file in the place of the hub's.",
)
@stack_options
@json_option
def import_(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    files: tuple[Path, ...],
    resource: int,
    provider: str,
    match: str,
    mode: str,
    delimiter: str | None,
    encoding: str | None,
    quoted: bool,
    wait: bool,
    dry_run: bool,
    catalog_file: Path | None,
    stack: Stack | None,
    as_json: bool,
) -> None:
    """Import files of push tokens: .csv or .txt, or either packed with gzip (.gz), up to 20 GB unpacked.

    The first line of FILE names its columns: subscription_id; id to match by profile_id, or the match field; unsubscribe; provider;
    and any field of the profile. Each FILE becomes a job of its own, which goes on in the hub, with or without --wait; see it with
    `imports show`.

    With --wait the command ends with 0 if all is imported, even if rows failed, with 1 if a job failed or was cancelled, and
    with 130 if Ctrl-C ended the waiting. As JSON, what is printed of one FILE is an object, of several an array.

    --dry-run finds what is wrong with the files themselves. What depends on what the hub holds it cannot see: a token that lives
    on another profile, a value that another profile has, one subscription too many. It ends with 1 if a file cannot be imported at
    all.
    """
    _require_one_way(wait=wait, dry_run=dry_run, catalog_file=catalog_file, stack=stack)
    settings = settings_of(Mode(mode), delimiter, encoding, quoted=quoted)
    require_droppable(files)
    if dry_run:
        catalog, more_push_hosts = _rules(catalog_file, stack)
        destination = destination_of(catalog, resource, provider, match)
        sys.exit(0 if try_and_print(files, destination, settings, more_push_hosts, as_json=as_json) else 1)
    stores = open_imports(stack)
    with faults_explained():
        destination = destination_of(stores.catalog.load().catalog, resource, provider, match)
    dropped = _drop(stores.bucket, [(file, destination.key(file)) for file in files], settings, stack)
    if wait:
        sys.exit(0 if wait_and_print(stores, [upload.job for upload in dropped], stack, as_json=as_json) else 1)
    _print(dropped, stack, as_json=as_json)


def _require_one_way(*, wait: bool, dry_run: bool, catalog_file: Path | None, stack: Stack | None) -> None:
    if dry_run and wait:
        raise click.UsageError("--dry-run imports nothing, so there is nothing to --wait for")
    if catalog_file and not dry_run:
        raise click.UsageError("--catalog is for --dry-run: an import goes by the catalog of the hub")
    if catalog_file and stack:
        raise click.UsageError("either --catalog or --stack says which catalog is meant")


def _drop(
    bucket: ImportBucket, drops: Sequence[tuple[Path, str]], settings: Mapping[str, str], stack: Stack | None
) -> list[UploadedFile]:
    """Upload files one after the other; a file that is uploaded is imported, even if a later one cannot be uploaded."""
    dropped: list[UploadedFile] = []
    try:
        for file, key in drops:
            dropped.append(UploadedFile(file, _upload(bucket, file, key, settings)))
    except BaseException:
        say_that_jobs_go_on([upload.job for upload in dropped], stack)
        raise
    return dropped


def _upload(bucket: ImportBucket, file: Path, key: str, settings: Mapping[str, str]) -> S3Object:
    try:
        with counting_bar(file.stat().st_size, f"uploading {on_one_line(file.name)}") as advance:
            return bucket.upload(file, key, settings, advance)
    except OSError as error:
        raise ConsoleError(f"{file}: {error.strerror or type(error).__name__}") from None
    except UnavailableError as fault:
        raise ConsoleError(f"{file} was not uploaded: {fault}; run it again") from fault


def _print(dropped: Sequence[UploadedFile], stack: Stack | None, *, as_json: bool) -> None:
    entries = [upload.entry for upload in dropped]
    lines = [f"{upload.file} is uploaded as job {upload.job}" for upload in dropped]
    print_done(object_or_array(entries), lines, as_json=as_json)
    job = dropped[0].job if len(dropped) == 1 else "JOB"
    say(f"see how far it is with `{command_line(stack, 'imports', 'show', job)}`")


def _rules(file: Path | None, stack: Stack | None) -> tuple[Catalog, frozenset[str]]:
    """Return what rows are read by: the catalog, and the hosts of push services of browsers beside the known ones."""
    if file:
        return read_catalog(file).catalog, frozenset()
    try:
        with faults_explained():
            stores = open_stores(stack)
            return stores.catalog.load().catalog, stores.more_push_hosts
    except ConsoleError as error:
        raise ConsoleError(f"{error.message}; a dry run needs no hub with --catalog FILE") from error
