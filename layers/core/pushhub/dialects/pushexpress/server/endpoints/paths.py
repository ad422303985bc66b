"""Which routes has the back-end API?

Each function answers those of its family, and `catalog` every other path, so it knows which paths the others have.
"""

from typing import Final

_BASE: Final = "/api/b/v2"

SEND_INSTANT: Final = f"POST {_BASE}/send/instant"

CREATE_PUSH: Final = f"POST {_BASE}/pushes"
SHOW_PUSH: Final = f"GET {_BASE}/pushes/{{push_id}}"
CREATE_ONESEND: Final = f"POST {_BASE}/sched/onesend"
BIND_PUSHES: Final = f"PUT {_BASE}/sched/{{sched_type}}/{{sched_id}}/pushes"

QUERY_INSTANCES: Final = f"POST {_BASE}/query/app-instances"

LIST_APPS: Final = f"GET {_BASE}/apps"
SHOW_APP: Final = f"GET {_BASE}/apps/{{app_id}}"
LIST_GROUPS: Final = f"GET {_BASE}/app/groups"
SHOW_GROUP: Final = f"GET {_BASE}/app/groups/{{app_group_id}}"
LIST_EVENTS: Final = f"GET {_BASE}/events"
SHOW_EVENT: Final = f"GET {_BASE}/events/{{event_id}}"

OF_OTHER_FUNCTIONS: Final = (SEND_INSTANT, CREATE_PUSH, SHOW_PUSH, CREATE_ONESEND, BIND_PUSHES, QUERY_INSTANCES)
"""Routes that `catalog` does not answer."""

_WRITING: Final = ("POST", "PUT", "PATCH", "DELETE")


def _written(*paths: str) -> tuple[str, ...]:
    return tuple(f"{method} {_BASE}{path}" for path in paths for method in _WRITING)


WRITE_CATALOG: Final = _written(
    *("/apps", "/apps/{app_id}", "/apps/{app_id}/{action}", "/apps/{app_id}/{action}/{detail}"),
    *("/app/groups", "/app/groups/{app_group_id}", "/app/groups/{app_group_id}/{action}"),
    *("/events", "/events/{event_id}", "/events/{event_id}/{action}"),
)
"""Routes that change at the vendor what stands in the catalog here. Some are named in the vendor's pages without their methods."""
CHANGE_PUSH: Final = _written("/pushes/{push_id}", "/pushes/{push_id}/{action}")
OTHER_SCHEDULERS: Final = (
    *_written("/sched/{sched_type}", "/sched/{sched_type}/{sched_id}", "/sched/{sched_type}/{sched_id}/{action}"),
    *(f"GET {_BASE}/sched{path}" for path in ("/{sched_type}", "/{sched_type}/{sched_id}", "/{sched_type}/{sched_id}/pushes")),
)
