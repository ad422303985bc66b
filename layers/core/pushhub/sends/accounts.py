"""How is an app known to the providers that its blocks are for?

An account is made of a block's settings, which stand in the catalog, and of its credentials, which stand in the secret of apps. A
block that is a stand-in goes to the local stand-ins, whatever it says besides.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pushhub.catalog.app_secrets import CachedAppSecrets
from pushhub.catalog.model import App, ProviderBlock
from pushhub.faults import UnavailableError
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.platforms import Block
from pushhub.sends.providers.apns import ApnsAccount
from pushhub.sends.providers.fcm_bearer import FcmAccount
from pushhub.sends.providers.web_push import VapidAccount
from pushhub.sends.providers.wns_bearer import WnsAccount
from pushhub.sends.replies import unsent
from pushhub.sends.signing import P256Key, RsaKey

Account = FcmAccount | ApnsAccount | VapidAccount | WnsAccount

_MAX_KEYS: Final = 256
_SANDBOX: Final = "sandbox"
_STAND_INS_BEARER_PATHS: Final[Mapping[Block, str]] = {Block.FIREBASE: "/token", Block.WNS: "/accesstoken.srf"}

_UNREADABLE: Final = unsent(Outcome.RETRY, "the stack's secret of apps cannot be read now")
_NO_CREDENTIALS: Final = unsent(Outcome.RETRY, "the stack's secret of apps has no credentials of it yet; apply the catalog")
_NO_STAND_INS: Final = unsent(Outcome.CREDENTIALS_BAD, "it is a stand-in, and this stack has none")
_BROKEN: Final = unsent(Outcome.CREDENTIALS_BAD, "its credentials are broken; apply the catalog with good ones")


@dataclass(frozen=True, slots=True)
class Accounts:
    """Makes the accounts of apps.

    Attributes:
        secrets: the credentials of apps.
        stand_ins_url: where the local stand-ins are, without a slash at the end; empty on a stack that has none.
        more_push_hosts: hosts of endpoints of browsers beside those of the known services.
        on_fault: is told why an app has no account.
    """

    secrets: CachedAppSecrets
    stand_ins_url: str = ""
    more_push_hosts: frozenset[str] = frozenset()
    on_fault: Callable[[str], None] = lambda _: None

    def account(self, app: App, block: Block) -> Account | RecipientOutcome:
        """Return the account of an app's block, equal for equal credentials; or what comes of its recipients for want of one."""
        made = self._made(app, block)
        if isinstance(made, RecipientOutcome):
            self.on_fault(f"app {app.id}, {block}: {made.reason}")
        return made

    def _made(self, app: App, block: Block) -> Account | RecipientOutcome:
        declared = app.blocks[block]
        if declared.stand_in and not self.stand_ins_url:
            return _NO_STAND_INS
        try:
            credentials = self.secrets.credentials_of(app.id, block)
        except UnavailableError:
            return _UNREADABLE
        # Credentials are written before the catalog that needs them, so a secret that was read just before it may lack them.
        if credentials is None:
            return _NO_CREDENTIALS
        try:
            return _MAKERS[block](self._source(block, declared, credentials))
        except (ValueError, KeyError):
            return _BROKEN

    def _source(self, block: Block, declared: ProviderBlock, credentials: Mapping[str, str]) -> "_Source":
        settings = declared.settings
        if declared.stand_in:
            url, auth_url = self.stand_ins_url, {"auth_url": self.stand_ins_url + _STAND_INS_BEARER_PATHS.get(block, "")}
        else:
            url, auth_url = settings.get("url", ""), {name: settings[name] for name in ("auth_url",) if name in settings}
        return _Source(settings, credentials, url, auth_url, self.more_push_hosts)


@dataclass(frozen=True, slots=True)
class _Source:
    """What an account is made of: settings and credentials of its block, and addresses that take the place of the usual ones."""

    settings: Mapping[str, str]
    credentials: Mapping[str, str]
    url: str
    auth_url: Mapping[str, str]
    more_push_hosts: frozenset[str]


def _fcm(source: _Source) -> FcmAccount:
    credentials = source.credentials
    key = _rsa_key(credentials["key"])
    return FcmAccount(
        source.settings["project"], credentials["email"], key, credentials["key_id"], url=source.url, **source.auth_url
    )


def _apns(source: _Source) -> ApnsAccount:
    credentials = source.credentials
    return ApnsAccount(
        key=_p256_key(credentials["key"]),
        key_id=credentials["key_id"],
        team_id=credentials["team_id"],
        topic=source.settings["topic"],
        sandbox=source.settings.get("environment") == _SANDBOX,
        url=source.url,
    )


def _vapid(source: _Source) -> VapidAccount:
    key = _p256_key(source.credentials["private_key"])
    return VapidAccount(key, source.settings["subject"], source.url, source.more_push_hosts)


def _wns(source: _Source) -> WnsAccount:
    credentials = source.credentials
    return WnsAccount(credentials["package_sid"], credentials["secret"], url=source.url, **source.auth_url)


_MAKERS: Final[Mapping[Block, Callable[[_Source], Account]]] = {
    Block.FIREBASE: _fcm,
    Block.APNS: _apns,
    Block.WEB_PUSH: _vapid,
    Block.WNS: _wns,
}


# One key object for each key: what is signed and fetched is kept by the key that signs it.
@lru_cache(maxsize=_MAX_KEYS)
def _rsa_key(text: str) -> RsaKey:
    return RsaKey(base64.b64decode(text, validate=True))


@lru_cache(maxsize=_MAX_KEYS)
def _p256_key(text: str) -> P256Key:
    return P256Key(base64.b64decode(text, validate=True))
