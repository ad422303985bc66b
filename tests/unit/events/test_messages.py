"""Messages in the queues: what is written is read back, and of all else nothing gets past the door."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pushhub.catalog.providers import PushToken
from pushhub.events.command import OPAQUE_PART, Happening, PlainForm, RecordEvent, RelayLink
from pushhub.events.messages import (
    MESSAGE_FORMAT,
    Forward,
    PoisonError,
    Receipt,
    Report,
    read_forward,
    read_report,
    write_forward,
    write_report,
)
from pushhub.moments import Milliseconds, milliseconds_now

SECRET = "never-to-be-quoted"
REPORT = Report(
    Receipt("00112233445566778899aabbccddeeff"),
    Milliseconds(1_700_000_000_123),
    RecordEvent(
        Happening(3), f"uid-{SECRET}", PlainForm("17", f"provider-{SECRET}", PushToken(f"token-{SECRET}")), f"launch-{SECRET}"
    ),
)
FORWARD = Forward("altcraft", REPORT, Milliseconds(1_700_000_000_456), 2, 3, Milliseconds(1_700_000_000_789))

characters = st.characters(exclude_categories=["Cs"])
texts, short_texts = st.text(characters, min_size=1), st.text(characters, min_size=1, max_size=64)
times = st.integers(0, 2**53).map(Milliseconds)
counts = st.integers(0, 2**53)
launches = short_texts | st.integers(-(10**200), 10**200)
plain_forms = st.builds(PlainForm, launches, short_texts, texts)
events = st.builds(
    RecordEvent, st.sampled_from([Happening(bits) for bits in (1, 2, 3)]), texts, st.none() | plain_forms, st.none() | short_texts
)
reports = st.builds(Report, texts.map(Receipt), times, events | st.builds(RelayLink, st.from_regex(OPAQUE_PART, fullmatch=True)))
forwards = st.builds(Forward, texts, reports, times, counts, counts, times)


@given(reports)
@example(REPORT)
def test_a_report_that_is_written_is_read_back(report: Report) -> None:
    body = write_report(report)
    assert read_report(body) == report
    assert body.isascii()
    assert body.isprintable()


@given(forwards)
@example(FORWARD)
def test_a_forward_that_is_written_is_read_back(forward: Forward) -> None:
    body = write_forward(forward)
    assert read_forward(body) == forward
    assert body.isascii()
    assert body.isprintable()


@given(launches)
@example(1)
@example("1")
@example(-(10**254))
def test_a_launch_keeps_its_type(launch: str | int) -> None:
    report = Report(Receipt("r"), Milliseconds(0), RecordEvent(Happening.OPENED, "u", PlainForm(launch, "p", PushToken("t"))))
    read = read_report(write_report(report)).content
    assert isinstance(read, RecordEvent)
    assert read.plain
    assert type(read.plain.launch) is type(launch)
    assert read.plain.launch == launch


@given(forwards)
def test_a_forward_is_a_report_too(forward: Forward) -> None:
    assert read_report(write_forward(forward)) == forward.report


def test_what_stands_in_a_queue_is_as_small_as_json_gets() -> None:
    assert write_report(Report(Receipt("r"), Milliseconds(5), RecordEvent(Happening.OPENED, "é"))) == (
        '{"v":1,"receipt":"r","at":5,"what":{"events":2,"uid":"\\u00e9"}}'
    )


def test_a_forward_that_begins_anew_keeps_how_often_it_was_tried() -> None:
    assert FORWARD.begun_anew(Milliseconds(9)) == Forward("altcraft", REPORT, Milliseconds(9), tried=2)


def test_the_present_is_in_milliseconds() -> None:
    assert 1_700_000_000_000 < milliseconds_now() < 5_000_000_000_000


def _entry() -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(write_forward(FORWARD))
    return entry


def _poison(content: object) -> str:
    """Return what is said of a message that is none."""
    return _poison_text(json.dumps(content))


def _poison_text(body: str, read: Callable[[str], object] = read_forward) -> str:
    with pytest.raises(PoisonError) as poison:
        read(body)
    said = f"{poison.value} {poison.value!r}"
    assert SECRET not in said
    assert poison.value.__cause__ is None
    assert poison.value.__suppress_context__ or poison.value.__context__ is None
    return said


def test_the_format_before_this_one_is_read() -> None:
    assert read_forward(json.dumps(_entry() | {"v": MESSAGE_FORMAT - 1})) == FORWARD
    assert read_report(json.dumps(_entry() | {"v": MESSAGE_FORMAT - 1})) == REPORT


@pytest.mark.parametrize("version", [MESSAGE_FORMAT + 1, MESSAGE_FORMAT - 2, True, False, 1.0, "1", None, [1], {"v": 1}, 10**40])
def test_no_other_format_is_read(version: object) -> None:
    assert "another format" in _poison(_entry() | {"v": version})


def _parts(content: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, value in content.items():
        yield (name,)
        if isinstance(value, dict):
            yield from ((name, *inner) for inner in _parts(value))


def _with(path: tuple[str, ...], change: Callable[[dict[str, Any], str], object]) -> dict[str, Any]:
    content = deepcopy(_entry())
    place = content
    for name in path[:-1]:
        place = place[name]
    change(place, path[-1])
    return content


@pytest.mark.parametrize("path", [path for path in _parts(_entry()) if path[-1] != "launch_of_link"], ids=".".join)
def test_a_message_without_a_part_is_poison(path: tuple[str, ...]) -> None:
    assert _poison(_with(path, dict.pop))


WRONG_FOR_ALL: tuple[object, ...] = (None, True, False, [], [1], {}, {"link": "x"}, 1.5, float("nan"), float("inf"), -float("inf"))
WRONG_NUMBERS = (*WRONG_FOR_ALL, "", "1", "1_000", SECRET, 1.0, 0.0, -1, 2**53 + 1, 10**40)
WRONG_TEXTS = (*WRONG_FOR_ALL, 0, 1, 10**40, "\ud800", f"{SECRET}\udfff")
WRONG = {
    "at": WRONG_NUMBERS,
    "since": WRONG_NUMBERS,
    "tried": WRONG_NUMBERS,
    "waited": WRONG_NUMBERS,
    "not_before": WRONG_NUMBERS,
    "receipt": WRONG_TEXTS,
    "upstream": WRONG_TEXTS,
    "what": (*(wrong for wrong in WRONG_TEXTS if wrong != {"link": "x"}), "link", "events", ["link"], [["link", "x"]], SECRET),
    "what.events": (*WRONG_NUMBERS, 0, 4, 7),
    "what.uid": WRONG_TEXTS,
    "what.launch_id": (*WRONG_FOR_ALL, 1.0, "\ud800"),
    "what.provider": WRONG_TEXTS,
    "what.subscription_id": WRONG_TEXTS,
    "what.launch_of_link": WRONG_TEXTS,
    "what.link": WRONG_TEXTS,
}


@pytest.mark.parametrize(("path", "wrong"), [(path, wrong) for path, values in WRONG.items() for wrong in values])
def test_a_part_of_another_type_or_out_of_bounds_is_poison(path: str, wrong: object) -> None:
    assert _poison(_with(tuple(path.split(".")), lambda place, name: place.__setitem__(name, wrong)))


def test_every_part_has_its_wrong_values() -> None:
    assert {".".join(path) for path in _parts(_entry())} | {"what.link"} == {*WRONG, "v"}


@pytest.mark.parametrize("left", [{"provider"}, {"subscription_id"}, {"provider", "subscription_id"}, {"launch_id"}])
def test_half_of_the_plain_form_is_not_the_special_form(left: set[str]) -> None:
    what = {"events": 1, "uid": "u"} | dict.fromkeys(left, "x")
    assert _poison(_entry() | {"what": what})


@pytest.mark.parametrize(
    "body",
    [
        "",
        " ",
        SECRET,
        "null",
        "true",
        "1",
        '"v"',
        f'"{SECRET}"',
        "[]",
        '["v"]',
        "{}",
        '{"v":}',
        "NaN",
        "\ufeff{}",
        "{" * 100_000,
        "[" * 100_000,
        '{"v":' * 100_000,
        "9" * 5000,
        '{"v":' + "9" * 5000 + "}",
        '{"v":1e400}',
        '{"v":NaN}',
        "\x00",
        "\ud800",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_what_is_no_message_is_poison(body: str) -> None:
    assert _poison_text(body)
    assert _poison_text(body, read_report)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "NaN", "Infinity", "-Infinity", "9" * 5000, "1e-400", "1E2", "-0.0"])
@pytest.mark.parametrize("name", ["at", "since", "tried", "waited", "not_before", "v"])
def test_a_number_that_is_none_to_reckon_with_is_poison(name: str, number: str) -> None:
    body = json.dumps(_entry() | {name: "here"}).replace('"here"', number)
    assert number in body
    assert _poison_text(body)


@pytest.mark.parametrize("nested", ["[" * 100_000 + "]" * 100_000, '{"link":' * 100_000 + "1" + "}" * 100_000])
def test_a_part_that_is_nested_deeply_is_poison(nested: str) -> None:
    assert _poison_text(json.dumps(_entry() | {"what": "here"}).replace('"here"', nested))


def test_a_report_is_no_forward() -> None:
    assert _poison_text(write_report(REPORT))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*_entry(), *_entry()["what"], "link"]), inner),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from([*_entry()]), json_values),
    st.dictionaries(st.sampled_from([*_entry()["what"], "link"]), json_values),
)
def test_a_message_with_any_values_is_read_as_it_would_be_written_or_is_poison(
    outer: dict[str, Any], inner: dict[str, Any]
) -> None:
    entry = _entry() | {"what": _entry()["what"] | inner} | outer
    try:
        forward = read_forward(json.dumps(entry))
    except PoisonError:
        return
    assert read_forward(write_forward(forward)) == forward


@given(st.text())
def test_a_body_of_any_text_is_poison(body: str) -> None:
    assert _poison_text(body)


@pytest.mark.parametrize("opaque", ["", "short", "a" * 15, "a" * 2049, "a link with spaces", "../../../../etc/passwd", "ü" * 20])
def test_what_is_no_link_is_handed_on_to_nobody(opaque: str) -> None:
    with pytest.raises(PoisonError):
        read_report(json.dumps({"v": 1, "receipt": "r", "at": 0, "what": {"link": opaque}}))


@pytest.mark.parametrize(
    "what",
    [
        {"uid": ""},
        {"uid": "u" * 4097},
        {"launch_of_link": ""},
        {"launch_of_link": "l" * 257},
        {"launch_id": 10**256, "provider": "p", "subscription_id": "s"},
        {"launch_id": "l" * 257, "provider": "p", "subscription_id": "s"},
        {"launch_id": 1, "provider": "", "subscription_id": "s"},
        {"launch_id": 1, "provider": "p" * 65, "subscription_id": "s"},
        {"launch_id": 1, "provider": "p", "subscription_id": "s" * 4097},
    ],
    ids=",".join,
)
def test_what_would_not_be_taken_at_the_door_is_not_read_from_a_queue_either(what: dict[str, object]) -> None:
    with pytest.raises(PoisonError):
        read_report(json.dumps({"v": 1, "receipt": "r", "at": 0, "what": {"events": 1, "uid": "u"} | what}))
