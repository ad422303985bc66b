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
from pushhub.console.sends.filters import OPTION, WrittenFilters, parse_written, read_filters
from pushhub.sends.sending import (
    MAX_NAMED,
    Everyone,
    Filtered,
    Identifier,
    Named,
    NamedField,
    NamedProfile,
    NamedPushToken,
    Selection,
)

_ALL: Final = "--all"
Selectors = Named | Everyone | WrittenFilters
"""Whom the options mean, before the catalog is known."""


def selecting(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say whom a sending is for; the command gets `app`, and `selectors` in the place of the others."""

    @wraps(command)
    def selected(
        *,
        ids: Sequence[str],
        fields: Sequence[str],
        pairs: Sequence[str],
        filters: str | None,
        everyone: bool,
        **others: object,
    ) -> None:
        command(selectors=parse_selectors(ids, fields, pairs, filters, everyone=everyone), **others)

    for option in (
        click.option(_ALL, "everyone", is_flag=True, help="Everybody of the app's database."),
        click.option(
            OPTION,
            "filters",
            metavar="JSON",
            help="Those of the app's database whom filters choose, written as in the API of push.express but for filters of apps: "
            '{"countries_include": ["PT"], "event_exclude": "dep"}.',
        ),
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


def parse_selectors(
    ids: Sequence[str], fields: Sequence[str], pairs: Sequence[str], filters: str | None, *, everyone: bool
) -> Selectors:
    """Return whom the options mean.

    Args:
        ids: of profiles.
        fields: match fields and their values, separated by the first `=`.
        pairs: providers and their push tokens, separated by the first `:`.
        filters: as JSON.
        everyone: whether the sending is for everybody.

    Raises:
        click.UsageError: nobody is named, or everybody and somebody, or too many, or something is not of its form.
    """
    number = len(ids) + len(fields) + len(pairs)
    if everyone and number:
        raise click.UsageError(f"{_ALL} is for everybody: leave out --id, --field and --token, or leave out {_ALL}")
    if filters is not None and (everyone or number):
        raise click.UsageError(f"{OPTION} says whom it is for: leave out {_ALL}, --id, --field and --token, or leave out {OPTION}")
    if filters is not None:
        return read_filters(filters)
    if not everyone and not number:
        raise click.UsageError(
            f"say whom it is for: by --id, --field and --token, any of them several times, or else by {OPTION} or {_ALL}"
        )
    if everyone:
        return Everyone()
    if number > MAX_NAMED:
        raise click.UsageError(f"--id, --field and --token: {number} are given; at most {MAX_NAMED} fit one sending")
    named: list[Identifier] = [NamedProfile(parse_id(id_).profile) for id_ in ids]
    named += (NamedField(name, text) for name, text in map(_name_and_text, fields))
    named += (NamedPushToken(address.provider, address.push_token) for address in map(parse_push_token, pairs))
    return Named(tuple(named))


def parse_selection(catalog: Catalog, app: App, reached: Collection[Provider], selectors: Selectors) -> Selection:
    """Return whom a sending of an app is for, and refuse what finds nobody, whoever is in its database.

    Args:
        catalog: has the app and its database.
        app: through whose accounts.
        reached: the providers that it has credentials for.
        selectors: whom the options mean.

    Raises:
        ConsoleError: a field is none by which profiles are found, a value does not fit, or a provider is not the app's.
    """
    if isinstance(selectors, WrittenFilters):
        return Filtered(parse_written(selectors, catalog, app))
    if isinstance(selectors, Named):
        _require_identifying(catalog, app, reached, selectors)
    return selectors


def _require_identifying(catalog: Catalog, app: App, reached: Collection[Provider], named: Named) -> None:
    for identifier in named.identifiers:
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
