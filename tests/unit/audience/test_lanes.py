"""Where a sweep of a database meets a profile."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pushhub.audience.model import ProfileId, lane_and_place


def test_lane_and_place_never_change_since_stored_profiles_have_them() -> None:
    assert lane_and_place(ProfileId("ann")) == ("4", "9915e0d7d4b402e3")


@given(st.text("abzAZ019_-", min_size=1, max_size=64).map(ProfileId))
def test_a_place_is_sixteen_hex_digits_of_one_of_sixteen_lanes(profile: ProfileId) -> None:
    lane, place = lane_and_place(profile)
    assert (len(lane), len(place)) == (1, 16)
    assert set(lane + place) <= set("0123456789abcdef")


def test_profiles_spread_over_all_lanes() -> None:
    profiles = Counter(lane_and_place(ProfileId(f"p{n}"))[0] for n in range(16_000))
    assert len(profiles) == 16
    assert max(profiles.values()) < 1.2 * min(profiles.values())
