"""Files of rows, written in every way that is read, together with what has to be read from them."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hypothesis import strategies as st

from pushhub.catalog.model import Catalog, Database, DatabaseId, FieldType, PushTokenConflict, Resource, ResourceId
from pushhub.imports.files.cutting import CHUNK_SIZE, CutFile, StreamCutter
from pushhub.imports.files.drop import NO_OVERRIDES, Overrides
from pushhub.imports.files.layout import Layout
from pushhub.imports.files.recognition import find_layout

MARKS: Final = {"utf-8": b"\xef\xbb\xbf", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
HEADER: Final = ("subscription_id", "customer", "name")
DATABASE: Final = Database(
    DatabaseId(7),
    "people",
    {"customer": FieldType.TEXT, "name": FieldType.TEXT, "age": FieldType.INTEGER, "id": FieldType.TEXT},
    ("customer",),
)
OTHER_DATABASE: Final = Database(DatabaseId(8), "guests", {"customer": FieldType.TEXT, "city": FieldType.TEXT}, ("customer",))
RESOURCE: Final = Resource(ResourceId(5), "app", frozenset(), (DATABASE.id, OTHER_DATABASE.id), PushTokenConflict.MOVE, None)
CATALOG: Final = Catalog({DATABASE.id: DATABASE, OTHER_DATABASE.id: OTHER_DATABASE}, {RESOURCE.id: RESOURCE})


@dataclass(frozen=True, slots=True)
class ExpectedRow:
    """A row that has to be found: its line in the file from 1, its bytes, and its cells."""

    line: int
    raw: bytes
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file and its rows."""

    content: bytes
    rows: tuple[ExpectedRow, ...]

    def layout(self, overrides: Overrides = NO_OVERRIDES) -> Layout:
        """Return how it is recognised to be written."""
        return find_layout(self.content, overrides, whole=True)


_CELLS: Final = {
    "plain": st.text(st.sampled_from("abcя 1-="), max_size=6),
    "quoted": st.text(st.sampled_from('abя",;\n\r\t|'), max_size=6),
}


@st.composite
def written_files(draw: st.DrawFn, *, quoted: bool | None = None) -> WrittenFile:
    """Write a few rows in one of all ways; `quoted` says whether it may hold quotes."""
    quotes = draw(st.booleans()) if quoted is None else quoted
    delimiter = draw(st.sampled_from(",;\t|"))
    encoding = draw(st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "windows-1251"]))
    line_ends = draw(st.sampled_from([["\n"], ["\r\n"], ["\n", "\r\n"]]))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    texts = _CELLS["quoted" if quotes else "plain"]
    cells = draw(st.lists(st.one_of(st.none(), st.tuples(texts, texts, texts)), max_size=12))
    mark = MARKS.get(encoding, b"") if draw(st.booleans()) else b""
    header = (*HEADER[:2], "имя") if encoding == "windows-1251" else HEADER
    content = bytearray(mark + (delimiter.join(header) + line_ends[0]).encode(encoding))
    rows: list[ExpectedRow] = []
    line = 2
    for place, row in enumerate(cells):
        is_last = place == len(cells) - 1
        line_end = "" if is_last and draw(st.booleans()) else draw(st.sampled_from(line_ends))
        text = (_one_line(row, delimiter, quoting if quotes else csv.QUOTE_NONE) if row else "") + line_end
        raw = text.encode(encoding)
        content += raw
        if row:
            rows.append(ExpectedRow(line, raw, row))
        line += text.count("\n")
    return WrittenFile(bytes(content), tuple(rows))


def _one_line(row: tuple[str, ...], delimiter: str, quoting: int) -> str:
    if quoting == csv.QUOTE_NONE:
        return delimiter.join(row)
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, quoting=csv.QUOTE_ALL if quoting == csv.QUOTE_ALL else csv.QUOTE_MINIMAL).writerow(row)
    return written.getvalue().removesuffix("\r\n")


def cut_stream(
    blocks: Iterable[bytes], layout: Layout, overrides: Overrides = NO_OVERRIDES, chunk_size: int = CHUNK_SIZE
) -> CutFile:
    """Cut a file by going through all of it once."""
    cutter = StreamCutter(layout, overrides, chunk_size)
    for block in blocks:
        cutter.feed(block)
    return cutter.finish()
