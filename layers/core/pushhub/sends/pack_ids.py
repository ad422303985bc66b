"""Which of several requests with one pack id sends?

A caller gives a request a pack id and repeats it, since the answer was lost or somebody pressed twice: one of them sends. It claims
the id once its recipients are found, and starts just before the first push leaves. By then nothing has left, so a claim is short;
from then on a push may have left, whatever becomes of the process.

============================================  ==========================================================================
what fails                                    what comes of it
============================================  ==========================================================================
the process, before the start                 the id is free within :data:`CLAIM_SECONDS`
the process, after the start                  the id is blocked for :data:`BLOCKED_SECONDS`, perhaps though nothing left
the answer to a claim                         a read says whose the id is; if there is no answer either, nothing is sent and
                                              the id is free within :data:`CLAIM_SECONDS`
the answer to a start                         the claim is released, which one that is started prevents, and a read says that.
                                              If there is no answer either, nothing is sent, and the id may be blocked for
                                              :data:`BLOCKED_SECONDS` all the same
============================================  ==========================================================================
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from pushhub.catalog.model import AppId
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Seconds
from pushhub.sends.digests import joint_digest
from pushhub.sends.sending import RunId, Sending, SendingId

CLAIM_SECONDS: Final = 35
"""Within which the id of a claim that was not started is free again; longer than a function with a request may run."""
BLOCKED_SECONDS: Final = 600
"""How long a started sending has its pack id at least, by the vendor's documentation; at most a second more."""


@dataclass(frozen=True, slots=True)
class PackKey:
    """A pack id as one caller means it for one app: others may use the same one."""

    caller: str
    app: AppId
    pack_id: str

    @property
    def digest(self) -> str:
        """64 hex digits that no other key has."""
        return joint_digest(self.caller, self.app, self.pack_id)


@dataclass(frozen=True, slots=True)
class PackClaim:
    """Whose a pack id is.

    Attributes:
        sending: the sending that has it.
        until: the last second in which no other gets it.
        run: the run that has claimed it; None once the sending is started.
    """

    sending: SendingId
    until: Seconds
    run: RunId | None


class PackIdStore(Protocol):
    """Remembers whose pack ids are. It may still have claims that are over.

    Every method raises `UnavailableError` where the store did not answer in time or refused for load: the write may have happened.
    """

    def claim_of(self, pack: PackKey) -> PackClaim | None:
        """Return whose a pack id is, by a consistent read; None where nobody has claimed it, or that is forgotten."""

    def claim_pack(self, pack: PackKey, claim: PackClaim, now: Seconds) -> bool:
        """Write a claim, and say whether it is written: there is none, or one that was over before `now`, or that of its run."""

    def start(self, pack: PackKey, sending: Sending, now: Seconds, until: Seconds) -> None:
        """Write a sending, and that it is started and has its pack id until then, in one write.

        Until it is recorded, it has neither an entry among those that have not ended nor a lane: no sweep looks at it. Neither its
        identifiers nor its messages are kept.

        Raises:
            LostRaceError: the id is not claimed by this sending, or its claim is over, or it is started; or its own id is taken.
        """

    def release_pack(self, pack: PackKey, sending: SendingId) -> bool:
        """Forget the claim of a sending that is not started, and say whether it had one."""


@dataclass(frozen=True, slots=True)
class PackIds:
    """Claims pack ids. `mint_run` gives an id that no other claim has."""

    store: PackIdStore
    mint_run: Callable[[], RunId]

    def blocked(self, pack: PackKey, now: Seconds) -> bool:
        """Say whether another sending has a pack id; nothing is written.

        Raises:
            UnavailableError: the store did not answer.
        """
        known = self.store.claim_of(pack)
        return known is not None and known.until >= now

    def claim(self, pack: PackKey, sending: SendingId, now: Seconds) -> bool:
        """Claim a pack id for a new sending, and say whether it has it: of any number that do so at one time, one.

        Raises:
            UnavailableError: whether it is claimed is not known. Nothing may be sent; the id is free within `CLAIM_SECONDS`.
        """
        claim = PackClaim(sending, Seconds(now + CLAIM_SECONDS - 1), self.mint_run())
        try:
            return self.store.claim_pack(pack, claim, now)
        except UnavailableError:
            known = self.store.claim_of(pack)
            if known is None or known.until < now:
                raise
            return known.run == claim.run

    def start(self, pack: PackKey, sending: Sending, now: Seconds) -> None:
        """Write that a sending starts to push, which has claimed this pack id; whatever is raised, nothing may be pushed.

        Raises:
            LostRaceError: another sending has the pack id.
            UnavailableError: it could not be written. Unless the store did not answer twice, the pack id is free at once.
        """
        try:
            self.store.start(pack, sending, now, Seconds(now + BLOCKED_SECONDS))
        except (LostRaceError, UnavailableError) as fault:
            self._require_started(pack, sending.id, fault)

    def _require_started(self, pack: PackKey, sending: SendingId, fault: Exception) -> None:
        """Find out whether a start was written after all. Where it was not, its claim is released, so it never will be."""
        known = None if self.store.release_pack(pack, sending) else self.store.claim_of(pack)
        if known is None:
            raise UnavailableError("the start of a sending is not written, and its pack id is free") from fault
        if known.sending != sending or known.run:
            raise LostRaceError("another sending has the pack id") from fault
