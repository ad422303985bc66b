"""How is `POST /api/v1.1/pushes/post_events` answered?

Sources: seeds 000 and 001.
"""

from dataclasses import dataclass

from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import ApiToken, Right
from pushhub.dialects.altcraft.events.accepting import Acceptance, EventAnswer, accepted, refused, unavailable
from pushhub.dialects.altcraft.events.errors import EventRefusal
from pushhub.dialects.altcraft.events.parse import (
    check_format,
    format_of_reply,
    format_of_request,
    parse_event,
    read_api_token,
    read_fields,
)
from pushhub.dialects.http import RefusedError
from pushhub.faults import UnavailableError


@dataclass(frozen=True, slots=True)
class PostEvents:
    """The endpoint: size, body, token, fields, in this order."""

    catalog: CachedCatalog
    accept: Acceptance

    def __call__(self, body: bytes, content_type: str, query: str, authorization: str) -> EventAnswer:
        """Answer one request."""
        notation = format_of_request(body, content_type)
        reply_in = format_of_reply(query, notation)
        try:
            fields = read_fields(body, notation)
            check_format(query)
            caller = self._caller(read_api_token(fields, query, authorization))
            event = parse_event(fields)
            self.accept(event)
        except RefusedError as refusal:
            return refused(refusal, reply_in)
        except UnavailableError as fault:
            return unavailable(fault, reply_in)
        return accepted(event, reply_in, caller.name)

    def _caller(self, token: str) -> ApiToken:
        caller = self.catalog.api_token_of(token)
        if caller is None:
            raise RefusedError(EventRefusal.API_TOKEN_UNKNOWN)
        if Right.EVENTS not in caller.rights:
            raise RefusedError(EventRefusal.NO_RIGHT)
        return caller
