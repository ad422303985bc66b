"""How does a function read its settings?

Each function's own stand beside its wiring, in `edge/wiring/<function>.py`. A shape test holds them against the template, both
ways. `POWERTOOLS_*` and `AWS_*` are read by the libraries they belong to.
"""

import os
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict


def _listed(text: str) -> frozenset[str]:
    return frozenset(filter(None, text.split(",")))


CommaSeparated = Annotated[frozenset[str], BeforeValidator(_listed)]
"""A setting of several texts with commas between them, perhaps of none."""


class Settings(BaseModel):
    """Settings of a function; each field is one environment variable, named by its alias."""

    # The input is the whole environment, with the function's credentials in it.
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


def read_settings[S: Settings](kind: type[S], environment: Mapping[str, str] = os.environ) -> S:
    """Return a function's settings.

    Raises:
        pydantic.ValidationError: one is missing or does not fit; it names the variable.
    """
    return kind.model_validate(dict(environment))
