"""How is `POST /push_subscribe` answered?"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pushhub.audience.command import DatabaseOutcome, Matching, Subscribe
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import Database, Resource
from pushhub.dialects.altcraft.subscribe.errors import MAX_ECHOED_BYTES, SubscribeRefusal
from pushhub.dialects.altcraft.subscribe.parse import SubscribeBody, parse_subscribe, read_resource_token, read_subscribe_body
from pushhub.dialects.altcraft.subscribe.render import render_outcomes, render_refusal
from pushhub.dialects.http import Answer, Caller, Fault, HttpRequest, RefusedError
from pushhub.dialects.outcome_counts import counts_of
from pushhub.faults import LostRaceError, UnavailableError

SECONDS_TO_LAST_CALL: Final = 18
"""No call of AWS starts later than this after the request began: where the last one hangs, there is still time for the 503."""


@dataclass(frozen=True, slots=True)
class PushSubscribe:
    """The endpoint: resource token, then fields, then the audience; a store that fails is answered with 503, to be repeated."""

    catalog: CachedCatalog
    subscribe: Callable[[Subscribe, float], Sequence[DatabaseOutcome]]
    """Carries out a command, and makes no call after a moment of `clock`."""
    more_push_hosts: frozenset[str] = frozenset()
    """Hosts of push services of browsers beside the known ones."""
    clock: Callable[[], float] = time.monotonic

    def __call__(self, request: HttpRequest) -> Answer:
        """Answer one request; only its body counts, and how it is packed."""
        try:
            return self._answer(request)
        except RefusedError as refused:
            return Answer(render_refusal(refused), refusal=refused.refusal)
        except (LostRaceError, UnavailableError) as error:
            refusal = SubscribeRefusal.UNAVAILABLE
            fault = Fault.of(error, "push_subscribe could not be served")
            return Answer(render_refusal(RefusedError(refusal)), refusal=refusal, fault=fault)

    def _answer(self, request: HttpRequest) -> Answer:
        deadline = self.clock() + SECONDS_TO_LAST_CALL
        fields, size = read_subscribe_body(request)
        opened = self.catalog.opened_by(read_resource_token(fields))
        if opened is None:
            raise RefusedError(SubscribeRefusal.RESOURCE_TOKEN_UNKNOWN)
        resource, databases = opened
        parsed = parse_subscribe(fields, self.more_push_hosts)
        _require_way_of_matching(resource, parsed.matching)
        if not databases:
            raise RefusedError(SubscribeRefusal.NO_DATABASES)
        if size * len(databases) > MAX_ECHOED_BYTES:
            raise RefusedError(SubscribeRefusal.TOO_MUCH_TO_ECHO)
        outcomes = self.subscribe(_command(resource, databases, parsed), deadline)
        reply = render_outcomes(resource.id, outcomes)
        return Answer(reply, Caller("resource_id", resource.id), counts=counts_of(outcomes))


def _require_way_of_matching(resource: Resource, matching: Matching) -> None:
    ways = resource.ways_of_matching
    if matching.way not in ways:
        raise RefusedError(SubscribeRefusal.MATCHING_NOT_ALLOWED, way=matching.way, allowed=", ".join(ways))


def _command(resource: Resource, databases: tuple[Database, ...], body: SubscribeBody) -> Subscribe:
    return Subscribe(
        resource=resource,
        databases=tuple(database for database in databases if body.databases is None or database.id in body.databases),
        foreign_databases=tuple(id_ for id_ in body.databases or () if id_ not in resource.databases),
        matching=body.matching,
        subscriptions=body.subscriptions,
    )
