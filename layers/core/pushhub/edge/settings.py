"""Which settings does each function take from its environment?

A shape test holds them against the template, both ways. `POWERTOOLS_*` and `AWS_*` are read by the libraries they belong to.
"""

import os
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """Settings of a function; each field is one environment variable, named by its alias."""

    # The input is the whole environment, with the function's credentials in it.
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class PushSubscribeSettings(Settings):
    """Settings of `push_subscribe`: names of its tables."""

    audience_table: str = Field(alias="AUDIENCE_TABLE", min_length=1)
    catalog_table: str = Field(alias="CATALOG_TABLE", min_length=1)


class PostEventsSettings(Settings):
    """Settings of `post_events`: its table, and the queue that takes what is reported."""

    catalog_table: str = Field(alias="CATALOG_TABLE", min_length=1)
    events_queue: str = Field(alias="EVENTS_QUEUE", min_length=1)


class CryptoPostEventsSettings(PostEventsSettings):
    """Settings of `crypto_post_events`: besides those, the stack's secret, and its name, which its links are bound to."""

    secret: str = Field(alias="SECRET", min_length=1)
    stack: str = Field(alias="STACK", min_length=1)


class RecordEventsSettings(Settings):
    """Settings of `record_events`: tables, days that events are remembered, and the queues that reports go on to."""

    catalog_table: str = Field(alias="CATALOG_TABLE", min_length=1)
    ledger_table: str = Field(alias="LEDGER_TABLE", min_length=1)
    event_retention_days: int = Field(alias="EVENT_RETENTION_DAYS", ge=1)
    forwards_queue: str = Field(alias="FORWARDS_QUEUE", min_length=1)
    dead_letters: str = Field(alias="EVENTS_DEAD_LETTERS", min_length=1)


class ForwardEventsSettings(Settings):
    """Settings of `forward_events`: where upstreams and their tokens stand, its queues, and which addresses it may reach."""

    catalog_table: str = Field(alias="CATALOG_TABLE", min_length=1)
    secret: str = Field(alias="SECRET", min_length=1)
    retries_queue: str = Field(alias="RETRIES_QUEUE", min_length=1)
    dead_letters: str = Field(alias="FORWARDS_DEAD_LETTERS", min_length=1)
    allow_local_upstreams: bool = Field(alias="ALLOW_LOCAL_UPSTREAMS")


class ImportsSettings(Settings):
    """Settings of every step of an import: where jobs are remembered and for how many days, and where files lie.

    A job may run for 7 days; it is remembered for longer.
    """

    ledger_table: str = Field(alias="LEDGER_TABLE", min_length=1)
    retention_days: int = Field(alias="IMPORT_RETENTION_DAYS", ge=8)
    bucket: str = Field(alias="IMPORTS_BUCKET", min_length=1)


class ImportsStartSettings(ImportsSettings):
    """Settings of `imports_start`: besides those, the state machine."""

    state_machine: str = Field(alias="STATE_MACHINE", min_length=1)


class ImportsPlanSettings(ImportsSettings):
    """Settings of `imports_plan`: besides those, the table that says which columns a file may have."""

    catalog_table: str = Field(alias="CATALOG_TABLE", min_length=1)


class ImportsChunkSettings(ImportsPlanSettings):
    """Settings of `imports_chunk`: besides those, the table that takes the rows."""

    audience_table: str = Field(alias="AUDIENCE_TABLE", min_length=1)


class ImportsReportSettings(ImportsStartSettings):
    """Settings of `imports_report`: those of `imports_start`."""


def settings[S: Settings](kind: type[S], environment: Mapping[str, str] = os.environ) -> S:
    """Return a function's settings.

    Raises:
        pydantic.ValidationError: one is missing or does not fit; it names the variable.
    """
    return kind.model_validate(dict(environment))
