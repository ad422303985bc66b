"""What pushes to providers, and what does it need for that?

It is half of what the functions that push load, so they load it with their first push, and this module alone.
"""

from typing import TYPE_CHECKING

from pushhub.adapters.curl.http2 import Http2Transport
from pushhub.adapters.dynamodb.audience import DynamoAudience
from pushhub.audience.retiring import Retiring
from pushhub.edge.observing.sends import push_fault
from pushhub.edge.wiring.secrets import cached_secrets
from pushhub.sends.accounts import Accounts
from pushhub.sends.fitting import require_fit
from pushhub.sends.pushing import ProviderPusher
from pushhub.sends.tracking import Tracking

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from pushhub.catalog.providers import Provider
    from pushhub.edge.wiring.pushing import PushingSettings
    from pushhub.sends.message import Message
    from pushhub.sends.served_apps import Apps


def provider_pusher(client: "DynamoDBClient", apps: "Apps", settings: "PushingSettings") -> ProviderPusher:
    """Return what pushes steps to providers; credentials are read when the first step needs them."""
    return ProviderPusher(
        transport=Http2Transport(allow_local=settings.allow_local_upstreams),
        accounts=Accounts(
            apps.secrets,
            settings.stand_ins_url,
            settings.more_push_hosts,
            on_fault=push_fault,
        ),
        tracking=Tracking(apps.catalog, cached_secrets(settings.secret), settings.stack),
        retiring=Retiring(DynamoAudience(client, settings.audience_table)),
        on_fault=push_fault,
    )


def check_fit(provider: "Provider", message: "Message") -> None:
    """Check that a message fits a provider. See :func:`pushhub.sends.fitting.require_fit`, which loads every provider's module."""
    require_fit(provider, message)
