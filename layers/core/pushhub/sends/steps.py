"""In which steps are the recipients of a lane pushed to?

A step has whole profiles, or all that single identifiers find, so that its place says exactly who is behind it. A step without
recipients only says how far the lane has come: a page of which nobody is chosen is one.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from pushhub.audience.model import ProfileId, Subscription, SubscriptionRef
from pushhub.audience.port import AudienceReach, ReachedProfile
from pushhub.catalog.model import App
from pushhub.sends.filters import language_of
from pushhub.sends.languages import languages_spoken
from pushhub.sends.local_time import is_in_part
from pushhub.sends.port import NO_LANGUAGES
from pushhub.sends.sending import MAX_STEP_RECIPIENTS, Filtered, Identifier, LaneName, Named, Part, Place, Sending, named_place

STEP_PAGE_PROFILES: Final = 500
"""Profiles that one call reads of the index. With their fields they may take up to 1 MB."""
CHOSEN_PAGE_PROFILES: Final = 2_000
"""As many where only some of them are chosen: most of a page may be of no use, and a call reads 1 MB at most in any case."""

Chooses = Callable[[ReachedProfile], bool]
"""Says of a profile of the index whether it is chosen."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a lane does next.

    Attributes:
        place: how far it has come afterwards.
        recipients: whom it pushes to.
        languages: of those of them whose language the sending is translated into.
    """

    place: Place
    recipients: tuple[Subscription, ...] = ()
    languages: Mapping[SubscriptionRef, str] = field(default_factory=lambda: NO_LANGUAGES)


class StepSource(Protocol):
    """Finds the steps of lanes."""

    def after(self, sending: Sending, part: Part, app: App, lane: LaneName, done: Place) -> Iterator[Step]:
        """Yield the steps of a lane behind a place, in the order of their places; they are read as they are asked for.

        Args:
            sending: whose lane it is.
            part: whose lane it is.
            app: of the part.
            lane: which of the lanes of the part.
            done: the place.

        Raises:
            UnavailableError: the audience cannot be read.
        """


@dataclass(frozen=True, slots=True)
class IndexSteps:
    """Steps of a lane of the index: the profiles of a database in the order of their places."""

    reach: AudienceReach
    references: Callable[[App, Iterable[SubscriptionRef]], Sequence[SubscriptionRef]]
    """Those references whose provider the app can push through."""
    recipients: Callable[
        [App, ProfileId, Iterable[SubscriptionRef], Mapping[SubscriptionRef, Subscription]], Sequence[Subscription]
    ]
    """Those that get a push, of a profile, of its references and of the subscriptions that were found for them."""
    most: int = MAX_STEP_RECIPIENTS
    page_profiles: int = STEP_PAGE_PROFILES
    chosen_page_profiles: int = CHOSEN_PAGE_PROFILES

    def after(
        self, app: App, lane: LaneName, done: Place, chooses: Chooses | None = None, languages: Collection[str] = ()
    ) -> Iterator[Step]:
        """See :meth:`StepSource.after`; a call a page, and one for the subscriptions of each step.

        Args:
            app: in whose database the profiles are.
            lane: which of the index.
            done: the place.
            chooses: says of each profile whether it is chosen; None chooses all.
            languages: which are looked for among the recipients.
        """
        more, page_profiles = True, self.chosen_page_profiles if chooses else self.page_profiles
        while more:
            page = self.reach.page(app.database, lane, done, page_profiles)
            of_profiles = [(each, self._references(app, each, chooses)) for each in page.profiles]
            for profiles in _packed(of_profiles, self.most):
                done = Place(profiles[-1][0].place)
                to_read = [reference for _, of_profile in profiles for reference in of_profile]
                found = self.reach.subscriptions(app.database, to_read) if to_read else {}
                recipients = [(profile, self.recipients(app, profile.id, references, found)) for profile, references in profiles]
                yield _step_of(done, recipients, languages)
            more = page.more and bool(page.profiles)

    def _references(self, app: App, profile: ReachedProfile, chooses: Chooses | None) -> Sequence[SubscriptionRef]:
        return self.references(app, profile.live) if not chooses or chooses(profile) else ()


def _step_of(place: Place, recipients: Iterable[tuple[ReachedProfile, Sequence[Subscription]]], languages: Collection[str]) -> Step:
    spoken: dict[SubscriptionRef, str] = {}
    if languages:
        for profile, of_profile in recipients:
            if (language := language_of(profile.fields)) in languages:
                spoken |= {each.ref: language for each in of_profile}
    return Step(place, tuple(each for _, of_profile in recipients for each in of_profile), spoken)


@dataclass(frozen=True, slots=True)
class NamedSteps:
    """Steps of the lane of a sending whose recipients are named: its identifiers in their order."""

    find: Callable[[App, Sequence[Identifier]], Sequence[Sequence[Subscription]]]
    """The recipients of each identifier, but for those of an earlier one."""
    most: int = MAX_STEP_RECIPIENTS

    def after(self, app: App, identifiers: Sequence[Identifier], done: Place) -> Iterator[Step]:
        """See :meth:`StepSource.after`; everybody is found before the first step."""
        found = self.find(app, identifiers)
        behind = [(place, each) for position, each in enumerate(found) if (place := named_place(position)) > done]
        for neighbours in _packed(behind, self.most):
            yield Step(neighbours[-1][0], tuple(subscription for _, each in neighbours for subscription in each))


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps of the lanes of any sending."""

    index: IndexSteps
    named: NamedSteps

    def after(self, sending: Sending, part: Part, app: App, lane: LaneName, done: Place) -> Iterator[Step]:
        """See :meth:`StepSource.after`."""
        if isinstance(sending.selection, Named):
            return self._translated(sending, app, self.named.after(app, sending.selection.identifiers, done))
        return self.index.after(app, lane, done, chooses(sending, part), sending.translations)

    def _translated(self, sending: Sending, app: App, steps: Iterator[Step]) -> Iterator[Step]:
        """Add the languages of named recipients, whose profiles were not read; a call a step, and none without translations."""
        for step in steps:
            languages = languages_spoken(self.index.reach, app.database, step.recipients, sending.translations)
            yield replace(step, languages=languages)


def chooses(sending: Sending, part: Part) -> Chooses | None:
    """Return what says of a profile whether a part of a sending is for it; None where it is for all."""
    filters = sending.selection.filters if isinstance(sending.selection, Filtered) else None
    if filters is None and part.offset is None:
        return None
    return lambda profile: (
        (filters is None or filters.admits(profile.fields, profile.happened))
        and is_in_part(part, profile.fields, profile.offset_before)
    )


def _packed[Owner, Thing](
    owners: Iterable[tuple[Owner, Sequence[Thing]]], most: int
) -> Iterator[list[tuple[Owner, Sequence[Thing]]]]:
    """Put neighbours together that have at most so many things in all; one that has more stands alone."""
    pack: list[tuple[Owner, Sequence[Thing]]] = []
    number = 0
    for owner, things in owners:
        if pack and number + len(things) > most:
            yield pack
            pack, number = [], 0
        pack.append((owner, things))
        number += len(things)
    if pack:
        yield pack
