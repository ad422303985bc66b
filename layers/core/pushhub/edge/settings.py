"""Which settings does each function take from its environment?

A shape test holds them against the template, both ways. `POWERTOOLS_*` and `AWS_*` are read by the libraries they belong to.
"""

import os
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """Settings of a function; each field is one environment variable, named by its alias."""

    model_config = ConfigDict(frozen=True)


class PushSubscribeSettings(Settings):
    """Settings of `push_subscribe`: names of its tables."""

    audience_table: str = Field(alias="AUDIENCE_TABLE", min_length=1)
    catalog_table: str = Field(alias="CATALOG_TABLE", min_length=1)


def settings[S: Settings](kind: type[S], environment: Mapping[str, str] = os.environ) -> S:
    """Return a function's settings.

    Raises:
        pydantic.ValidationError: one is missing or does not fit; it names the variable.
    """
    return kind.model_validate(dict(environment))
