"""How are the calls answered that the catalog alone knows the answer to, and all paths that no other function has?

Apps, groups of apps and events are declared in the catalog file, which is their one source: these calls read it, and those that
would change it are not done. The vendor's pages do not show under which names lists of apps and of groups stand ("Applications",
"Application groups"): they stand as that of events does.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs

from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.filter_fields import INSTALL
from pushhub.catalog.model import App, AppGroup, CustomEvent
from pushhub.dialects.http import Answer, HttpRequest, RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.family import PathFamily
from pushhub.dialects.pushexpress.replies import json_reply
from pushhub.dialects.pushexpress.server.account import ServerAccount
from pushhub.dialects.pushexpress.server.endpoints import paths
from pushhub.dialects.pushexpress.server.endpoints.calls import ServerCall, ServerHandler, server_family
from pushhub.dialects.pushexpress.server.fields import bad_field, id_in_path

EVENTS_PER_PAGE: Final = 50
"""Events of a page that says nothing of it, as in the vendor's example."""
MAX_EVENTS_PER_PAGE: Final = 1_000
MAX_EVENTS_OFFSET: Final = 10_000
"""Events that may stand before a page."""

_ARCHIVED: Final = {"": False, "false": False, "0": False, "true": True, "1": True}
_CREDENTIALS: Final = {"firebase": "has_firebase_creds", "apns": "has_apns_creds"}
"""What the vendor tells of an app's credentials, by the block that has them here."""
_SYSTEM_EVENT: Final = CustomEvent(INSTALL, "Install")


def catalog_endpoint(catalog: CachedCatalog) -> PathFamily:
    """Return the endpoint."""
    handlers: dict[str, ServerHandler] = {
        paths.LIST_APPS: _list_apps,
        paths.SHOW_APP: _show_app,
        paths.LIST_GROUPS: _list_groups,
        paths.SHOW_GROUP: _show_group,
        paths.LIST_EVENTS: _list_events,
        paths.SHOW_EVENT: _show_event,
        **dict.fromkeys(paths.WRITE_CATALOG, _refuse_to_write),
        **dict.fromkeys(paths.CHANGE_PUSH, _refuse_to_change_a_push),
        **dict.fromkeys(paths.OTHER_SCHEDULERS, _refuse_a_scheduler),
    }
    return server_family("pushexpress_catalog", catalog, handlers, paths.OF_OTHER_FUNCTIONS)


def _list_apps(call: ServerCall) -> Answer:
    account, archived = call.account, _asks_for_archived(call.request)
    shown = [_shown_app(account, id_, app) for id_, app in account.apps.items() if app.enabled is not archived]
    return Answer(json_reply(200, {"apps": shown}))


def _show_app(call: ServerCall) -> Answer:
    thing = "app of this caller"
    id_ = id_in_path(call.parameters["app_id"], "app_id", thing)
    app = call.account.apps.get(id_)
    if app is None:
        raise RefusedError(PushExpressRefusal.UNKNOWN, path="app_id", what=thing)
    return Answer(json_reply(200, _shown_app(call.account, id_, app)))


def _list_groups(call: ServerCall) -> Answer:
    groups = () if _asks_for_archived(call.request) else call.account.groups.values()
    return Answer(json_reply(200, {"app_groups": [_shown_group(call.account, group) for group in groups]}))


def _show_group(call: ServerCall) -> Answer:
    thing = "app group of this caller"
    group = call.account.groups.get(id_in_path(call.parameters["app_group_id"], "app_group_id", thing))
    if group is None:
        raise RefusedError(PushExpressRefusal.UNKNOWN, path="app_group_id", what=thing)
    return Answer(json_reply(200, _shown_group(call.account, group)))


def _list_events(call: ServerCall) -> Answer:
    page = _number_in(call.request, "page", 1, MAX_EVENTS_OFFSET)
    per_page = _number_in(call.request, "per_page", EVENTS_PER_PAGE, MAX_EVENTS_PER_PAGE)
    first = (page - 1) * per_page
    if first > MAX_EVENTS_OFFSET:
        raise bad_field("page", f"one that begins within the first {MAX_EVENTS_OFFSET} events")
    events = _events(call)
    pagination = {
        "page": page,
        "per_page": per_page,
        "total_pages": -(-len(events) // per_page),
        "total_count": len(events),
    }
    shown = [_shown_event(event) for event in events[first : first + per_page]]
    return Answer(json_reply(200, {"events": shown, "pagination": pagination}))


def _show_event(call: ServerCall) -> Answer:
    thing = "event of the catalog"
    id_ = id_in_path(call.parameters["event_id"], "event_id", thing)
    for event in _events(call):
        if event.id == id_:
            return Answer(json_reply(200, _shown_event(event)))
    raise RefusedError(PushExpressRefusal.UNKNOWN, path="event_id", what=thing)


def _refuse_to_write(_call: ServerCall) -> Answer:
    raise RefusedError(
        PushExpressRefusal.NOT_IMPLEMENTED,
        what="call that changes apps, groups or events",
        instead="declare them in its catalog file and apply that: pushhub catalog apply FILE",
    )


def _refuse_to_change_a_push(_call: ServerCall) -> Answer:
    raise RefusedError(
        PushExpressRefusal.NOT_IMPLEMENTED, what="call that changes a push", instead="create another one and bind it"
    )


def _refuse_a_scheduler(_call: ServerCall) -> Answer:
    raise RefusedError(
        PushExpressRefusal.NOT_IMPLEMENTED,
        what="such call of schedulers",
        instead="it has POST send/instant, POST sched/onesend, PUT sched/onesend/{sched_id}/pushes and pushhub sendings cancel ID",
    )


def _events(call: ServerCall) -> Sequence[CustomEvent]:
    return (_SYSTEM_EVENT, *call.account.catalog.events.values())


def _shown_app(account: ServerAccount, id_: int, app: App) -> Mapping[str, object]:
    groups = [{"id": group.id, "name": group.name} for group in account.groups.values() if id_ in account.apps_in(group)]
    return {
        "id": id_,
        "pushexpress_id": app.push_express.sdk_id if app.push_express else "",
        "name": app.name,
        "groups": groups,
        "archived": not app.enabled,
        **{field: block in app.blocks for block, field in _CREDENTIALS.items()},
        "has_onesignal_creds": False,
    }


def _shown_group(account: ServerAccount, group: AppGroup) -> Mapping[str, object]:
    return {
        "id": group.id,
        "name": group.name,
        "app_ids": account.apps_in(group),
        "all_apps": group.all_apps,
        "archived": False,
    }


def _shown_event(event: CustomEvent) -> Mapping[str, object]:
    kind = "SYSTEM" if event is _SYSTEM_EVENT else "CUSTOM"
    return {"id": event.id, "name": event.name, "code": event.code, "status": 1, "type": kind}


def _asks_for_archived(request: HttpRequest) -> bool:
    text = _parameter(request, "archived")
    if text.lower() not in _ARCHIVED:
        raise bad_field("archived", "true or false")
    return _ARCHIVED[text.lower()]


def _number_in(request: HttpRequest, name: str, default: int, most: int) -> int:
    text = _parameter(request, name) or str(default)
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and 1 <= int(text) <= most):
        raise bad_field(name, f"an integer from 1 to {most}")
    return int(text)


def _parameter(request: HttpRequest, name: str) -> str:
    """Return a parameter of the query, the last where it stands there several times, empty where it does not."""
    return parse_qs(request.query, errors="replace").get(name, [""])[-1]
