"""Items of sendings, of their lanes and deferrals, and of the lists that they stand in, in the Ledger table.

Numbers of recipients are attributes of their own, `n:<code of the provider>:<outcome>`, since DynamoDB adds to attributes alone and
not to an entry of a map that may be missing.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import starmap
from typing import Any, Final

from pushhub.adapters.dynamodb.schema.items import ITEM_FORMAT, Item
from pushhub.adapters.dynamodb.schema.sending_content import content_of, content_text
from pushhub.catalog.model import AppId
from pushhub.catalog.providers import PROVIDER_CODES, PROVIDER_OF_CODE, Provider
from pushhub.events.uid import Launch
from pushhub.moments import Seconds
from pushhub.sends.outcomes import Outcome
from pushhub.sends.sending import (
    INDEX_LANES,
    MAX_HUB_TRIES_SECONDS,
    NAMED_LANE,
    Claim,
    Deferral,
    DeferralKey,
    Example,
    Lane,
    LaneKey,
    LaneName,
    OutcomeCounts,
    Part,
    Place,
    ProviderStop,
    RunId,
    Sending,
    SendingId,
    SendingStatus,
    minted_on,
)
from pushhub.sends.store import DueMoment, NewDeferral

DUE: Final = "DUE"
"""Partition key of the list of moments at which parts are due that are not begun, in their order."""
SENDING: Final = "SENDING"
"""Partition key of the list of sendings that have not ended."""
DAY_SHARDS: Final = 16
"""Partitions of the sendings of one day."""
DEFERRALS: Final = "R#"
"""What the sort key of any deferral begins with, in the partition of its part."""
STOP_BEFORE: Final = "stop"
"""With what the release before began the name of an attribute that says why a provider is stopped: `stop:<code>`."""

_COUNT: Final = "n"
_ID_DIGITS: Final = 16


def day_partitions(day: str) -> Iterator[str]:
    """Give the partition keys of all sendings whose ids were made on a day, `yyyymmdd`."""
    return (f"V#{day}#{shard}" for shard in range(DAY_SHARDS))


def sending_key(sending: SendingId) -> Item:
    """Return the key of a sending."""
    return {"pk": f"V#{minted_on(sending)}#{sending % DAY_SHARDS}", "sk": _id_text(sending)}


def running_sending_key(sending: Sending) -> Item:
    """Return the key of a sending in the list of those that have not ended, which is in the order of their first parts."""
    return {"pk": SENDING, "sk": f"{sending.due:012d}#{_id_text(sending.id)}"}


def running_sending_of(item: Item) -> tuple[Seconds, SendingId]:
    """Return when a sending of that list is due, and which it is."""
    due, sending = item["sk"].split("#")
    return Seconds(int(due)), SendingId(int(sending))


def due_key(moment: DueMoment) -> Item:
    """Return the key of a moment in the list of those that are due."""
    return {"pk": DUE, "sk": f"{moment.due:012d}#{_id_text(moment.sending)}#{moment.first}"}


def due_item(moment: DueMoment, expires: int) -> Item:
    """Return a moment as it is listed.

    The release before listed each part alone, without `whole`. Where it is installed again it reads `app`, and needs nothing of it.
    """
    return due_key(moment) | {"v": ITEM_FORMAT, "app": "", "whole": not moment.alone, "put": moment.put, "expires": expires}


def due_of(item: Item) -> DueMoment:
    """Read a listed moment back."""
    due, sending, number = item["sk"].split("#")
    alone, put = not item.get("whole", False), int(item.get("put", 0))
    return DueMoment(SendingId(int(sending)), Seconds(int(due)), int(number), alone, put)


def lane_key(key: LaneKey) -> Item:
    """Return the key of a lane."""
    return {"pk": part_partition(key.sending, key.part), "sk": key.lane}


def lane_keys(sending: SendingId, part: int) -> list[Item]:
    """Return the keys of all lanes that a part may have."""
    return [lane_key(LaneKey(sending, part, lane)) for lane in (NAMED_LANE, *INDEX_LANES)]


def deferral_key(key: DeferralKey) -> Item:
    """Return the key of a deferral."""
    return {"pk": part_partition(key.lane.sending, key.lane.part), "sk": f"{DEFERRALS}{key.lane.lane}#{key.name}"}


def part_partition(sending: SendingId, part: int) -> str:
    """Return the partition key of the lanes and deferrals of a part."""
    return f"L#{_id_text(sending)}#{part}"


def sending_expires(sending: Sending, retention: int) -> int:
    """Return when a sending is forgotten: so many seconds after the hub may have tried the last of its recipients."""
    return max(part.due for part in sending.parts) + MAX_HUB_TRIES_SECONDS + retention


def sending_item(sending: Sending, expires: int) -> Item:
    """Return a sending as it is stored."""
    optional = {"push": sending.push, "begun": sending.begun, "ended": sending.ended}
    return (
        sending_key(sending.id)
        | {
            "v": ITEM_FORMAT,
            "app": sending.app,
            "caller": sending.caller,
            "dialect": sending.dialect,
            "name": sending.name,
            "tag": sending.tag,
            "launch": sending.launch.text,
            "content": content_text(sending.selection, sending.messages, sending.translations),
            "parts": list(map(_part_entry, sending.parts)),
            "expire": sending.expire,
            "status": str(sending.status),
            "cancelling": sending.cancelling,
            "expires": expires,
        }
        | {name: value for name, value in optional.items() if value is not None}
        | ({"dropped": dropped_attribute(sending.dropped)} if sending.dropped else {})
        | stop_attributes((app, provider, stop) for app, stops in sending.stopped.items() for provider, stop in stops.items())
        | count_attributes(sending.counts)
        | example_attributes(sending.examples)
    )


def sending_of(item: Item) -> Sending:
    """Read a sending back."""
    selection, messages, translations = _content_of(item["content"])
    return Sending(
        id=SendingId(int(item["sk"])),
        app=AppId(item["app"]),
        caller=item["caller"],
        dialect=item["dialect"],
        name=item["name"],
        tag=item["tag"],
        launch=Launch.read(item["launch"]),
        selection=selection,
        messages=messages,
        parts=tuple(starmap(_part_of, enumerate(item["parts"]))),
        expire=int(item["expire"]),
        translations=translations,
        push=_number(item, "push"),
        status=SendingStatus(item["status"]),
        cancelling=item["cancelling"],
        dropped=frozenset(map(int, item.get("dropped", ()))),
        stopped=_stops_of(item),
        begun=_moment(item, "begun"),
        ended=_moment(item, "ended"),
        counts=_counts_of(item),
        examples=tuple(map(_example_of, item.get("examples", ()))),
    )


# Each step of a lane reads its sending again, whose content does not change once it is due.
_content_of: Final = lru_cache(maxsize=4)(content_of)


def count_name(provider: Provider, outcome: Outcome) -> str:
    """Return the name of the attribute that counts recipients of a provider and outcome."""
    return f"{_COUNT}:{PROVIDER_CODES[provider]}:{outcome}"


def count_attributes(counts: OutcomeCounts) -> dict[str, int]:
    """Return the attributes that hold numbers of recipients."""
    return {count_name(provider, outcome): number for provider, outcome, number in counts if number}


def dropped_attribute(parts: Iterable[int]) -> set[str]:
    """Return the numbers of parts whose app is gone as an attribute."""
    return set(map(str, parts))


def stop_attributes(stops: Iterable[tuple[AppId, Provider, ProviderStop]]) -> Item:
    """Return the attributes that say why providers are stopped for apps, in order, and which; none where no provider is."""
    entries = [
        {"app": app, "provider": PROVIDER_CODES[provider], "outcome": str(stop.outcome), "reason": stop.reason}
        for app, provider, stop in stops
    ]
    kinds = {f"{entry['provider']}#{entry['app']}" for entry in entries}
    return {"stops": entries, "stop_kinds": kinds} if entries else {}


def example_attributes(examples: Iterable[Example]) -> Item:
    """Return the attributes that hold examples, in order, and of which kinds they are; none where there is no example."""
    entries = [
        {
            "provider": each.provider,
            "outcome": str(each.outcome),
            "code": each.code,
            "reason": each.reason,
            "token": each.masked_push_token,
        }
        for each in examples
    ]
    kinds = {f"{entry['provider']}#{entry['outcome']}#{entry['code']}" for entry in entries}
    return {"examples": entries, "example_kinds": kinds} if entries else {}


def recipients_attribute(recipients: Mapping[Provider, int]) -> dict[str, int]:
    """Return how many recipients of each provider there are as an attribute."""
    return {PROVIDER_CODES[provider]: number for provider, number in recipients.items()}


def claim_attribute(claim: Claim) -> Item:
    """Return a claim as an attribute."""
    return {"place": claim.place, "recipients": recipients_attribute(claim.recipients)}


def lane_item(lane: Lane, expires: int) -> Item:
    """Return a lane as it is stored."""
    return (
        lane_key(lane.key)
        | {
            "v": ITEM_FORMAT,
            "run": lane.run,
            "until": lane.until,
            "done": lane.done,
            "pending": lane.pending,
            "finished": lane.finished,
            "expires": expires,
        }
        | ({"claim": claim_attribute(lane.claim)} if lane.claim else {})
        | count_attributes(lane.counts)
    )


def lane_of(item: Item) -> Lane:
    """Read a lane back."""
    _, sending, part = item["pk"].split("#")
    claim = item.get("claim")
    return Lane(
        key=LaneKey(SendingId(int(sending)), int(part), LaneName(item["sk"])),
        run=RunId(item["run"]),
        until=Seconds(int(item["until"])),
        done=Place(item["done"]),
        claim=Claim(Place(claim["place"]), _recipients_of(claim["recipients"])) if claim else None,
        counts=_counts_of(item),
        pending=int(item["pending"]),
        finished=item["finished"],
    )


def deferral_item(deferral: NewDeferral, expires: int) -> Item:
    """Return a new deferral as it is stored."""
    recipients = recipients_attribute(deferral.recipients)
    return deferral_key(deferral.key) | {"v": ITEM_FORMAT, "tries": 0, "recipients": recipients, "done": False, "expires": expires}


def deferral_of(item: Item) -> Deferral:
    """Read a deferral back."""
    _, sending, part = item["pk"].split("#")
    _, lane, name = item["sk"].split("#", 2)
    return Deferral(
        key=DeferralKey(LaneKey(SendingId(int(sending)), int(part), LaneName(lane)), Place(name)),
        tries=int(item["tries"]),
        recipients=_recipients_of(item["recipients"]),
        run=RunId(item["run"]) if "run" in item else None,
        claimed_at=_moment(item, "claimed_at"),
        until=_moment(item, "until"),
        done=item["done"],
    )


def _id_text(sending: SendingId) -> str:
    """Return an id as a text that is ordered as the numbers are."""
    return f"{sending:0{_ID_DIGITS}d}"


def _part_entry(part: Part) -> dict[str, str | int]:
    entry: dict[str, str | int] = {"app": part.app, "due": part.due}
    return entry if part.offset is None else entry | {"offset": part.offset}


def _part_of(number: int, entry: Item) -> Part:
    return Part(number, AppId(entry["app"]), Seconds(int(entry["due"])), _number(entry, "offset"))


def _number(item: Item, name: str) -> int | None:
    return int(item[name]) if name in item else None


def _moment(item: Item, name: str) -> Seconds | None:
    return Seconds(int(item[name])) if name in item else None


def _attributes(item: Item, prefix: str) -> Iterator[tuple[list[str], Any]]:
    """Give the attributes whose names begin with a prefix, each with the parts of its name behind it."""
    for name, value in item.items():
        first, *others = name.split(":")
        if first == prefix:
            yield others, value


def _stops_of(item: Item) -> Mapping[AppId, Mapping[Provider, ProviderStop]]:
    """Read why providers are stopped; the release before wrote an attribute for each, of a sending that had one app."""
    before = [(item["app"], code, stop) for (code,), stop in _attributes(item, STOP_BEFORE)]
    stops: dict[AppId, dict[Provider, ProviderStop]] = {}
    for app, code, stop in [*before, *((stop["app"], stop["provider"], stop) for stop in item.get("stops", ()))]:
        of_app = stops.setdefault(AppId(app), {})
        of_app.setdefault(PROVIDER_OF_CODE[code], ProviderStop(Outcome(stop["outcome"]), stop["reason"]))
    return stops


def _counts_of(item: Item) -> OutcomeCounts:
    found: dict[Provider, dict[Outcome, int]] = {}
    for (code, outcome), number in _attributes(item, _COUNT):
        found.setdefault(PROVIDER_OF_CODE[code], {})[Outcome(outcome)] = int(number)
    return OutcomeCounts(found)


def _recipients_of(attribute: Item) -> dict[Provider, int]:
    return {PROVIDER_OF_CODE[code]: int(number) for code, number in attribute.items()}


def _example_of(entry: Item) -> Example:
    return Example(Provider(entry["provider"]), Outcome(entry["outcome"]), entry["code"], entry["reason"], entry["token"])
