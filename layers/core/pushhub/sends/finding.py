"""Whom do the identifiers of a caller mean?

An identifier of a field finds through the match field of that name in the app's database, and through nothing else. One value is
one profile, and its recipients are what :mod:`pushhub.sends.recipients` says. A push token finds its own subscription. What does
not fit, such as a field that is no match field or a value that is none of its type, finds nobody.

There are three hops, match key → profile → subscription, each with a call per 100 items: a profile's id has two, a push token one.
Subscriptions of all identifiers are read in one hop.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pushhub.audience.model import PROFILE_ID_PATTERN, Address, MatchKey, Profile, ProfileId, Subscription, SubscriptionRef
from pushhub.audience.port import AudienceReach
from pushhub.audience.values import MisfitError, normalise
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import App, Database
from pushhub.catalog.providers import MAX_PUSH_TOKEN_BYTES, Provider, PushToken
from pushhub.sends.platforms import enabled_providers
from pushhub.sends.recipients import recipients_among, recipients_of, references_through
from pushhub.sends.sending import Identifier, NamedField, NamedProfile, NamedPushToken
from pushhub.text import is_unicode


@dataclass(frozen=True, slots=True)
class Finding:
    """Finds the recipients of identifiers."""

    reach: AudienceReach
    catalog: CachedCatalog

    def __call__(
        self, app: App, identifiers: Sequence[Identifier], among: Collection[Provider] | None = None
    ) -> Sequence[Sequence[Subscription]]:
        """Return the recipients of each identifier, in order, but for those that an earlier one has found.

        Args:
            app: whose push it is.
            identifiers: of whom is asked.
            among: the providers whose subscriptions are read and count, in place of those that the app can push through.

        Raises:
            UnavailableError: the catalog or the audience cannot be read.
        """
        providers = enabled_providers(app) if among is None else frozenset(among)
        database = self.catalog.current().databases.get(app.database)
        means = [_meaning(providers, database, identifier) for identifier in identifiers]
        keys = dict.fromkeys(each for each in means if isinstance(each, MatchKey))
        holders = self.reach.holders(app.database, [*keys]) if keys else {}
        owners = [holders.get(each) if isinstance(each, MatchKey) else each for each in means]
        profiles = self._profiles(app, owners)
        references = [_references(providers, profiles, each) for each in owners]
        to_read = dict.fromkeys(reference for of_identifier in references for reference in of_identifier)
        found = self.reach.subscriptions(app.database, [*to_read]) if to_read else {}
        return list(
            _first_found(
                _recipients(app, providers, each, of_identifier, found)
                for each, of_identifier in zip(owners, references, strict=True)
            )
        )

    def _profiles(self, app: App, owners: "Iterable[_Meaning]") -> Mapping[ProfileId, Profile]:
        ids = dict.fromkeys(ProfileId(each) for each in owners if isinstance(each, str))
        return self.reach.profiles(app.database, [*ids]) if ids else {}


_Meaning = MatchKey | ProfileId | Address | None
"""What an identifier finds by; None finds nobody."""


def _meaning(providers: Collection[Provider], database: Database | None, identifier: Identifier) -> _Meaning:
    match identifier:
        case NamedProfile(profile):
            return ProfileId(profile) if PROFILE_ID_PATTERN.fullmatch(profile) else None
        case NamedField(field, value):
            return _match_key(database, field, value)
        case NamedPushToken(provider, push_token):
            fits = is_unicode(push_token) and 1 <= len(push_token.encode()) <= MAX_PUSH_TOKEN_BYTES
            return Address(provider, PushToken(push_token)) if fits and provider in providers else None


def _match_key(database: Database | None, field: str, value: str | int) -> MatchKey | None:
    if database is None or field not in database.match:
        return None
    try:
        return MatchKey(field, database.fields[field], normalise(database.fields[field], value))
    except MisfitError:
        return None


def _references(
    providers: Collection[Provider], profiles: Mapping[ProfileId, Profile], owner: _Meaning
) -> tuple[SubscriptionRef, ...]:
    if isinstance(owner, Address):
        return owner.refs
    profile = profiles.get(owner) if isinstance(owner, str) else None
    return references_through(providers, profile.live) if profile else ()


def _recipients(
    app: App,
    providers: Collection[Provider],
    owner: _Meaning,
    references: Sequence[SubscriptionRef],
    found: Mapping[SubscriptionRef, Subscription],
) -> Sequence[Subscription]:
    if isinstance(owner, str):
        return recipients_among(app, owner, references, found, providers)
    # A device under its legacy reference counts only where there is none under the other one.
    device = next((found[reference] for reference in references if reference in found), None)
    return recipients_of(app, [device] if device else [], providers)


def _first_found(of_identifiers: Iterable[Sequence[Subscription]]) -> Iterator[Sequence[Subscription]]:
    """Yield the recipients of each identifier without those of an earlier one."""
    seen: set[SubscriptionRef] = set()
    for recipients in of_identifiers:
        new = [each for each in recipients if each.ref not in seen]
        seen.update(each.ref for each in new)
        yield new
