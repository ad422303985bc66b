"""How is `GET /api/v1.1/pushes/crypto_post_events?/…` answered?

Source: "Event registration" in `sources.md`.
"""

import re
from dataclasses import dataclass
from typing import Final

from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.secrets import CachedSecrets
from pushhub.dialects.altcraft.events.accepting import Acceptance, RelayAcceptance
from pushhub.dialects.altcraft.events.errors import EventRefusal
from pushhub.dialects.altcraft.events.notation import Notation
from pushhub.dialects.altcraft.events.render import accepted, refused, unavailable
from pushhub.dialects.http import Answer, HttpRequest, RefusedError
from pushhub.events.command import OPAQUE_PART, RELAYED_HEADER, RecordEvent, RelayLink
from pushhub.events.links import open_link
from pushhub.faults import UnavailableError

_QUERY: Final = re.compile(rf"(?:/|%2F)({OPAQUE_PART.pattern})=?", re.ASCII | re.IGNORECASE)
"""The query string of a link: some clients write the slash as `%2F`, some add the `=` of a parameter without a value."""


@dataclass(frozen=True, slots=True)
class CryptoPostEvents:
    """The endpoint: opens a link of ours, and takes any other link for the upstreams that relay links.

    A link that another hub has handed on is not handed on again: between hubs that are each other's upstreams it would never end.
    """

    catalog: CachedCatalog
    secrets: CachedSecrets
    stack: str
    accept: Acceptance
    accept_relay: RelayAcceptance

    def __call__(self, request: HttpRequest) -> Answer:
        """Answer one request; of it count the query string, and whether another hub has handed it on."""
        try:
            content = self._accepted(request.query, relayed=RELAYED_HEADER in request.headers)
        except RefusedError as error:
            return refused(error, Notation.JSON)
        except UnavailableError as error:
            return unavailable(error, Notation.JSON)
        return accepted(content, Notation.JSON)

    def _accepted(self, query: str, *, relayed: bool) -> RecordEvent | RelayLink:
        """Accept and return what a link reports: its event where it is ours, itself where an upstream relays links."""
        found = _QUERY.fullmatch(query)
        if not found:
            raise RefusedError(EventRefusal.BAD_LINK)
        event = open_link(found[1], self.stack, lambda id_: self.secrets.find(lambda known: known.link_keys.get(id_)))
        if event:
            self.accept(event)
            return event
        upstreams = [] if relayed else [name for name, upstream in self.catalog.upstreams().items() if upstream.relay_links]
        if not upstreams:
            raise RefusedError(EventRefusal.BAD_LINK)
        link = RelayLink(found[1])
        self.accept_relay(link, upstreams)
        return link
