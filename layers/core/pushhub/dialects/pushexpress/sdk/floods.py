"""How many profiles may strangers make?

Anybody who knows the public id of an app may register instances of it. One process lets through so many of each app a second: the
others of that app are told to wait, and those of other apps are served. It cannot do more, since processes know nothing of each
other: API Gateway bounds all calls of a route, and the alarm of new profiles rings.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from pushhub.catalog.model import AppId

NEW_INSTANCES_PER_SECOND: Final = 50
"""Registrations that make a profile, for one app in one process: half of what a process can do."""


@dataclass(slots=True)
class NewInstanceLimit:
    """Counts the profiles that calls have made: an allowance for each app, which fills up within a second."""

    clock: Callable[[], float] = time.monotonic
    per_second: int = NEW_INSTANCES_PER_SECOND
    _allowances: dict[AppId, tuple[float, float]] = field(default_factory=dict)
    """What was left of the allowance of an app, and when."""

    def admits(self, app: AppId) -> bool:
        """Say whether an app may make a profile now."""
        return self._allowance(app) >= 1

    def count(self, app: AppId) -> None:
        """Take down that an app has made a profile."""
        self._allowances[app] = (self._allowance(app) - 1, self.clock())

    def _allowance(self, app: AppId) -> float:
        left, at = self._allowances.get(app, (self.per_second, 0.0))
        return min(float(self.per_second), left + (self.clock() - at) * self.per_second)
