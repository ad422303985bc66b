"""What does pydantic say is wrong, and where?

pydantic's own sentences are for programmers, so whoever validates has words of its own: a table by `kind`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

_PLAIN_KEY: Final = re.compile(r"[\w-]{1,64}")
_KEY_ITSELF: Final = "[key]"
"""What pydantic adds to the location of a mapping's key."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """One thing that does not fit.

    `location` leads to it: names of fields and positions in lists. `kind` is pydantic's name for what is wrong (`string_type`,
    `missing`, …), or a validator's own. `context` is what the check knows besides, as the bound in `max_length`. `null` says that
    the value is None; any other value is not kept, since it may be secret.
    """

    location: tuple[int | str, ...]
    kind: str
    context: Mapping[str, object]
    null: bool = False

    @property
    def path(self) -> str:
        """The location as it is written to a person: `subscriptions[0].provider`."""
        return path_of(self.location)


def misfits(error: ValidationError) -> Iterator[Misfit]:
    """Yield what does not fit, in the order of the fields."""
    for detail in error.errors(include_url=False):
        yield Misfit(detail["loc"], detail["type"], detail.get("ctx", {}), null=detail["input"] is None)


def first_misfit(error: ValidationError) -> Misfit:
    """Return the first of what does not fit."""
    return next(misfits(error))


def path_of(location: Sequence[int | str]) -> str:
    """Spell out a location, such as `databases[0].fields['a#b']`."""
    return "".join(map(_step, (part for part in location if part != _KEY_ITSELF))).removeprefix(".")


def _step(part: int | str) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if _PLAIN_KEY.fullmatch(part) else f"[{part!r}]"
