"""Which devices does a request of "App Instances (Devices)" ask for, which page of them, and how is one shown?

That page says that there are two kinds of pages, and what could be read of it shows neither. Numbered pages have the names that
"Custom events" gives them; the names of those behind a cursor are the hub's own. Either kind stands in the URL or in the body.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pushhub.audience.model import Subscription
from pushhub.catalog.model import ApiCaller, App, Catalog
from pushhub.sends.filters import Filters
from pushhub.sends.sending import LaneName, Place

MAX_ROWS: Final = 5_000
"""Devices of one reply ("App Instances (Devices)")."""
MAX_NUMBERED_ROWS: Final = 10_000
"""Devices that numbered pages reach ("Custom events", "Pagination")."""
ROWS_OF_A_PAGE: Final = 50
"""Devices of a page whose size a request does not say, as in the example of "Custom events"."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a caller has come: behind a place in a lane of the database of an app, which is named by its id at push.express."""

    app: int
    lane: LaneName
    place: Place

    @property
    def text(self) -> str:
        """The cursor as a caller gets it."""
        return f"{self.app}-{self.lane}-{self.place}"


@dataclass(frozen=True, slots=True)
class FirstRows:
    """The first :data:`MAX_ROWS` devices, of which a reply says no more."""


@dataclass(frozen=True, slots=True)
class NumberedPage:
    """A page by its number, from 1; it ends within the first :data:`MAX_NUMBERED_ROWS` devices."""

    number: int
    size: int


@dataclass(frozen=True, slots=True)
class CursorPage:
    """What comes behind a cursor; None is the beginning."""

    after: Cursor | None
    size: int


InstancePage = FirstRows | NumberedPage | CursorPage


@dataclass(frozen=True, slots=True)
class InstanceQuery:
    """Which devices a request asks for; there may be no app at all."""

    apps: tuple[App, ...]
    filters: Filters
    page: InstancePage


def parse_query(body: Mapping[str, Any], url_query: str, catalog: Catalog, caller: ApiCaller) -> InstanceQuery:
    """Return which devices a request asks for.

    Raises:
        RefusedError: fields are absent, unknown or do not fit.
    """
    raise NotImplementedError


def instance_row(app: App, fields: Mapping[str, Any], recipient: Subscription) -> Mapping[str, object]:
    """Return how a reply shows a device."""
    raise NotImplementedError
