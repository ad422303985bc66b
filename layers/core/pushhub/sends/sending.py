"""What is a sending, and how far has it come?

A sending pushes one message to an audience. It has parts, one for each app and due time, and each part has lanes, which advance
independently of each other:

=========================  ========================  ===================================================================
the audience               lanes of a part           a place in a lane is
=========================  ========================  ===================================================================
everybody of a database,   :data:`INDEX_LANES`       16 hex digits of the digest of a profile's id
or those that filters
choose
named recipients           :data:`NAMED_LANE` alone  the position of an identifier in the request
=========================  ========================  ===================================================================

A lane advances in steps of at most :data:`MAX_STEP_RECIPIENTS`. A worker claims a step before the first push of it leaves, and
records what came of it afterwards. Recipients that are to be pushed later wait in a deferral.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, NewType

from pushhub.catalog.model import AppId
from pushhub.catalog.providers import Provider
from pushhub.events.ledger import SentCounts
from pushhub.events.uid import Launch
from pushhub.moments import SECONDS_PER_DAY, Milliseconds, Seconds
from pushhub.sends.filters import Filters
from pushhub.sends.message import Message, Translation
from pushhub.sends.outcomes import Outcome

SendingId = NewType("SendingId", int)
"""Milliseconds since 1970-01-01 UTC, then 12 random bits: below 2 ** 53, so that JSON holds it exactly."""
LaneName = NewType("LaneName", str)
Place = NewType("Place", str)
"""How far a lane has come; places are ordered as texts are."""
RunId = NewType("RunId", str)
"""What tells one run of a worker from every other."""

MAX_STEP_RECIPIENTS: Final = 100
MAX_NAMED: Final = 1_000
"""Identifiers that one sending names."""
MAX_HUB_TRIES_SECONDS: Final = 4 * 60 * 60
"""How long after its due time the hub itself goes on trying, at most."""
INDEX_LANES: Final = tuple(LaneName(digit) for digit in "0123456789abcdef")
NAMED_LANE: Final = LaneName("-")
BEGINNING: Final = Place("")
"""Before the first place of a lane."""
NO_TAG: Final = "-"
"""What a campaign without a tag is called."""
ANY_PROVIDER: Final = ""
"""The key of the message for every provider that has none of its own."""

_ID_BITS: Final = 53
_CHANCE_BITS: Final = 12
_NANOSECONDS_PER_MILLISECOND: Final = 1_000_000
_MILLISECONDS_PER_DAY: Final = 1_000 * SECONDS_PER_DAY


def mint_sending_id(now: Milliseconds, chance: float) -> SendingId:
    """Return a new id; `chance` is a random number from 0 to 1."""
    return SendingId(now << _CHANCE_BITS | min(int(chance * 2**_CHANCE_BITS), 2**_CHANCE_BITS - 1))


def minted_at(sending: SendingId) -> Milliseconds:
    """Return the moment that an id was made."""
    return Milliseconds(sending >> _CHANCE_BITS)


def minted_nanoseconds(sending: SendingId) -> int:
    """Return nanoseconds since 1970-01-01 UTC that no other sending has: the moment that an id was made, and its random bits."""
    return minted_at(sending) * _NANOSECONDS_PER_MILLISECOND + sending % 2**_CHANCE_BITS


def minted_on(sending: SendingId) -> str:
    """Return the UTC day on which an id was made, as `yyyymmdd`."""
    return f"{datetime.fromtimestamp(minted_at(sending) / 1000, UTC):%Y%m%d}"


def launch_of(sending: SendingId, account: int) -> Launch:
    """Return the launch that is a sending's own, for those dialects that group statistics by nothing else."""
    return Launch(account=account, campaign=0, at=minted_nanoseconds(sending))


