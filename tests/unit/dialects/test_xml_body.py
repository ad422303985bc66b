"""Reading XML bodies strictly, and writing them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pushhub.dialects.body import BadBodyError
from pushhub.dialects.xml_body import read_elements
from pushhub.dialects.xml_reply import write_elements

SIZE = 64 * 1024

names = st.from_regex(r"[a-z_][a-z0-9_.-]{0,12}", fullmatch=True)
# A carriage return is read as a line feed, as XML has it.
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"))


@given(st.binary(max_size=200))
@example(b"")
@example(b"<\0a\0>\0")
@example(b"\xef\xbb\xbf<a/>")
@example(b"\xff\xfe<\0a\0/\0>\0")
@example(b"<?xml version='1.1'?><a/>")
@example(b"<a:b/>")
@example(b"<a>&b;</a>")
@example(b"<a>&#xD800;</a>")
def test_any_bytes_are_elements_or_refused_with_a_reason(body: bytes) -> None:
    try:
        elements = read_elements(body)
    except BadBodyError as bad:
        reason, elements = str(bad), {}
    else:
        reason = "body is read"
    assert reason.startswith("body ")
    assert all(isinstance(text, str) for text in elements.values())


@given(names, st.dictionaries(names, texts))
def test_what_is_written_is_read_back(root: str, elements: dict[str, str]) -> None:
    assert read_elements(write_elements(root, dict(elements))) == elements


@pytest.mark.parametrize("head", ["", "\ufeff", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="X"?>'])
@given(st.dictionaries(names, texts, min_size=1))
def test_neither_a_mark_nor_a_declaration_changes_what_is_read(head: str, elements: dict[str, str]) -> None:
    assert read_elements(head.encode() + write_elements("xml", dict(elements))) == elements


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
@pytest.mark.parametrize("declared", ["", '<?xml version="1.0" encoding="{}"?>'])
@pytest.mark.parametrize("uid", ["uid", "пуш"])
def test_bytes_in_another_encoding_are_refused_whatever_is_declared(encoding: str, declared: str, uid: str) -> None:
    with pytest.raises(BadBodyError):
        read_elements(f"{declared.format(encoding)}<xml><uid>{uid}</uid></xml>".encode(encoding))


def test_ascii_that_means_something_else_in_the_declared_encoding_stays_what_it_is() -> None:
    assert read_elements(b'<?xml version="1.0" encoding="utf-7"?><xml><uid>+BD8-</uid></xml>') == {"uid": "+BD8-"}


@pytest.mark.parametrize(
    "body",
    [
        "<a>" * (SIZE // 3),
        "<a>" * (SIZE // 7) + "</a>" * (SIZE // 7),
        "<a>" + "<b/>" * (SIZE // 4) + "</a>",
        "<a>" + "<!---->" * (SIZE // 7) + "<b><c/></b></a>",
        "<" * SIZE,
        "<a " + "b" * SIZE,
        "<a" + "".join(f" b{n}=''" for n in range(SIZE // 9)) + "><b><c/></b></a>",
        "<!DOCTYPE a [" + "<!ENTITY b '&c;'>" * (SIZE // 17) + "]><a/>",
    ],
    ids=["open", "deep", "wide", "comments", "brackets", "a long attribute", "attributes", "entities"],
)
def test_a_body_that_is_full_of_something_is_refused_and_not_followed(body: str) -> None:
    with pytest.raises(BadBodyError):
        read_elements(body.encode())


def test_the_text_of_an_entity_that_is_not_known_is_not_quoted() -> None:
    with pytest.raises(BadBodyError) as refused:
        read_elements(b"<a><b>&secret;</b></a>")
    assert "secret" not in str(refused.value)
