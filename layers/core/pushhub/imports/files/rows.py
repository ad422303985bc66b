"""Which command does a row hold, or why does it hold none?"""

import csv
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from pushhub.audience.command import ByField, ById, ByPushToken, DesiredSubscription, Matching, Mode, Subscribe
from pushhub.audience.model import PROFILE_ID_PATTERN, ProfileId
from pushhub.catalog.model import Catalog
from pushhub.catalog.providers import MAX_PUSH_TOKEN_BYTES, PushToken
from pushhub.catalog.push_tokens import push_token_misfit
from pushhub.imports.files import columns as column_names
from pushhub.imports.files import reasons
from pushhub.imports.files.columns import RowDestination, find_columns, row_destination_of
from pushhub.imports.files.drop import MatchBy, read_key
from pushhub.imports.files.layout import WIDEST_CHARACTER, Layout
from pushhub.imports.files.quoting import QUOTE, cell_source, record_source
from pushhub.text import trimmed

_TRUTH: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}
_BY_PUSH_TOKEN: Final[Matching] = ByPushToken()


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read as a command; the reason is one of :mod:`pushhub.imports.files.reasons`."""

    reason: str


class BadRowError(Exception):
    """A row cannot be read as a command; the text is the reason of its :class:`BadRow`."""


def without_line_end(text: str) -> str:
    """Return a record without its line end."""
    return text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text


class CellReader:
    """Splits the records of a file into cells."""

    def __init__(self, layout: Layout) -> None:
        """Prepare for all records of a file."""
        self._layout = layout
        self._delimiter = layout.delimiter
        self._count = len(layout.columns)

    def cells(self, text: str) -> list[str]:
        """Return the cells of a record, as many as the header has.

        Raises:
            BadRowError: the record cannot be read, or has another number of cells.
        """
        row = without_line_end(text)
        if "\0" in row:
            raise BadRowError(reasons.NUL)
        if not row.isascii():
            self._require_valid(row)
        cells = self._split(row) if QUOTE in row else row.split(self._delimiter)
        if "\r" in row and (QUOTE not in row or row.endswith("\r")):
            raise BadRowError(reasons.LONE_CR)
        if len(cells) != self._count:
            raise BadRowError(reasons.wrong_count(len(cells), self._count))
        return cells

    def _require_valid(self, row: str) -> None:
        try:
            row.encode()
        except UnicodeEncodeError:
            raise BadRowError(reasons.not_valid(self._layout.encoding)) from None

    def _split(self, row: str) -> list[str]:
        try:
            return next(csv.reader((row,), delimiter=self._delimiter, strict=True))
        except csv.Error:
            raise BadRowError(self._why(row)) from None

    def _why(self, row: str) -> str:
        if not _closed(self._delimiter).fullmatch(row):
            return reasons.NEVER_CLOSED
        if "\r" in _quoted_cells(self._delimiter).sub("", row):
            return reasons.LONE_CR
        return reasons.CELL_TOO_LONG if len(row) > csv.field_size_limit() else reasons.TEXT_AFTER_QUOTE


class RowReader:
    """Reads the rows of one file. It works out once what is the same for all of them."""

    def __init__(self, layout: Layout, destination: RowDestination, mode: Mode, more_push_hosts: Collection[str] = ()) -> None:
        """Prepare for all rows of a file; `more_push_hosts` are hosts of push services of browsers beside the known ones.

        Raises:
            UnusableFileError: the columns of the header do not fit the destination.
        """
        self._cells = CellReader(layout).cells
        self._columns = find_columns(layout.columns, destination)
        self._destination = destination
        self._mode = mode
        self._more_push_hosts = more_push_hosts
        self._matching = _MATCHERS[destination.drop.matching.by]
        self._matched_name = "" if self._columns.matched is None else layout.columns[self._columns.matched]

    def read(self, text: str) -> Subscribe | BadRow:
        """Return the command that a record is, or why it is none; the record is not blank."""
        try:
            return self._command(self._cells(text))
        except BadRowError as bad:
            return BadRow(str(bad))

    def _command(self, cells: list[str]) -> Subscribe:
        columns, destination = self._columns, self._destination
        provider = (cells[columns.provider] if columns.provider is not None else "") or destination.drop.provider
        push_token = _push_token(provider, cells[columns.push_token], self._more_push_hosts)
        desired = DesiredSubscription(provider, push_token, self._unsubscribe(cells))
        matching = _BY_PUSH_TOKEN if columns.matched is None else self._matching(self._matched_name, cells[columns.matched])
        fields = {name: cell for position, name in columns.fields if (cell := cells[position])}
        return Subscribe(destination.resource, destination.databases, (), matching, (desired,), fields, self._mode)

    def _unsubscribe(self, cells: list[str]) -> bool:
        if self._columns.unsubscribe is None:
            return False
        try:
            return _TRUTH[trimmed(cells[self._columns.unsubscribe]).lower()]
        except KeyError:
            raise BadRowError(reasons.BAD_UNSUBSCRIBE) from None


def match_field(command: Subscribe) -> str:
    """Return the match field by which a command finds its profile; the empty text where it finds it otherwise."""
    return command.matching.field if isinstance(command.matching, ByField) else ""


def row_reader(key: str, layout: Layout, mode: Mode, catalog: Catalog, more_push_hosts: Collection[str] = ()) -> RowReader:
    """Return a reader of the rows of a dropped file, by the catalog as it is now.

    Raises:
        UnusableFileError: the key or the header does not fit, or the resource does not exist.
    """
    return RowReader(layout, row_destination_of(read_key(key), catalog), mode, more_push_hosts)


def _push_token(provider: str, cell: str, more_push_hosts: Collection[str]) -> PushToken:
    if not cell or cell.isspace():
        raise BadRowError(reasons.empty(column_names.PUSH_TOKEN_COLUMN))
    if len(cell) * WIDEST_CHARACTER > MAX_PUSH_TOKEN_BYTES and len(cell.encode()) > MAX_PUSH_TOKEN_BYTES:
        raise BadRowError(reasons.PUSH_TOKEN_TOO_LONG)
    if misfit := push_token_misfit(provider, cell, more_push_hosts):
        raise BadRowError(reasons.no_push_token(misfit))
    return PushToken(cell)


def _by_push_token(_column: str, _cell: str) -> Matching:
    return _BY_PUSH_TOKEN


def _by_id(column: str, cell: str) -> Matching:
    if not cell:
        raise BadRowError(reasons.empty(column))
    if not PROFILE_ID_PATTERN.fullmatch(cell):
        raise BadRowError(reasons.BAD_PROFILE_ID)
    return ById(ProfileId(cell))


def _by_field(column: str, cell: str) -> Matching:
    if not cell:
        raise BadRowError(reasons.empty(column))
    return ByField(column, cell)


_MATCHERS: Final[Mapping[MatchBy, Callable[[str, str], Matching]]] = {
    MatchBy.PUSH_TOKEN: _by_push_token,
    MatchBy.PROFILE_ID: _by_id,
    MatchBy.FIELD: _by_field,
}


@cache
def _closed(delimiter: str) -> re.Pattern[str]:
    return re.compile(record_source(delimiter))


@cache
def _quoted_cells(delimiter: str) -> re.Pattern[str]:
    return re.compile(cell_source(delimiter))
