"""Rows settled together come to the same as the same requests sent one by one, in fewer calls."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushhub.audience.command import Mode, Subscribe
from pushhub.audience.model import ProfileId
from pushhub.audience.resolving import resolve
from pushhub.audience.retiring import RetireEffect
from pushhub.audience.subscribing import Subscribing
from pushhub.audience.values import Value
from pushhub.catalog.model import PushTokenConflict
from pushhub.imports.files.reasons import outcome_of
from pushhub.imports.job import JobId, RowOutcome, RowResult
from pushhub.imports.steps.rounds import ResolvedRow, resolved_row
from pushhub.imports.steps.settling import SettleRows
from pushhub.moments import Seconds
from tests.doubles.audience import MemoryAudience
from tests.doubles.imports import MemoryImports
from tests.doubles.invariants import assert_consistent, told_apart
from tests.doubles.legacy import carry_out_before
from tests.doubles.requests import BY_TOKEN, CUSTOMERS, SHOPPERS, by_id, by_number, off, on, resource
from tests.doubles.retiring import Gone, carry_out_gone

NOW = Seconds(1_000_000)
JOB = JobId("job")


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


def row(position: int, command: Subscribe) -> ResolvedRow:
    return resolved_row(position, 100, resolve(command), unsubscribe=command.subscriptions[0].unsubscribe)


def settling(imports: MemoryImports, pool: ThreadPoolExecutor) -> SettleRows:
    return SettleRows(imports.audience, imports.open(JOB, 0), pool, lambda: NOW, new_id, lambda _: None)


def new_id() -> ProfileId:
    return ProfileId(secrets.token_hex(12))


def one_by_one(store: MemoryAudience, commands: Sequence[Subscribe]) -> list[RowOutcome]:
    subscribe = Subscribing(store, now=lambda: NOW, new_id=new_id, sleep=lambda _: None)
    return [outcome_of(subscribe(command), unsubscribe=command.subscriptions[0].unsubscribe) for command in commands]


TOKENS = st.sampled_from([*"abcdefg", "A", "B"])
"""Two of the push tokens are spellings of others, and have legacy references."""
MATCHINGS = st.one_of(st.just(BY_TOKEN), st.sampled_from(["ann", "joe"]).map(by_id), st.integers(1, 3).map(by_number))
FIELDS: st.SearchStrategy[Mapping[str, Value]] = st.fixed_dictionaries(
    {}, optional={"nick": st.sampled_from(["x", "y"]), "email": st.sampled_from(["a@b.c", "B@b.c"]), "number": st.integers(1, 3)}
)


@st.composite
def commands(draw: st.DrawFn) -> list[Subscribe]:
    conflict = draw(st.sampled_from(PushTokenConflict))
    mode = draw(st.sampled_from(Mode))
    databases = draw(st.sampled_from([(CUSTOMERS,), (CUSTOMERS, SHOPPERS)]))
    through = resource(5, *databases, conflict=conflict)
    rows = draw(st.lists(st.tuples(MATCHINGS, TOKENS, st.booleans(), FIELDS), max_size=20))
    return [
        Subscribe(through, databases, (), matching, ((off if cancels else on)(token),), fields, mode)
        for matching, token, cancels, fields in rows
    ]


@settings(max_examples=300, deadline=None)
@given(earlier=commands(), before=commands(), dead=st.lists(TOKENS.map(Gone), max_size=4), rows=commands())
def test_any_rows_come_to_the_same_as_one_by_one(
    pool: ThreadPoolExecutor, earlier: list[Subscribe], before: list[Subscribe], dead: list[Gone], rows: list[Subscribe]
) -> None:
    expected, imports = MemoryAudience(), MemoryImports()
    for store in (expected, imports.audience):
        carry_out_before(store, earlier)
        one_by_one(store, before)
        for gone, database in product(dead, (CUSTOMERS, SHOPPERS)):
            carry_out_gone(store, gone, database.id)
    outcomes = one_by_one(expected, rows)
    settled = settling(imports, pool)([row(position, command) for position, command in enumerate(rows)])
    assert [settled[position] for position in range(len(rows))] == outcomes
    for database in (CUSTOMERS, SHOPPERS):
        assert told_apart(imports.audience.content(database.id)) == told_apart(expected.content(database.id))
        assert_consistent(imports.audience.content(database.id))
    assert imports.open(JOB, 0).settled == settled


def test_a_later_row_does_not_overtake_one_that_it_meets_only_at_a_stored_profile(pool: ThreadPoolExecutor) -> None:
    through = resource()

    def setting(token: str, number: int) -> Subscribe:
        return Subscribe(through, (CUSTOMERS,), (), BY_TOKEN, (on(token),), {"number": number})

    imports = MemoryImports()
    one_by_one(imports.audience, [setting("a", 1), setting("c", 2)])
    plain = Subscribe(through, (CUSTOMERS,), (), BY_TOKEN, (on("a"),), {"nick": "x"})
    # The second waits for the first, whose token it has. The third would free the number that the second asks for.
    rows = [plain, setting("a", 2), setting("c", 3)]
    settled = settling(imports, pool)([row(position, command) for position, command in enumerate(rows)])
    assert [settled[position].result for position in range(3)] == [RowResult.SUBSCRIBED, RowResult.FAILED, RowResult.SUBSCRIBED]


def test_rows_of_one_person_are_read_at_once_and_cost_a_step_each(pool: ThreadPoolExecutor) -> None:
    imports = MemoryImports()
    commands = [
        Subscribe(resource(), (CUSTOMERS,), (), by_number(person), (on(f"{person}-{device}"),))
        for person in range(30)
        for device in range(3)
    ]
    settle = settling(imports, pool)
    settled = settle([row(position, command) for position, command in enumerate(commands)])
    assert set(settled.values()) == {RowOutcome(RowResult.SUBSCRIBED)}
    assert imports.audience.reads == 2 + 1 + 1
    assert imports.appends == 1 + 1 + 1
    again = settling(imports, pool)([row(position, command) for position, command in enumerate(commands)])
    assert set(again.values()) == {RowOutcome(RowResult.UNCHANGED)}
    assert imports.audience.reads == 4 + 2


def test_a_row_revives_a_dead_push_token_for_every_resource(pool: ThreadPoolExecutor) -> None:
    imports = MemoryImports()
    for door in (5, 6):
        one_by_one(imports.audience, [Subscribe(resource(door), (CUSTOMERS,), (), by_number(1), (on("a"),))])
    assert carry_out_gone(imports.audience, Gone("a")) is RetireEffect.RETIRED
    rows = [Subscribe(resource(5), (CUSTOMERS,), (), by_number(1), (on("a"),))] * 2
    settled = settling(imports, pool)([row(position, command) for position, command in enumerate(rows)])
    assert [settled[position].result for position in range(2)] == [RowResult.SUBSCRIBED, RowResult.UNCHANGED]
    (revived,) = imports.audience.content(CUSTOMERS.id).subscriptions.values()
    assert (revived.live, revived.retired) == (True, None)
    assert {int(id_): str(state) for id_, (state, _) in revived.resources.items()} == {5: "active", 6: "active"}
    assert_consistent(imports.audience.content(CUSTOMERS.id))


def test_two_spellings_of_a_device_are_written_one_after_the_other(pool: ThreadPoolExecutor) -> None:
    imports = MemoryImports()
    commands = [Subscribe(resource(), (CUSTOMERS,), (), by_number(1), (wish,)) for wish in (on("AB"), on("<ab>"), off("a B"))]
    settled = settling(imports, pool)([row(position, command) for position, command in enumerate(commands)])
    results = [settled[position].result for position in range(3)]
    assert results == [RowResult.SUBSCRIBED, RowResult.UNCHANGED, RowResult.CANCELLED]
    assert len(imports.audience.content(CUSTOMERS.id).subscriptions) == 1


def test_a_row_that_finds_two_subscriptions_of_a_device_leaves_one(pool: ThreadPoolExecutor) -> None:
    imports = MemoryImports()
    carry_out_before(imports.audience, [Subscribe(resource(), (CUSTOMERS,), (), by_id("joe"), (on("AB"),))])
    rows = [Subscribe(resource(), (CUSTOMERS,), (), by_id("ann"), (wish,)) for wish in (on("ab"), on("AB"), on("c"))]
    settled = settling(imports, pool)([row(position, command) for position, command in enumerate(rows)])
    assert [settled[position].result for position in range(3)] == [RowResult.SUBSCRIBED, RowResult.UNCHANGED, RowResult.SUBSCRIBED]
    assert {stored.profile for stored in imports.audience.content(CUSTOMERS.id).subscriptions.values()} == {"ann"}
    assert imports.open(JOB, 0).settled == settled


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.UPDATE])
def test_unknown_devices_that_may_have_been_missed_are_looked_for_a_second_time_all_together(
    pool: ThreadPoolExecutor, mode: Mode
) -> None:
    imports = MemoryImports()
    wanted = off if mode is Mode.UPSERT else on
    rows = [
        row(number, Subscribe(resource(), (CUSTOMERS,), (), BY_TOKEN, (wanted(f"AB{number:04}"),), {}, mode))
        for number in range(500)
    ]
    settled = settling(imports, pool)(rows)
    assert {outcome.result for outcome in settled.values()} == {RowResult.FAILED if mode is Mode.UPSERT else RowResult.SKIPPED}
    # Two references each, 100 in a read, and the same once more.
    assert imports.audience.reads == 20


def test_a_transaction_that_loses_a_race_is_settled_row_by_row(pool: ThreadPoolExecutor) -> None:
    imports = MemoryImports()
    commands = [Subscribe(resource(), (CUSTOMERS,), (), by_number(number), (on(f"t{number}"),)) for number in range(10)]
    settle = settling(imports, pool)

    def rival() -> None:
        imports.before_append = lambda: None
        one_by_one(imports.audience, [commands[3]])

    imports.before_append = rival
    settled = settle([row(position, command) for position, command in enumerate(commands)])
    results = [settled[position].result for position in range(10)]
    assert results == [RowResult.UNCHANGED if position == 3 else RowResult.SUBSCRIBED for position in range(10)]
    assert imports.open(JOB, 0).settled == settled


def test_rows_that_somebody_brings_together_meanwhile_are_written_one_after_the_other(pool: ThreadPoolExecutor) -> None:
    through = resource(conflict=PushTokenConflict.MOVE)

    def naming(token: str, nick: str) -> Subscribe:
        return Subscribe(through, (CUSTOMERS,), (), BY_TOKEN, (on(token),), {"nick": nick})

    imports = MemoryImports()
    of_two_people = [
        Subscribe(through, (CUSTOMERS,), (), by_number(number), (on(token),)) for number, token in ((1, "a"), (2, "b"))
    ]
    one_by_one(imports.audience, of_two_people)

    def rival() -> None:
        imports.after_append = lambda: None
        one_by_one(imports.audience, [Subscribe(through, (CUSTOMERS,), (), by_number(1), (on("b"),))])

    # After the first round, which settles the first row of each, both tokens belong to one profile.
    imports.after_append = rival
    rows = [naming("a", "x"), naming("b", "x"), naming("a", "y"), naming("b", "z")]
    settled = settling(imports, pool)([row(position, command) for position, command in enumerate(rows)])
    assert set(settled.values()) == {RowOutcome(RowResult.SUBSCRIBED)}
    assert imports.appends == 3
    assert "z" in {profile.fields.get("nick") for profile in imports.audience.content(CUSTOMERS.id).profiles.values()}
    assert imports.open(JOB, 0).settled == settled
