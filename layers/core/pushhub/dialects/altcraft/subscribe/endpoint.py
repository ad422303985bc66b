"""How is `POST /push_subscribe` answered?"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pushhub.audience.command import DatabaseOutcome, Subscribe
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import Database, Resource
from pushhub.dialects.altcraft.subscribe.errors import MAX_ECHOED_BYTES, Refusal
from pushhub.dialects.altcraft.subscribe.parse import SubscribeBody, parse_subscribe, read_body, read_resource_token
from pushhub.dialects.altcraft.subscribe.render import render_outcomes, render_refusal
from pushhub.dialects.http import HttpReply, RefusalTable, RefusedError
from pushhub.faults import LostRaceError, UnavailableError

SECONDS_TO_LAST_CALL: Final = 18
"""No call of AWS starts later than this after the request began: where the last one hangs, there is still time for the 503."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, and what an operator wants to know of how it came about; nothing in it is secret but the reply's body."""

    reply: HttpReply
    resource: Resource | None = None
    outcomes: Sequence[DatabaseOutcome] = ()
    refusal: RefusalTable | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class PushSubscribe:
    """The endpoint: token, then fields, then the audience; a store that fails is answered with 503, to be repeated."""

    catalog: CachedCatalog
    subscribe: Callable[[Subscribe, float], Sequence[DatabaseOutcome]]
    """Carries out a command, and makes no call after a moment of `clock`."""
    clock: Callable[[], float] = time.monotonic

    def __call__(self, body: bytes) -> Answer:
        """Answer one request body."""
        try:
            return self._answer(body)
        except RefusedError as refused:
            return Answer(render_refusal(refused), refusal=refused.refusal)
        except (LostRaceError, UnavailableError) as fault:
            text = f"{type(fault).__name__}: {fault}"
            return Answer(render_refusal(RefusedError(Refusal.UNAVAILABLE)), refusal=Refusal.UNAVAILABLE, fault=text)

    def _answer(self, body: bytes) -> Answer:
        latest = self.clock() + SECONDS_TO_LAST_CALL
        document = read_body(body)
        opened = self.catalog.opened_by(read_resource_token(document))
        if opened is None:
            raise RefusedError(Refusal.RESOURCE_TOKEN_UNKNOWN)
        resource, databases = opened
        asked = parse_subscribe(document)
        if not databases:
            raise RefusedError(Refusal.NO_DATABASES)
        if len(body) * len(databases) > MAX_ECHOED_BYTES:
            raise RefusedError(Refusal.TOO_MUCH_TO_ECHO)
        outcomes = self.subscribe(_command(resource, databases, asked), latest)
        return Answer(render_outcomes(resource.id, outcomes), resource, outcomes)


def _command(resource: Resource, databases: tuple[Database, ...], asked: SubscribeBody) -> Subscribe:
    return Subscribe(
        resource=resource,
        databases=tuple(database for database in databases if asked.databases is None or database.id in asked.databases),
        foreign_databases=tuple(id_ for id_ in asked.databases or () if id_ not in resource.databases),
        matching=asked.matching,
        subscriptions=asked.subscriptions,
    )