def campaign_launch(app: AppId, tag: str, now: Milliseconds) -> Launch:
    """Return the launch of all sendings of an app that have one tag on one UTC day; those without a tag have that of `-`.

    A launch keeps its counters for good, so a caller that sends for each of its users has 30 a month, and not a million. It is the
    launch of no sending alone, since its campaign is never 0.
    """
    day = now - now % _MILLISECONDS_PER_DAY
    return Launch(_number_of(app), _number_of(tag or NO_TAG), day * _NANOSECONDS_PER_MILLISECOND)


def _number_of(text: str) -> int:
    """Return a number of 64 bits that stands for a text, never 0."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) or 1


def sending_minted_at(nanoseconds: int) -> SendingId | None:
    """Return the sending that has these :func:`minted_nanoseconds`, as a uid says them; None where there can be none."""
    minted, chance = divmod(nanoseconds, _NANOSECONDS_PER_MILLISECOND)
    if chance >= 2**_CHANCE_BITS or minted >= 2 ** (_ID_BITS - _CHANCE_BITS):
        return None
    return SendingId(minted << _CHANCE_BITS | chance)


def named_place(position: int) -> Place:
    """Return the place of an identifier, by its position in the request, from 0."""
    return Place(f"{position:08}")


class SendingStatus(StrEnum):
    """Where a sending stands; the last four are ends.

    scheduled ─► running ─► complete | cancelled | stopped | expired
    """

    SCHEDULED = "scheduled"
    RUNNING = "running"
    COMPLETE = "complete"
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    """Providers stopped it before anything was accepted."""
    EXPIRED = "expired"
    """Its time was over before anything was sent."""

    @property
    def ended(self) -> bool:
        """Whether nothing is sent any more."""
        return self not in (SendingStatus.SCHEDULED, SendingStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class NamedField:
    """A value of a match field, as the caller wrote it."""

    field: str
    value: str | int


@dataclass(frozen=True, slots=True)
class NamedPushToken:
    """A push token that a caller names itself."""

    provider: Provider
    push_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NamedProfile:
    """The id of a profile."""

    profile: str


Identifier = NamedProfile | NamedField | NamedPushToken
"""By what a caller names recipients."""


@dataclass(frozen=True, slots=True)
class Named:
    """Recipients that the caller names, at most :data:`MAX_NAMED` identifiers."""

    identifiers: tuple[Identifier, ...]


@dataclass(frozen=True, slots=True)
class Everyone:
    """Every profile of the app's database."""


@dataclass(frozen=True, slots=True)
class Filtered:
    """Every profile of the app's database that filters choose."""

    filters: Filters


