"""Which app does a person mean?

Pure.
"""

from pushhub.catalog.model import App, AppId, Catalog
from pushhub.console.failure import ConsoleError


def chosen_app(catalog: Catalog, text: str, named_by: str = "--app") -> App:
    """Return the app that has this id or, where none has, the one that has this name.

    Args:
        catalog: has the apps.
        text: an id or a name.
        named_by: what of the command line says it.

    Raises:
        ConsoleError: there is none, or several have the name; the text says what there is.
    """
    if app := catalog.apps.get(AppId(text)):
        return app
    named = [app for app in catalog.apps.values() if app.name == text]
    match named:
        case [app]:
            return app
        case []:
            there_is = ", ".join(f"{app.name} ({app.id})" for app in catalog.apps.values()) or "none at all"
            raise ConsoleError(f'{named_by}: the catalog has no app with the id or name "{text}"; there is {there_is}')
        case _:
            raise ConsoleError(
                f'{named_by}: several apps are named "{text}"; name one by its id: {", ".join(app.id for app in named)}'
            )


def sending_app(catalog: Catalog, text: str) -> App:
    """Return the app that is meant, if it may send.

    Raises:
        ConsoleError: as for :func:`chosen_app`, or it is disabled, or has no provider block.
    """
    app = chosen_app(catalog, text)
    if not app.enabled:
        raise ConsoleError(f"--app: the app {app.id} is disabled; say `enabled: true` in the catalog file and apply it")
    if not app.blocks:
        raise ConsoleError(f"--app: the app {app.id} has no credentials of any provider; add some in the catalog file and apply it")
    return app
