"""What must be true of an audience at any moment, whatever was done to it."""

from pushhub.audience.model import MAX_CANCELLED, MAX_LIVE, MatchKey, Profile
from pushhub.catalog.model import Database
from tests.doubles.audience import DatabaseContent


def assert_consistent(content: DatabaseContent) -> None:
    for profile in content.profiles.values():
        assert not profile.live.keys() & profile.cancelled.keys(), "a reference is live or cancelled, never both"
        assert len(profile.live) <= MAX_LIVE
        assert len(profile.cancelled) <= MAX_CANCELLED
        for ref in (*profile.live, *profile.cancelled):
            assert content.subscriptions[ref].profile == profile.id, "a profile refers to its own subscriptions"
        for key in profile.keys:
            assert content.keys[key] == profile.id, "a profile's keys find it"
            assert profile.fields[key.field] == key.value
        assert len({key.field for key in profile.keys}) == len(profile.keys), "one key for a field"
    for ref, subscription in content.subscriptions.items():
        owner = content.profiles[subscription.profile]
        assert ref == subscription.ref
        assert ref in (owner.live if subscription.live else owner.cancelled), "its owner refers to it as what it is"
        assert not (subscription.retired and subscription.live), "a retired one is live for no resource"
        if owner.anonymous:
            assert subscription.owner_may_be_anonymous, "False is certain"
    for key, holder in content.keys.items():
        assert key in content.profiles[holder].keys, "a key finds a profile that has it"


def assert_found_by_match_fields(content: DatabaseContent, database: Database) -> None:
    """Every value of a match field finds the one profile that holds it, and there is no other key."""
    held = [
        (MatchKey(name, database.fields[name], profile.fields[name]), id_)
        for id_, profile in content.profiles.items()
        for name in database.match
        if name in profile.fields
    ]
    assert len(dict(held)) == len(held), "no two profiles hold one value"
    assert content.keys == dict(held)


def told_apart(content: DatabaseContent) -> dict[frozenset[object], object]:
    """Return what a database holds, with profiles named by what they own instead of by ids that are made up."""

    def name(profile: Profile) -> frozenset[object]:
        return frozenset((*profile.live, *profile.cancelled, *profile.keys, *((profile.id,) if len(profile.id) < 24 else ())))

    names = {id_: name(profile) for id_, profile in content.profiles.items()}
    return {
        names[id_]: (profile.origin, profile.fields, profile.live, profile.cancelled, profile.created, profile.updated)
        for id_, profile in content.profiles.items()
    } | {
        frozenset([ref]): (names[held.profile], held.resources, held.retired, held.created, held.seen)
        for ref, held in content.subscriptions.items()
    }
