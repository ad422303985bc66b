"""What is pushed through each provider, so that apps with the vendor's SDKs show it?

The mobile SDKs draw from data under `px.…` keys; on iOS an extension of the app does, which `mutable-content` starts. The web SDK
reads keys of its own. All of them report a push by what stands under its key of the uid. See the SDKs in `sources.md`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from pushhub.catalog.model import App
from pushhub.catalog.providers import Provider
from pushhub.dialects.http import RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.server.pushes import PushContent, translation_path
from pushhub.sends.message import HubKey, IosExtras, Message, MessageError, MessagePart
from pushhub.sends.platforms import BLOCK_OF, Block, enabled_providers
from pushhub.sends.sending import ANY_PROVIDER

_APP_KEYS: Final = {
    MessagePart.TITLE: "px.title",
    MessagePart.TEXT: "px.body",
    MessagePart.IMAGE: "px.image",
    MessagePart.ICON: "px.icon",
    MessagePart.LINK: "px.link",
}
_HUB_KEYS: Final = {HubKey.UID: "px.msg_id"}
_UNWRITTEN: Final = "-"
"""Stands in the title of a form, since a message has to show something."""
_FORMS: Final[Mapping[Block, Message]] = {
    Block.FIREBASE: Message(_UNWRITTEN, sound="default", hub_keys=_HUB_KEYS, app_keys=_APP_KEYS),
    Block.APNS: Message(_UNWRITTEN, sound="default", hub_keys=_HUB_KEYS, app_keys=_APP_KEYS, ios=IosExtras(mutable_content=True)),
    Block.WEB_PUSH: Message(_UNWRITTEN, hub_keys={HubKey.UID: "msg_id"}),
    Block.WNS: Message(_UNWRITTEN, hub_keys=_HUB_KEYS),
}
"""What a push has beside its texts, through the providers of each block."""


def provider_messages(content: PushContent) -> Mapping[str, Message]:
    """Return what is pushed in the default language, for :attr:`pushhub.sends.sending.Sending.messages`.

    Every provider has a form, also one that no app has today: an app may have it when the sending is due.
    """
    forms = {ANY_PROVIDER: _FORMS[Block.FIREBASE]}
    forms |= {provider: _FORMS[block] for provider, block in BLOCK_OF.items() if block is not Block.FIREBASE}
    return {provider: form.translated(content.default) for provider, form in forms.items()}


def require_content_fits(
    content: PushContent, apps: Iterable[App], require_fit: Callable[[Provider, Message], None], path: str
) -> None:
    """Check each translation against each provider that one of the apps has.

    Args:
        content: what is pushed.
        apps: through which it is pushed.
        require_fit: raises where a message does not fit a provider. See :func:`pushhub.sends.fitting.require_fit`.
        path: where the push stands, empty for the body itself.

    Raises:
        RefusedError: a translation does not fit a provider, which mostly means that it is too large.
    """
    providers = sorted({provider for app in apps for provider in enabled_providers(app)})
    for language, translation in content.translations.items():
        for provider in providers:
            try:
                require_fit(provider, _FORMS[BLOCK_OF[provider]].translated(translation))
            except MessageError as misfit:
                place = translation_path(content, language, path)
                raise RefusedError(PushExpressRefusal.MESSAGE_MISFIT, path=place, provider=provider, misfit=misfit) from None
