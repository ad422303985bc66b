"""How does a person see one profile of a hub, and make the hub forget it?"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import wraps

import click

from pushhub.audience.command import ByField, ById
from pushhub.audience.erasing import Erasing
from pushhub.audience.model import PROFILE_ID_PATTERN, Address, MatchKey, Profile, ProfileId, Subscription
from pushhub.audience.port import AudienceStore, SnapshotQuery
from pushhub.audience.values import MisfitError, Value, canonical_text, normalise
from pushhub.catalog.model import Catalog, Database, DatabaseId
from pushhub.catalog.providers import PROVIDER_CODES, PushToken, known_provider
from pushhub.console.connection import Stack
from pushhub.console.failure import ConsoleError
from pushhub.console.printing import print_done, print_found
from pushhub.console.stores import Stores, faults_explained, json_option, open_stores, stack_options
from pushhub.console.terminal import on_one_line, stdin_is_a_terminal
from pushhub.moments import Seconds, iso_seconds
from pushhub.text import is_unicode

Selector = ById | ByField | Address
"""What names one profile of a database."""


@dataclass(frozen=True, slots=True)
class Found:
    """A profile with its subscriptions, live ones first."""

    database: DatabaseId
    profile: Profile
    subscriptions: tuple[Subscription, ...]


def _selecting(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that name one profile, and hand the command a database's id and a selector in their place."""

    @wraps(command)
    def selected(*, database: int, id_: str | None, field: str | None, token: str | None, **others: object) -> None:
        command(database=DatabaseId(database), selector=parse_selector(id_, field, token), **others)

    for option in (
        click.option("--token", metavar="PROVIDER:TOKEN", help="The profile that has this push token."),
        click.option("--field", metavar="NAME=VALUE", help="The profile whose match field has this value."),
        click.option("--id", "id_", metavar="ID", help="The profile with this id."),
        click.option("--db", "database", type=click.IntRange(min=1), required=True, metavar="N", help="The database's id."),
    ):
        option(selected)
    return selected


@click.group()
def profile() -> None:
    """See one profile, or erase it."""


@profile.command()
@_selecting
@stack_options
@json_option
def show(*, database: DatabaseId, selector: Selector, stack: Stack | None, as_json: bool) -> None:
    """Print a profile with its subscriptions; name it by exactly one of --id, --field and --token."""
    stores = open_stores(stack)
    with faults_explained():
        found = find(stores, database, selector)
    print_found(profile_entry(found), profile_lines(found), as_json=as_json)


@profile.command()
@_selecting
@click.option("--yes", is_flag=True, help="Do not ask.")
@stack_options
@json_option
def erase(*, database: DatabaseId, selector: Selector, yes: bool, stack: Stack | None, as_json: bool) -> None:
    """Delete a profile with its match keys and subscriptions, for good.

    Name it by exactly one of --id, --field and --token.
    """
    if not yes and not stdin_is_a_terminal():
        raise click.UsageError("nobody can be asked here whether to erase: say --yes")
    stores = open_stores(stack)
    with faults_explained():
        found = find(stores, database, selector)
    named = f"profile {found.profile.id} of database {database} with {_counted(found.subscriptions)}"
    if not yes:
        click.confirm(f"Erase {named}?", abort=True, err=True)
    with faults_explained():
        if not Erasing(stores.audience)(database, found.profile.id):
            raise ConsoleError(f"profile {found.profile.id} of database {database} is gone already")
    erased = {"erased": True, "database": database, "profile": found.profile.id, "subscriptions": len(found.subscriptions)}
    print_done(erased, [f"erased {named}"], as_json=as_json)


def parse_selector(id_: str | None, field: str | None, push_token: str | None) -> Selector:
    """Return what the command's options select by.

    Args:
        id_: a profile's id.
        field: a match field and its value, separated by the first `=`.
        push_token: a provider and its push token, separated by the first `:`.

    Raises:
        click.UsageError: not exactly one is given, or it is not of its form.
    """
    given = [option for option in (id_, field, push_token) if option is not None]
    if len(given) != 1:
        raise click.UsageError("name the profile by exactly one of --id, --field and --token")
    if id_ is not None:
        return parse_id(id_)
    return parse_field(field) if field is not None else parse_push_token(push_token or "")


