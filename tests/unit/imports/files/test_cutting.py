"""Cutting files into chunks."""

from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pushhub.imports.files import cutting as plan
from pushhub.imports.files.cutting import CutFile, cut_by_samples
from pushhub.imports.files.drop import NO_OVERRIDES, Overrides
from pushhub.imports.files.layout import MAX_RECORD
from pushhub.imports.files.recognition import find_layout
from pushhub.imports.files.records import ChunkText
from pushhub.imports.files.rows import CellReader
from pushhub.imports.job import Chunk, UnusableFileError
from tests.doubles.import_files import ExpectedRow, WrittenFile, cut_stream, written_files

HEADER = b"subscription_id,name\n"


def blocks(content: bytes, size: int = 7) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


def reader(content: bytes) -> Callable[[int, int], bytes]:
    return lambda start, end: content[start:end]


def streamed(content: bytes, chunk_size: int = 2**23, overrides: Overrides = NO_OVERRIDES) -> CutFile:
    head = content[: 2**20]
    return cut_stream([content], find_layout(head, overrides, whole=head == content), overrides, chunk_size)


def rows_of(content: bytes, planned: CutFile) -> Iterator[ExpectedRow]:
    """Give the rows as the chunks have them, and require that the chunks cover the file."""
    cells = CellReader(planned.layout).cells
    end, lines = planned.layout.header, 1
    for number, chunk in enumerate(planned.chunks):
        assert (chunk.number, chunk.start) == (number, end)
        assert chunk.end > chunk.start
        end = chunk.end
        text = ChunkText(content[chunk.start : chunk.end], planned.layout)
        for record in text.records():
            yield ExpectedRow(lines + record.line + 1, text.raw(record.text), tuple(cells(record.text)))
        lines += text.lines
    assert end == planned.size == len(content)


@given(written_files(), st.integers(1, 60), st.integers(1, 50))
def test_the_rows_of_the_chunks_are_the_rows_of_the_file_however_it_is_written(
    file: WrittenFile, chunk_size: int, block: int
) -> None:
    planned = cut_stream(blocks(file.content, block), file.layout(), NO_OVERRIDES, chunk_size)
    assert tuple(rows_of(file.content, planned)) == file.rows


@given(written_files(quoted=False), st.integers(1, 60))
def test_small_reads_cut_a_file_without_quotes_as_reading_all_of_it_does(file: WrittenFile, chunk_size: int) -> None:
    planned = cut_by_samples(reader(file.content), len(file.content), file.layout(), NO_OVERRIDES, chunk_size)
    assert planned
    assert tuple(rows_of(file.content, planned)) == file.rows


def reference(text: str, delimiter: str) -> Iterable[str]:
    """Split a text into records by going through it character by character."""
    start, state = 0, "begin"
    for place, character in enumerate(text):
        if state == "inside":
            state = "closing" if character == '"' else "inside"
        elif state == "closing" and character == '"':
            state = "inside"
        elif character == "\n":
            yield text[start : place + 1]
            start, state = place + 1, "begin"
        elif character == delimiter:
            state = "begin"
        else:
            state = "inside" if state == "begin" and character == '"' else "cell"
    if start < len(text):
        yield text[start:]


@given(st.text(st.sampled_from('a,"\n\r;é'), max_size=40), st.sampled_from(["utf-8", "utf-16-le"]), st.integers(1, 20))
@example('"a\n', "utf-8", 1)
@example('a"b\n,""""\n"\n"x\n', "utf-8", 3)
def test_stray_and_unclosed_quotes_end_records_where_a_csv_reader_ends_them(text: str, encoding: str, chunk_size: int) -> None:
    content = f"subscription_id,name\n{text}".encode(encoding)
    layout = find_layout(content, Overrides(encoding=encoding, quoted=True), whole=True)
    planned = cut_stream(blocks(content), layout, NO_OVERRIDES, chunk_size)
    found = [
        record.text for chunk in planned.chunks for record in ChunkText(content[chunk.start : chunk.end], planned.layout).records()
    ]
    assert found == [record for record in reference(text, ",") if record not in {"\n", "\r\n"}]


