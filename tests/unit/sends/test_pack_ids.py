"""Which of several requests with one pack id sends, when the store answers late, or not at all."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.model import AppId
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Seconds
from pushhub.sends.pack_ids import BLOCKED_SECONDS, CLAIM_SECONDS, PackClaim, PackIds, PackKey
from pushhub.sends.sending import Everyone, RunId, Sending, SendingId, SendingStatus
from tests.doubles.pack_ids import MemoryPackIds, pack_ids_of
from tests.doubles.schedules import a_sending
from tests.doubles.sendings import MemorySendings

NOW = Seconds(1_800_000_000)
PACK = PackKey("crm", AppId("shop"), "order-7")
MINE, OTHERS = SendingId(1), SendingId(2)


def later(seconds: int) -> Seconds:
    return Seconds(NOW + seconds)


def sending(id_: SendingId = MINE) -> Sending:
    return a_sending(id_, Everyone(), NOW)


class World:
    """Pack ids in memory, of which a test loses answers."""

    def __init__(self) -> None:
        self.sendings = MemorySendings()
        self.ids = pack_ids_of(self.sendings)
        assert isinstance(self.ids.store, MemoryPackIds)
        self.store = self.ids.store

    def lose(self, *points: str, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Let the store not answer at these points, one after the other; meanwhile something happens."""
        left = list(points)

        def interrupt(point: str) -> None:
            if left and point == left[0]:
                del left[0]
                meanwhile()
                raise UnavailableError("no answer")

        self.sendings.interrupt = interrupt

    def start(self, id_: SendingId = MINE, seconds: int = 1) -> None:
        self.ids.start(PACK, sending(id_), later(seconds))

    @property
    def known(self) -> PackClaim | None:
        return self.store.claims.get(PACK)


@pytest.fixture
def world() -> World:
    return World()


# Keys


parts = st.text(st.characters(), max_size=4) | st.sampled_from(["1:a", "a1:b", "\ud800", "a", "aa"])
keys = st.builds(PackKey, parts, parts.map(AppId), parts)


@given(keys, keys)
def test_two_keys_have_one_digest_where_they_are_equal(first: PackKey, second: PackKey) -> None:
    assert (first.digest == second.digest) == (first == second)


def test_a_digest_is_the_same_in_every_process() -> None:
    assert PACK.digest == "82d5537594d28ec71a3798cc14b407e807fb7d7aba9d672c41fde7c5bb366467"


# Claims


def test_of_two_that_claim_an_id_the_first_has_it(world: World) -> None:
    assert not world.ids.blocked(PACK, NOW)
    assert world.ids.claim(PACK, MINE, NOW)
    assert not world.ids.claim(PACK, OTHERS, NOW)
    assert world.ids.blocked(PACK, NOW)


@pytest.mark.parametrize(
    "other", [replace(PACK, caller="shop"), replace(PACK, app=AppId("other")), replace(PACK, pack_id="order-8")]
)
def test_another_caller_app_or_pack_id_is_another_id(world: World, other: PackKey) -> None:
    assert world.ids.claim(PACK, MINE, NOW)
    assert not world.ids.blocked(other, NOW)
    assert world.ids.claim(other, OTHERS, NOW)


def test_a_claim_that_is_not_started_is_free_within_35_seconds(world: World) -> None:
    assert world.ids.claim(PACK, MINE, NOW)
    assert world.ids.blocked(PACK, later(CLAIM_SECONDS - 1))
    assert not world.ids.claim(PACK, OTHERS, later(CLAIM_SECONDS - 1))
    assert not world.ids.blocked(PACK, later(CLAIM_SECONDS))
    assert world.ids.claim(PACK, OTHERS, later(CLAIM_SECONDS))


def test_a_started_sending_has_its_id_for_ten_minutes_and_not_longer_though_it_is_still_stored(world: World) -> None:
    assert world.ids.claim(PACK, MINE, NOW)
    world.start(seconds=0)
    assert world.ids.blocked(PACK, later(BLOCKED_SECONDS))
    assert not world.ids.claim(PACK, OTHERS, later(BLOCKED_SECONDS))
    assert not world.ids.blocked(PACK, later(BLOCKED_SECONDS + 1))
    assert world.known
    assert world.ids.claim(PACK, OTHERS, later(BLOCKED_SECONDS + 1))


def test_a_started_sending_is_running_and_no_sweep_sees_it(world: World) -> None:
    assert world.ids.claim(PACK, MINE, NOW)
    world.start()
    stored = world.sendings.sending(MINE)
    assert stored
    assert (stored.status, stored.messages) == (SendingStatus.RUNNING, {})
    assert world.sendings.running_sendings(Seconds(2**40)) == []


def test_two_with_one_id_of_a_sending_do_not_have_one_claim(world: World) -> None:
    assert world.ids.claim(PACK, MINE, NOW)
    assert not world.ids.claim(PACK, MINE, NOW)
    world.lose("before claim_pack")
    assert not world.ids.claim(PACK, MINE, NOW)


def test_a_claim_whose_answer_was_lost_is_known_by_a_read(world: World) -> None:
    world.lose("after claim_pack")
    assert world.ids.claim(PACK, MINE, NOW)
    assert world.sendings.calls == {"claim_pack": 1, "claim_of": 1}
    world.start()


def test_where_another_has_it_a_claim_without_an_answer_is_refused(world: World) -> None:
    world.lose("before claim_pack", meanwhile=lambda: pack_ids(world).claim(PACK, OTHERS, NOW))
    assert not world.ids.claim(PACK, MINE, NOW)


