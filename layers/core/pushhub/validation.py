"""What does pydantic say is wrong, and where?

pydantic's own sentences are for programmers, so whoever validates has words of its own: a table by `kind`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError


@dataclass(frozen=True, slots=True)
class Misfit:
    """One thing that does not fit.

    `location` leads to it: names of fields and positions in lists. `kind` is pydantic's name for what is wrong (`string_type`,
    `missing`, …), or a validator's own. `context` is what the check knows besides, as the bound in `max_length`.
    """

    location: tuple[int | str, ...]
    kind: str
    context: Mapping[str, Any]

    @property
    def path(self) -> str:
        """The location as it is written to a person: `subscriptions[0].provider`."""
        return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.location).removeprefix(".")


def misfits(error: ValidationError) -> Iterator[Misfit]:
    """Yield what does not fit, in the order of the fields, without the values themselves: they may be secret."""
    for detail in error.errors(include_url=False, include_input=False):
        yield Misfit(detail["loc"], detail["type"], detail.get("ctx", {}))


def first_misfit(error: ValidationError) -> Misfit:
    """Return the first of what does not fit."""
    return next(misfits(error))
