"""What came of the pushes of each campaign?"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pushhub.console.plots import share_plot
from pushhub.console.reading import read_each
from pushhub.console.sends.standing import LaunchCounters
from pushhub.console.tables import table_lines
from pushhub.console.terminal import beginning, on_one_line
from pushhub.events.command import Happening
from pushhub.events.ledger import LaunchStatistics
from pushhub.sends.sending import NO_TAG, Sending

_SHOWN: Final = 40
_NO_TAG: Final = "(none)"
_HEADING: Final = ("tag", "sendings", "accepted", "erroneous", "unknown", "delivered", "opened")
_PLOTS: Final = ("delivered of accepted", "opened of delivered")
_ALIGNMENTS: Final = "<>>>>>>"


@dataclass(frozen=True, slots=True)
class TagStatistics:
    """The pushes of the sendings with one campaign tag, which may be empty; see :class:`pushhub.events.ledger.SentCounts`."""

    tag: str
    sendings: int
    accepted: int
    erroneous: int
    unknown: int
    delivered: int
    opened: int


def read_tags(counters: LaunchCounters, sendings: Sequence[Sending]) -> list[TagStatistics]:
    """Return the statistics of the tags of sendings, the tag with most accepted pushes first.

    A launch that several sendings have in common is counted once.

    Raises:
        UnavailableError: the table did not answer in time, or refused for load.
    """
    of_tags: defaultdict[str, list[Sending]] = defaultdict(list)
    for sending in sendings:
        of_tags[counted_tag(sending.tag)].append(sending)
    launches = list(dict.fromkeys((counted_tag(sending.tag), sending.launch.text) for sending in sendings))
    rows: defaultdict[str, list[LaunchStatistics]] = defaultdict(list)
    read = read_each(lambda launch: counters.statistics(launch[1]), launches, "reading launches")
    for (tag, _), counted in zip(launches, read, strict=True):
        rows[tag] += counted
    tags = [_summed(tag, len(of_tag), rows[tag]) for tag, of_tag in of_tags.items()]
    return sorted(tags, key=lambda each: (-each.accepted, each.tag))


def counted_tag(tag: str) -> str:
    """Return the tag by which sendings are counted: those with the tag `-` have one launch with those that have none."""
    return "" if tag == NO_TAG else tag


def _summed(tag: str, sendings: int, rows: Iterable[LaunchStatistics]) -> TagStatistics:
    given = list(rows)
    return TagStatistics(
        tag,
        sendings,
        accepted=sum(row.sent.accepted for row in given),
        erroneous=sum(row.sent.erroneous for row in given),
        unknown=sum(row.sent.unknown for row in given),
        delivered=sum(row.unique[Happening.DELIVERED] for row in given),
        opened=sum(row.unique[Happening.OPENED] for row in given),
    )


def tag_entry(tag: TagStatistics) -> dict[str, object]:
    """Return the statistics of a tag as JSON has them."""
    return {name: getattr(tag, name) for name in _HEADING}


def tag_lines(tags: Sequence[TagStatistics], *, plotted: bool) -> Iterator[str]:
    """Give the statistics of tags as the lines of a table, with bars in each row where they are `plotted`."""
    rows = [(*_HEADING, *_PLOTS), *map(_cells, tags)]
    alignments = _ALIGNMENTS + "<" * len(_PLOTS)
    yield from table_lines(alignments, rows) if plotted else table_lines(_ALIGNMENTS, [row[: len(_HEADING)] for row in rows])


def _cells(tag: TagStatistics) -> tuple[str, ...]:
    numbers = (tag.sendings, tag.accepted, tag.erroneous, tag.unknown, tag.delivered, tag.opened)
    name = beginning(on_one_line(tag.tag), _SHOWN) or _NO_TAG
    return (
        name,
        *(f"{number:,}" for number in numbers),
        share_plot(tag.delivered, tag.accepted),
        share_plot(tag.opened, tag.delivered),
    )
