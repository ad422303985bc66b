"""What a journal says of rows, in few bytes."""

from hypothesis import given
from hypothesis import strategies as st

from pushhub.adapters.dynamodb.schema.imports import (
    entry_key,
    journal_partition,
    outcomes_attribute,
    packed_positions,
    stored_outcomes,
    unpacked_positions,
)
from pushhub.adapters.dynamodb.schema.items import from_wire, to_wire
from pushhub.imports.job import JobId, RowOutcome, RowResult

positions = st.sets(st.integers(0, 2**27))
outcomes = st.builds(RowOutcome, st.sampled_from(RowResult), st.sampled_from(["", "a", "id is empty", "№ ist leer"]))


@given(st.one_of(positions, st.sets(st.integers(0, 300))))
def test_packed_positions_are_unpacked_as_they_were(several: set[int]) -> None:
    assert list(unpacked_positions(packed_positions(several))) == sorted(several)


@given(positions)
def test_a_position_takes_five_bytes_at_most(several: set[int]) -> None:
    assert len(packed_positions(several)) <= 5 * len(several)


def test_rows_that_follow_each_other_take_a_few_bytes() -> None:
    assert len(packed_positions(range(100_000, 110_000))) == 5


@given(st.dictionaries(st.integers(0, 5000), outcomes))
def test_what_came_of_rows_survives_the_wire(several: dict[int, RowOutcome]) -> None:
    item = from_wire(to_wire({"v": 1, "outcomes": outcomes_attribute(several)}))
    assert stored_outcomes(item["outcomes"]) == several


def test_entries_sort_by_lane_run_and_place() -> None:
    partition = journal_partition(JobId("a"), 1)
    places = [(lane, run, place) for lane in (0, 7, 10) for run in (1, 9, 10) for place in (0, 99, 100)]
    keys = [entry_key(partition, *place)["sk"] for place in places]
    assert keys == sorted(set(keys))
