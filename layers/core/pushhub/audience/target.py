"""Which profile does a request mean?"""

from dataclasses import dataclass

from pushhub.audience.command import ById, ByPushToken, Mode
from pushhub.audience.model import MatchKey, Origin, Profile, ProfileId
from pushhub.audience.port import Snapshot
from pushhub.audience.resolving import DatabaseRequest


@dataclass(frozen=True, slots=True)
class Target:
    """The profile that a request means: one that was found, or one that has to be made and then gets this `id` and `origin`.

    `profile` is None where the snapshot does not hold it. `may_be_anonymous` is then what its subscriptions say: False is certain,
    True has to be checked.
    """

    id: ProfileId
    found: bool
    origin: Origin
    may_be_anonymous: bool
    profile: Profile | None = None

    def skipped_in(self, mode: Mode) -> bool:
        """Say whether a command of this mode leaves the profile alone."""
        return (mode is Mode.ADD and self.found) or (mode is Mode.UPDATE and not self.found)


def find_target(request: DatabaseRequest, snapshot: Snapshot, new_id: ProfileId) -> Target:
    """Return the profile that a request means; `new_id` is for one that has to be made and is not matched by its id."""
    match request.matching:
        case ById(id_):
            return _target_with_id(id_, snapshot)
        case MatchKey() as key:
            holder = snapshot.key_holders.get(key)
            profile = snapshot.profiles.get(holder) if holder else None
            return Target(holder or new_id, holder is not None, Origin.FIELD, may_be_anonymous=False, profile=profile)
        case ByPushToken():
            return _owner_of_first_known(request, snapshot, new_id)


def _target_with_id(id_: ProfileId, snapshot: Snapshot) -> Target:
    profile = snapshot.profiles.get(id_)
    # A subscription proves that its owner exists, even where the owner was read a moment before both were written.
    owned = [stored for stored in snapshot.subscriptions.values() if stored.profile == id_]
    anonymous = profile.anonymous if profile else any(stored.owner_may_be_anonymous for stored in owned)
    return Target(id_, bool(profile or owned), Origin.ID, anonymous, profile)


def _owner_of_first_known(request: DatabaseRequest, snapshot: Snapshot, new_id: ProfileId) -> Target:
    first = next((stored for address in request.addresses if (stored := snapshot.subscription_of(address))), None)
    if first is None:
        return Target(new_id, found=False, origin=Origin.PUSH_TOKEN, may_be_anonymous=True)
    profile = snapshot.profiles.get(first.profile)
    anonymous = profile.anonymous if profile else first.owner_may_be_anonymous
    return Target(first.profile, found=True, origin=Origin.PUSH_TOKEN, may_be_anonymous=anonymous, profile=profile)