Selection = Named | Everyone | Filtered
"""Whom a sending is for."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a sending: one app at one due time.

    Attributes:
        number: counts from 0.
        app: through which it is pushed, and in whose database its recipients are.
        due: when it begins.
        offset: seconds ahead of UTC of those devices that it is for, see :mod:`pushhub.sends.local_time`; None for all.
    """

    number: int
    app: AppId
    due: Seconds
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A recipient that was not accepted, as an example for all those of its provider, outcome and code."""

    provider: Provider
    outcome: Outcome
    code: str
    reason: str
    masked_push_token: str


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """How many recipients have come to which outcome, by provider; no number is 0."""

    by_provider: Mapping[Provider, Mapping[Outcome, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, provider: Provider, outcome: Outcome, number: int = 1) -> "OutcomeCounts":
        """Return a count of one provider and outcome."""
        return cls({provider: {outcome: number}} if number else {})

    def __add__(self, other: "OutcomeCounts") -> "OutcomeCounts":
        """Return the sums."""
        sums = {provider: dict(outcomes) for provider, outcomes in self.by_provider.items()}
        for provider, outcome, number in other:
            of_provider = sums.setdefault(provider, {})
            of_provider[outcome] = of_provider.get(outcome, 0) + number
        return OutcomeCounts(sums)

    def __iter__(self) -> Iterator[tuple[Provider, Outcome, int]]:
        """Yield each number with its provider and outcome."""
        return (
            (provider, outcome, number) for provider, outcomes in self.by_provider.items() for outcome, number in outcomes.items()
        )

    def number(self, outcome: Outcome, provider: Provider | None = None) -> int:
        """Return how many came to an outcome, of one provider or of all."""
        return sum(each for of, came_of, each in self if came_of == outcome and provider in (None, of))

    @property
    def total(self) -> int:
        """How many recipients there are in all."""
        return sum(number for _, _, number in self)


_ACCEPTED: Final = {Outcome.ACCEPTED, Outcome.LATER}
"""The provider has taken the push."""


def sent_counts(counts: OutcomeCounts) -> Mapping[Provider, SentCounts]:
    """Return what the counters of a launch are added to once a sending has ended, by provider."""
    return {
        provider: SentCounts(
            accepted=sum(number for outcome, number in outcomes.items() if outcome in _ACCEPTED),
            erroneous=sum(number for outcome, number in outcomes.items() if outcome not in {*_ACCEPTED, Outcome.UNKNOWN}),
            unknown=outcomes.get(Outcome.UNKNOWN, 0),
        )
        for provider, outcomes in counts.by_provider.items()
    }


@dataclass(frozen=True, slots=True)
class Sending:
    """A sending, with what is constant of it and how far it has come as a whole.

    Attributes:
        id: see :data:`SendingId`.
        app: whose sending it is: the app of its first part.
        caller: the name of the API caller, or `console`.
        dialect: in which language it was asked for, or `console`.
        name: what a person calls it, perhaps nothing.
        tag: the campaign that statistics group it by, perhaps nothing.
        launch: what its events are counted for.
        selection: whom it is for.
        messages: what is pushed, by provider; :data:`ANY_PROVIDER` is the message of every other. One without a message waits for
            a push to be bound to it, and expires where none is when it is due.
        parts: at least one.
        translations: what the messages say in other languages than the one they are written in, by two-letter code in lower case.
        push: id of the stored push that is bound to it.
        expire: seconds after its due time for which the hub itself tries, at most :data:`MAX_HUB_TRIES_SECONDS`.
        status: see :class:`SendingStatus`.
        cancelling: a caller has cancelled it while it ran; its lanes end at their next step.
        dropped: numbers of parts whose app was archived, or was not in the catalog any more, when they were to be pushed.
        stopped: providers that get nothing of it any more, by the app through which they were to get it, each with the outcome of
            those that are still to come, and why. An app without one is not there.
        begun: when its first lane began.
        ended: when its last recipient was accounted for.
        counts: what came of its recipients, once it has ended.
        examples: of recipients that were not accepted, at most :data:`MAX_EXAMPLES`.
    """

    id: SendingId
    app: AppId
    caller: str
    dialect: str
    name: str
    tag: str
    launch: Launch
    selection: Selection
    messages: Mapping[str, Message]
    parts: tuple[Part, ...]
    expire: int = MAX_HUB_TRIES_SECONDS
    translations: Mapping[str, Translation] = field(default_factory=dict)
    push: int | None = None
    status: SendingStatus = SendingStatus.SCHEDULED
    cancelling: bool = False
    dropped: frozenset[int] = frozenset()
    stopped: Mapping[AppId, Mapping[Provider, "ProviderStop"]] = field(default_factory=dict)
    begun: Seconds | None = None
    ended: Seconds | None = None
    counts: OutcomeCounts = field(default_factory=OutcomeCounts)
    examples: tuple[Example, ...] = ()

    def __post_init__(self) -> None:
        """Refuse recipients that are named for a part at a local hour, each of which would push to all; and ext ids."""
        named = isinstance(self.selection, Named) and self.selection.identifiers
        if named and any(part.offset is not None for part in self.parts):
            raise ValueError("named recipients get a push at one moment, and not at a local hour")
        if isinstance(self.selection, Filtered) and self.selection.filters.ext_ids is not None:
            raise ValueError("ext ids choose for queries alone; a sending does not keep them")

    @property
    def lanes(self) -> tuple[LaneName, ...]:
        """The lanes that each of its parts has."""
        return (NAMED_LANE,) if isinstance(self.selection, Named) else INDEX_LANES

    @property
    def due(self) -> Seconds:
        """When its first part begins."""
        return min(part.due for part in self.parts)

    def not_after(self, part: Part) -> Seconds:
        """Return the moment after which the hub tries no recipient of a part any more."""
        return Seconds(part.due + self.expire)

    def not_after_for(self, part: Part, provider: Provider) -> Seconds:
        """Return the moment after which the hub tries no recipient of a provider any more: a message may end before the sending."""
        message = self.message_for(provider)
        return Seconds(part.due + min(self.expire, message.expire)) if message else self.not_after(part)

    def stopped_of(self, app: AppId) -> Mapping[Provider, "ProviderStop"]:
        """Return the providers that get nothing of it through an app any more: another app has its own credentials and messages."""
        return self.stopped.get(app, {})

    def drops(self, part: Part) -> bool:
        """Say whether nothing more of a part is pushed: the sending was cancelled, or the part's app is gone."""
        return self.cancelling or part.number in self.dropped

    def message_for(self, provider: Provider, language: str = "", *, drawn_by_app: bool = False) -> Message | None:
        """Return what is pushed through a provider; None where there is nothing for it.

        Args:
            provider: through which.
            language: of the device, as :func:`pushhub.sends.filters.language_of` gives it; where the sending is not translated into
                it, the messages say what they say themselves.
            drawn_by_app: the device's app draws what it shows, from those parts of the message that it reads as data.
        """
        message = self.messages.get(provider) or self.messages.get(ANY_PROVIDER)
        if message and (translation := self.translations.get(language)):
            message = message.translated(translation)
        return replace(message, hidden=True) if message and drawn_by_app and message.app_keys else message


