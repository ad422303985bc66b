"""Which language recipients speak whose profiles were not read with them."""

from collections.abc import Mapping

from pushhub.audience.model import SubscriptionRef
from pushhub.catalog.model import DatabaseId
from pushhub.sends.languages import languages_spoken
from tests.doubles.schedules import PlacedProfiles, device

FIRST, SECOND, TABLET = device(0, 0), device(1, 1), device(2, 0)
DATABASE = DatabaseId(1)


def spoken(*among: str) -> tuple[Mapping[SubscriptionRef, str], int]:
    """Return who speaks which of some languages, and how often the audience was asked."""
    asked: list[str] = []
    profiles = {FIRST.profile: (FIRST, TABLET), SECOND.profile: (SECOND,)}
    fields = {FIRST.profile: {"language": "pt-BR"}, SECOND.profile: {"language": "ru"}}
    reach = PlacedProfiles(profiles, asked.append, fields)
    return languages_spoken(reach, DATABASE, [FIRST, SECOND, TABLET], among), len(asked)


def test_only_the_languages_that_are_asked_for_are_named() -> None:
    assert spoken("pt", "en") == ({FIRST.ref: "pt", TABLET.ref: "pt"}, 1)
    assert spoken("pt", "ru") == ({FIRST.ref: "pt", TABLET.ref: "pt", SECOND.ref: "ru"}, 1)


def test_no_profile_is_read_where_no_language_or_nobody_is_asked_for() -> None:
    assert spoken() == ({}, 0)
    asked: list[str] = []
    assert languages_spoken(PlacedProfiles({}, asked.append), DATABASE, [], ["pt"]) == {}
    assert asked == []
