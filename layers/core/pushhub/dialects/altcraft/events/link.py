"""How is `GET /api/v1.1/pushes/crypto_post_events?/…` answered?

Source: seed 001.
"""

import re
from dataclasses import dataclass
from typing import Final

from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.secrets import CachedSecrets
from pushhub.dialects.altcraft.events.accepting import Acceptance, EventAnswer, accepted, refused, unavailable
from pushhub.dialects.altcraft.events.errors import EventRefusal
from pushhub.dialects.altcraft.events.notation import Format
from pushhub.dialects.http import RefusedError
from pushhub.events.command import LINK, RecordEvent, RelayLink
from pushhub.events.links import open_link
from pushhub.faults import UnavailableError

_QUERY: Final = re.compile(rf"(?:/|%2F)({LINK.pattern})=?", re.ASCII | re.IGNORECASE)
"""The query string of a link: some clients write the slash as `%2F`, some add the `=` of a parameter without a value."""


@dataclass(frozen=True, slots=True)
class CryptoPostEvents:
    """The endpoint: a link of ours, or one for an upstream that takes links that are not."""

    catalog: CachedCatalog
    secrets: CachedSecrets
    stack: str
    accept: Acceptance

    def __call__(self, query: str) -> EventAnswer:
        """Answer one request, given its query string as it came."""
        try:
            what = self._what(query)
            self.accept(what)
        except RefusedError as refusal:
            return refused(refusal, Format.JSON)
        except UnavailableError as fault:
            return unavailable(fault, Format.JSON)
        return accepted(what, Format.JSON)

    def _what(self, query: str) -> RecordEvent | RelayLink:
        found = _QUERY.fullmatch(query)
        if not found:
            raise RefusedError(EventRefusal.BAD_LINK)
        event = open_link(found[1], self.stack, lambda id_: self.secrets.find(lambda known: known.link_keys.get(id_)))
        if event:
            return event
        if any(upstream.relay_links for upstream in self.catalog.upstreams().values()):
            return RelayLink(found[1])
        raise RefusedError(EventRefusal.BAD_LINK)
