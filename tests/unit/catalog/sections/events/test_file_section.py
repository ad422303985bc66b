"""Custom events in a catalog file."""

import pytest

from pushhub.catalog.file import CatalogFileError, parse_catalog
from pushhub.catalog.model import CustomEvent
from pushhub.catalog.sections.events.section import MAX_EVENTS

A_CODE = "an event's code is 1 to 64 characters of A-Z a-z 0-9 _"
SAME_NUMBER = ("e34016", "e47688")
"""Two codes whose numbers are equal."""


def problems(entries: str) -> list[str]:
    with pytest.raises(CatalogFileError) as caught:
        parse_catalog(f"events: {entries}", "catalog.yaml", {"SECRET": "a-b"})
    return [problem.removeprefix("catalog.yaml: ") for problem in caught.value.problems]


def test_a_file_declares_events_by_their_code_alone_or_with_a_name() -> None:
    text = 'events: [reg, {code: dep, name: Deposit}, {code: "${CODE}"}, "${CODE}2"]'
    catalog = parse_catalog(text, "catalog.yaml", {"CODE": "Level_9"}).catalog
    named = [("reg", "reg"), ("dep", "Deposit"), ("Level_9", "Level_9"), ("Level_92", "Level_92")]
    assert catalog.events == {code: CustomEvent(code, name) for code, name in named}


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ("reg", "events: a list is expected"),
        ("[5]", "events[0]: a mapping is expected"),
        ("[reg, a-b]", f"events[1].code: {A_CODE}"),
        ("['']", f"events[0].code: {A_CODE}"),
        (f"[{'x' * 65}]", f"events[0].code: {A_CODE}"),
        ('["${SECRET}"]', f"events[0].code: {A_CODE}"),
        ("[{name: a}]", "events[0].code: required"),
        ("[{code: a, name: ''}]", "events[0].name: a text of one line that is not empty is expected"),
        ("[{code: a, id: 5}]", "events[0].id: unknown key; the keys are code, name"),
        ("[install]", "events[0].code: every device has the event install; leave it out"),
        ("[reg, {code: reg}]", 'events[1].code: "reg" is the code of events[0] already'),
        (
            f"[{', '.join(SAME_NUMBER)}]",
            "events[1].code: choose another code: its number in push.express's API, 63528852, is already that of events[0]",
        ),
        (f"[{', '.join(f'e{index}' for index in range(MAX_EVENTS + 1))}]", "events: at most 1000 events"),
    ],
)
def test_what_is_wrong_with_an_event_is_told_with_its_place(entries: str, problem: str) -> None:
    assert problems(entries) == [problem]
