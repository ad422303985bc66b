"""How is one step of a sending pushed?

1. What all pushes have in common that say the same through one account is rendered once for a sending, and kept for its next steps.
2. The requests of all recipients, whatever their providers, leave at one time.
3. Where a provider wants newer proof of the same credentials, those recipients are pushed to once more.
4. A provider that accepted the message for one recipient has shown that the message is good.
5. Subscriptions whose push tokens are dead are retired, some at one time.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Final, NamedTuple, Protocol, assert_never

from pushhub.audience.model import ProfileId, Subscription, SubscriptionRef
from pushhub.audience.retiring import Retire, Retiring
from pushhub.catalog.model import App
from pushhub.catalog.providers import Provider
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Milliseconds, Seconds, seconds_now
from pushhub.sends.accounts import Account, Accounts
from pushhub.sends.bearers import BearerAccount, Bearers
from pushhub.sends.message import Message, MessageError, PushRecipient
from pushhub.sends.outcomes import Outcome, RecipientOutcome, with_message_proven
from pushhub.sends.platforms import BLOCK_OF, PLATFORM_OF, Platform, enabled_providers
from pushhub.sends.port import NO_LANGUAGES, PushRequest, SendResult, Transport
from pushhub.sends.providers.apns import ApnsAccount, ApnsPushes
from pushhub.sends.providers.fcm import FcmPushes
from pushhub.sends.providers.fcm_bearer import FcmAccount
from pushhub.sends.providers.web_push import VapidAccount, WebPushes
from pushhub.sends.providers.wns import WnsPushes
from pushhub.sends.providers.wns_bearer import WnsAccount
from pushhub.sends.replies import unsent
from pushhub.sends.sending import Sending, SendingId
from pushhub.sends.tracking import Tracking, TrackingError

MAX_KEPT: Final = 1_024
"""Messages that are kept rendered, each for one sending, account and language: some 3 kB each, at most 20."""
BEARER_SHARE: Final = 1 / 3
"""How much of a step's time a request for a bearer may take: the recipients of other providers wait meanwhile."""
RETIRING_SHARE: Final = 1 / 5
"""How much of a step's time no push may take: it is kept for what is to be written of dead push tokens."""
RETIRED_AT_ONCE: Final = 8
"""Profiles whose dead push tokens are written at one time; the client has 10 connections."""

_NO_BLOCK: Final = unsent(Outcome.WRONG_TARGET, "the app has no block for this provider")
_NOT_TRACKED: Final = unsent(Outcome.RETRY, "its links cannot be made now")
_NO_MESSAGE: Final = unsent(Outcome.WRONG_TARGET, "the sending has no message for this provider")


class _Pushes(Protocol):
    """See :mod:`pushhub.sends.providers`."""

    def request(self, recipient: PushRecipient, now: Seconds) -> PushRequest | RecipientOutcome: ...

    def outcome(self, result: SendResult, now: Seconds) -> RecipientOutcome: ...


class _Form(NamedTuple):
    """What decides which message of a sending a recipient gets; see :meth:`pushhub.sends.sending.Sending.message_for`."""

    provider: Provider
    language: str
    drawn_by_app: bool


@dataclass(frozen=True, slots=True)
class _Kind:
    """What has one rendered message: a form of a sending's message, through an account."""

    sending: SendingId
    form: _Form
    account: Account
    tracking: bool


