"""Which keys does a stand-in have?

A file has no keys for it, so each reading of a file makes others. Those that are stored stay, or every `catalog apply` would change
something.
"""

from dataclasses import replace

from pushhub.catalog.model import App, AppId
from pushhub.catalog.whole import AppCredentials, WholeCatalog


def with_stored_stand_ins(desired: WholeCatalog, current: WholeCatalog) -> WholeCatalog:
    """Return what a file declares, with what is stored of its stand-ins in the place of their new throw-away keys."""
    apps, credentials = dict(desired.catalog.apps), dict(desired.app_credentials)
    for id_, app in desired.catalog.apps.items():
        kept = _kept_stand_ins(app, current)
        if kept:
            apps[id_] = replace(app, blocks={**app.blocks, **{name: current.catalog.apps[id_].blocks[name] for name in kept}})
            credentials[id_] = {**credentials[id_], **kept}
    return replace(desired, catalog=replace(desired.catalog, apps=apps), app_credentials=credentials)


def _kept_stand_ins(app: App, current: WholeCatalog) -> AppCredentials:
    """Return the stored credentials of those blocks of an app that were stand-ins before and still are."""
    stored = current.catalog.apps.get(AppId(app.id))
    held = current.app_credentials.get(app.id, {})
    if stored is None:
        return {}
    names = [name for name, block in app.blocks.items() if block.stand_in and name in held and name in stored.blocks]
    return {name: held[name] for name in names if stored.blocks[name].stand_in}
