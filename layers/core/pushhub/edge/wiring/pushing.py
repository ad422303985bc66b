"""How do functions push to devices, and what do they need for it?"""

from typing import TYPE_CHECKING, Final

from pydantic import Field

from pushhub.adapters.curl.http2 import Http2Transport
from pushhub.adapters.dynamodb.audience import DynamoAudience
from pushhub.audience.retiring import Retiring
from pushhub.edge.observing.sends import push_fault
from pushhub.edge.settings import comma_separated
from pushhub.edge.wiring.app_secrets import cached_app_secrets
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.secrets import cached_secrets
from pushhub.edge.wiring.sends import SendsSettings
from pushhub.sends.accounts import Accounts, Apps
from pushhub.sends.pushing import ProviderPusher
from pushhub.sends.tracking import Tracking

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

FUNCTION_SECONDS: Final = 90
"""How long a function that pushes may run at most: its `Timeout` in the template."""


class PushingSettings(SendsSettings):
    """Settings of each function that pushes, beside those of all functions of sendings.

    Tables of apps and of whom a sending is for; both secrets, and the stack's name, which links are bound to; the queues of
    recipients that are pushed to later, and of dead letters; and which addresses may be reached.
    """

    catalog_table: str = Field(alias="CATALOG_TABLE", min_length=1)
    audience_table: str = Field(alias="AUDIENCE_TABLE", min_length=1)
    secret: str = Field(alias="SECRET", min_length=1)
    apps_secret: str = Field(alias="APPS_SECRET", min_length=1)
    stack: str = Field(alias="STACK", min_length=1)
    deliveries_queue: str = Field(alias="DELIVERIES_QUEUE", min_length=1)
    dead_letters: str = Field(alias="SENDS_DEAD_LETTERS", min_length=1)
    allow_local_upstreams: bool = Field(alias="ALLOW_LOCAL_UPSTREAMS")
    stand_ins_url: str = Field(alias="STAND_INS_URL")
    more_push_hosts: str = Field(alias="MORE_PUSH_HOSTS")


def apps_of_sendings(client: "DynamoDBClient", settings: PushingSettings) -> Apps:
    """Return what finds apps, with the credentials that they are pushed through."""
    return Apps(cached_catalog(client, settings.catalog_table), cached_app_secrets(settings.apps_secret))


def provider_pusher(client: "DynamoDBClient", apps: Apps, settings: PushingSettings) -> ProviderPusher:
    """Return what pushes steps to providers; credentials are read when the first step needs them."""
    return ProviderPusher(
        transport=Http2Transport(allow_local=settings.allow_local_upstreams),
        accounts=Accounts(
            apps.secrets,
            settings.stand_ins_url,
            comma_separated(settings.more_push_hosts),
            on_fault=push_fault,
        ),
        tracking=Tracking(apps.catalog, cached_secrets(settings.secret), settings.stack),
        retiring=Retiring(DynamoAudience(client, settings.audience_table)),
        on_fault=push_fault,
    )
