"""Do the engine's tables forget their expired items as those in AWS do?

CloudFormation in ministack passes over `TimeToLiveSpecification`; its DynamoDB honours the setting once it is made by hand.
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
        wanted = cast("TimeToLiveSpecificationTypeDef | None", properties.get("TimeToLiveSpecification"))
        if wanted is None:
            continue
        state = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]["TimeToLiveStatus"]
        if state == "DISABLED":
            dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=wanted)