MAX_EXAMPLES: Final = 20


@dataclass(frozen=True, slots=True)
class ProviderStop:
    """Why a provider gets nothing of a sending through an app any more: `outcome` is `message_bad` or `credentials_bad`."""

    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class LaneKey:
    """Which lane of which part of which sending."""

    sending: SendingId
    part: int
    lane: LaneName


@dataclass(frozen=True, slots=True)
class Claim:
    """A step that a run is about to push: how far it goes, and how many recipients of each provider it has."""

    place: Place
    recipients: Mapping[Provider, int]


@dataclass(frozen=True, slots=True)
class Lane:
    """How far a lane has come.

    Attributes:
        key: which lane.
        run: the run that has the lease, or had it last.
        until: the last moment of the lease, after which another run may take it. A run that gives it up sets a moment in the past,
            or that until which the lane pauses.
        done: the last place whose recipients are accounted for.
        claim: a step that was claimed and is not recorded yet.
        counts: what came of its recipients, those of its deferrals included.
        pending: recipients that wait in deferrals.
        finished: no step is left; deferrals may be.
    """

    key: LaneKey
    run: RunId
    until: Seconds
    done: Place = BEGINNING
    claim: Claim | None = None
    counts: OutcomeCounts = field(default_factory=OutcomeCounts)
    pending: int = 0
    finished: bool = False


@dataclass(frozen=True, slots=True)
class DeferralKey:
    """Which deferral: that of a step, by the step's place, or one of those that a direct sending has left over, by its number."""

    lane: LaneKey
    name: Place


@dataclass(frozen=True, slots=True)
class Deferral:
    """Recipients that are to be pushed later; their references stand in a message of the Deliveries queue alone.

    A try belongs to the run that has claimed it: by then its pushes may have left.

    Attributes:
        key: which deferral.
        tries: how many tries are recorded; a message is the newest if it says the same.
        recipients: how many of each provider are left.
        run: the run that has claimed the next try; None where nobody has.
        claimed_at: when it claimed the try: recipients that were due by then may have been pushed.
        until: the end of the claim, by when the run is certainly dead.
        done: nobody is left.
    """

    key: DeferralKey
    tries: int
    recipients: Mapping[Provider, int]
    run: RunId | None = None
    claimed_at: Seconds | None = None
    until: Seconds | None = None
    done: bool = False
