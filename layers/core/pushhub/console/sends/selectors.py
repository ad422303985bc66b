"""By which options does a person say whom a sending is for?"""

from collections.abc import Callable, Collection, Sequence
from functools import wraps
from typing import Final

import click

from pushhub.audience.command import ByField
from pushhub.catalog.model import App, Catalog
from pushhub.catalog.providers import Provider
from pushhub.console.failure import ConsoleError
from pushhub.console.profile import parse_field, parse_id, parse_push_token, selected_key
from pushhub.sends.sending import MAX_NAMED, Everyone, Identifier, Named, NamedField, NamedProfile, NamedPushToken, Selection

_ALL: Final = "--all"


def selecting(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say whom a sending is for, and hand the command `app` and a `selection` in their place."""

    @wraps(command)
    def selected(
        *, app: str, ids: Sequence[str], fields: Sequence[str], pairs: Sequence[str], everyone: bool, **others: object
    ) -> None:
        command(app=app, selection=parse_selection(ids, fields, pairs, everyone=everyone), **others)

    for option in (
        click.option(_ALL, "everyone", is_flag=True, help="Everybody of the app's database."),
        click.option(
            "--token", "pairs", metavar="PROVIDER:TOKEN", multiple=True, help="The device that has this push token; repeatable."
        ),
        click.option(
            "--field", "fields", metavar="NAME=VALUE", multiple=True, help="The profile whose match field has this; repeatable."
        ),
        click.option("--id", "ids", metavar="ID", multiple=True, help="The profile with this id; repeatable."),
        click.option("--app", metavar="APP", required=True, help="The app's id, or its name."),
    ):
        option(selected)
    return selected


def parse_selection(ids: Sequence[str], fields: Sequence[str], pairs: Sequence[str], *, everyone: bool) -> Selection:
    """Return whom the options mean.

    Args:
        ids: of profiles.
        fields: match fields and their values, separated by the first `=`.
        pairs: providers and their push tokens, separated by the first `:`.
        everyone: whether the sending is for everybody.

    Raises:
        click.UsageError: nobody is named, or everybody and somebody, or too many, or something is not of its form.
    """
    number = len(ids) + len(fields) + len(pairs)
    if everyone and number:
        raise click.UsageError(f"{_ALL} is for everybody: leave out --id, --field and --token, or leave out {_ALL}")
    if not everyone and not number:
        raise click.UsageError(f"say whom it is for: by --id, --field and --token, any of them several times, or else by {_ALL}")
    if everyone:
        return Everyone()
    if number > MAX_NAMED:
        raise click.UsageError(f"--id, --field and --token: {number} are given; at most {MAX_NAMED} fit one sending")
    named: list[Identifier] = [NamedProfile(parse_id(id_).profile) for id_ in ids]
    named += (NamedField(name, text) for name, text in map(_name_and_text, fields))
    named += (NamedPushToken(address.provider, address.push_token) for address in map(parse_push_token, pairs))
    return Named(tuple(named))


def require_selectable(catalog: Catalog, app: App, reached: Collection[Provider], selection: Selection) -> None:
    """Refuse what finds nobody through an app, whoever is in its database.

    Args:
        catalog: has the app and its database.
        app: through whose accounts.
        reached: the providers that it has credentials for.
        selection: whom the options mean.

    Raises:
        ConsoleError: a field is none by which profiles are found, its value does not fit, or a provider is not the app's.
    """
    for identifier in selection.identifiers if isinstance(selection, Named) else ():
        match identifier:
            case NamedField(field, value):
                _require_match_field(catalog, app, ByField(field, value))
            case NamedPushToken(provider=provider) if provider not in reached:
                raise ConsoleError(
                    f"--token: the app {app.id} has no credentials for {provider}; it has them for {', '.join(sorted(reached))}"
                )
            case _:
                pass


def _require_match_field(catalog: Catalog, app: App, named: ByField) -> None:
    try:
        selected_key(catalog, app.database, named)
    except ConsoleError as error:
        raise ConsoleError(f"--field: {error.message}") from None


def _name_and_text(field: str) -> tuple[str, str]:
    parsed = parse_field(field)
    return parsed.field, str(parsed.value)