@dataclass(slots=True)
class ProviderPusher:
    """Pushes steps through the transport. Not to be used by two threads. See :class:`pushhub.sends.port.Pusher`.

    Attributes:
        transport: sends requests.
        accounts: how apps are known to providers.
        tracking: makes what pushes carry of the hub.
        retiring: retires subscriptions; it has the same `clock`.
        on_fault: is told what could not be written of a dead push token, and why pushes cannot be tracked.
        now: the time of day.
        clock: counts seconds.
    """

    transport: Transport
    accounts: Accounts
    tracking: Tracking
    retiring: Retiring
    on_fault: Callable[[str], None]
    now: Callable[[], Seconds] = seconds_now
    clock: Callable[[], float] = time.monotonic
    _bearers: Bearers = field(init=False, repr=False)
    _kept: dict[_Kind, _Pushes | RecipientOutcome] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Fetch bearers through the same transport."""
        self._bearers = Bearers(self.transport, self.now, self.clock)

    def push(
        self,
        sending: Sending,
        app: App,
        recipients: Sequence[Subscription],
        seconds: float,
        languages: Mapping[SubscriptionRef, str] = NO_LANGUAGES,
    ) -> Sequence[RecipientOutcome]:
        """See :meth:`pushhub.sends.port.Pusher.push`."""
        deadline = self.clock() + seconds
        try:
            recipient = self.tracking.of(sending, app)
        except TrackingError as error:
            self.on_fault(f"sending {sending.id}: {error}")
            return [_NOT_TRACKED] * len(recipients)
        pushed_by = deadline - seconds * RETIRING_SHARE
        step = _Step(self.transport, self._bearers, self.now, lambda: pushed_by - self.clock(), [*map(recipient, recipients)])
        of_forms: defaultdict[_Form, list[int]] = defaultdict(list)
        for position, subscription in enumerate(recipients):
            of_forms[_form(sending, subscription, languages.get(subscription.ref, ""))].append(position)
        for form, positions in of_forms.items():
            step.add(self._target(sending, app, form), positions)
        moment = self.now()
        step.send()
        outcomes = step.outcomes(of_forms.values())
        self._retire(sending, app, zip(recipients, outcomes, strict=True), moment, deadline)
        return outcomes

    def _target(self, sending: Sending, app: App, form: _Form) -> "_Target | RecipientOutcome":
        """Return what pushes a form of the message, or what comes of its recipients for want of it."""
        if form.provider not in enabled_providers(app):
            return _NO_BLOCK
        if sending.message_for(form.provider) is None:
            return _NO_MESSAGE
        account = self.accounts.account(app, BLOCK_OF[form.provider])
        if isinstance(account, RecipientOutcome):
            return account
        kind = _Kind(sending.id, form, account, app.tracking)
        pushes = self._kept.pop(kind, None) or self._rendered(kind, sending)
        # Those used last stand last, so what is dropped is what was not used for longest.
        self._kept[kind] = pushes
        if len(self._kept) > MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        return pushes if isinstance(pushes, RecipientOutcome) else _Target(account, pushes)

    def _rendered(self, kind: _Kind, sending: Sending) -> _Pushes | RecipientOutcome:
        """Render what all recipients have in common."""
        provider, language, drawn_by_app = kind.form
        try:
            message = sending.message_for(provider, language, drawn_by_app=drawn_by_app)
            if message is None:
                return _NO_MESSAGE
            return self._pushes(kind, message if kind.tracking else replace(message, hub_keys={}))
        except MessageError as error:
            return unsent(Outcome.MESSAGE_BAD, str(error))

    def _pushes(self, kind: _Kind, message: Message) -> _Pushes:
        sending = str(kind.sending)
        match kind.account:
            case FcmAccount() as account:
                return FcmPushes(account, message, sending, kind.form.provider, partial(self._bearers.text, account))
            case ApnsAccount() as account:
                return ApnsPushes(account, message, sending)
            case VapidAccount() as account:
                return WebPushes(account, message, sending)
            case WnsAccount() as account:
                return WnsPushes(account, message, sending, partial(self._bearers.text, account))
            case _:
                assert_never(kind.account)

    def _retire(
        self,
        sending: Sending,
        app: App,
        results: Iterable[tuple[Subscription, RecipientOutcome]],
        moment: Seconds,
        deadline: float,
    ) -> None:
        """Retire those whose push tokens are dead; `moment` is when they were pushed to. What is left, the next sending meets."""
        of_profiles: defaultdict[ProfileId, list[Retire]] = defaultdict(list)
        for subscription, came in results:
            if came.outcome == Outcome.GONE:
                # The subscription was read before the push, though perhaps in the same second.
                pushed_at = Milliseconds(max(1000 * moment, 1000 * subscription.seen + 1))
                gone_since = pushed_at if came.gone_since is None else came.gone_since
                reason = f"{came.code}: {came.reason}" if came.code else came.reason
                of_profiles[subscription.profile].append(Retire(app.database, subscription, reason, sending.id, gone_since))
        if not of_profiles:
            return
        with ThreadPoolExecutor(min(RETIRED_AT_ONCE, len(of_profiles)), "retiring") as pool:
            faults = Counter(chain.from_iterable(pool.map(lambda each: [*self._faults(each, deadline)], of_profiles.values())))
        for (provider, fault), number in faults.items():
            self.on_fault(f"sending {sending.id}: {number} dead push tokens of {provider} are not retired: {fault}")

    def _faults(self, of_profile: Iterable[Retire], deadline: float) -> Iterator[tuple[Provider, str]]:
        """Retire those of one profile, one after the other since each changes it, and give those that are not, with the reason."""
        for command in of_profile:
            try:
                self.retiring(command, deadline)
            except (LostRaceError, UnavailableError) as fault:
                yield command.subscription.address.provider, str(fault)


def _form(sending: Sending, subscription: Subscription, language: str) -> _Form:
    """Return the form of a sending's message that a recipient gets.

    On iOS no app draws pushes by itself: an extension of it changes what an alert shows, and data alone would wake neither in time.
    """
    provider = subscription.address.provider
    drawn_by_app = subscription.drawn_by_app and PLATFORM_OF.get(provider) is Platform.ANDROID
    return _Form(provider, language if language in sending.translations else "", drawn_by_app)


@dataclass(frozen=True, slots=True)
class _Target:
    """What pushes one message through one account."""

    account: Account
    pushes: _Pushes


class _Step:
    """One step on its way to its providers."""

    def __init__(
        self,
        transport: Transport,
        bearers: Bearers,
        now: Callable[[], Seconds],
        left: Callable[[], float],
        recipients: Sequence[PushRecipient],
    ) -> None:
        """Take the recipients; `left` says how many seconds its pushes still have."""
        self._transport = transport
        self._bearers = bearers
        self._now = now
        self._left = left
        self._recipients = recipients
        self._targets: dict[int, _Target] = {}
        self._came: dict[int, RecipientOutcome] = {}

    def add(self, target: _Target | RecipientOutcome, positions: Iterable[int]) -> None:
        """Say what pushes to these recipients, or what came of them already."""
        for position in positions:
            if isinstance(target, RecipientOutcome):
                self._came[position] = target
            else:
                self._targets[position] = target

    def send(self) -> None:
        """Push to each, and once more to those whose provider wants newer proof of the same credentials."""
        self._send(self._targets)
        renewable = {position: self._targets[position] for position, came in self._came.items() if came.renewable}
        if renewable:
            for account in {target.account for target in renewable.values()}:
                if isinstance(account, BearerAccount):
                    self._bearers.forget(account)
            self._send(renewable)

    def outcomes(self, same: Iterable[Sequence[int]]) -> Sequence[RecipientOutcome]:
        """Return what came of each; `same` has the positions of those that got the same message."""
        for positions in same:
            self._came |= zip(positions, with_message_proven([self._came[position] for position in positions]), strict=True)
        return [self._came[position] for position in range(len(self._recipients))]

    def _send(self, targets: Mapping[int, _Target]) -> None:
        refusals = self._refusals({target.account for target in targets.values()})
        now = self._now()
        requests: dict[int, PushRequest] = {}
        for position, target in targets.items():
            rendered = refusals.get(target.account) or target.pushes.request(self._recipients[position], now)
            if isinstance(rendered, PushRequest):
                requests[position] = rendered
            else:
                self._came[position] = rendered
        if not requests:
            return
        results = self._transport.send_many([*requests.values()], self._left())
        now = self._now()
        for position, result in zip(requests, results, strict=True):
            self._came[position] = targets[position].pushes.outcome(result, now)

    def _refusals(self, accounts: Iterable[Account]) -> Mapping[Account, RecipientOutcome]:
        """Get a bearer for each account that needs one, and return what comes of the recipients of those that got none."""
        bearers = {
            account: self._bearers.bearer(account, self._left() * BEARER_SHARE)
            for account in accounts
            if isinstance(account, BearerAccount)
        }
        return {account: bearer for account, bearer in bearers.items() if isinstance(bearer, RecipientOutcome)}
