"""With which catalog and credentials is a sending served?"""

from dataclasses import dataclass, field

from pushhub.catalog.app_secrets import CachedAppSecrets
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import App, AppId
from pushhub.moments import CLOCKS_APART_SECONDS, Milliseconds


@dataclass(frozen=True, slots=True)
class Apps:
    """Finds the apps of sendings."""

    catalog: CachedCatalog
    secrets: CachedAppSecrets
    _served: dict[AppId, App] = field(default_factory=dict, init=False, repr=False)

    def app(self, id_: AppId, since: Milliseconds) -> App | None:
        """Return an app as the catalog had it at a moment or later, or None; the next account of it is as new.

        Who sends right after a change of the catalog is served by what was changed, whatever the process has kept, even where the
        moment is of a clock that is :data:`CLOCKS_APART_SECONDS` behind.

        Raises:
            UnavailableError: the catalog cannot be read.
        """
        certainly = Milliseconds(since + 1000 * CLOCKS_APART_SECONDS)
        self.catalog.forget_before(certainly)
        self.secrets.forget_before(certainly)
        return self.catalog.app(id_)

    def current(self, id_: AppId) -> App | None:
        """Return an app as the catalog had it within the last minute, or None.

        Where it is not as it was served last, its next account is as new: whoever applies a catalog writes credentials before it.

        Raises:
            UnavailableError: the catalog cannot be read.
        """
        app = self.catalog.app(id_)
        if app and self._served.get(id_) != app:
            self.secrets.forget_before(self.catalog.read_from)
            self._served[id_] = app
        return app
