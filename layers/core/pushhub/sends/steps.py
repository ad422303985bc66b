"""In which steps are the recipients of a lane pushed to?

A step has whole profiles, or all that single identifiers find, so that its place says exactly who is behind it. A step without
recipients only says how far the lane has come.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from pushhub.audience.model import ProfileId, Subscription, SubscriptionRef
from pushhub.audience.port import AudienceReach
from pushhub.catalog.model import App
from pushhub.sends.sending import MAX_STEP_RECIPIENTS, Identifier, LaneName, Named, Place, Sending, named_place

STEP_PAGE_PROFILES: Final = 500
"""Profiles that one call reads of the index. With their fields they may take up to 1 MB."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a lane does next: `place` is how far it has come afterwards."""

    place: Place
    recipients: tuple[Subscription, ...] = ()


class StepSource(Protocol):
    """Finds the steps of lanes."""

    def after(self, sending: Sending, app: App, lane: LaneName, done: Place) -> Iterator[Step]:
        """Yield the steps of a lane behind a place, in the order of their places; they are read as they are asked for.

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

    def after(self, app: App, lane: LaneName, done: Place) -> Iterator[Step]:
        """See :meth:`StepSource.after`; a call a page, and one for the subscriptions of each step."""
        more = True
        while more:
            page = self.reach.page(app.database, lane, done, self.page_profiles)
            references = [(each, self.references(app, each.live)) for each in page.profiles]
            for profiles in _packed(references, self.most):
                done = Place(profiles[-1][0].place)
                to_read = [reference for _, of_profile in profiles for reference in of_profile]
                found = self.reach.subscriptions(app.database, to_read) if to_read else {}
                recipients = (self.recipients(app, profile.id, of_profile, found) for profile, of_profile in profiles)
                yield Step(done, tuple(subscription for of_profile in recipients for subscription in of_profile))
            more = page.more and bool(page.profiles)


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

    def after(self, sending: Sending, app: App, lane: LaneName, done: Place) -> Iterator[Step]:
        """See :meth:`StepSource.after`."""
        if isinstance(sending.selection, Named):
            return self.named.after(app, sending.selection.identifiers, done)
        return self.index.after(app, lane, done)


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
