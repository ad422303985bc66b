"""What of the catalog does a caller see?

An account of push.express is a caller of the catalog. It has the apps of push.express that name it under `callers`, and the groups
that have one of these; whatever else there is, it is told that there is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from pushhub.catalog.model import ApiCaller, App, AppGroup, Catalog


@dataclass(frozen=True)
class Account:
    """A caller, and the catalog as of one moment."""

    caller: ApiCaller
    catalog: Catalog

    @cached_property
    def apps(self) -> Mapping[int, App]:
        """The caller's apps by their ids at push.express, archived ones too, in the catalog's order."""
        return {
            app.push_express.id: app for app in self.catalog.apps.values() if app.push_express and self.caller.name in app.callers
        }

    @cached_property
    def groups(self) -> Mapping[int, AppGroup]:
        """The groups that have an app of the caller, by their ids."""
        return {id_: group for id_, group in self.catalog.app_groups.items() if self.apps_in(group)}

    def apps_in(self, group: AppGroup) -> tuple[int, ...]:
        """Return the ids of those apps in a group that are the caller's, archived ones too."""
        return tuple(self.apps) if group.all_apps else tuple(id_ for id_ in group.apps if id_ in self.apps)
