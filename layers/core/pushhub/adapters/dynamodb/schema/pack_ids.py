"""Items of pack ids in the Ledger table."""

from pushhub.adapters.dynamodb.schema.items import ITEM_FORMAT, Item
from pushhub.moments import SECONDS_PER_DAY, Seconds
from pushhub.sends.pack_ids import PackClaim, PackKey
from pushhub.sends.sending import RunId, SendingId


def pack_key(pack: PackKey) -> Item:
    """Return the key of a pack id."""
    return {"pk": f"O#{pack.digest}", "sk": "O"}


def claim_attributes(claim: PackClaim) -> Item:
    """Return the attributes of a claim, but for its run."""
    return {"v": ITEM_FORMAT, "sending": claim.sending, "until": claim.until, "expires": pack_expires(claim.until)}


def pack_item(pack: PackKey, claim: PackClaim) -> Item:
    """Return a claimed pack id as it is stored; a started one has no run."""
    return pack_key(pack) | claim_attributes(claim) | ({"run": claim.run} if claim.run else {})


def claim_of(item: Item) -> PackClaim:
    """Read a claim back."""
    run = item.get("run")
    return PackClaim(SendingId(int(item["sending"])), Seconds(int(item["until"])), RunId(run) if run else None)


def pack_expires(until: Seconds) -> int:
    """Return from when a claim may be deleted: long after it is over, by everybody's clock."""
    return until + SECONDS_PER_DAY
