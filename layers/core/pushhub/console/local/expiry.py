"""How do the engine's tables come to delete their expired items?

In AWS, deploying is enough. CloudFormation in ministack ignores `TimeToLiveSpecification`; its DynamoDB honours the setting if an
API call makes it.
"""

from typing import TYPE_CHECKING, cast

from pushhub.console.connection import Connection
from pushhub.console.local.routes import ProcessedTemplate

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TimeToLiveSpecificationTypeDef


def switch_on_expiry(connection: Connection, template: ProcessedTemplate) -> None:
    """Set each table's time to live as the template has it, where it is not set yet."""
    dynamodb = connection.client("dynamodb")
    for table, properties in template.of_type("AWS::DynamoDB::Table"):
        declared = cast("TimeToLiveSpecificationTypeDef | None", properties.get("TimeToLiveSpecification"))
        if declared is None:
            continue
        state = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]["TimeToLiveStatus"]
        if state == "DISABLED":
            dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=declared)
