"""Custom events as they are stored, shown and planned."""

import json
from string import ascii_letters, digits

from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.model import Catalog, CustomEvent
from pushhub.catalog.plan import plan_catalog
from pushhub.catalog.sections.events.section import changes, read, write
from pushhub.catalog.whole import WholeCatalog

codes = st.text(ascii_letters + digits + "_", min_size=1, max_size=64)
events = codes.flatmap(lambda code: st.builds(CustomEvent, st.just(code), st.just(code) | st.text(max_size=5)))


@given(events)
def test_an_event_is_read_back_as_it_was_written(event: CustomEvent) -> None:
    assert read(json.loads(json.dumps(write(event)))) == event


@given(codes)
def test_an_event_has_a_number_that_an_api_can_say(code: str) -> None:
    assert 1 <= CustomEvent(code, code).id == CustomEvent(code, "another name").id < 2**31


def test_the_number_of_an_event_never_changes() -> None:
    assert [CustomEvent(code, code).id for code in ("reg", "dep")] == [2107635216, 823881890]


def test_what_changes_is_told() -> None:
    assert list(changes(CustomEvent("dep", "dep"), CustomEvent("dep", "Deposit"))) == ["name dep → Deposit"]
    assert list(changes(CustomEvent("dep", "dep"), CustomEvent("dep", "dep"))) == []


def test_a_plan_calls_an_event_by_its_code_and_its_name_if_it_has_another() -> None:
    declared = Catalog({}, {}, events={event.code: event for event in (CustomEvent("reg", "reg"), CustomEvent("dep", "Deposit"))})
    lines = plan_catalog(WholeCatalog(Catalog({}, {})), WholeCatalog(declared), prune=False).lines
    assert lines == ("+ event dep Deposit", "+ event reg")
