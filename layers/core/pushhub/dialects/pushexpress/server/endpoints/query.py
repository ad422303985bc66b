"""How is `POST /query/app-instances` answered?

The index of profiles is read in the order of its places until the page is full, so a request costs no more than the devices before
its page do. What is counted are devices that can be reached, each of which is a live subscription.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, NamedTuple

from pushhub.audience.port import AudienceReach, ReachedProfile
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import App
from pushhub.dialects.http import Answer
from pushhub.dialects.pushexpress.family import PathFamily
from pushhub.dialects.pushexpress.replies import json_reply
from pushhub.dialects.pushexpress.server.endpoints import paths
from pushhub.dialects.pushexpress.server.endpoints.calls import ServerCall, server_family
from pushhub.dialects.pushexpress.server.query import (
    MAX_NUMBERED_ROWS,
    MAX_ROWS,
    Cursor,
    CursorPage,
    FirstRows,
    InstanceQuery,
    NumberedPage,
    instance_row,
    parse_query,
)
from pushhub.dialects.pushexpress.server.requests import read_server_body
from pushhub.faults import UnavailableError
from pushhub.sends.recipients import enabled_references, recipients_among
from pushhub.sends.sending import BEGINNING, INDEX_LANES, Place
from pushhub.sends.steps import CHOSEN_PAGE_PROFILES

SECONDS_TO_LAST_READ: Final = 18
"""From when a request comes: nothing of the audience is read later, since the last read may hang for 8 s."""

Row = Mapping[str, object]


class _Found(NamedTuple):
    """The devices of one profile, and where a page goes on behind it."""

    rows: Sequence[Row]
    behind: Cursor


class _OutOfTimeError(UnavailableError):
    """The audience is too large to be searched for a page within a request; the search goes on behind `behind`."""

    def __init__(self, behind: Cursor) -> None:
        super().__init__("the audience is too large to be searched for this page within a request; a cursor gets through it")
        self.behind = behind


@dataclass(frozen=True, slots=True)
class QueryInstances:
    """Finds devices.

    Attributes:
        reach: the audience.
        elapsed: counts seconds.
    """

    reach: AudienceReach
    elapsed: Callable[[], float]

    def endpoint(self, catalog: CachedCatalog) -> PathFamily:
        """Return the endpoint."""
        return server_family("pushexpress_query", catalog, {paths.QUERY_INSTANCES: self.query}, elapsed=self.elapsed)

    def query(self, call: ServerCall) -> Answer:
        """Answer one call; one without a body restricts nothing."""
        body = read_server_body(call.request) if call.request.body.strip() else {}
        query = parse_query(body, call.request.query, call.account)
        found = self._found(query, call.begun + SECONDS_TO_LAST_READ)
        match query.page:
            case FirstRows():
                return _answer(_rows(found, MAX_ROWS))
            case NumberedPage(number, size):
                return _numbered(_rows(found, MAX_NUMBERED_ROWS), number, size)
            case CursorPage(size=size):
                return _behind_a_cursor(found, size)

    def _found(self, query: InstanceQuery, deadline: float) -> Iterator[_Found]:
        """Yield the profiles that have a device, from the cursor on.

        Raises:
            UnavailableError: the audience cannot be read, or there is no time to read more of it.
        """
        after = query.page.after if isinstance(query.page, CursorPage) else None
        apps = [(id_, app) for app in query.apps if (id_ := _id_of(app)) is not None]
        if after:
            apps = apps[[id_ for id_, _ in apps].index(after.app) :]
        for id_, app in apps:
            begin = after if after and after.app == id_ else Cursor(id_, INDEX_LANES[0], BEGINNING)
            for lane in INDEX_LANES[INDEX_LANES.index(begin.lane) :]:
                place = begin.place if lane == begin.lane else BEGINNING
                yield from self._in_lane(query, app, Cursor(id_, lane, place), deadline)

    def _in_lane(self, query: InstanceQuery, app: App, begin: Cursor, deadline: float) -> Iterator[_Found]:
        more, place = True, begin.place
        while more:
            self._require_time(deadline, replace(begin, place=place))
            page = self.reach.page(app.database, begin.lane, place, CHOSEN_PAGE_PROFILES)
            admitted = [each for each in page.profiles if query.filters.admits(each.fields, each.happened)]
            for profiles in _packed(app, admitted):
                self._require_time(deadline, replace(begin, place=place))
                yield from self._of_profiles(app, profiles, begin)
                place = Place(profiles[-1].place)
            more = page.more and bool(page.profiles)
            place = Place(page.profiles[-1].place) if page.profiles else place

    def _require_time(self, deadline: float, behind: Cursor) -> None:
        """Require that there is time to read more of what stands behind the last whole profile."""
        if self.elapsed() > deadline:
            raise _OutOfTimeError(behind)

    def _of_profiles(self, app: App, profiles: Sequence[ReachedProfile], begin: Cursor) -> Iterator[_Found]:
        references = {each.id: enabled_references(app, each.live) for each in profiles}
        found = self.reach.subscriptions(app.database, [each for of_profile in references.values() for each in of_profile])
        for each in profiles:
            recipients = recipients_among(app, each.id, references[each.id], found)
            if recipients:
                rows = [instance_row(app, each.fields, recipient) for recipient in recipients]
                yield _Found(rows, Cursor(begin.app, begin.lane, Place(each.place)))


_REFERENCES_AT_ONCE: Final = 100
"""Subscriptions that are read at one time, by one call; those of one profile are read together."""


def _packed(app: App, profiles: Sequence[ReachedProfile]) -> Iterator[Sequence[ReachedProfile]]:
    """Yield those profiles that may have a device of the app, some at a time, so that little is read in vain."""
    pack: list[ReachedProfile] = []
    left = _REFERENCES_AT_ONCE
    for each in profiles:
        number = len(enabled_references(app, each.live))
        if number > left and pack:
            yield pack
            pack, left = [], _REFERENCES_AT_ONCE
        if number:
            pack.append(each)
            left -= number
    if pack:
        yield pack


def _rows(found: Iterator[_Found], most: int) -> list[Row]:
    return list(islice((row for each in found for row in each.rows), most))


def _answer(rows: Sequence[Row], **more: object) -> Answer:
    return Answer(json_reply(200, {"active_count": len(rows), "app_instances": rows, **more}))


def _numbered(rows: Sequence[Row], number: int, size: int) -> Answer:
    pagination = {"page": number, "per_page": size, "total_pages": -(-len(rows) // size), "total_count": len(rows)}
    page = rows[(number - 1) * size : number * size]
    return Answer(json_reply(200, {"active_count": len(rows), "app_instances": page, "pagination": pagination}))


def _behind_a_cursor(found: Iterator[_Found], size: int) -> Answer:
    """Return whole profiles until the page is full, or the time is over.

    The last profile may have more devices than fit, and none of them is left out.
    """
    rows: list[Row] = []
    try:
        for each in found:
            rows += each.rows
            if len(rows) >= size:
                return _answer(rows, next_cursor=each.behind.text)
    except _OutOfTimeError as out_of_time:
        return _answer(rows, next_cursor=out_of_time.behind.text)
    return _answer(rows, next_cursor=None)


def _id_of(app: App) -> int | None:
    return app.push_express.id if app.push_express else None
