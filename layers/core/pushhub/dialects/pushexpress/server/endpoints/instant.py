"""How is `POST /send/instant` answered?

No call of the API cancels what it creates; `pushhub sendings cancel` does, until it is due.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.providers import Provider
from pushhub.dialects.http import Answer
from pushhub.dialects.pushexpress.family import PathFamily
from pushhub.dialects.pushexpress.server.endpoints import paths
from pushhub.dialects.pushexpress.server.endpoints.calls import ServerCall, server_family
from pushhub.dialects.pushexpress.server.endpoints.creating import Creating, Creation, translations_shown
from pushhub.dialects.pushexpress.server.endpoints.one_time import one_time_sending, with_push
from pushhub.dialects.pushexpress.server.messages import require_content_fits
from pushhub.dialects.pushexpress.server.orders import OnesendOrder, parse_instant
from pushhub.dialects.pushexpress.server.times import FixedTime
from pushhub.moments import Seconds
from pushhub.sends.message import Message


@dataclass(frozen=True, slots=True)
class SendInstantly:
    """Creates a sending together with its push.

    Attributes:
        create: writes both once.
        require_fit: raises where a message does not fit a provider. See :func:`pushhub.sends.fitting.require_fit`.
        delay: seconds from the request to when the sending is due.
    """

    create: Creating
    require_fit: Callable[[Provider, Message], None]
    delay: int

    def endpoint(self, catalog: CachedCatalog) -> PathFamily:
        """Return the endpoint."""
        return server_family("pushexpress_instant", catalog, {paths.SEND_INSTANT: self.send}, elapsed=self.create.clock.elapsed)

    def send(self, call: ServerCall) -> Answer:
        """Answer one call."""
        return self.create(call, lambda body: self._creation(call, body))

    def _creation(self, call: ServerCall, body: Mapping[str, Any]) -> Creation:
        order = parse_instant(body, call.account)
        require_content_fits(order.push, order.applied.apps, self.require_fit, "push")
        push = self.create.new_push(call.account.caller.name, order.push)
        now = self.create.now
        onesend = OnesendOrder(order.name, order.applied, FixedTime(Seconds(now + self.delay)))
        unbound = one_time_sending(self.create.new_id(), call.account.caller, onesend, now)
        reply = {"sched_id": unbound.id, "push_id": push.id, "translations": translations_shown(push)}
        return Creation(reply, push, with_push(unbound, push))
