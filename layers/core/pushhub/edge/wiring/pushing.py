"""Which settings has each function that pushes, and when does it load what pushes?"""

import time
from typing import TYPE_CHECKING, Final

from pushhub.edge.settings import Setting, comma_separated, not_empty, true_or_false
from pushhub.edge.wiring.app_secrets import cached_app_secrets
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.sends import SendsSettings
from pushhub.sends.port import NO_LANGUAGES
from pushhub.sends.served_apps import Apps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from pushhub.audience.model import Subscription, SubscriptionRef
    from pushhub.catalog.model import App
    from pushhub.sends.outcomes import RecipientOutcome
    from pushhub.sends.port import Pusher
    from pushhub.sends.sending import Sending

FUNCTION_SECONDS: Final = 90
"""How long a function that pushes may run at most: its `Timeout` in the template."""


class PushingSettings(SendsSettings):
    """Settings of each function that pushes, beside those of all functions of sendings.

    Tables of apps and of whom a sending is for; both secrets, and the stack's name, which links are bound to; the queue of
    recipients that are pushed to later; and which addresses may be reached.
    """

    catalog_table = Setting("CATALOG_TABLE", not_empty)
    audience_table = Setting("AUDIENCE_TABLE", not_empty)
    secret = Setting("SECRET", not_empty)
    apps_secret = Setting("APPS_SECRET", not_empty)
    stack = Setting("STACK", not_empty)
    deliveries_queue = Setting("DELIVERIES_QUEUE", not_empty)
    allow_local_upstreams = Setting("ALLOW_LOCAL_UPSTREAMS", true_or_false)
    stand_ins_url = Setting("STAND_INS_URL", str)
    more_push_hosts = Setting("MORE_PUSH_HOSTS", comma_separated)


def apps_of_sendings(client: "DynamoDBClient", settings: PushingSettings) -> Apps:
    """Return what finds apps, with the credentials that they are pushed through."""
    return Apps(cached_catalog(client, settings.catalog_table), cached_app_secrets(settings.apps_secret))


class PusherOnDemand:
    """Loads what pushes with the first push. See :class:`pushhub.sends.port.Pusher`.

    Providers, cryptography, curl, what retires subscriptions and the clients of both secrets are 30 % of a cold start. An
    invocation whose lane is taken, paused, or of a sending that has ended pushes nothing.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        apps: Apps,
        settings: PushingSettings,
        clock: "Callable[[], float]" = time.monotonic,
    ) -> None:
        """Keep what it is made of; `clock` counts seconds."""
        self._made_of = (client, apps, settings)
        self._clock = clock
        self._pusher: Pusher | None = None

    def push(
        self,
        sending: "Sending",
        app: "App",
        recipients: "Sequence[Subscription]",
        seconds: float,
        languages: "Mapping[SubscriptionRef, str]" = NO_LANGUAGES,
    ) -> "Sequence[RecipientOutcome]":
        """See :meth:`pushhub.sends.port.Pusher.push`; loading is part of its time."""
        begun = self._clock()
        if self._pusher is None:
            from pushhub.edge.wiring.providers import provider_pusher

            self._pusher = provider_pusher(*self._made_of)
        return self._pusher.push(sending, app, recipients, seconds - (self._clock() - begun), languages)
