"""Which app does a call of an SDK name, and which instance of it?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pushhub.audience.model import ProfileId
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import App, Catalog, Database, Resource
from pushhub.catalog.secrets import CachedSecrets
from pushhub.dialects.http import Caller, RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.sdk.instance_ids import InstanceId, instance_key, mint_instance_id, open_instance_id


class SdkApp(NamedTuple):
    """An app with the push.express id `px_id`, and where its instances are kept."""

    px_id: int
    app: App
    resource: Resource
    database: Database

    @property
    def caller(self) -> Caller:
        """What an operator is told of who calls."""
        return Caller("app", self.app.id)


class SdkInstance(NamedTuple):
    """An instance that was registered here once; its profile may be gone."""

    of: SdkApp
    profile: ProfileId


@dataclass(frozen=True, slots=True)
class SdkApps:
    """Finds apps and instances by the names that stand in paths, and names instances.

    An app that is archived has its instances like any other: it may come back, and its devices would be lost.
    """

    catalog: CachedCatalog
    secrets: CachedSecrets
    stack: str

    def app(self, parameters: Mapping[str, str]) -> SdkApp:
        """Return the app of a path.

        Raises:
            RefusedError: there is no such app of push.express.
            UnavailableError: the catalog cannot be read.
        """
        found = self.catalog.find(lambda catalog: _found(catalog, parameters["app_id"]))
        if found is None:
            raise RefusedError(PushExpressRefusal.UNKNOWN, path="app_id", what="px.sdk_id of the catalog")
        return found

    def instance(self, parameters: Mapping[str, str]) -> SdkInstance:
        """Return the instance of a path.

        Raises:
            RefusedError: there is no such app, or its instance was not registered here.
            UnavailableError: the catalog or the secret cannot be read.
        """
        of = self.app(parameters)
        opened = open_instance_id(self._key(), parameters["ic_id"])
        if opened is None or opened.px_id != of.px_id:
            raise RefusedError(PushExpressRefusal.UNKNOWN, path="ic_id", what="instance of this app")
        return SdkInstance(of, opened.profile)

    def declares(self, code: str) -> bool:
        """Say whether the catalog declares an event of this code.

        Raises:
            UnavailableError: the catalog cannot be read.
        """
        return code in self.catalog.current().events

    def instance_id(self, instance: SdkInstance) -> InstanceId:
        """Return what clients call an instance by.

        Raises:
            UnavailableError: the secret cannot be read.
        """
        return mint_instance_id(self._key(), instance.of.px_id, instance.profile)

    def _key(self) -> bytes:
        return instance_key(self.secrets.current(), self.stack)


def _found(catalog: Catalog, sdk_id: str) -> SdkApp | None:
    app = catalog.app_of_sdk(sdk_id)
    if app is None or app.push_express is None or app.resource is None:
        return None
    return SdkApp(app.push_express.id, app, catalog.resources[app.resource], catalog.databases[app.database])
