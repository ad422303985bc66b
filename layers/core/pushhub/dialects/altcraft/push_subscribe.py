"""How is `POST /push_subscribe` answered?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pushhub.audience.subscribe import DatabaseOutcome, Subscribe
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import Database, Resource
from pushhub.dialects.altcraft.errors import MAX_ECHOED_BYTES, Refusal, RefusedError
from pushhub.dialects.altcraft.parse import SubscribeBody, parse_subscribe, read_body, read_token
from pushhub.dialects.altcraft.render import Reply, render_outcomes, render_refusal
from pushhub.faults import LostRaceError, UnavailableError


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, and what an operator wants to know of how it came about; nothing in it is secret but the reply's body."""

    reply: Reply
    resource: Resource | None = None
    outcomes: Sequence[DatabaseOutcome] = ()
    refusal: Refusal | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class PushSubscribe:
    """The endpoint: token, then fields, then the audience; a store that fails is answered with 503, to be repeated."""

    catalog: CachedCatalog
    subscribe: Callable[[Subscribe], Sequence[DatabaseOutcome]]

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
        document = read_body(body)
        opened = self.catalog.opened_by(read_token(document))
        if opened is None:
            raise RefusedError(Refusal.TOKEN_UNKNOWN)
        resource, databases = opened
        asked = parse_subscribe(document)
        if not databases:
            raise RefusedError(Refusal.NO_DATABASES)
        if len(body) * len(databases) > MAX_ECHOED_BYTES:
            raise RefusedError(Refusal.TOO_MUCH_TO_ECHO)
        outcomes = self.subscribe(_command(resource, databases, asked))
        return Answer(render_outcomes(resource.id, outcomes), resource, outcomes)


def _command(resource: Resource, databases: tuple[Database, ...], asked: SubscribeBody) -> Subscribe:
    return Subscribe(
        resource=resource,
        databases=tuple(database for database in databases if asked.databases is None or database.id in asked.databases),
        strangers=tuple(id_ for id_ in asked.databases or () if id_ not in resource.databases),
        matching=asked.matching,
        subscriptions=asked.subscriptions,
    )
