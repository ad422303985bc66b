"""How many would a sending reach?"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pushhub.audience.model import SubscriptionRef
from pushhub.audience.port import AudienceReach, ReachedProfile
from pushhub.catalog.model import App
from pushhub.catalog.providers import PROVIDER_OF_CODE, Provider
from pushhub.sends.finding import Finding
from pushhub.sends.recipients import enabled_references, preferred, recipients_among
from pushhub.sends.sending import BEGINNING, INDEX_LANES, Filtered, Named, Selection
from pushhub.sends.steps import CHOSEN_PAGE_PROFILES, STEP_PAGE_PROFILES

_PLACE_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Reached:
    """How many profiles would get a push, and how many pushes would go to each provider; no number of `pushes` is 0."""

    profiles: int
    pushes: Mapping[Provider, int]


@dataclass(frozen=True, slots=True)
class Counting:
    """Counts whom a selection would reach, and pushes to nobody."""

    reach: AudienceReach
    find: Finding

    def __call__(self, app: App, selection: Selection, on_progress: Callable[[float], None] = lambda _: None) -> Reached:
        """Count; `on_progress` is told which share of the audience is looked at, from 0 to 1.

        Raises:
            UnavailableError: the catalog or the audience cannot be read.
        """
        if isinstance(selection, Named):
            found = [each for recipients in self.find(app, selection.identifiers) for each in recipients]
            on_progress(1)
            return Reached(len({each.profile for each in found}), Counter(each.address.provider for each in found))
        admits = selection.filters.admits if isinstance(selection, Filtered) else None
        profiles, pushes = 0, Counter[Provider]()
        for page, share in self._pages(app, CHOSEN_PAGE_PROFILES if admits else STEP_PAGE_PROFILES):
            admitted = [each for each in page if admits(each.fields, each.happened)] if admits else page
            for providers in self._providers(app, admitted):
                profiles += bool(providers)
                pushes.update(providers)
            on_progress(share)
        return Reached(profiles, pushes)

    def _pages(self, app: App, profiles: int) -> Iterator[tuple[Sequence[ReachedProfile], float]]:
        """Yield the profiles of all lanes, with the share of the index that ends with them: places are spread evenly."""
        for number, lane in enumerate(INDEX_LANES):
            place, more = str(BEGINNING), True
            while more:
                page = self.reach.page(app.database, lane, place, profiles)
                more = page.more and bool(page.profiles)
                place = page.profiles[-1].place if page.profiles else place
                within = int(place, 16) / 16**_PLACE_DIGITS if more else 1
                yield page.profiles, (number + within) / len(INDEX_LANES)

    def _providers(self, app: App, profiles: Sequence[ReachedProfile]) -> Iterator[Sequence[Provider]]:
        """Yield the provider of each push of each profile."""
        references = {each.id: enabled_references(app, each.live) for each in profiles}
        if app.resource is None:
            # References say all that matters then.
            yield from (_preferred(app, of_profile) for of_profile in references.values())
            return
        to_read = [reference for of_profile in references.values() for reference in of_profile]
        found = self.reach.subscriptions(app.database, to_read) if to_read else {}
        for profile, of_profile in references.items():
            yield [each.address.provider for each in recipients_among(app, profile, of_profile, found)]


def _preferred(app: App, references: Iterable[SubscriptionRef]) -> Sequence[Provider]:
    providers = [PROVIDER_OF_CODE[reference[:2]] for reference in references]
    left = preferred(app, frozenset(providers))
    return [provider for provider in providers if provider in left]