def parse_id(id_: str) -> ById:
    """Return what `--id` selects by.

    Raises:
        click.UsageError: it is not of its form.
    """
    if not PROFILE_ID_PATTERN.fullmatch(_as_unicode(id_)):
        raise click.UsageError("--id: 1 to 64 characters of A-Z a-z 0-9 _ - are expected")
    return ById(ProfileId(id_))


def parse_field(field: str) -> ByField:
    """Return what `--field` selects by: a match field and its value, separated by the first `=`.

    Raises:
        click.UsageError: it is not of its form.
    """
    name, equals, value = _as_unicode(field).partition("=")
    if not name or not equals:
        raise click.UsageError("--field: NAME=VALUE is expected")
    return ByField(name, value)


def parse_push_token(text: str) -> Address:
    """Return what `--token` selects by: a provider and its push token, separated by the first `:`.

    Raises:
        click.UsageError: it is not of its form, or there is no such provider.
    """
    name, _, push_token = _as_unicode(text).partition(":")
    if not name or not push_token:
        raise click.UsageError("--token: PROVIDER:TOKEN is expected")
    provider = known_provider(name)
    if provider is None:
        raise click.UsageError(f'--token: unknown provider "{name}"; one of {", ".join(PROVIDER_CODES)}')
    # What is no push token is looked for too: earlier releases have stored such texts, and nothing else may find their profiles.
    return Address(provider, PushToken(push_token))


def _as_unicode(text: str) -> str:
    # Python hands over bytes of the command line that are not UTF-8 as lone surrogates.
    if not is_unicode(text):
        raise click.UsageError("what names the profile is not valid Unicode")
    return text


def selected_key(catalog: Catalog, database: DatabaseId, selector: ByField) -> MatchKey:
    """Return the match key that a field's value is, in the form in which the database keeps it.

    Raises:
        ConsoleError: the catalog has no such database or match field, or the value does not fit the field's type.
    """
    declared = _declared(catalog, database)
    kind = declared.fields.get(selector.field)
    if kind is None:
        raise ConsoleError(f'database {database} has no field "{selector.field}"; {_choices(declared.fields)}')
    if selector.field not in declared.match:
        raise ConsoleError(f"{selector.field} is not a match field of database {database}; {_choices(declared.match)}")
    try:
        return MatchKey(selector.field, kind, normalise(kind, selector.value))
    except MisfitError as misfit:
        raise ConsoleError(f"{selector.field}: {misfit}") from None


def _declared(catalog: Catalog, database: DatabaseId) -> Database:
    declared = catalog.databases.get(database)
    if declared is None:
        raise ConsoleError(f"there is no database {database}; {_choices(catalog.databases)}")
    return declared


def _choices(names: Iterable[object]) -> str:
    """Return what a person may pick from, as the end of a message."""
    listed = ", ".join(map(str, names))
    return f"there is {listed}" if listed else "there is none at all"


def find(stores: Stores, database: DatabaseId, selector: Selector) -> Found:
    """Return the selected profile as it is now.

    Raises:
        ConsoleError: there is none, or the selector does not suit the database.
        UnavailableError: a store did not answer in time, or refused for load.
    """
    holder = _holder(stores, database, selector)
    if holder is not None:
        (snapshot,) = stores.audience.read([SnapshotQuery(database, profiles=frozenset({holder}))])
        if (read := snapshot.profiles[holder]) is not None:
            return Found(database, read, tuple(stores.audience.subscriptions_of(database, read)))
    _declared(stores.catalog.load().catalog, database)
    raise ConsoleError(f"database {database} has no such profile")


def _holder(stores: Stores, database: DatabaseId, selector: Selector) -> ProfileId | None:
    """Return the id of the selected profile, None where nobody has the match key or push token; an id is not looked up."""
    match selector:
        case ById(id_):
            return id_
        case ByField():
            key = selected_key(stores.catalog.load().catalog, database, selector)
            (snapshot,) = stores.audience.read([SnapshotQuery(database, keys=(key,))])
            return snapshot.key_holders.get(key)
        case Address():
            return _owner(stores.audience, database, selector)


def _owner(audience: AudienceStore, database: DatabaseId, address: Address) -> ProfileId | None:
    (snapshot,) = audience.read([SnapshotQuery(database, addresses=(address,))])
    subscription = snapshot.subscription_of(address)
    return subscription.profile if subscription else None


