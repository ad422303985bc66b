"""Keeping what came of rows in little memory."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from pushhub.imports.job import RowOutcome, RowResult, Tally
from pushhub.imports.steps.outcomes import ChunkOutcomes

FAILED = RowOutcome(RowResult.FAILED, "why")


def outcomes() -> st.SearchStrategy[RowOutcome]:
    good = st.sampled_from([result for result in RowResult if result is not RowResult.FAILED]).map(RowOutcome)
    return st.one_of(good, st.sampled_from("abc").map(lambda reason: RowOutcome(RowResult.FAILED, reason)))


@given(st.lists(st.dictionaries(st.integers(0, 60), outcomes())))
def test_what_came_of_rows_is_known_and_counted(added: list[dict[int, RowOutcome]]) -> None:
    kept, expected = ChunkOutcomes(), dict[int, RowOutcome]()
    for part in added:
        kept.add(part)
        expected |= part
    assert {position: kept[position] for position in range(70) if position in kept} == expected
    tally = kept.tally()
    assert tally.rows == len(expected)
    assert {result: tally[result] for result in RowResult} == {
        result: sum(outcome.result is result for outcome in expected.values()) for result in RowResult
    }
    failed = [outcome.reason for outcome in expected.values() if outcome.result is RowResult.FAILED]
    assert tally.reasons == {reason: failed.count(reason) for reason in set(failed)}


def test_many_rows_take_a_few_bytes_each_although_each_has_an_outcome_of_its_own() -> None:
    kept = ChunkOutcomes()
    tracemalloc.start()
    try:
        for position in range(0, 100_000, 1000):
            kept.add({position + place: RowOutcome(RowResult.FAILED, f"wh{'y'}") for place in range(1000)})
        assert tracemalloc.get_traced_memory()[0] < 600_000
    finally:
        tracemalloc.stop()
    assert kept[99_999] == RowOutcome(RowResult.FAILED, "why")


def test_a_tally_without_a_part_of_it_counts_the_other_rows() -> None:
    whole = Tally({RowResult.FAILED: 3, RowResult.SKIPPED: 2}, {"why": 2, "because": 1})
    part = Tally({RowResult.FAILED: 1, RowResult.SKIPPED: 2}, {"because": 1})
    assert whole - part == Tally({RowResult.FAILED: 2}, {"why": 2})
