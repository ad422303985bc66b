"""Are the credentials of an app accepted?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pushhub.catalog.model import App
from pushhub.moments import Seconds, seconds_now
from pushhub.sends.accounts import Account, Accounts
from pushhub.sends.outcomes import RecipientOutcome
from pushhub.sends.platforms import Block
from pushhub.sends.port import Transport
from pushhub.sends.providers.apns import ApnsAccount
from pushhub.sends.providers.fcm_bearer import FcmAccount
from pushhub.sends.providers.web_push import VapidAccount
from pushhub.sends.providers.wns_bearer import WnsAccount

_SECONDS: Final = 10.0
_GAVE_BEARER: Final[Mapping[type, str]] = {
    FcmAccount: "Google gave a bearer for the service account; whether it may send, only a push shows",
    WnsAccount: "Microsoft gave a bearer for the package SID; whether a channel is of this app, only a push shows",
}
_SIGNS: Final = "the key signs; the provider cannot be asked without sending"
_UNKNOWN_BLOCK: Final = "this release does not send through it"
_ANY_ORIGIN: Final = "https://updates.push.services.mozilla.com"


@dataclass(frozen=True, slots=True)
class CheckedBlock:
    """What is known of the credentials of an app's block; `text` says how, or why they are bad."""

    app: str
    block: str
    ok: bool
    text: str

    @property
    def entry(self) -> dict[str, object]:
        """The same as JSON has it."""
        return {"app": self.app, "block": self.block, "ok": self.ok, "reason": self.text}


@dataclass(frozen=True, slots=True)
class Checking:
    """Tries the credentials of blocks, and pushes nothing."""

    accounts: Accounts
    transport: Transport
    now: Callable[[], Seconds] = seconds_now

    def __call__(self, app: App, block: str) -> CheckedBlock:
        """Try one block of an app."""
        if block not in set(Block):
            return CheckedBlock(app.id, block, ok=True, text=_UNKNOWN_BLOCK)
        account = self.accounts.account(app, Block(block))
        why_bad = account.reason if isinstance(account, RecipientOutcome) else self._why_bad(account)
        return CheckedBlock(app.id, block, ok=why_bad is None, text=why_bad or _known_good(account))

    def _why_bad(self, account: Account) -> str | None:
        now = self.now()
        match account:
            case FcmAccount() | WnsAccount():
                (result,) = self.transport.send_many([account.bearer_request(now)], _SECONDS)
                read = account.read_bearer(result, now)
                return _explained(read) if isinstance(read, RecipientOutcome) else None
            case ApnsAccount():
                account.authorization(now)
            case VapidAccount():
                account.authorization(_ANY_ORIGIN, now)
        return None


def _known_good(account: Account | RecipientOutcome) -> str:
    return next((text for kind, text in _GAVE_BEARER.items() if isinstance(account, kind)), _SIGNS)


def _explained(outcome: RecipientOutcome) -> str:
    return f"{outcome.code}: {outcome.reason}" if outcome.code else outcome.reason
