"""The catalog in DynamoDB when someone else writes, or DynamoDB fails."""

import boto3
import pytest
from botocore.stub import Stubber

from pushhub.adapters.dynamodb.catalog import DynamoCatalog
from pushhub.catalog.model import Catalog
from pushhub.catalog.port import CatalogChangedError
from pushhub.faults import UnavailableError


def test_a_catalog_that_was_replaced_meanwhile_is_not_overwritten() -> None:
    client = boto3.client("dynamodb", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        stub.add_client_error("put_item", "ConditionalCheckFailedException")
        with pytest.raises(CatalogChangedError):
            DynamoCatalog(client, "catalog").replace(Catalog({}, {}), 3)


def test_a_catalog_that_cannot_be_read_is_unavailable() -> None:
    client = boto3.client("dynamodb", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        stub.add_client_error("get_item", "InternalServerError")
        with pytest.raises(UnavailableError, match="InternalServerError"):
            DynamoCatalog(client, "catalog").load()
