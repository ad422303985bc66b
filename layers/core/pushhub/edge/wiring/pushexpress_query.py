"""Which settings has `pushexpress_query`, and which implementation serves which of its ports?"""

import time

from pushhub.adapters import clients
from pushhub.adapters.dynamodb.reach import DynamoReach
from pushhub.dialects.pushexpress.family import PathFamily
from pushhub.dialects.pushexpress.server.endpoints.query import QueryInstances
from pushhub.edge.settings import Setting, Settings, not_empty
from pushhub.edge.wiring.catalog import cached_catalog


class PushExpressQuerySettings(Settings):
    """Settings of `pushexpress_query`: the tables of callers and of devices."""

    catalog_table = Setting("CATALOG_TABLE", not_empty)
    audience_table = Setting("AUDIENCE_TABLE", not_empty)


def endpoint() -> PathFamily:
    """Return the endpoint."""
    settings = PushExpressQuerySettings()
    client = clients.dynamodb()
    query = QueryInstances(DynamoReach(client, settings.audience_table), time.monotonic)
    return query.endpoint(cached_catalog(client, settings.catalog_table))
