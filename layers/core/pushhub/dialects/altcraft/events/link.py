"""How is `GET /api/v1.1/pushes/crypto_post_events?/…` answered?

Source: "Event registration" in `sources.md`.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.secrets import CachedSecrets, LinkKeyId
from pushhub.dialects.altcraft.events.errors import EventRefusal
from pushhub.dialects.altcraft.events.notation import Notation
from pushhub.dialects.altcraft.events.render import accepted, refused, unavailable
from pushhub.dialects.http import Answer, HttpRequest, RefusedError
from pushhub.events.accepting import Acceptance, RelayAcceptance
from pushhub.events.command import OPAQUE_PART, RELAYED_HEADER, RecordEvent, RelayLink
from pushhub.events.links import open_link
from pushhub.faults import UnavailableError

_LINK: Final = re.compile(r"(?:^|&)/([0-9A-Za-z_-]+)", re.ASCII)
"""A link in a query string whose percent-encoded characters are decoded; of several, the first.

It ends before the first character that no link has: mail clients, trackers and texts add `&utm_source=…`, a full stop, a bracket, a
blank. Some clients write its characters percent-encoded, the slash above all, and some put parameters in front.
"""


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
        opaque = _opaque_part(query)
        # A link of a revoked key is ours: no upstream has a use for it, and whoever has the key may make any number.
        if open_link(opaque, self.stack, self._revoked_key):
            raise RefusedError(EventRefusal.BAD_LINK)
        event = open_link(opaque, self.stack, self._key)
        if event:
            self.accept(event)
            return event
        upstreams = [] if relayed else [name for name, upstream in self.catalog.upstreams().items() if upstream.relay_links]
        if not upstreams:
            raise RefusedError(EventRefusal.BAD_LINK)
        link = RelayLink(opaque)
        self.accept_relay(link, upstreams)
        return link

    def _key(self, id_: LinkKeyId) -> str | None:
        return self.secrets.find(lambda known: known.link_keys.get(id_))

    def _revoked_key(self, id_: LinkKeyId) -> str | None:
        return self.secrets.current().revoked_link_keys.get(id_)


def _opaque_part(query: str) -> str:
    """Return the opaque part of the link in a query string, without what was added around it.

    Raises:
        RefusedError: there is no link, or one that is too short or too long.
    """
    found = _LINK.search(unquote(query))
    if found is None or not OPAQUE_PART.fullmatch(found[1]):
        raise RefusedError(EventRefusal.BAD_LINK)
    return found[1]
