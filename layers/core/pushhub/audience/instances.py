"""What do the instances of an app ask for, and what comes of it?

An instance is one installation of an app with one user. It is a profile of the app's database, and has one push token at a time.

================  ==================================================================================================
command           what happens
================  ==================================================================================================
`Register`        a profile without subscription is made, where there is none
`Report`          fields and the push token are brought to the desired state; a push token that is new replaces the others
`Deactivate`      the subscriptions of the profile are cancelled for the resource
`NoteEvent`       the first time of an event is noted
================  ==================================================================================================

The calls are open: whoever knows the app may make them. So no field is set but those that filters read, and no match field.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pushhub.audience.command import DesiredSubscription, Refused
from pushhub.audience.model import ProfileId
from pushhub.audience.port import AudienceStore
from pushhub.audience.values import Value
from pushhub.catalog.model import Database, Resource
from pushhub.moments import Seconds, seconds_now

MIN_REPORT_SECONDS: Final = 60
"""Seconds after a report was stored, in which another that changes nothing but fields is not stored."""


@dataclass(frozen=True, slots=True)
class Register:
    """Make a profile without subscription, unless it exists.

    Fields count as far as the database declares them, they are no match fields, and their values fit.
    """

    database: Database
    profile: ProfileId
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """Bring the fields and the push token of an instance to the desired state.

    `fields` count as those of `Register` do. Without a `subscription`, the profile keeps those that it has; where the device is
    `unreachable`, they are cancelled for the resource.
    """

    resource: Resource
    database: Database
    profile: ProfileId
    fields: Mapping[str, Value] = field(default_factory=dict)
    subscription: DesiredSubscription | None = None
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class Deactivate:
    """Cancel the subscriptions of an instance for a resource."""

    resource: Resource
    database: Database
    profile: ProfileId


@dataclass(frozen=True, slots=True)
class NoteEvent:
    """Note that an event has happened to an instance; `code` is one that the catalog declares."""

    database: Database
    profile: ProfileId
    code: str


@dataclass(frozen=True, slots=True)
class Reported:
    """What came of a report: whether anything was stored, and why its push token was refused, if it was."""

    stored: bool
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class Instances:
    """The use cases. Each reads once, and once more where a push token replaces others; it commits at most once.

    Each raises `LostRaceError` where every try that :mod:`pushhub.races` allows lost a race, and `UnavailableError` where the store
    did not answer in time, or refused for load, or time is up. `deadline` is a moment of `time.monotonic()` after which no further
    call is made.
    """

    store: AudienceStore
    now: Callable[[], Seconds] = seconds_now
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def register(self, command: Register, deadline: float = math.inf) -> bool:
        """Register an instance; return whether its profile was just made."""
        raise NotImplementedError

    def report(self, command: Report, deadline: float = math.inf) -> Reported:
        """Carry out a report."""
        raise NotImplementedError

    def deactivate(self, command: Deactivate, deadline: float = math.inf) -> None:
        """Deactivate an instance."""
        raise NotImplementedError

    def note(self, command: NoteEvent, deadline: float = math.inf) -> bool:
        """Note an event; return False where it was noted before, `MAX_HAPPENED` others are, or there is no such profile."""
        raise NotImplementedError
