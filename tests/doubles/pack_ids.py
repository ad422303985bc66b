"""Pack ids in memory."""

from dataclasses import dataclass, field
from itertools import count

from pushhub.faults import LostRaceError
from pushhub.moments import Seconds
from pushhub.sends.pack_ids import PackClaim, PackIds, PackKey
from pushhub.sends.sending import RunId, Sending, SendingId
from tests.doubles.sendings import MemorySendings


@dataclass
class MemoryPackIds:
    """A `PackIdStore` for tests. Its calls are counted and interrupted with those of the sendings that it starts."""

    sendings: MemorySendings = field(default_factory=MemorySendings)
    claims: dict[PackKey, PackClaim] = field(default_factory=dict)

    def claim_of(self, pack: PackKey) -> PackClaim | None:
        with self.sendings.call("claim_of"):
            return self.claims.get(pack)

    def claim_pack(self, pack: PackKey, claim: PackClaim, now: Seconds) -> bool:
        with self.sendings.call("claim_pack"):
            known = self.claims.get(pack)
            if known and known.until >= now and known.run != claim.run:
                return False
            self.claims[pack] = claim
            return True

    def start(self, pack: PackKey, sending: Sending, now: Seconds, until: Seconds) -> None:
        with self.sendings.call("start"):
            known = self.claims.get(pack)
            if known is None or known.sending != sending.id or known.run is None or known.until < now:
                raise LostRaceError
            self.sendings.start(sending)
            self.claims[pack] = PackClaim(sending.id, until, None)

    def release_pack(self, pack: PackKey, sending: SendingId) -> bool:
        with self.sendings.call("release_pack"):
            known = self.claims.get(pack)
            if known is None or known.sending != sending or known.run is None:
                return False
            del self.claims[pack]
            return True


def pack_ids_of(sendings: MemorySendings) -> PackIds:
    """Return pack ids in memory that start sendings of this store."""
    runs = count(1)
    return PackIds(MemoryPackIds(sendings), lambda: RunId(f"run-{next(runs)}"))
