"""How do functions read the catalog?"""

from typing import TYPE_CHECKING

from pushhub.adapters.dynamodb.catalog import DynamoCatalog
from pushhub.catalog.cached import CachedCatalog
from pushhub.edge.observing.output import stale_catalog

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def cached_catalog(client: "DynamoDBClient", table: str) -> CachedCatalog:
    """Return the catalog of a stack, kept in the process; that an old one stays in use is logged."""
    stored = DynamoCatalog(client, table)
    return CachedCatalog(lambda: stored.load().catalog, on_stale=stale_catalog)
