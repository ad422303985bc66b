"""How does a built template become a stack in the local engine?

`sam deploy` does the same in 11.5 s on a first stack; this takes 1 s, most of it the engine's.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, cast

from botocore.exceptions import ClientError, WaiterError

from pushhub.console.connection import Connection
from pushhub.console.failure import ConsoleError
from pushhub.console.local.packaging import BUCKET, Package

if TYPE_CHECKING:
    from mypy_boto3_s3.literals import BucketLocationConstraintType

STACK = "pushhub"

type Condition = Literal["stack_create_complete", "stack_update_complete", "stack_delete_complete"]

# A creation that failed left nothing worth keeping and can only be deleted.
_NEVER_CREATED = {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"}

_CAN_BE_UPDATED = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}


def deploy(connection: Connection, package: Package, parameters: Mapping[str, str]) -> None:
    """Create or update the stack and wait until it is there.

    Args:
        connection: a way to the engine.
        package: what is deployed.
        parameters: values; those that the template does not declare are left out.

    Raises:
        ConsoleError: the stack could not be brought to what the template says.
    """
    _upload(connection, package)
    cloudformation = connection.client("cloudformation")
    new = _settled_status(connection) is None
    call = cloudformation.create_stack if new else cloudformation.update_stack
    try:
        call(
            StackName=STACK,
            # By address: a template in the call itself may have 50 KiB.
            TemplateURL=f"{connection.endpoint_url}/{BUCKET}/{package.template}",
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items() if name in package.parameters
            ],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        _wait(connection, "stack_create_complete" if new else "stack_update_complete")
    except ClientError as failure:
        if "No updates" not in str(failure):
            raise ConsoleError(f"the template could not be deployed: {failure.response['Error']['Message']}") from None
    except WaiterError:
        raise ConsoleError(f"the template could not be deployed: {_reason(connection)}") from None


def _upload(connection: Connection, package: Package) -> None:
    s3 = connection.client("s3")
    if BUCKET not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        region = cast("BucketLocationConstraintType", connection.session.region_name)
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": region})
    for key, content in package.objects.items():
        try:
            s3.head_object(Bucket=BUCKET, Key=key)
        except ClientError:
            s3.put_object(Bucket=BUCKET, Key=key, Body=content)


def _settled_status(connection: Connection) -> str | None:
    """Return the stack's status, None if it has to be created.

    ====================  =============================================
    no stack              None
    `_NEVER_CREATED`      the stack is deleted, then None
    `_CAN_BE_UPDATED`     the status
    any other             an error that says how to begin anew
    ====================  =============================================
    """
    cloudformation = connection.client("cloudformation")
    try:
        status = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]
    except ClientError:
        return None
    if status in _NEVER_CREATED:
        cloudformation.delete_stack(StackName=STACK)
        _wait(connection, "stack_delete_complete")
        return None
    if status not in _CAN_BE_UPDATED:
        raise ConsoleError(f"the local stack is stuck in {status}: remove the hub's state folder (.pushhub) to begin anew")
    return status


def _wait(connection: Connection, condition: Condition) -> None:
    waiter = connection.client("cloudformation").get_waiter(condition)
    # Botocore takes fractions of a second; only its stubs do not.
    waiter.wait(StackName=STACK, WaiterConfig={"Delay": 0.1, "MaxAttempts": 1200})  # type: ignore[typeddict-item]


def _reason(connection: Connection) -> str:
    cloudformation = connection.client("cloudformation")
    status = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    for event in events:
        if event["ResourceStatus"].endswith("_FAILED"):
            reason = event.get("ResourceStatusReason", "no reason given")
            return f"{event['LogicalResourceId']}: {reason} (the stack is in {status})"
    return f"the stack is in {status}"
