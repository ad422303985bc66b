"""How does a person see what devices reported of pushes?"""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import click

from pushhub.adapters.dynamodb.ledger import DynamoLedger
from pushhub.console.bars import counting_bar
from pushhub.console.connection import Stack, connect
from pushhub.console.failure import ConsoleError
from pushhub.console.printing import print_found
from pushhub.console.stores import faults_explained, json_option, stack_options
from pushhub.console.tables import table_lines
from pushhub.console.terminal import beginning, on_one_line, stdout_is_a_terminal
from pushhub.events.command import Happening
from pushhub.events.ledger import LaunchStatistics, LedgerEvent, ReportMark
from pushhub.events.uid import ParsedUid, parse_uid
from pushhub.moments import iso_milliseconds
from pushhub.text import is_unicode

_NAMES: Final = {Happening.DELIVERED: "delivered", Happening.OPENED: "opened"}
_LAUNCHES_AT_ONCE: Final = 8
_LAUNCH_SHOWN: Final = 48
_PLOT_WIDTH: Final = 20
_HEADING: Final = ("launch", "provider", "delivered", "total", "opened", "total", "opened of delivered")
_ALIGNMENTS: Final = "<<>>>><"


@click.group()
def events() -> None:
    """See what devices reported of pushes."""


def _unicode_text(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    # Python hands over bytes of the command line that are not UTF-8 as lone surrogates.
    if value is not None and not (value and is_unicode(value)):
        raise click.BadParameter("a text in valid Unicode is expected", param=parameter)
    return value


@events.command()
@click.option("--uid", required=True, callback=_unicode_text, help="Identity of a push to one device.")
@stack_options
@json_option
def show(*, uid: str, stack: Stack | None, as_json: bool) -> None:
    """Print every event of a uid, and what the uid itself says.

    Each time is when the first report of it was accepted. Events are forgotten after the days that the stack's parameter
    EventRetentionDays says.
    """
    ledger = open_ledger(stack)
    with faults_explained():
        found = sorted(ledger.events_of(uid), key=_first_time)
    if not found:
        raise ConsoleError(
            "nothing is known of this uid: it was never reported, is not recorded yet, or was forgotten after EventRetentionDays"
        )
    print_found(events_entry(uid, found), event_lines(uid, found), as_json=as_json)


@events.command()
@click.option("--launch", callback=_unicode_text, metavar="ID", help="This launch only; without it, all.")
@stack_options
@json_option
def stats(*, launch: str | None, stack: Stack | None, as_json: bool) -> None:
    """Count what was reported, by launch and provider.

    The first number counts pushes that were delivered or opened, the one after it all reports of that, repeats too. On a terminal,
    a bar shows how many of the delivered pushes were opened. Counters are forgotten like events.
    """
    ledger = open_ledger(stack)
    with faults_explained():
        rows = ranked(_statistics(ledger, [launch] if launch else ledger.launches()))
    if launch and not rows:
        raise ConsoleError("nothing is counted for this launch: nothing of it was reported, or it is not recorded yet")
    lines = statistics_lines(rows, plotted=stdout_is_a_terminal()) if rows else ["nothing is counted yet"]
    print_found(statistics_entry(rows), lines, as_json=as_json)


def open_ledger(stack: Stack | None) -> DynamoLedger:
    """Return the ledger of a deployed hub, or of the one that runs here, to be read.

    Raises:
        ConsoleError: there is no such hub, or AWS cannot be asked.
    """
    connection = connect(stack)
    # The retention is for those who write events.
    return DynamoLedger(connection.client("dynamodb"), connection.outputs["LedgerTable"], retention_days=0)


def _statistics(ledger: DynamoLedger, launches: Sequence[str]) -> list[LaunchStatistics]:
    """Read the counters of launches, several at once, since each launch takes two calls or more."""
    rows: list[LaunchStatistics] = []
    pool = ThreadPoolExecutor(_LAUNCHES_AT_ONCE)
    try:
        with counting_bar(len(launches), "reading launches") as advance:
            for counted in pool.map(ledger.statistics, launches):
                rows += [row for row in counted if row.reported]
                advance(1)
    finally:
        # After Ctrl-C or a fault, launches whose reading has not begun are not read.
        pool.shutdown(cancel_futures=True)
    return rows


def _first_time(event: LedgerEvent) -> tuple[int, str, str]:
    return min((first.at for first in event.known_bits.values()), default=0), event.launch, event.provider


def events_entry(uid: str, found: Sequence[LedgerEvent]) -> dict[str, object]:
    """Return what the ledger has of a uid, as JSON has it."""
    parsed = parse_uid(uid)
    return {
        "uid": uid,
        "says": _uid_entry(parsed) if parsed else None,
        "events": [
            {
                "launch": event.launch,
                "provider": event.provider,
                "form": _form(event),
                **{name: _first_entry(event.known_bits.get(bit)) for bit, name in _NAMES.items()},
            }
            for event in found
        ],
    }


def event_lines(uid: str, found: Sequence[LedgerEvent]) -> Iterator[str]:
    """Give what the ledger has of a uid, as lines for a person."""
    yield f"uid {on_one_line(uid)}"
    if parsed := parse_uid(uid):
        yield from (f"  {name:<20}  {value}" for name, value in _uid_entry(parsed).items())
    else:
        yield "  is opaque: it says nothing of its push"
    for event in found:
        yield f"event of the {_form(event)} form, launch {on_one_line(event.launch)}, provider {on_one_line(event.provider)}"
        for bit, name in _NAMES.items():
            first = event.known_bits.get(bit)
            yield f"  {name:<9}  {iso_milliseconds(first.at)}  receipt {first.receipt}" if first else f"  {name:<9}  not reported"


def _uid_entry(uid: ParsedUid) -> dict[str, object]:
    return {
        "sent": iso_milliseconds(uid.sent // 1_000_000),
        "database": uid.database,
        "profile": uid.profile,
        "subscription_hash_id": f"{uid.subscription:08x}",
    }


def _form(event: LedgerEvent) -> str:
    return "plain" if event.plain else "special"


def _first_entry(first: ReportMark | None) -> dict[str, object] | None:
    return {"at": iso_milliseconds(first.at), "receipt": first.receipt} if first else None


def ranked(rows: Sequence[LaunchStatistics]) -> list[LaunchStatistics]:
    """Sort statistics: launches with the most reports first, and within a launch providers with the most."""
    of_launch: Counter[str] = Counter()
    for row in rows:
        of_launch[row.launch] += sum(row.total.values())
    return sorted(rows, key=lambda row: (-of_launch[row.launch], row.launch, -sum(row.total.values()), row.provider))


def _sum(rows: Sequence[LaunchStatistics]) -> LaunchStatistics:
    unique = {bit: sum(row.unique[bit] for row in rows) for bit in _NAMES}
    total = {bit: sum(row.total[bit] for row in rows) for bit in _NAMES}
    return LaunchStatistics("total", "", unique, total)


def statistics_entry(rows: Sequence[LaunchStatistics]) -> dict[str, object]:
    """Return statistics as JSON has them."""
    return {
        "launches": [{"launch": row.launch, "provider": row.provider, **_counts_entry(row)} for row in rows],
        "totals": _counts_entry(_sum(rows)),
    }


def _counts_entry(row: LaunchStatistics) -> dict[str, object]:
    return {name: {"unique": row.unique[bit], "total": row.total[bit]} for bit, name in _NAMES.items()}


def statistics_lines(rows: Sequence[LaunchStatistics], *, plotted: bool) -> Iterator[str]:
    """Give statistics as the lines of a table with a row of totals, and with a bar in each row where they are `plotted`."""
    table = [_HEADING, *map(_cells, [*rows, _sum(rows)])]
    yield from table_lines(_ALIGNMENTS, table if plotted else [cells[:-1] for cells in table])


def _cells(row: LaunchStatistics) -> tuple[str, ...]:
    numbers = (str(counts[bit]) for bit in _NAMES for counts in (row.unique, row.total))
    return (beginning(on_one_line(row.launch), _LAUNCH_SHOWN), on_one_line(row.provider), *numbers, plot(row))


def plot(row: LaunchStatistics) -> str:
    """Draw the share of delivered pushes that were opened.

    It may exceed 100 %: a device that reports an opened push need not have reported it as delivered.
    """
    delivered, opened = row.unique[Happening.DELIVERED], row.unique[Happening.OPENED]
    if not delivered:
        return ""
    filled = min(_PLOT_WIDTH, round(_PLOT_WIDTH * opened / delivered))
    return f"{'#' * filled}{'.' * (_PLOT_WIDTH - filled)} {100 * opened / delivered:.0f} %"
