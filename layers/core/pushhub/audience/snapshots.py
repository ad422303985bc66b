"""How is a snapshot read for each of several requests, in one reading or two?

The first reading is of what the requests name. Only it tells what else some of them need:

=====================================================  ============================================================
a request                                              needs
=====================================================  ============================================================
sets fields of a profile that it does not name by id   that profile
cancels subscriptions that it does not name            those that the profile refers to as live
=====================================================  ============================================================
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from pushhub.audience.port import Snapshot, SnapshotQuery
from pushhub.audience.reports import unread_others
from pushhub.audience.rereading import unread_target
from pushhub.audience.resolving import DatabaseRequest


def read_snapshots(
    requests: Sequence[DatabaseRequest],
    queries: Sequence[SnapshotQuery],
    read: Callable[[Sequence[SnapshotQuery]], Sequence[Snapshot]],
) -> Sequence[Snapshot]:
    """Return a snapshot for each request, in order, with all that it is to be decided by.

    Args:
        requests: what is to be decided.
        queries: what is read first for each of them.
        read: returns a snapshot for each query, in order.
    """
    snapshots = read(queries)
    missing = [unread(request, snapshot) for request, snapshot in zip(requests, snapshots, strict=True)]
    further = [query for query in missing if query is not None]
    if not further:
        return snapshots
    found = iter(read(further))
    return [
        snapshot if query is None else _joined(snapshot, next(found)) for snapshot, query in zip(snapshots, missing, strict=True)
    ]


def unread(request: DatabaseRequest, snapshot: Snapshot) -> SnapshotQuery | None:
    """Return what a request needs that a first reading did not get; None where that is nothing."""
    profile = unread_target(request, snapshot)
    others = unread_others(request, snapshot)
    if profile is None and not others:
        return None
    return SnapshotQuery(request.database, profiles=frozenset({profile} if profile else ()), refs=others)


def _joined(first: Snapshot, further: Snapshot) -> Snapshot:
    return replace(
        first,
        subscriptions={**first.subscriptions, **further.subscriptions},
        profiles={**first.profiles, **further.profiles},
    )
