"""Sendings to whom filters choose, through two apps, at once or at a local hour, while everything fails that can.

Devices change their offsets, apps are archived, credentials of one app are bad, and the push is bound late, changed, or never. An
oracle of its own says who is chosen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Final

from pushhub.audience.model import OffsetBefore, Profile, ProfileId, Subscription, SubscriptionRef
from pushhub.audience.port import ReachedProfile, ReachPage
from pushhub.audience.values import Value
from pushhub.catalog.model import App, AppId, DatabaseId
from pushhub.catalog.providers import Provider
from pushhub.faults import LostRaceError
from pushhub.moments import Milliseconds, Seconds
from pushhub.sends.filters import Choice, Filters
from pushhub.sends.local_time import local_parts
from pushhub.sends.message import Message, Translation
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.port import NO_LANGUAGES
from pushhub.sends.scheduling import begin_soon
from pushhub.sends.sending import Filtered, LaneName, Part, Place, Sending, SendingStatus
from pushhub.sends.steps import Step, StepSource
from tests.doubles.schedules import AN_APP, ANDROID, APNS, PlacedProfiles, Schedule, a_sending, profile_with

OFFSETS: Final = (-10_800, 0, 3_600, 7_200)
CLOCKS_APART: Final = 30
CONTENT: Final = {"": Message(text="Hello")}
PUSHES: Final = {7: {"pt": Translation(text="Olá"), "ru": Translation(text="Привет")}, 8: {"de": Translation(text="Hallo")}}
ACCEPTED: Final = RecipientOutcome(Outcome.ACCEPTED)
REFUSED: Final = RecipientOutcome(Outcome.CREDENTIALS_BAD, "403")
CLUB: Final = replace(AN_APP, id=AppId("club"), database=DatabaseId(2))
APPS: Final = {app.id: app for app in (AN_APP, CLUB)}


@dataclass(frozen=True, slots=True)
class Person:
    """A profile: its offset is the first one until it `moves`, and what was stored of that is off by the clocks' difference."""

    app: AppId
    country: str
    tag: str
    events: frozenset[str]
    offsets: tuple[int, int]
    moves: int
    noted: int

    @classmethod
    def of(cls, random: Random, app: AppId, hour: int) -> "Person":
        offsets = random.choice(OFFSETS), random.choice(OFFSETS)
        just_then, some_time, never = hour - max(offsets) + random.randint(-40, 40), hour + random.randint(-9_000, 12_600), 2**40
        moves = random.choice((just_then, some_time, never))
        events = frozenset(random.sample(("reg", "dep"), random.randint(0, 2)))
        noted = moves + random.randint(-CLOCKS_APART, CLOCKS_APART)
        return cls(app, random.choice(("DE", "ru", "")), random.choice(("pt-BR", "ru", "de", "")), events, offsets, moves, noted)

    @property
    def language(self) -> str:
        return self.tag[:2]

    def fields(self, now: int) -> Mapping[str, Value]:
        return {"country": self.country, "language": self.tag, "tz_sec": self.offsets[now >= self.moves]}

    def before(self, now: int) -> OffsetBefore | None:
        return OffsetBefore(self.offsets[0], Seconds(self.noted)) if now >= self.moves else None

    def offsets_for(self, hour: int) -> set[int]:
        """Return the offsets one of which it has to be met in: both, where it moves as the first of their parts is due."""
        former, present = self.offsets
        first = hour - max(self.offsets)
        return {former} if self.moves > first + 120 else {present} if self.moves < first - 120 else {former, present}


class Crowd(PlacedProfiles):
    """Profiles of two databases, as an index has them that is up to a second behind."""

    def __init__(self, schedule: "FilteredSchedule") -> None:
        super().__init__(schedule.profiles, schedule.interrupt)
        self.schedule = schedule

    def page(self, database: DatabaseId, lane: str, after: str, limit: int) -> ReachPage:
        people, now = self.schedule.people, self.schedule.seconds - self.schedule.random.randint(0, 1)
        page = super().page(database, lane, after, len(people))
        reached = [_as_of(each, people[each.id], now) for each in page.profiles if APPS[people[each.id].app].database == database]
        return ReachPage(tuple(reached[:limit]), more=len(reached) > limit)

    def profiles(self, database: DatabaseId, ids: Sequence[ProfileId]) -> Mapping[ProfileId, Profile]:
        self.interrupt("before profiles")
        return {id_: profile_with(id_, self.schedule.people[id_].fields(self.schedule.seconds)) for id_ in ids}


