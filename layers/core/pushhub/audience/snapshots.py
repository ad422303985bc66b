"""How is a snapshot read for each of several requests, in one reading or two?"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from pushhub.audience.port import Snapshot, SnapshotQuery
from pushhub.audience.rereading import unread_target
from pushhub.audience.resolving import DatabaseRequest


def read_snapshots(
    requests: Sequence[DatabaseRequest],
    queries: Sequence[SnapshotQuery],
    read: Callable[[Sequence[SnapshotQuery]], Sequence[Snapshot]],
) -> Sequence[Snapshot]:
    """Return a snapshot for each request, in order.

    A request that sets fields is decided by the profile that it means. Where only the first reading tells which profile that is, a
    second reading gets it.

    Args:
        requests: what is to be decided.
        queries: what is read first for each of them.
        read: returns a snapshot for each query, in order.
    """
    snapshots = read(queries)
    targets = [unread_target(request, snapshot) for request, snapshot in zip(requests, snapshots, strict=True)]
    missing = [
        SnapshotQuery(request.database, profiles=frozenset({target}))
        for request, target in zip(requests, targets, strict=True)
        if target is not None
    ]
    if not missing:
        return snapshots
    found = iter(read(missing))
    return [
        snapshot if target is None else replace(snapshot, profiles={**snapshot.profiles, **next(found).profiles})
        for snapshot, target in zip(snapshots, targets, strict=True)
    ]
