"""What would leave the hub for a recipient, if it were sent?

It is rendered by the very code that pushes, with keys that open nothing, and over a transport that sends nothing.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pushhub.audience.model import Address, ProfileId, Subscription
from pushhub.audience.port import AudienceStore
from pushhub.audience.retiring import Retiring
from pushhub.catalog.app_secrets import AppSecrets, CachedAppSecrets
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import App, Catalog
from pushhub.catalog.providers import Provider, PushToken
from pushhub.catalog.secrets import CachedSecrets, LinkKeyId, Secrets
from pushhub.catalog.sections.apps.blocks.apns import ApnsFileBlock
from pushhub.catalog.sections.apps.blocks.file_block import FileBlock
from pushhub.catalog.sections.apps.blocks.firebase import FirebaseFileBlock
from pushhub.catalog.sections.apps.blocks.web_push import WebPushFileBlock
from pushhub.catalog.sections.apps.blocks.wns import WnsFileBlock
from pushhub.catalog.sections.apps.keys import throw_away_p256_key
from pushhub.console.failure import ConsoleError
from pushhub.console.sends.content import option_error
from pushhub.moments import Seconds, seconds_now
from pushhub.sends.accounts import Accounts
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.platforms import PLATFORM_OF, Block, Platform, enabled_providers
from pushhub.sends.port import NotSent, ProviderReply, PushRequest, SendResult
from pushhub.sends.pushing import ProviderPusher
from pushhub.sends.replies import UNSENT
from pushhub.sends.sending import Sending
from pushhub.sends.tracking import Tracking

HIDDEN: Final = "…"
"""What is shown in the place of a credential."""

_SECONDS: Final = 10.0
_FORM: Final = "application/x-www-form-urlencoded"
"""Content type of a request for a bearer; no push has it."""
_BEARER: Final = ProviderReply(200, json.dumps({"access_token": "throw-away", "expires_in": 3600}).encode())
_NOT_SENT: Final = NotSent("nothing is sent")
_MADE_UP: Final[Mapping[Block, Callable[[], FileBlock]]] = {
    Block.FIREBASE: FirebaseFileBlock.made_up,
    Block.APNS: ApnsFileBlock.made_up,
    Block.WEB_PUSH: WebPushFileBlock.made_up,
    Block.WNS: WnsFileBlock.made_up,
}
_LINK_KEY: Final = Secrets({LinkKeyId(1): "throw-away"}, {})


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What would leave for a recipient: the request or, where none would, what would come of it."""

    recipient: Subscription
    request: PushRequest | RecipientOutcome


@dataclass(slots=True)
class _Recorder:
    """A transport that keeps the requests of pushes; a request for a bearer gets one that opens nothing."""

    pushes: list[PushRequest] = field(default_factory=list)

    def send_many(self, requests: Sequence[PushRequest], seconds: float) -> Sequence[SendResult]:  # noqa: ARG002  (nothing waits)
        return [self._result(request) for request in requests]

    def _result(self, request: PushRequest) -> SendResult:
        if request.headers.get("content-type") == _FORM:
            return _BEARER
        self.pushes.append(request)
        return _NOT_SENT


class Rehearsal:
    """Renders the pushes of an app."""

    def __init__(  # noqa: PLR0913  (what a pusher needs comes together here)
        self,
        catalog: Catalog,
        app: App,
        audience: AudienceStore,
        *,
        stand_ins_url: str = "",
        more_push_hosts: frozenset[str] = frozenset(),
        now: Callable[[], Seconds] = seconds_now,
    ) -> None:
        """Render for an app of a catalog.

        Args:
            catalog: says where the hub is, for the links of pushes.
            app: whose pushes.
            audience: is not used, since nothing comes of a push that is not sent.
            stand_ins_url: where the stand-ins are; where there are none, requests say where the provider itself is.
            more_push_hosts: hosts of push services of browsers beside the known ones.
            now: the time of day.
        """
        secrets = AppSecrets({app.id: {block: _MADE_UP[Block(block)]().credentials() for block in app.blocks if block in _MADE_UP}})
        blocks = {name: replace(block, stand_in=block.stand_in and bool(stand_ins_url)) for name, block in app.blocks.items()}
        self._app = replace(app, blocks=blocks)
        self._recorder = _Recorder()
        self._faults: list[str] = []
        self._pusher = ProviderPusher(
            self._recorder,
            Accounts(CachedAppSecrets(lambda: secrets), stand_ins_url, more_push_hosts),
            Tracking(CachedCatalog(lambda: catalog), CachedSecrets(lambda: _LINK_KEY), "throw-away"),
            Retiring(audience),
            on_fault=self._faults.append,
            now=now,
        )

    def rehearsed(self, sending: Sending, recipients: Sequence[Subscription]) -> list[Rehearsed]:
        """Return what would leave for each recipient."""
        return [Rehearsed(recipient, self._request(sending, recipient)) for recipient in recipients]

    def require_renderable(self, sending: Sending) -> None:
        """Refuse a sending whose message a provider of the app would refuse for every recipient, above all for its size.

        Raises:
            ConsoleError: there is such a provider; the text names it.
        """
        for provider in sorted(enabled_providers(self._app)):
            request = self._request(sending, _made_up_recipient(provider))
            if self._faults:
                raise ConsoleError(f"what pushes carry of the hub cannot be made: {self._faults[0]}")
            if isinstance(request, RecipientOutcome) and request.outcome is Outcome.MESSAGE_BAD:
                raise ConsoleError(f"{provider} would refuse it: {option_error(request.reason.removeprefix(UNSENT))}")

    def _request(self, sending: Sending, recipient: Subscription) -> PushRequest | RecipientOutcome:
        self._recorder.pushes.clear()
        (outcome,) = self._pusher.push(sending, self._app, [recipient], _SECONDS)
        return self._recorder.pushes[0] if self._recorder.pushes else outcome


def _made_up_recipient(provider: Provider) -> Subscription:
    """Return a recipient that is like those of a provider."""
    keys = {"p256dh": throw_away_p256_key().public_point, "auth": base64.urlsafe_b64encode(bytes(16)).decode()}
    browser = json.dumps({"endpoint": "https://updates.push.services.mozilla.com/wpush/v2/a", "keys": keys})
    push_tokens = {Platform.BROWSER: browser, Platform.WINDOWS: "https://a.notify.windows.com/?token=a"}
    push_token = push_tokens.get(PLATFORM_OF[provider], "a" * 64)
    moment = Seconds(0)
    return Subscription(Address(provider, PushToken(push_token)), ProfileId("0" * 24), {}, False, moment, moment, 0)
