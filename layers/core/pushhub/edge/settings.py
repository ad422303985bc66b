"""How does a function read its settings?

Each function's own stand beside its wiring, in `edge/wiring/<function>.py`. A shape test holds them against the template, both
ways. `POWERTOOLS_*` and `AWS_*` are read by the libraries they belong to.
"""

import os
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict


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


def comma_separated(text: str) -> frozenset[str]:
    """Return the texts of a setting that has commas between them, perhaps none; a validator for that costs a cold start 10 ms."""
    return frozenset(filter(None, text.split(",")))