@pytest.mark.parametrize(
    "points", [("before claim_pack",), ("after claim_pack", "before claim_of"), ("after claim_pack", "after claim_of")]
)
def test_a_claim_of_which_nothing_is_known_is_no_claim(world: World, points: tuple[str, ...]) -> None:
    world.lose(*points)
    with pytest.raises(UnavailableError):
        world.ids.claim(PACK, MINE, NOW)
    assert world.ids.claim(PACK, OTHERS, later(CLAIM_SECONDS))


def test_a_claim_without_an_answer_does_not_take_one_that_is_over_for_its_own(world: World) -> None:
    assert world.ids.claim(PACK, MINE, NOW)
    world.lose("before claim_pack")
    with pytest.raises(UnavailableError):
        world.ids.claim(PACK, OTHERS, later(CLAIM_SECONDS))
    assert world.ids.claim(PACK, OTHERS, later(CLAIM_SECONDS))


def test_of_a_thousand_that_claim_an_id_at_one_time_one_has_it(world: World) -> None:
    runs = [world.ids] * 1_000
    with ThreadPoolExecutor(32) as pool:
        won = list(pool.map(lambda numbered: numbered[1].claim(PACK, SendingId(numbered[0]), NOW), enumerate(runs)))
    assert won.count(True) == 1
    assert world.known
    assert world.known.sending == won.index(True)


# Starts


def pack_ids(world: World) -> PackIds:
    """Return pack ids over the same store, which answers."""
    calm = MemoryPackIds(MemorySendings(), world.store.claims)
    return PackIds(calm, lambda: RunId("another"))


def test_a_start_whose_answer_was_lost_is_found_out_and_goes_on(world: World) -> None:
    assert world.ids.claim(PACK, MINE, NOW)
    world.lose("after start")
    world.start()
    assert world.ids.blocked(PACK, later(1 + BLOCKED_SECONDS))
    assert world.sendings.sending(MINE)


def test_a_start_that_was_not_written_frees_the_id_at_once(world: World) -> None:
    assert world.ids.claim(PACK, MINE, NOW)
    world.lose("before start")
    with pytest.raises(UnavailableError):
        world.start()
    assert world.known is None
    assert world.sendings.sending(MINE) is None
    assert world.ids.claim(PACK, OTHERS, later(1))


def test_a_start_that_arrives_after_it_was_given_up_changes_nothing(world: World) -> None:
    assert world.ids.claim(PACK, MINE, NOW)
    world.lose("before start")
    with pytest.raises(UnavailableError):
        world.start()
    with pytest.raises(LostRaceError):
        world.store.start(PACK, sending(), later(2), later(2 + BLOCKED_SECONDS))
    assert not world.ids.blocked(PACK, later(2))


def test_a_claim_that_arrives_after_its_start_changes_nothing(world: World) -> None:
    assert world.ids.claim(PACK, MINE, NOW)
    claim = world.known
    assert claim
    world.start()
    assert not world.store.claim_pack(PACK, claim, NOW)
    assert world.ids.blocked(PACK, later(BLOCKED_SECONDS))


@pytest.mark.parametrize("release", ["before release_pack", "after release_pack"])
def test_where_nothing_is_known_of_a_start_nothing_is_sent(world: World, release: str) -> None:
    assert world.ids.claim(PACK, MINE, NOW)
    world.lose("after start", release)
    with pytest.raises(UnavailableError):
        world.start()
    assert world.ids.blocked(PACK, later(BLOCKED_SECONDS))
    assert not world.ids.blocked(PACK, later(BLOCKED_SECONDS + 2))


def test_a_start_after_another_has_the_id_is_a_lost_race(world: World) -> None:
    assert world.ids.claim(PACK, MINE, NOW)
    assert world.ids.claim(PACK, OTHERS, later(CLAIM_SECONDS))
    with pytest.raises(LostRaceError):
        world.start(seconds=CLAIM_SECONDS)
    world.start(OTHERS, CLAIM_SECONDS)
    with pytest.raises(LostRaceError):
        world.start(seconds=CLAIM_SECONDS)


def test_a_start_after_its_claim_is_over_frees_the_id(world: World) -> None:
    assert world.ids.claim(PACK, MINE, NOW)
    with pytest.raises(UnavailableError):
        world.start(seconds=CLAIM_SECONDS)
    assert world.known is None
    assert world.sendings.sending(MINE) is None


def test_a_start_without_a_claim_is_unavailable(world: World) -> None:
    with pytest.raises(UnavailableError):
        world.start()
    assert world.sendings.sending(MINE) is None


def test_a_start_of_a_sending_whose_id_is_taken_frees_the_pack_id(world: World) -> None:
    world.sendings.create(replace(sending(), name="another"))
    assert world.ids.claim(PACK, MINE, NOW)
    with pytest.raises(UnavailableError):
        world.start()
    assert world.known is None
    stored = world.sendings.sending(MINE)
    assert stored
    assert (stored.name, stored.status) == ("another", SendingStatus.SCHEDULED)


def test_a_claim_of_another_with_one_id_of_a_sending_is_not_taken_for_a_start(world: World) -> None:
    assert world.ids.claim(PACK, MINE, NOW)
    world.store.release_pack(PACK, MINE)

    def interrupt(point: str) -> None:
        if point == "before claim_of":
            assert pack_ids(world).claim(PACK, MINE, NOW)

    world.sendings.interrupt = interrupt
    with pytest.raises(LostRaceError):
        world.start()
