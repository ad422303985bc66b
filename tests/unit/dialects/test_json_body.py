"""Reading JSON bodies strictly."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pushhub.dialects.body import BadBodyError
from pushhub.dialects.json_body import read_object

DEPTH = 32


@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf{}")
@example(b'{"a": "\\ud800"}')
@example(b'{"\\udfff": 1}')
@example(b"\x00")
def test_any_bytes_are_an_object_or_refused_with_a_reason(body: bytes) -> None:
    try:
        document = read_object(body, DEPTH)
    except BadBodyError as bad:
        reason = str(bad)
        document = {}
    else:
        reason = "body is an object"
    assert isinstance(document, dict)
    assert reason.startswith("body ")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_an_object_is_read_as_json_reads_it(document: dict[str, object]) -> None:
    assert read_object(json.dumps(document).encode(), 1000) == document


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_quarter_of_a_mebibyte_of_brackets_is_refused_and_not_followed(opening: str) -> None:
    body = ('{"a":' + opening * (256 * 1024 // len(opening))).encode()
    with pytest.raises(BadBodyError):
        read_object(body, DEPTH)


def test_depth_counts_the_object_itself_as_the_first_level() -> None:
    read_object(b'{"a":[[1]]}', 3)
    with pytest.raises(BadBodyError, match="nested deeper than 2 levels"):
        read_object(b'{"a":[[1]]}', 2)


def test_an_endless_number_is_refused() -> None:
    with pytest.raises(BadBodyError, match="too many digits"):
        read_object(b'{"a":' + b"9" * 5000 + b"}", DEPTH)


def test_a_number_beyond_floating_point_is_kept_exactly() -> None:
    assert str(read_object(b'{"a":1e999,"b":0.1}', DEPTH)) == "{'a': Decimal('1E+999'), 'b': Decimal('0.1')}"


@pytest.mark.parametrize("body", [b'{"a": 1, "a": 1}', b'{"b": {"a": 1, "a": 2}}', b'{"b": [{"a": 1, "\\u0061": 2}]}'])
def test_a_key_twice_in_one_object_is_refused_where_that_is_asked_for(body: bytes) -> None:
    assert read_object(body, DEPTH)
    with pytest.raises(BadBodyError, match="a key twice in one object"):
        read_object(body, DEPTH, unique_keys=True)


def test_one_key_in_two_objects_is_no_key_twice() -> None:
    assert read_object(b'{"a": {"a": 1}, "b": {"a": 2}}', DEPTH, unique_keys=True) == {"a": {"a": 1}, "b": {"a": 2}}


def test_a_body_whose_objects_are_too_deep_is_refused_with_unique_keys_too() -> None:
    with pytest.raises(BadBodyError, match="nested deeper"):
        read_object(b'{"a":' * 40_000, DEPTH, unique_keys=True)