def _as_of(reached: ReachedProfile, person: Person, now: int) -> ReachedProfile:
    happened = dict.fromkeys(person.events, Seconds(1))
    return replace(reached, fields=person.fields(now), happened=happened, offset_before=person.before(now))


@dataclass(frozen=True, slots=True)
class Watched:
    """Steps that remember in which parts each device was met."""

    steps: StepSource
    met: dict[SubscriptionRef, set[int]]

    def after(self, sending: Sending, part: Part, app: App, lane: LaneName, done: Place) -> Iterator[Step]:
        for step in self.steps.after(sending, part, app, lane, done):
            for each in step.recipients:
                self.met.setdefault(each.ref, set()).add(part.number)
            yield step


class FilteredSchedule(Schedule):
    """One filtered sending from its beginning to its end."""

    person = 0.08

    def __init__(self, seed: int) -> None:
        self.people: dict[ProfileId, Person] = {}
        self.met: dict[SubscriptionRef, set[int]] = {}
        super().__init__(seed)
        random = self.random
        self.local = random.random() < 0.5
        self.apps = random.choice(((AN_APP.id,), (AN_APP.id, CLUB.id)))
        self.hour = self.seconds + max(OFFSETS) + random.choice((60, 2_000))
        for id_ in self.profiles:
            self.people[id_] = Person.of(random, random.choice([*APPS]), self.hour)
        self.filters = Filters(
            countries=random.choice((Choice(), Choice(frozenset({"DE"})), Choice(exclude=frozenset({"RU"})))),
            languages=random.choice((Choice(), Choice(frozenset({"pt", "de"})))),
            events=random.choice((Choice(), Choice(frozenset({"install", "reg"})), Choice(exclude=frozenset({"dep"})))),
        )
        self.refused = {app for app in APPS if random.random() < 0.3}
        self.refusals: set[tuple[AppId, Provider]] = set()
        self.archived = {app: self.seconds + random.randint(0, 10_000) for app in APPS if random.random() < 0.15}
        self.bound = random.random() < 0.6
        self.binds = self.bound or random.random() < 0.7
        self.misspoken: list[SubscriptionRef] = []

    def placed(self) -> PlacedProfiles:
        return Crowd(self)

    def watched(self, steps: StepSource) -> StepSource:
        return Watched(steps, self.met)

    def app(self, id_: AppId, since: Milliseconds) -> App | None:
        self.interrupt("before app")
        if self.seconds >= self.archived.get(id_, 2**40):
            return self.random.choice((None, replace(APPS[id_], enabled=False)))
        return APPS[id_]

    def begin(self) -> None:
        """Write the sending, with its push or without."""
        if self.local:
            parts = [part for part in local_parts(self.apps, datetime.fromtimestamp(self.hour, UTC)) if part.offset in OFFSETS]
        else:
            parts = [Part(0, app, Seconds(self.seconds + self.random.choice((0, 120, 2_000)))) for app in self.apps]
        sending = a_sending(self.id, Filtered(self.filters), Seconds(0), self.random.choice((100, 3_600, 14_400)))
        sending = replace(sending, app=parts[0].app, parts=tuple(replace(part, number=n) for n, part in enumerate(parts)))
        self.calm = True
        self.store.create(self._with_push(sending) if self.bound else replace(sending, messages={}))
        if self.random.random() < 0.7:
            begin_soon(self.store, self.sends, sending, Seconds(self.seconds))
        self.calm = False

    def _with_push(self, sending: Sending) -> Sending:
        push, translations = self.random.choice([*PUSHES.items()])
        return replace(sending, messages=CONTENT, translations=translations, push=push)

    def by_a_person(self) -> None:
        """Let a person cancel it, or bind its push by a clock that may be behind."""
        if self.random.random() < 0.5:
            super().by_a_person()
        known = self.store._sendings[self.id]
        if self.binds and known.due > self.seconds - CLOCKS_APART:
            unbinds = self.bound and self.random.random() < 0.3
            unbound = replace(known, messages={}, translations={}, push=None)
            try:
                self.store.rebind(unbound if unbinds else self._with_push(known), known.push)
            except LostRaceError:
                return
            self.bound = not unbinds

    def push(
        self,
        sending: Sending,
        app: App,
        recipients: Sequence[Subscription],
        seconds: float,
        languages: Mapping[SubscriptionRef, str] = NO_LANGUAGES,
    ) -> Sequence[RecipientOutcome]:
        for each in recipients:
            language = self.people[each.profile].language
            if languages.get(each.ref) != (language if language in sending.translations else None):
                self.misspoken.append(each.ref)
        outcomes = super().push(sending, app, recipients, seconds, languages)
        refused = [each for each, came in zip(recipients, outcomes, strict=True) if came.outcome is Outcome.CREDENTIALS_BAD]
        self.refusals |= {(app.id, each.address.provider) for each in refused}
        return outcomes

    def answer(self, app: App) -> RecipientOutcome:
        """Refuse the credentials of some apps always, and those of others never."""
        if app.id in self.refused:
            return REFUSED
        outcome = super().answer(app)
        return ACCEPTED if outcome.outcome is Outcome.CREDENTIALS_BAD else outcome

    def _promises(self, sending: Sending) -> dict[str, bool]:
        return super()._promises(sending) | {
            "a device is met in one part alone, and in the right one": all(
                len(parts) == 1 and self._is_right(sending, ref, *parts) for ref, parts in self.met.items()
            ),
            "nobody else is pushed to": self.handed.keys() <= self._expected(sending, self.apps),
            "everybody is pushed to in the own language": not self.misspoken,
            "an app is stopped where it was refused": self._stops(sending) <= self.refusals,
            "nobody is counted as refused whose app is not": self._is_refused_by_own_app(sending),
            "a sending without a push expires": self.bound
            or (not self.handed and sending.status in (SendingStatus.EXPIRED, SendingStatus.CANCELLED)),
            "a sending whose apps are all archived is cancelled": len(sending.dropped) < len(sending.parts)
            or sending.status is SendingStatus.CANCELLED,
            "only an app that is archived is dropped": all(
                sending.parts[number].app in self.archived for number in sending.dropped
            ),
        }

    def _stops(self, sending: Sending) -> set[tuple[AppId, Provider]]:
        return {(app, provider) for app, stops in sending.stopped.items() for provider in stops}

    def _is_refused_by_own_app(self, sending: Sending) -> bool:
        of_refused = [each for id_, person in self.people.items() if person.app in self.refused for each in self.profiles[id_]]
        return all(
            sending.counts.number(Outcome.CREDENTIALS_BAD, provider)
            <= sum(each.address.provider == provider for each in of_refused)
            for provider in (ANDROID, APNS)
        )

    def is_accounted_for(self, sending: Sending) -> bool:
        if not self.bound:
            return not sending.counts.total
        kept = {part.app for part in sending.parts if part.number not in sending.dropped} - self.archived.keys()
        least = 0 if self.cancelled else len(self._expected(sending, kept))
        return least <= sending.counts.total <= len(self._expected(sending, self.apps))

    def _expected(self, sending: Sending, apps: Sequence[AppId] | set[AppId]) -> set[SubscriptionRef]:
        chosen = [id_ for id_, person in self.people.items() if person.app in apps and self._is_chosen(person)]
        return {each.ref for id_ in chosen for each in self.profiles[id_]}

    def _is_chosen(self, person: Person) -> bool:
        country, language, events = person.country.upper(), person.language, {"install", *person.events}
        checks = ((self.filters.countries, {country}), (self.filters.languages, {language}), (self.filters.events, events))
        return all((choice.include is None or choice.include & values) and not choice.exclude & values for choice, values in checks)

    def _is_right(self, sending: Sending, ref: SubscriptionRef, number: int) -> bool:
        part, person = sending.parts[number], self.people[_owner(self.profiles, ref)]
        return part.app == person.app and (part.offset is None or part.offset in person.offsets_for(self.hour))


def _owner(profiles: Mapping[ProfileId, Sequence[Subscription]], ref: SubscriptionRef) -> ProfileId:
    return next(id_ for id_, devices in profiles.items() if any(each.ref == ref for each in devices))