@given(st.binary(max_size=300), st.integers(1, 100))
def test_binary_junk_behind_a_header_is_rows_or_makes_the_file_unusable(junk: bytes, chunk_size: int) -> None:
    content = HEADER + junk
    try:
        planned = streamed(content, chunk_size)
    except UnusableFileError:
        return
    raw = [text.raw(record.text) for text in texts_of(content, planned) for record in text.records()]
    assert all(part in content for part in raw)
    assert b"".join(raw).replace(b"\n", b"").replace(b"\r", b"") == junk.replace(b"\n", b"").replace(b"\r", b"")


def texts_of(content: bytes, planned: CutFile) -> Iterator[ChunkText]:
    return (ChunkText(content[chunk.start : chunk.end], planned.layout) for chunk in planned.chunks)


def test_a_file_that_is_a_header_alone_has_no_chunks() -> None:
    assert streamed(HEADER).chunks == ()
    assert streamed(HEADER.rstrip()).chunks == ()
    alone = cut_by_samples(reader(HEADER), len(HEADER), find_layout(HEADER, NO_OVERRIDES, whole=True))
    assert alone
    assert alone.chunks == ()


def test_chunks_are_as_large_as_they_are_meant_to_be() -> None:
    row = b"x" * 99 + b",\n"
    content = HEADER + row * 200_000
    by_stream, by_ranges = (
        streamed(content),
        cut_by_samples(reader(content), len(content), find_layout(content, NO_OVERRIDES, whole=True)),
    )
    assert by_ranges
    for planned in (by_stream, by_ranges):
        assert [chunk.end - chunk.start >> 20 for chunk in planned.chunks] == [8, 8, 3]
        assert all((chunk.end - len(HEADER)) % len(row) == 0 for chunk in planned.chunks)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_halves_of_two_characters_are_no_line_end(encoding: str) -> None:
    rows = [f"{'\u0a05\u0100' * count},\u2222\n".encode(encoding) for count in (3, 50, 0, 20_000, 1, 90_000)]
    content = HEADER.decode().encode(encoding) + b"".join(rows)
    layout = find_layout(content, NO_OVERRIDES, whole=True)
    for chunk_size in (2**15, 2**17):
        by_ranges = cut_by_samples(reader(content), len(content), layout, NO_OVERRIDES, chunk_size)
        assert by_ranges
        for planned in (cut_stream(blocks(content, 999), layout, NO_OVERRIDES, chunk_size), by_ranges):
            assert [row.raw for row in rows_of(content, planned)] == rows


def test_a_quote_behind_the_sample_is_minded_when_all_is_read_and_seen_by_small_reads() -> None:
    content = HEADER + b"x,\n" * 400_000 + b'"a\nb",c\n' * 100_000
    layout = find_layout(content[: 2**20], NO_OVERRIDES, whole=False)
    assert not layout.quoted
    planned = cut_stream([content], layout, NO_OVERRIDES, 2**16)
    assert planned.layout.quoted
    assert sum(1 for text in texts_of(content, planned) for _ in text.records()) == 500_000
    assert cut_by_samples(reader(content), len(content), layout, NO_OVERRIDES, 2**16) is None


@pytest.mark.parametrize("row", ["т,Имя\n", "т,Имя\n" + "a,b\n" * 9])
def test_windows_1251_is_recognised_behind_the_sample(row: str) -> None:
    content = HEADER + b"x,\n" * 400_000 + row.encode("windows-1251") * 1000
    layout = find_layout(content[: 2**20], NO_OVERRIDES, whole=False)
    assert layout.encoding == "utf-8"
    assert cut_stream([content], layout).layout.encoding == "windows-1251"
    by_ranges = cut_by_samples(reader(content), len(content), layout, NO_OVERRIDES, 2**16)
    assert by_ranges
    assert by_ranges.layout.encoding == "windows-1251"


@pytest.mark.parametrize(
    ("header", "overrides"),
    [
        ("subscription_id,имя\n", NO_OVERRIDES),
        ("\ufeffsubscription_id,name\n", NO_OVERRIDES),
        ("subscription_id,a\n", Overrides(encoding="utf-8")),
    ],
)
def test_an_encoding_that_is_certain_is_not_overturned_by_what_comes_later(header: str, overrides: Overrides) -> None:
    content = header.encode() + "т,Имя\n".encode("windows-1251") * 100
    layout = find_layout(header.encode(), overrides, whole=False)
    assert cut_stream([content], layout, overrides).layout.encoding == "utf-8"


