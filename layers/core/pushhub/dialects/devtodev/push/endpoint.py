"""How is `POST /api/v1/push/send` answered?

The checks stand in the order of the vendor's table; which of them comes first where several fail is decided in `decisions.md`.
Nothing is written before all of them are done, but for the claim of a pack id.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NoReturn

from pushhub.audience.model import Subscription
from pushhub.audience.port import AudienceReach, ReachPage
from pushhub.catalog.model import ApiCaller, App, AppId, Right
from pushhub.catalog.providers import Provider
from pushhub.dialects.devtodev.push.errors import PushRefusal, PushRefusedError, push_error
from pushhub.dialects.devtodev.push.messages import block_of, identifiers_of, messages_of, requested_providers
from pushhub.dialects.devtodev.push.parse import PushOrder, app_id_of, parse_push, require_fields
from pushhub.dialects.devtodev.push.render import ErrorDetail, error_detail, render_push_refusal, render_push_result
from pushhub.dialects.devtodev.push.request import api_token_of, read_push_body
from pushhub.dialects.http import Answer, Caller, Fault, HttpReply, HttpRequest
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Clock
from pushhub.sends.direct import DirectResult, SendDirectly
from pushhub.sends.finding import Finding
from pushhub.sends.handling import StoppedProvider, now_of, pushes_counted
from pushhub.sends.message import Message, MessageError, MessageTooLargeError
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.pack_ids import CLAIM_SECONDS, PackIds, PackKey
from pushhub.sends.population import Population, population_of
from pushhub.sends.sending import (
    BEGINNING,
    INDEX_LANES,
    MAX_HUB_TRIES_SECONDS,
    Identifier,
    Named,
    Part,
    Sending,
    campaign_launch,
    mint_sending_id,
)
from pushhub.sends.served_apps import Apps

if TYPE_CHECKING:
    from pushhub.dialects.devtodev.push.wire import PlatformBlock

DIALECT: Final = "devtodev"
SECONDS_TO_LOOK_UP: Final = 10
"""Nothing is pushed where the look-ups took longer than this: the pushes, and what is written of them, need the rest."""
LOOKED_AT_PROFILES: Final = 100
"""Profiles of each partition of the index that are looked at for a device, where nobody was found."""

_NOT_QUOTED: Final = "…"
_SUCCESSFUL: Final = {Outcome.ACCEPTED, Outcome.LATER, Outcome.RETRY}
"""Outcomes of what is sent: `retry` is what the queue has taken."""


class MayBeClaimedError(UnavailableError):
    """The store did not answer, and the pack id of the request may be claimed until the claim is over."""


@dataclass(frozen=True, slots=True)
class PushSend:
    """The endpoint: who asks, what of which app, to whom; then the pushes, and what came of them.

    Attributes:
        apps: finds apps.
        find: finds whom identifiers mean.
        reach: the audience, which is looked into where nobody was found.
        pack_ids: claims pack ids.
        send: pushes, and writes what came of it.
        require_fit: raises where a message is too large for a provider. See :func:`pushhub.sends.fitting.require_fit`.
        clock: time and chance.
        on_stop: is told of a provider that refuses an app's credentials, or the message.
    """

    apps: Apps
    find: Finding
    reach: AudienceReach
    pack_ids: PackIds
    send: SendDirectly
    require_fit: Callable[[Provider, Message], None]
    clock: Clock
    on_stop: Callable[[StoppedProvider], None]

    def __call__(self, request: HttpRequest) -> Answer:
        """Answer one request; a store that fails before the first push is answered with 503, to be repeated."""
        begun = self.clock.elapsed()
        caller: ApiCaller | None = None
        try:
            fields = read_push_body(request)
            caller = self._caller(api_token_of(request, fields))
            return self._answer(caller, fields, begun)
        except PushRefusedError as refused:
            return Answer(render_push_refusal(refused), _shown(caller), refused.refusal)
        except (LostRaceError, UnavailableError) as error:
            return Answer(_try_again(error), _shown(caller), PushRefusal.UNAVAILABLE, Fault.of(error, "push_send was not served"))

    def _answer(self, caller: ApiCaller, fields: Mapping[str, Any], begun: float) -> Answer:
        _require_rights(caller)
        require_fields(fields)
        app = self._app(caller, app_id_of(fields))
        order = parse_push(fields, app)
        messages = messages_of(order, app)
        if not app.enabled or not messages:
            raise _refused(PushRefusal.PUSHES_DISABLED)
        requested = requested_providers(order.blocks.keys(), app)
        named = [identifier for element in order.audience for identifier in identifiers_of(element, requested)]
        found = self.find(app, named, requested)
        if not any(found):
            self._refuse_since_nobody_is_found(caller, app, order, messages, begun)
        self._require_fit(order, messages)
        self._require_time(begun)
        sending = self._sending(caller, app, order, messages)
        result = self._push(sending, app, found, begun, _pack_of(caller, app, order))
        return self._answer_of(result, order, named, found, caller)

    def _caller(self, api_token: str) -> ApiCaller:
        caller = self.apps.catalog.api_caller_of(api_token)
        if caller is None:
            raise _refused(PushRefusal.API_TOKEN_UNKNOWN, user_token=api_token)
        return caller

    def _app(self, caller: ApiCaller, id_: AppId) -> App:
        app = self.apps.current(id_)
        if app is None:
            raise _refused(PushRefusal.APP_UNKNOWN, app_id=id_)
        if caller.name not in app.callers:
            raise _refused(PushRefusal.APP_FOREIGN, app_id=id_)
        return app

    def _require_fit(self, order: PushOrder, messages: Mapping[Provider, Message]) -> None:
        """Refuse a message that is too large for a provider, or that no provider of its block takes.

        What one of them alone refuses is erroneous for its recipients: a key that Firebase keeps for itself is sent through APNs.
        """
        misfits: defaultdict[PlatformBlock, list[MessageError | None]] = defaultdict(list)
        for provider, message in sorted(messages.items()):
            misfits[block_of(provider, order.blocks.keys())].append(self._misfit(provider, message))
        for block, of_providers in misfits.items():
            if all(of_providers):
                raise _refused(PushRefusal.BAD_VALUE, field=block, value=_NOT_QUOTED, expected=str(of_providers[0]))

    def _misfit(self, provider: Provider, message: Message) -> MessageError | None:
        try:
            self.require_fit(provider, message)
        except MessageTooLargeError as error:
            raise _refused(PushRefusal.PAYLOAD_TOO_LARGE) from error
        except MessageError as error:
            return error
        return None

    def _require_time(self, begun: float) -> None:
        if self.clock.elapsed() - begun > SECONDS_TO_LOOK_UP:
            raise UnavailableError("the look-ups took too long to push within the request")

    def _refuse_since_nobody_is_found(
        self, caller: ApiCaller, app: App, order: PushOrder, messages: Mapping[Provider, Message], begun: float
    ) -> NoReturn:
        """Refuse with the first row of the table that holds; the pack id is looked at, and not claimed."""
        match population_of(self._first_pages(app, begun)):
            case Population.NO_PROFILES:
                raise _refused(PushRefusal.NOT_INTEGRATED)
            case Population.NO_DEVICES:
                raise _refused(PushRefusal.NO_SUBSCRIPTIONS)
            case Population.DEVICES:
                self._require_fit(order, messages)
        pack = _pack_of(caller, app, order)
        if pack and self.pack_ids.blocked(pack, now_of(self.clock)):
            raise _refused(PushRefusal.PACK_BLOCKED, pack_id=pack.pack_id)
        raise _refused(PushRefusal.NOBODY_FOUND)

    def _first_pages(self, app: App, begun: float) -> Iterator[ReachPage]:
        for lane in INDEX_LANES:
            self._require_time(begun)
            yield self.reach.page(app.database, lane, BEGINNING, LOOKED_AT_PROFILES)

    def _sending(self, caller: ApiCaller, app: App, order: PushOrder, messages: Mapping[Provider, Message]) -> Sending:
        """Return the sending, without its identifiers, which nobody looks for again."""
        now = self.clock.now()
        return Sending(
            id=mint_sending_id(now, self.clock.chance()),
            app=app.id,
            caller=caller.name,
            dialect=DIALECT,
            name="",
            tag=order.campaign_tag,
            launch=campaign_launch(app.id, order.campaign_tag, now),
            selection=Named(()),
            messages=dict[str, Message](messages.items()),
            parts=(Part(0, app.id, now_of(self.clock)),),
            expire=min(max(message.expire for message in order.blocks.values()), MAX_HUB_TRIES_SECONDS),
        )

    def _push(
        self, sending: Sending, app: App, found: Sequence[Sequence[Subscription]], begun: float, pack: PackKey | None
    ) -> DirectResult:
        """Claim the pack id, and push.

        Raises:
            MayBeClaimedError: the store did not answer, and nothing was pushed.
        """
        if pack is None:
            return self.send(sending, app, found, begun)
        try:
            if self.pack_ids.claim(pack, sending.id, now_of(self.clock)):
                return self.send(sending, app, found, begun, pack)
        except LostRaceError:
            if not self.pack_ids.blocked(pack, now_of(self.clock)):
                raise
        except UnavailableError as error:
            raise MayBeClaimedError(str(error)) from error
        raise _refused(PushRefusal.PACK_BLOCKED, pack_id=pack.pack_id)

    def _answer_of(
        self,
        result: DirectResult,
        order: PushOrder,
        named: Sequence[Identifier],
        found: Sequence[Sequence[Subscription]],
        caller: ApiCaller,
    ) -> Answer:
        sending = result.sending
        stopped = [
            StoppedProvider(sending.id, app, provider, stop)
            for app, stops in sending.stopped.items()
            for provider, stop in stops.items()
        ]
        for each in stopped:
            self.on_stop(each)
        came = [outcome for of_identifier in result.outcomes for outcome in of_identifier]
        successful = sum(each.outcome in _SUCCESSFUL for each in came)
        details = _details(order, named, found, result.outcomes)
        counts = pushes_counted(sending.counts) | {
            "PushesRetried": sum(each.outcome is Outcome.RETRY for each in came),
            "CredentialsRefused": sum(each.stop.outcome is Outcome.CREDENTIALS_BAD for each in stopped),
            "SendingsEnded": int(sending.status.ended),
            "OptionsIgnored": order.ignored_options,
        }
        return Answer(render_push_result(successful, len(came) - successful, details), _shown(caller), counts=counts)


def _refused(refusal: PushRefusal, **details: str) -> PushRefusedError:
    return PushRefusedError(push_error(refusal, **details))


def _shown(caller: ApiCaller | None) -> Caller | None:
    return Caller("caller", caller.name) if caller else None


def _try_again(error: Exception) -> HttpReply:
    """Return the 503; where the pack id may be claimed, the request has to wait until the claim is over."""
    reply = render_push_refusal(_refused(PushRefusal.UNAVAILABLE))
    if isinstance(error, MayBeClaimedError):
        return replace(reply, headers={**reply.headers, "retry-after": str(CLAIM_SECONDS)})
    return reply


def _require_rights(caller: ApiCaller) -> None:
    if caller.suspended:
        raise _refused(PushRefusal.SUSPENDED)
    if not caller.may(Right.SEND):
        raise _refused(PushRefusal.NO_RIGHT)


def _pack_of(caller: ApiCaller, app: App, order: PushOrder) -> PackKey | None:
    return None if order.pack_id is None else PackKey(caller.name, app.id, order.pack_id)


def _details(
    order: PushOrder,
    named: Sequence[Identifier],
    found: Sequence[Sequence[Subscription]],
    outcomes: Sequence[Sequence[RecipientOutcome]],
) -> Iterator[ErrorDetail]:
    """Yield what came of each recipient that gets no push for certain."""
    for identifier, recipients, came in zip(named, found, outcomes, strict=True):
        for recipient, outcome in zip(recipients, came, strict=True):
            if outcome.outcome not in _SUCCESSFUL:
                block = block_of(recipient.address.provider, order.blocks.keys())
                yield error_detail(block, identifier, recipient, outcome)
