"""What do all functions of sendings wire alike?"""

import random
import secrets
import time
from typing import TYPE_CHECKING

from pushhub.adapters.dynamodb.sendings import DynamoSendings
from pushhub.edge.settings import Setting, Settings, at_least, not_empty
from pushhub.moments import Clock, milliseconds_now
from pushhub.sends.sending import RunId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class SendsSettings(Settings):
    """Where sendings are remembered, and for how many days after their end: as long as their events are."""

    ledger_table = Setting("LEDGER_TABLE", not_empty)
    retention_days = Setting("EVENT_RETENTION_DAYS", at_least(1))


def sendings(client: "DynamoDBClient", settings: SendsSettings) -> DynamoSendings:
    """Return the sendings of a stack."""
    return DynamoSendings(client, settings.ledger_table, settings.retention_days)


def sends_clock() -> Clock:
    """Return time and chance as they are."""
    return Clock(milliseconds_now, time.monotonic, random.random)


def mint_run() -> RunId:
    """Return an id that no other run has."""
    return RunId(secrets.token_hex(8))
