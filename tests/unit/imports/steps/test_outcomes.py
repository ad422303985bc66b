"""Keeping what came of rows in little memory."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from pushhub.imports.job import RowOutcome, RowResult, Tally
from pushhub.imports.steps.outcomes import Outcomes, less

FAILED = RowOutcome(RowResult.FAILED, "why")


def outcomes() -> st.SearchStrategy[RowOutcome]:
    good = st.sampled_from([kind for kind in RowResult if kind is not RowResult.FAILED]).map(RowOutcome)
    return st.one_of(good, st.sampled_from("abc").map(lambda reason: RowOutcome(RowResult.FAILED, reason)))


@given(st.lists(st.dictionaries(st.integers(0, 60), outcomes())))
def test_what_came_of_rows_is_known_and_counted(added: list[dict[int, RowOutcome]]) -> None:
    kept, expected = Outcomes(), dict[int, RowOutcome]()
    for part in added:
        kept.add(part)
        expected |= part
    assert {position: kept[position] for position in range(70) if position in kept} == expected
    tally = kept.tally()
    assert tally.rows == len(expected)
    assert {kind: tally[kind] for kind in RowResult} == {
        kind: sum(one.kind is kind for one in expected.values()) for kind in RowResult
    }
    failed = [one.reason for one in expected.values() if one.kind is RowResult.FAILED]
    assert tally.reasons == {reason: failed.count(reason) for reason in set(failed)}


def test_many_rows_take_a_few_bytes_each_although_each_has_an_outcome_of_its_own() -> None:
    kept = Outcomes()
    tracemalloc.start()
    try:
        for position in range(0, 100_000, 1000):
            kept.add({position + place: RowOutcome(RowResult.FAILED, f"wh{'y'}") for place in range(1000)})
        assert tracemalloc.get_traced_memory()[0] < 600_000
    finally:
        tracemalloc.stop()
    assert kept[99_999] == RowOutcome(RowResult.FAILED, "why")


def test_a_tally_less_another_is_what_is_left() -> None:
    whole = Tally({RowResult.FAILED: 3, RowResult.SKIPPED: 2}, {"why": 2, "because": 1})
    assert less(whole, Tally({RowResult.FAILED: 1, RowResult.SKIPPED: 2}, {"because": 1})) == Tally(
        {RowResult.FAILED: 2}, {"why": 2}
    )
