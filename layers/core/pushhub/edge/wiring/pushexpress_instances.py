"""Which settings has `pushexpress_instances`, and which implementation serves which of its ports?"""

from pushhub.adapters import clients
from pushhub.adapters.dynamodb.audience import DynamoAudience
from pushhub.audience.instances import Instances
from pushhub.dialects.pushexpress.family import PathFamily
from pushhub.dialects.pushexpress.sdk.apps import SdkApps
from pushhub.dialects.pushexpress.sdk.instances import InstanceCalls
from pushhub.edge.settings import Setting, Settings, at_least, comma_separated, not_empty
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.secrets import cached_secrets


class PushExpressInstancesSettings(Settings):
    """Settings of `pushexpress_instances`.

    They are its tables, the stack's secret and its name, which instance ids are bound to, the status of a registration that made
    an instance, and the hosts that endpoints of browsers may have beside the known ones.
    """

    audience_table = Setting("AUDIENCE_TABLE", not_empty)
    catalog_table = Setting("CATALOG_TABLE", not_empty)
    created_status = Setting("INSTANCE_CREATED_STATUS", at_least(200))
    more_push_hosts = Setting("MORE_PUSH_HOSTS", comma_separated)
    secret = Setting("SECRET", not_empty)
    stack = Setting("STACK", not_empty)


def endpoint() -> PathFamily:
    """Return the endpoint."""
    settings = PushExpressInstancesSettings()
    client = clients.dynamodb()
    calls = InstanceCalls(
        apps=SdkApps(cached_catalog(client, settings.catalog_table), cached_secrets(settings.secret), settings.stack),
        instances=Instances(DynamoAudience(client, settings.audience_table)),
        created_status=settings.created_status,
        more_push_hosts=settings.more_push_hosts,
    )
    return calls.endpoint()
