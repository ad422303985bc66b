"""What the profiles of a database have."""

from collections.abc import Iterator, Sequence

import pytest

from pushhub.audience.model import ProfileId
from pushhub.audience.port import ReachedProfile, ReachPage
from pushhub.sends.population import Population, population_of
from tests.doubles.apps import ANDROID, subscription_of

BARE = ReachedProfile(ProfileId("bare"), "0", {}, frozenset())
OWNER = ReachedProfile(ProfileId("owner"), "1", {}, frozenset({subscription_of(ANDROID, "phone").ref}))


def page(*profiles: ReachedProfile) -> ReachPage:
    return ReachPage(profiles, more=True)


@pytest.mark.parametrize(
    ("pages", "population"),
    [
        ([], Population.NO_PROFILES),
        ([page(), page()], Population.NO_PROFILES),
        ([page(), page(BARE), page()], Population.NO_DEVICES),
        ([page(), page(BARE, OWNER)], Population.DEVICES),
    ],
)
def test_the_profiles_of_the_pages_say_what_there_is(pages: Sequence[ReachPage], population: Population) -> None:
    assert population_of(pages) is population


def test_no_page_is_read_behind_the_first_device() -> None:
    def pages() -> Iterator[ReachPage]:
        yield page(BARE)
        yield page(OWNER)
        raise AssertionError("a page too many")

    assert population_of(pages()) is Population.DEVICES
