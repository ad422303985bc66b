"""Several acts on one audience at the same time, in an order that a test gives.

Each act runs as it does in a function, on a thread of its own, and waits before each item that it reads and each change that it
commits. One act runs at a time: so an order means the same in every run.
"""

import math
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from pushhub.audience.changes import Change
from pushhub.audience.port import AudienceStore, Snapshot, SnapshotQuery
from pushhub.catalog.model import DatabaseId
from tests.doubles.audience import MemoryAudience

PATIENCE = 30
"""Seconds for which a thread may compute; beyond that it hangs."""

Act = Callable[[AudienceStore], object]


def interleaved(
    store: MemoryAudience, acts: Sequence[Act], order: Iterable[int], after_each: Callable[[], None] = lambda: None
) -> list[object]:
    """Run acts to their ends, and return what they return.

    Args:
        store: what they act on.
        acts: each takes the store that it has to use.
        order: who runs next, by the place among those that still run; when it is over, the first that still runs does.
        after_each: called whenever an act has read an item or committed a change.

    Raises:
        AssertionError: an act hangs.
        Exception: what an act has raised.
    """
    actors = [_Actor(store, act) for act in acts]
    places = iter(order)
    while running := [actor for actor in actors if not actor.ended]:
        running[next(places, 0) % len(running)].step()
        after_each()
    return [actor.outcome() for actor in actors]


class _Actor:
    """One act on its thread; as a store, it waits before each item and each change."""

    def __init__(self, store: MemoryAudience, act: Act) -> None:
        self._store = store
        self._act = act
        self._turn = threading.Semaphore(0)
        self._waits = threading.Semaphore(0)
        self.ended = False
        thread = ThreadPoolExecutor(1)
        self._result = thread.submit(self._run)
        thread.shutdown(wait=False)

    def step(self) -> None:
        self._turn.release()
        assert self._waits.acquire(timeout=PATIENCE), "it hangs"

    def outcome(self) -> object:
        return self._result.result(PATIENCE)

    def read(self, queries: Sequence[SnapshotQuery], deadline: float = math.inf) -> Sequence[Snapshot]:
        return [self._read_one_by_one(query, deadline) for query in queries]

    def commit(self, database: DatabaseId, change: Change) -> None:
        self._wait()
        self._store.commit(database, change)

    def _run(self) -> object:
        self._turn.acquire()
        try:
            return self._act(self)
        finally:
            self.ended = True
            self._waits.release()

    def _wait(self) -> None:
        self._waits.release()
        self._turn.acquire()

    def _read_one_by_one(self, query: SnapshotQuery, deadline: float) -> Snapshot:
        found = Snapshot()
        for single in _singles(query):
            self._wait()
            (one,) = self._store.read([single], deadline)
            found = Snapshot(
                {**found.subscriptions, **one.subscriptions},
                {**found.key_holders, **one.key_holders},
                {**found.profiles, **one.profiles},
            )
        return found


def _singles(query: SnapshotQuery) -> Iterator[SnapshotQuery]:
    nothing = SnapshotQuery(query.database)
    yield from (replace(nothing, addresses=(address,)) for address in query.addresses)
    yield from (replace(nothing, keys=(key,)) for key in query.keys)
    yield from (replace(nothing, profiles=frozenset({profile})) for profile in sorted(query.profiles))
    yield from (replace(nothing, refs=frozenset({ref})) for ref in sorted(query.refs))
