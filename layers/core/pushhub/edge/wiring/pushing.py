"""How do functions push to devices, and what do they need for it?"""

from typing import TYPE_CHECKING, Final

from pushhub.adapters.curl.http2 import Http2Transport
from pushhub.adapters.dynamodb.audience import DynamoAudience
from pushhub.audience.retiring import Retiring
from pushhub.edge.observing.sends import push_fault
from pushhub.edge.settings import Setting, comma_separated, not_empty, true_or_false
from pushhub.edge.wiring.app_secrets import cached_app_secrets
from pushhub.edge.wiring.secrets import cached_secrets
from pushhub.edge.wiring.sends import SendsSettings
from pushhub.sends.accounts import Accounts
from pushhub.sends.pushing import ProviderPusher
from pushhub.sends.tracking import Tracking

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from pushhub.catalog.cached import CachedCatalog

FUNCTION_SECONDS: Final = 90
"""How long a function that pushes may run at most: its `Timeout` in the template."""


class PushingSettings(SendsSettings):
    """Settings of each function that pushes, beside those of all functions of sendings.

    Tables of apps and of whom a sending is for; both secrets, and the stack's name, which links are bound to; the queues of
    recipients that are pushed to later, and of dead letters; and which addresses may be reached.
    """

    catalog_table = Setting("CATALOG_TABLE", not_empty)
    audience_table = Setting("AUDIENCE_TABLE", not_empty)
    secret = Setting("SECRET", not_empty)
    apps_secret = Setting("APPS_SECRET", not_empty)
    stack = Setting("STACK", not_empty)
    deliveries_queue = Setting("DELIVERIES_QUEUE", not_empty)
    dead_letters = Setting("SENDS_DEAD_LETTERS", not_empty)
    allow_local_upstreams = Setting("ALLOW_LOCAL_UPSTREAMS", true_or_false)
    stand_ins_url = Setting("STAND_INS_URL", str)
    more_push_hosts = Setting("MORE_PUSH_HOSTS", comma_separated)


def provider_pusher(client: "DynamoDBClient", catalog: "CachedCatalog", settings: PushingSettings) -> ProviderPusher:
    """Return what pushes steps to providers; credentials are read when the first step needs them."""
    return ProviderPusher(
        transport=Http2Transport(allow_local=settings.allow_local_upstreams),
        accounts=Accounts(
            cached_app_secrets(settings.apps_secret),
            settings.stand_ins_url,
            settings.more_push_hosts,
            on_fault=push_fault,
        ),
        tracking=Tracking(catalog, cached_secrets(settings.secret), settings.stack),
        retiring=Retiring(DynamoAudience(client, settings.audience_table)),
        on_fault=push_fault,
    )
