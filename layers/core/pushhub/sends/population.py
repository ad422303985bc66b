"""Has a database anybody whom a push could reach?"""

from collections.abc import Iterable
from enum import Enum, auto

from pushhub.audience.port import ReachPage


class Population(Enum):
    """What the profiles of a database have."""

    NO_PROFILES = auto()
    NO_DEVICES = auto()
    """There are profiles, and none has a live subscription."""
    DEVICES = auto()


def population_of(pages: Iterable[ReachPage]) -> Population:
    """Say what the profiles of some pages have; no page is read behind the first that has a live subscription."""
    profiles = False
    for page in pages:
        if any(profile.live for profile in page.profiles):
            return Population.DEVICES
        profiles = profiles or bool(page.profiles)
    return Population.NO_DEVICES if profiles else Population.NO_PROFILES
