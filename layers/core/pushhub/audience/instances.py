"""What do the instances of an app ask for, and what comes of it?

An instance is one installation of an app with one user. It is a profile of the app's database, and has one push token at a time.

================  ==================================================================================================
command           what happens
================  ==================================================================================================
`Register`        a profile without subscription is made, where there is none; one that lacks fields gets them
`ReportInstance`  fields and the push token are brought to the desired state, as by a subscribe that matches by id
`Deactivate`      the subscriptions of the profile are cancelled for the resource
`NoteEvent`       the first time of an event is noted
================  ==================================================================================================

:mod:`~pushhub.audience.reports` has what a report does and a subscribe does not.

The calls are open: whoever knows the app may make them. So no field is set but those that filters read, and no match field.
"""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from pushhub.audience.changes import Change, ProfileCreation, ProfileUpdate, Replaced
from pushhub.audience.command import ById, DatabaseOutcome, DatabaseRefused, DesiredSubscription, Mode, Refused
from pushhub.audience.committing import Committing
from pushhub.audience.model import MAX_HAPPENED, Origin, Profile, ProfileId
from pushhub.audience.port import AudienceStore, SnapshotQuery
from pushhub.audience.resolving import DatabaseRequest, Others, resolve_subscription
from pushhub.audience.subscribing import Subscribing
from pushhub.audience.values import MisfitError, Value, normalise
from pushhub.catalog.filter_fields import FILTER_FIELDS
from pushhub.catalog.model import Database, Resource
from pushhub.moments import Seconds, seconds_now
from pushhub.races import rerun_lost_races


@dataclass(frozen=True, slots=True)
class Register:
    """Make a profile without subscription, unless it exists.

    One that exists gets those fields that it has not: where it was erased, a report has made it anew without `ext_id`. Fields count
    as far as the database declares them, they are no match fields, and their values fit.
    """

    database: Database
    profile: ProfileId
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportInstance:
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
    """What came of a report.

    Attributes:
        stored: whether anything was.
        refused: why its push token was, if it was.
        profile_made: the profile was gone, and is there again.
    """

    stored: bool
    refused: Refused | None = None
    profile_made: bool = False


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

    def knows(self, database: Database, profile: ProfileId, deadline: float = math.inf) -> bool:
        """Say whether an instance has its profile."""
        return self._read(database, profile, deadline) is not None

    def register(self, command: Register, deadline: float = math.inf) -> bool:
        """Register an instance; return whether its profile was just made."""

        def try_once() -> bool:
            stored = self._read(command.database, command.profile, deadline)
            self._commit(command.database, decide_registration(command, stored, self.now()), deadline)
            return stored is None

        return rerun_lost_races(self.sleep)(try_once)

    def report(self, command: ReportInstance, deadline: float = math.inf) -> Reported:
        """Carry out a report; the profile is made anew where it is gone."""
        outcome = self._carry_out(resolve_report(command), deadline)
        if isinstance(outcome, DatabaseRefused):
            return Reported(stored=False, refused=outcome.refused)
        results = (part.result for part in outcome.subscriptions if part.desired is command.subscription)
        refused = next((result for result in results if isinstance(result, Refused)), None)
        return Reported(outcome.changed or outcome.fields_changed or outcome.profile_made, refused, outcome.profile_made)

    def deactivate(self, command: Deactivate, deadline: float = math.inf) -> None:
        """Deactivate an instance."""
        self._carry_out(resolve_deactivation(command), deadline)

    def note(self, command: NoteEvent, deadline: float = math.inf) -> bool:
        """Note an event; return False where it was noted before, `MAX_HAPPENED` others are, or there is no such profile."""

        def try_once() -> bool:
            stored = self._read(command.database, command.profile, deadline)
            return self._commit(command.database, decide_noting(command, stored, self.now()), deadline)

        return rerun_lost_races(self.sleep)(try_once)

    def _carry_out(self, request: DatabaseRequest, deadline: float) -> DatabaseOutcome:
        subscribing = Subscribing(self.store, self.now, sleep=self.sleep, clock=self.clock)
        return subscribing.carry_out([request], deadline)[request.database]

    def _read(self, database: Database, profile: ProfileId, deadline: float) -> Profile | None:
        (snapshot,) = self.store.read([SnapshotQuery(database.id, profiles=frozenset({profile}))], deadline)
        return snapshot.profiles[profile]

    def _commit(self, database: Database, change: Change | None, deadline: float) -> bool:
        """Commit a change, and say whether there was one."""
        Committing(self.store, self.clock, deadline)(database.id, change)
        return change is not None


def decide_registration(command: Register, stored: Profile | None, now: Seconds) -> Change | None:
    """Return the change that registers an instance; None where its profile has all that it says."""
    fields = _open_fields(command.database, command.fields)
    if stored is not None:
        lacking = {name: value for name, value in fields.items() if name not in stored.fields}
        return (
            Change(profiles=(ProfileUpdate(stored.id, now, fields=lacking, replaced=dict.fromkeys(lacking)),)) if lacking else None
        )
    profile = Profile(
        id=command.profile,
        origin=Origin.ID,
        fields=fields,
        keys=frozenset(),
        live={},
        cancelled={},
        created=now,
        updated=now,
    )
    return Change(profiles=(ProfileCreation(profile),))


def decide_noting(command: NoteEvent, stored: Profile | None, now: Seconds) -> Change | None:
    """Return the change that notes an event; None where there is nothing to note, no room, or no profile."""
    if stored is None or command.code in stored.happened or len(stored.happened) >= MAX_HAPPENED:
        return None
    after = replace(stored.past, happened={**stored.happened, command.code: now})
    return Change(profiles=(ProfileUpdate(stored.id, now, past=Replaced(stored.past, after)),))


def resolve_report(command: ReportInstance) -> DatabaseRequest:
    """Return what a report asks of its database."""
    desired = (command.subscription,) if command.subscription else ()
    return DatabaseRequest(
        database=command.database.id,
        resource=command.resource,
        matching=ById(command.profile),
        subscriptions=tuple(resolve_subscription(subscription, command.resource) for subscription in desired),
        fields=_open_fields(command.database, command.fields),
        report=True,
        others=Others.CANCELLED if command.unreachable else Others.REPLACED,
    )


def resolve_deactivation(command: Deactivate) -> DatabaseRequest:
    """Return what a deactivation asks of its database."""
    return DatabaseRequest(
        database=command.database.id,
        resource=command.resource,
        matching=ById(command.profile),
        subscriptions=(),
        mode=Mode.UPDATE,
        others=Others.CANCELLED,
    )


def _open_fields(database: Database, given: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return what an open call sets of what it gives, normalised. What misfits is left out: an error would strand the device."""
    fields = {}
    for name in FILTER_FIELDS:
        if name in given and name in database.fields and name not in database.match:
            with suppress(MisfitError):
                fields[name] = normalise(database.fields[name], given[name])
    return fields
