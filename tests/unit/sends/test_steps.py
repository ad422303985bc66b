"""In which steps the recipients of a lane are pushed to."""

from dataclasses import replace

import pytest

from pushhub.audience.model import ProfileId
from pushhub.audience.port import ReachedProfile
from pushhub.moments import Seconds
from pushhub.sends.filters import Choice, Filters
from pushhub.sends.sending import BEGINNING, Everyone, Filtered, LaneName, NamedProfile, Part, Place, Selection, SendingId
from pushhub.sends.steps import IndexSteps, NamedSteps, Step, chooses
from tests.doubles.schedules import AN_APP, ANDROID, PlacedProfiles, a_sending, device

LANE = LaneName("0")


def index_steps(*sizes: int, most: int = 4, page: int = 500) -> IndexSteps:
    """Have profiles with so many devices in one lane, and one without any between two of them in each other."""
    devices = [tuple(device(10 * number + each, number) for each in range(size)) for number, size in enumerate(sizes)]
    profiles = {
        ProfileId(f"profile-{number:02}"): devices[number // 3] if number % 3 == 0 else () for number in range(3 * len(sizes))
    }
    return IndexSteps(
        PlacedProfiles(profiles, lambda _: None),
        lambda _, references: sorted(references),
        lambda _, profile, references, found: [found[each] for each in references],
        most=most,
        page_profiles=page,
    )


def numbers(steps: list[Step]) -> list[int]:
    return [len(step.recipients) for step in steps]


def test_a_step_has_whole_profiles() -> None:
    assert numbers(list(index_steps(2, 1, 3, 1, 4).after(AN_APP, LANE, BEGINNING))) == [3, 4, 4]


def test_a_lane_goes_on_behind_a_place() -> None:
    steps = list(index_steps(2, 1, 3, 1, 4).after(AN_APP, LANE, BEGINNING))
    assert list(index_steps(2, 1, 3, 1, 4).after(AN_APP, LANE, steps[0].place)) == steps[1:]


def test_pages_change_no_recipient() -> None:
    steps = list(index_steps(2, 1, 3, 1, 4, page=2).after(AN_APP, LANE, BEGINNING))
    assert numbers(steps) == [3, 4, 4]


def test_profiles_without_recipients_say_how_far_the_lane_has_come() -> None:
    assert [(step.recipients, bool(step.place)) for step in index_steps(0, 0).after(AN_APP, LANE, BEGINNING)] == [((), True)]


def test_subscriptions_of_other_providers_are_not_read() -> None:
    steps = index_steps(4)
    android = IndexSteps(
        steps.reach, lambda _, references: sorted(each for each in references if each.startswith("af")), steps.recipients, most=4
    )
    (step,) = android.after(AN_APP, LANE, BEGINNING)
    assert [each.address.provider for each in step.recipients] == [ANDROID, ANDROID]


def test_profiles_that_are_not_chosen_are_not_read_and_their_places_are_passed() -> None:
    steps = index_steps(2, 1, 3, 1, 4)
    read: list[int] = []
    reach = steps.reach
    assert isinstance(reach, PlacedProfiles)
    reach.interrupt = lambda point: read.append(1) if point == "before subscriptions" else None
    last = list(steps.after(AN_APP, LANE, BEGINNING))[-1].place
    read.clear()
    assert list(steps.after(AN_APP, LANE, BEGINNING, lambda _: False)) == [Step(last)]
    assert read == []
    found = list(steps.after(AN_APP, LANE, BEGINNING, lambda profile: profile.id in ("profile-03", "profile-12")))
    assert [(step.place, len(step.recipients)) for step in found] == [(f"{9:016x}", 1), (last, 4)]


def test_pages_are_larger_where_not_everybody_is_chosen() -> None:
    steps = replace(index_steps(*[1] * 10, most=1_000, page=3), chosen_page_profiles=5)
    assert numbers(list(steps.after(AN_APP, LANE, BEGINNING))) == [3, 3, 3, 1]
    assert numbers(list(steps.after(AN_APP, LANE, BEGINNING, lambda _: True))) == [5, 5]


@pytest.mark.parametrize(
    ("selection", "offset", "admitted"),
    [
        (Everyone(), None, [True] * 4),
        (Filtered(Filters(countries=Choice(frozenset({"DE"})))), None, [True, False, True, False]),
        (Everyone(), 3_600, [True, True, False, False]),
        (Filtered(Filters(countries=Choice(frozenset({"DE"})))), 0, [False, False, True, False]),
        (Filtered(Filters(events=Choice(frozenset({"reg"})))), None, [False, False, False, True]),
    ],
)
def test_filters_and_the_offset_of_a_part_choose(selection: Selection, offset: int | None, admitted: list[bool]) -> None:
    part = Part(0, AN_APP.id, Seconds(0), offset)
    reg = {"reg": Seconds(1)}
    profiles = [
        ReachedProfile(ProfileId("a"), "", {"country": "DE", "tz_sec": 3_600}, frozenset()),
        ReachedProfile(ProfileId("b"), "", {"tz_sec": 3_700}, frozenset()),
        ReachedProfile(ProfileId("c"), "", {"country": "de"}, frozenset()),
        ReachedProfile(ProfileId("d"), "", {"tz_sec": 0}, frozenset(), reg),
    ]
    says = chooses(replace(a_sending(SendingId(1), selection, Seconds(0)), parts=(part,)), part)
    assert [says is None or says(profile) for profile in profiles] == admitted


def test_identifiers_are_taken_in_their_order_and_whole() -> None:
    found = [(device(0, 0), device(1, 0)), (), (device(2, 1),), (device(3, 2), device(4, 2))]
    steps = NamedSteps(lambda _, identifiers: found, most=3)
    identifiers = [NamedProfile(str(number)) for number in range(4)]
    assert [(step.place, len(step.recipients)) for step in steps.after(AN_APP, identifiers, BEGINNING)] == [
        ("00000002", 3),
        ("00000003", 2),
    ]
    assert [step.place for step in steps.after(AN_APP, identifiers, Place("00000002"))] == ["00000003"]
