"""Which implementation serves which port in `imports_plan`?"""

from pushhub.edge.files import S3Files
from pushhub.edge.settings import ImportsPlanSettings, settings
from pushhub.edge.wiring import aws
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.imports.planning import Planning
from pushhub.store.imports import DynamoImports


def planning() -> Planning:
    """Return what plans attempts."""
    chosen = settings(ImportsPlanSettings)
    client = aws.dynamodb()
    return Planning(
        bucket=chosen.bucket,
        catalog=cached_catalog(client, chosen.catalog_table).current,
        jobs=DynamoImports(client, chosen.ledger_table, chosen.retention_days),
        files=S3Files(aws.s3()),
    )
