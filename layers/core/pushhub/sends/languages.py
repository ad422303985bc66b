"""Which language do recipients speak whose profiles were not read with them?"""

from collections.abc import Collection, Iterable, Mapping

from pushhub.audience.model import Subscription, SubscriptionRef
from pushhub.audience.port import AudienceReach
from pushhub.catalog.model import DatabaseId
from pushhub.sends.filters import language_of
from pushhub.sends.port import NO_LANGUAGES


def languages_spoken(
    reach: AudienceReach, database: DatabaseId, recipients: Iterable[Subscription], among: Collection[str]
) -> Mapping[SubscriptionRef, str]:
    """Return the languages of those recipients who speak one of some, in one call per 100 profiles; none without such languages.

    Raises:
        UnavailableError: the audience cannot be read.
    """
    owners = {each.ref: each.profile for each in recipients} if among else {}
    if not owners:
        return NO_LANGUAGES
    profiles = reach.profiles(database, [*dict.fromkeys(owners.values())])
    spoken = {id_: language_of(profile.fields) for id_, profile in profiles.items()}
    return {ref: language for ref, owner in owners.items() if (language := spoken.get(owner, "")) in among}
