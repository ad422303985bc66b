"""How is `POST /api/v1.1/pushes/post_events` answered?

Sources: "Add app push events" and "Event registration" in `sources.md`.
"""

from dataclasses import dataclass

from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import ApiCaller, Right
from pushhub.dialects.altcraft.events.errors import EventRefusal
from pushhub.dialects.altcraft.events.parse import (
    check_format,
    notation_of_reply,
    notation_of_request,
    parse_event,
    read_api_token,
    read_fields,
    unpack_event,
)
from pushhub.dialects.altcraft.events.render import accepted, refused, unavailable
from pushhub.dialects.http import Answer, Caller, HttpRequest, RefusedError
from pushhub.events.accepting import Acceptance
from pushhub.faults import UnavailableError


@dataclass(frozen=True, slots=True)
class PostEvents:
    """The endpoint: size, body, API token, fields, in this order."""

    catalog: CachedCatalog
    accept: Acceptance
    more_push_hosts: frozenset[str] = frozenset()
    """Hosts of push services of browsers beside the known ones."""

    def __call__(self, request: HttpRequest) -> Answer:
        """Answer one request."""
        try:
            plain = unpack_event(request)
        except RefusedError as error:
            return refused(error, notation_of_reply(request, notation_of_request(request)))
        return self._answer(plain)

    def _answer(self, request: HttpRequest) -> Answer:
        notation = notation_of_request(request)
        reply_in = notation_of_reply(request, notation)
        try:
            fields = read_fields(request.body, notation)
            check_format(request)
            caller = self._caller(read_api_token(request, fields))
            event = parse_event(fields, self.more_push_hosts)
            self.accept(event)
        except RefusedError as error:
            return refused(error, reply_in)
        except UnavailableError as error:
            return unavailable(error, reply_in)
        return accepted(event, reply_in, Caller("caller", caller.name))

    def _caller(self, api_token: str) -> ApiCaller:
        caller = self.catalog.api_caller_of(api_token)
        if caller is None:
            raise RefusedError(EventRefusal.API_TOKEN_UNKNOWN)
        if not caller.may(Right.EVENTS):
            raise RefusedError(EventRefusal.NO_RIGHT)
        return caller