def test_a_damaged_row_does_not_overturn_utf_8() -> None:
    content = HEADER + "т,Имя\n".encode() * 100 + b"\xff\xfe,b\n"
    assert streamed(content).layout.encoding == "utf-8"


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_row_may_be_as_long_as_the_bound_and_no_longer(quote: str, encoding: str) -> None:
    header = HEADER.decode().encode(encoding)
    fits = quote + "x" * (MAX_RECORD // (2 if encoding != "utf-8" else 1) - 2 - 2 * len(quote)) + quote + ",\n"
    for before in (0, 7):
        content = header + ("a,\n" * before + fits).encode(encoding)
        layout = find_layout(content[: 2**20], NO_OVERRIDES, whole=False)
        planned = cut_stream([content, "b,\n".encode(encoding)], layout)
        assert planned.chunks == (Chunk(0, layout.header, len(content) + len("b,\n".encode(encoding))),)
        longer = header + ("a,\n" * before + "x" + fits).encode(encoding)
        with pytest.raises(UnusableFileError, match=f"line {before + 2} is over 1 MiB"):
            cut_stream(blocks(longer.replace(b'x"', b'"x', 1) if quote else longer, 2**16), layout)


def test_a_quote_that_is_never_closed_is_one_row_within_the_bound_and_unusable_beyond_it() -> None:
    near = HEADER + b"a,b\n" + b'"' + b"c,d\n" * 1000
    assert [row.text for text in texts_of(near, streamed(near)) for row in text.records()] == ["a,b\n", '"' + "c,d\n" * 1000]
    with pytest.raises(UnusableFileError, match=r"line 3 is over 1 MiB long: a quote in it is probably never closed"):
        streamed(HEADER + b"a,b\n" + b'"' + b"c,d\n" * 300_000)


@pytest.mark.parametrize("end", [b"", b"\r", b"\n"])
def test_a_line_of_10_mb_makes_the_file_unusable(end: bytes) -> None:
    content = HEADER + b"a,b\n" + (b"x" * 1000 + end.replace(b"\n", b"")) * 10_000 + end
    with pytest.raises(UnusableFileError, match=r"line 3 is over 1 MiB long: lines probably do not end with LF"):
        streamed(content)
    with pytest.raises(UnusableFileError, match=r"near byte \d+, a row is over 1 MiB long"):
        cut_by_samples(reader(content), len(content), find_layout(content[:100], NO_OVERRIDES, whole=False))


def test_a_file_in_utf_16_that_ends_within_a_character_is_unusable() -> None:
    content = "subscription_id,name\na,b\n".encode("utf-16") + b"\0"
    layout = find_layout(content[:-1], NO_OVERRIDES, whole=False)
    with pytest.raises(UnusableFileError, match="half a character"):
        cut_stream([content], layout)
    with pytest.raises(UnusableFileError, match="half a character"):
        cut_by_samples(reader(content), len(content), layout)


def test_a_file_over_20_gb_is_unusable(monkeypatch: pytest.MonkeyPatch) -> None:
    layout = find_layout(HEADER, NO_OVERRIDES, whole=True)
    with pytest.raises(UnusableFileError, match="over 20 GB"):
        cut_by_samples(reader(b""), 20 * 10**9 + 1, layout)
    monkeypatch.setattr(plan, "MAX_PLAIN_BYTES", 100)
    with pytest.raises(UnusableFileError, match="drop it in parts"):
        cut_stream(blocks(HEADER * 10), layout)


def test_20_gb_are_planned_by_reading_little() -> None:
    row, size = b"x" * 79 + b"\n", 20 * 10**9
    read: list[int] = []

    def sample(start: int, end: int) -> bytes:
        read.append(end - start)
        return (row * ((end - start) // len(row) + 2))[start % len(row) :][: end - start]

    planned = cut_by_samples(sample, size, find_layout(b"subscription_id\n", NO_OVERRIDES, whole=True))
    assert planned
    assert len(planned.chunks) == 2385
    assert sum(read) < 200 * 2**20
