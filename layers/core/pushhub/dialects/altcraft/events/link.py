"""How is `GET /api/v1.1/pushes/crypto_post_events?/…` answered?

Source: "Event registration" in `sources.md`.
"""

import re
from dataclasses import dataclass
from typing import Final

from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.secrets import CachedSecrets, LinkKeyId
from pushhub.dialects.altcraft.events.accepting import Acceptance
from pushhub.dialects.altcraft.events.errors import EventRefusal
from pushhub.dialects.altcraft.events.notation import Notation
from pushhub.dialects.altcraft.events.render import accepted, refused, unavailable
from pushhub.dialects.http import Answer, HttpRequest, RefusedError
from pushhub.events.command import OPAQUE_PART, RecordEvent, RelayLink
from pushhub.events.links import open_link
from pushhub.faults import UnavailableError

_QUERY: Final = re.compile(rf"(?:/|%2F)({OPAQUE_PART.pattern})=?", re.ASCII | re.IGNORECASE)
"""The query string of a link: some clients write the slash as `%2F`, some add the `=` of a parameter without a value."""


@dataclass(frozen=True, slots=True)
class CryptoPostEvents:
    """The endpoint: opens a link of ours, and takes any other link for the upstreams that relay links."""

    catalog: CachedCatalog
    secrets: CachedSecrets
    stack: str
    accept: Acceptance

    def __call__(self, request: HttpRequest) -> Answer:
        """Answer one request; only its query string counts."""
        try:
            content = self._content(request.query)
            self.accept(content)
        except RefusedError as error:
            return refused(error, Notation.JSON)
        except UnavailableError as error:
            return unavailable(error, Notation.JSON)
        return accepted(content, Notation.JSON)

    def _content(self, query: str) -> RecordEvent | RelayLink:
        """Return what a link reports: its event where it is ours, itself where an upstream relays links."""
        found = _QUERY.fullmatch(query)
        if not found:
            raise RefusedError(EventRefusal.BAD_LINK)
        # A link of a revoked key is ours: no upstream has a use for it, and whoever has the key may make any number.
        if open_link(found[1], self.stack, self._revoked_key):
            raise RefusedError(EventRefusal.BAD_LINK)
        event = open_link(found[1], self.stack, self._key)
        if event:
            return event
        if any(upstream.relay_links for upstream in self.catalog.upstreams().values()):
            return RelayLink(found[1])
        raise RefusedError(EventRefusal.BAD_LINK)

    def _key(self, id_: LinkKeyId) -> str | None:
        return self.secrets.find(lambda known: known.link_keys.get(id_))

    def _revoked_key(self, id_: LinkKeyId) -> str | None:
        return self.secrets.current().revoked_link_keys.get(id_)
