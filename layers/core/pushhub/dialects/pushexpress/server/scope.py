"""What of the catalog does a caller see?

The apps that name it, archived ones too, and those groups that have one of them. Whatever else there is, is unknown to it.
"""

from collections.abc import Mapping
from dataclasses import replace

from pushhub.catalog.model import ApiCaller, App, AppGroup, Catalog


def apps_of_caller(catalog: Catalog, caller: ApiCaller) -> Mapping[int, App]:
    """Return the apps that a caller may use, by their ids at push.express, in the catalog's order."""
    return {app.push_express.id: app for app in catalog.apps.values() if app.push_express and caller.name in app.callers}


def app_groups_of_caller(catalog: Catalog, caller: ApiCaller) -> Mapping[int, AppGroup]:
    """Return the groups that a caller may use, by their ids; each has those of its apps alone that the caller may use."""
    apps = apps_of_caller(catalog, caller)
    seen = (replace(group, apps=_seen_apps(group, apps)) for group in catalog.app_groups.values())
    return {group.id: group for group in seen if group.apps}


def _seen_apps(group: AppGroup, apps: Mapping[int, App]) -> tuple[int, ...]:
    return tuple(apps) if group.all_apps else tuple(id_ for id_ in group.apps if id_ in apps)
