"""Calls of instances at the same time, and requests, deaths and erasures in between, in every order of what they read and write."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from pushhub.audience.command import DesiredSubscription, Subscribe
from pushhub.audience.erasing import Erasing
from pushhub.audience.instances import Deactivate, Instances, NoteEvent, Register, Report
from pushhub.audience.model import Address, ProfileId
from pushhub.audience.port import AudienceStore, SnapshotQuery
from pushhub.audience.retiring import Retire, Retiring
from pushhub.audience.subscribing import Subscribing
from pushhub.catalog.providers import Provider, PushToken
from pushhub.moments import Milliseconds, Seconds
from tests.doubles.audience import DatabaseContent, MemoryAudience
from tests.doubles.instances import APP_DOOR, INSTALLS, OTHER_DOOR, deactivate, note, register, report, token, unreachable
from tests.doubles.interleaving import Act, interleaved
from tests.doubles.invariants import assert_consistent
from tests.doubles.requests import BY_TOKEN, by_id, request

EARLIER, NOW = 1, 1000


@dataclass(frozen=True)
class Dead:
    """A sending finds a push token dead just now."""

    push_token: str


@dataclass(frozen=True)
class Erase:
    """A person wants to be forgotten."""

    profile: str


Call = Register | Report | Deactivate | NoteEvent
Deed = Call | Subscribe | Dead | Erase

profiles = st.sampled_from(["ann", "bob"])
push_tokens = st.sampled_from(["a", "b"])
given_fields = st.fixed_dictionaries({}, optional={"country": st.sampled_from(["DE", "FR"]), "tz_sec": st.sampled_from([0, 3600])})
reports = st.builds(
    lambda profile, push_token, drawn, fields: report(
        profile, token(push_token, drawn_by_app=drawn) if push_token else None, **fields
    ),
    profiles,
    st.none() | push_tokens,
    st.booleans(),
    given_fields,
)
calls: st.SearchStrategy[Call] = st.one_of(
    reports,
    reports,
    st.builds(register, profiles, given_fields),
    st.builds(lambda profile, fields: unreachable(profile, **fields), profiles, given_fields),
    st.builds(deactivate, profiles),
    st.builds(note, profiles, st.sampled_from(["reg", "dep"])),
)
subscribes = st.builds(
    lambda matching, desired, door: request(matching, desired, through=door, databases=(INSTALLS,)),
    st.sampled_from([BY_TOKEN, by_id("ann"), by_id("bob")]),
    st.builds(
        lambda push_token, unsubscribe: DesiredSubscription("android-firebase", PushToken(push_token), unsubscribe),
        push_tokens,
        st.booleans(),
    ),
    st.sampled_from([APP_DOOR, OTHER_DOOR]),
)
deeds: st.SearchStrategy[Deed] = st.one_of(calls, calls, subscribes, st.builds(Dead, push_tokens), st.builds(Erase, profiles))


def act_of(deed: Deed, name: str, now: int = NOW) -> Act:
    """Return what carries a deed out; a profile that is made without an id gets the name."""

    def act(store: AudienceStore) -> object:
        match deed:
            case Subscribe():
                return Subscribing(store, lambda: Seconds(now), lambda: ProfileId(name), sleep=lambda _: None)(deed)
            case Dead(push_token):
                return retire(store, push_token, now)
            case Erase(profile):
                return Erasing(store, now=lambda: Seconds(now), sleep=lambda _: None)(INSTALLS.id, ProfileId(profile))
            case _:
                return carry_out(Instances(store, now=lambda: Seconds(now), sleep=lambda _: None), deed)

    return act


def carry_out(instances: Instances, call: Call) -> object:
    match call:
        case Register():
            return instances.register(call)
        case Report():
            return instances.report(call)
        case NoteEvent():
            return instances.note(call)
        case Deactivate():
            instances.deactivate(call)
            return None


def retire(store: AudienceStore, push_token: str, now: int) -> object:
    address = Address(Provider("android-firebase"), PushToken(push_token))
    (snapshot,) = store.read([SnapshotQuery(INSTALLS.id, (address,))])
    if (stored := snapshot.subscription_of(address)) is None:
        return None
    command = Retire(INSTALLS.id, stored, "UNREGISTERED", 7, Milliseconds(1000 * now + 1))
    return Retiring(store, now=lambda: Seconds(now), sleep=lambda _: None)(command)


def stored_by(earlier: Sequence[Deed]) -> MemoryAudience:
    store = MemoryAudience()
    for place, deed in enumerate(earlier):
        act_of(deed, f"earlier{place}", EARLIER)(store)
    return store


def copy_of(store: MemoryAudience) -> MemoryAudience:
    other = MemoryAudience()
    other.databases = {id_: content.copy() for id_, content in store.databases.items()}
    return other


@settings(max_examples=500, deadline=None)
@given(st.lists(deeds, max_size=5), st.lists(deeds, min_size=2, max_size=3), st.lists(st.integers(0, 2), max_size=30))
def test_no_order_of_what_is_done_at_one_time_breaks_a_rule(earlier: list[Deed], together: list[Deed], order: list[int]) -> None:
    store = stored_by(earlier)
    acts = [act_of(deed, f"made{place}") for place, deed in enumerate(together)]
    interleaved(store, acts, order, lambda: assert_consistent(store.content(INSTALLS.id)))


@settings(max_examples=500, deadline=None)
@given(st.lists(deeds, max_size=5), st.lists(calls, min_size=2, max_size=3), st.lists(st.integers(0, 2), max_size=30))
def test_what_is_done_at_one_time_comes_out_as_if_one_had_come_after_the_other(
    earlier: list[Deed], together: list[Call], order: list[int]
) -> None:
    before = stored_by(earlier)
    acts = [act_of(deed, "") for deed in together]
    store = copy_of(before)
    outcomes = interleaved(store, acts, order)
    assert (store.content(INSTALLS.id), outcomes) in list(one_after_another(before, acts))


def one_after_another(before: MemoryAudience, acts: Sequence[Act]) -> Iterator[tuple[DatabaseContent, list[object]]]:
    for order in permutations(range(len(acts))):
        store = copy_of(before)
        outcomes = {place: acts[place](store) for place in order}
        yield store.content(INSTALLS.id), [outcomes[place] for place in range(len(acts))]