def profile_entry(found: Found) -> dict[str, object]:
    """Return a profile as JSON has it: times in ISO 8601 UTC; decimals that a JSON reader might round are texts."""
    shown = found.profile
    return {
        "id": shown.id,
        "database": found.database,
        "origin": str(shown.origin),
        "fields": {name: _json_value(value) for name, value in shown.fields.items()},
        "match_keys": [{"field": key.field, "type": str(key.type), "value": _json_value(key.value)} for key in _sorted_keys(shown)],
        "created": iso_seconds(shown.created),
        "updated": iso_seconds(shown.updated),
        **_instance_entry(shown),
        "subscriptions": [_subscription_entry(subscription) for subscription in found.subscriptions],
    }


def profile_lines(found: Found) -> Iterator[str]:
    """Give a profile as lines for a person."""
    shown = found.profile
    yield f"profile {shown.id} of database {found.database}"
    yield f"  origin   {shown.origin}"
    yield f"  created  {iso_seconds(shown.created)}"
    yield f"  updated  {iso_seconds(shown.updated)}"
    yield from _instance_lines(shown)
    yield "  fields" if shown.fields else "  no fields"
    for name, value in shown.fields.items():
        yield f"    {name} = {on_one_line(canonical_text(value))}"
    yield "  match keys" if shown.keys else "  no match keys"
    for key in _sorted_keys(shown):
        yield f"    {key.field} = {on_one_line(canonical_text(key.value))} ({key.type})"
    yield f"  {_counted(found.subscriptions)}"
    for subscription in found.subscriptions:
        yield from _subscription_lines(subscription)


def _instance_entry(shown: Profile) -> dict[str, object]:
    """Return what is known of a profile because it is an instance of an app; nothing of any other."""
    before = shown.offset_before
    return {
        **({"reported": iso_seconds(shown.informed)} if shown.informed is not None else {}),
        **({"happened": {code: iso_seconds(at) for code, at in _sorted_events(shown)}} if shown.happened else {}),
        **({"offset_before": {"offset": before.offset, "until": iso_seconds(before.until)}} if before else {}),
    }


def _instance_lines(shown: Profile) -> Iterator[str]:
    if shown.informed is not None:
        yield f"  reported {iso_seconds(shown.informed)}"
    if before := shown.offset_before:
        yield f"  local time was {before.offset:+} s from UTC until {iso_seconds(before.until)}"
    if shown.happened:
        yield "  events"
    for code, at in _sorted_events(shown):
        yield f"    {code} {iso_seconds(at)}"


def _sorted_events(shown: Profile) -> list[tuple[str, Seconds]]:
    return sorted(shown.happened.items(), key=lambda event: (event[1], event[0]))


def _sorted_keys(shown: Profile) -> list[MatchKey]:
    return sorted(shown.keys, key=lambda key: key.field)


def _counted(subscriptions: tuple[Subscription, ...]) -> str:
    return f"{len(subscriptions) or 'no'} subscription{'' if len(subscriptions) == 1 else 's'}"


def _subscription_entry(subscription: Subscription) -> dict[str, object]:
    return {
        "provider": subscription.address.provider,
        "token": subscription.address.push_token,
        "live": subscription.live,
        **_retired_entry(subscription),
        **({"drawn_by_app": True} if subscription.drawn_by_app else {}),
        "resources": [
            {"id": resource, "state": str(state), "since": iso_seconds(at)}
            for resource, (state, at) in sorted(subscription.resources.items())
        ],
        "created": iso_seconds(subscription.created),
        "last_seen": iso_seconds(subscription.seen),
    }


def _retired_entry(subscription: Subscription) -> dict[str, object]:
    retired = subscription.retired
    return {"retired": {"at": iso_seconds(retired.at), "reason": retired.reason, "sending": retired.sending}} if retired else {}


def _subscription_lines(subscription: Subscription) -> Iterator[str]:
    yield f"    {subscription.address.provider} {on_one_line(subscription.address.push_token)}"
    if retired := subscription.retired:
        yield f"      retired {iso_seconds(retired.at)} by sending {retired.sending}: {on_one_line(retired.reason)}"
    if subscription.drawn_by_app:
        yield "      the app draws what a push shows"
    for resource, (state, at) in sorted(subscription.resources.items()):
        yield f"      resource {resource}: {state} since {iso_seconds(at)}"
    yield f"      created {iso_seconds(subscription.created)}, last seen {iso_seconds(subscription.seen)}"


def _json_value(value: Value) -> int | float | str | bool:
    if not isinstance(value, Decimal):
        return value
    return float(value) if Decimal(repr(float(value))) == value else canonical_text(value)
