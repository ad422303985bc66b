"""How does a function read its settings?

Each function's own stand beside its wiring, in `edge/wiring/<function>.py`. A shape test holds them against the template, both
ways. `POWERTOOLS_*` and `AWS_*` are read by the libraries they belong to.

They are read without pydantic, which most functions use for nothing else: its import costs a cold start a third of what an AWS
client costs.
"""

import os
from collections.abc import Callable, Mapping


class SettingsError(ValueError):
    """Settings are missing or do not fit; the text names their variables and holds no value."""


class Setting[Value]:
    """A field of settings: one environment variable, and what reads its text, or raises KeyError or ValueError."""

    def __init__(self, variable: str, read: Callable[[str], Value]) -> None:
        """Name the variable."""
        self.variable = variable
        self.read = read

    def __get__(self, settings: "Settings", _kind: type["Settings"]) -> Value:
        """Return the value."""
        return self.read(settings.environment[self.variable])

    def fits(self, environment: Mapping[str, str]) -> bool:
        """Say whether the variable is there and can be read."""
        try:
            self.read(environment[self.variable])
        except (KeyError, ValueError):
            return False
        return True


class Settings:
    """Settings of a function."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Read all fields; keep nothing else of the environment, which has the function's credentials in it.

        Raises:
            SettingsError: some are missing or do not fit.
        """
        fields = self.fields().values()
        if wrong := ", ".join(field.variable for field in fields if not field.fits(environment)):
            raise SettingsError(f"missing or not readable: {wrong}; set these variables as the template does")
        self.environment = {field.variable: environment[field.variable] for field in fields}

    @classmethod
    def fields(cls) -> Mapping[str, Setting[object]]:
        """Return the fields by their names."""
        return {name: field for kind in cls.__mro__ for name, field in vars(kind).items() if isinstance(field, Setting)}


def not_empty(value: str) -> str:
    """Return a text that is not empty."""
    if not value:
        raise ValueError
    return value


def true_or_false(value: str) -> bool:
    """Return what the template writes as `true` and `false`."""
    return {"true": True, "false": False}[value]


def comma_separated(value: str) -> frozenset[str]:
    """Return the texts that have commas between them, perhaps none."""
    return frozenset(filter(None, value.split(",")))


def at_least(least: int) -> Callable[[str], int]:
    """Return what reads whole numbers that are not below `least`."""

    def number(value: str) -> int:
        if int(value) < least:
            raise ValueError
        return int(value)

    return number
