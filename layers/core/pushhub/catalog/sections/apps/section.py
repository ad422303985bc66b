"""How is an app stored, and what changes of it from one catalog to the next?"""

from collections.abc import Iterator, Mapping
from typing import Final, NotRequired, TypedDict

from pushhub.catalog.model import App, AppId, DatabaseId, ProviderBlock, PushExpressIds, ResourceId
from pushhub.catalog.providers import Provider
from pushhub.catalog.sections.section import EntrySecrets, Section
from pushhub.catalog.sections.wording import flag_change, from_to, listed
from pushhub.catalog.whole import AppCredentials

MAX_APPS: Final = 200
STAND_IN: Final = "stand-in"
"""What stands in a catalog file in the place of a provider block that goes to the local stand-ins."""


class StoredBlock(TypedDict):
    """A provider block in its stored form; what is secret of it is stored apart."""

    settings: dict[str, str]
    stand_in: NotRequired[bool]


class StoredPushExpressIds(TypedDict):
    """What push.express calls an app, in its stored form."""

    id: int
    sdk_id: str


class StoredApp(TypedDict):
    """An app in its stored form; without `px`, it is none of push.express."""

    id: str
    name: str
    callers: list[str]
    database: int
    resource: int | None
    enabled: bool
    tracking: bool
    prefer: list[str]
    blocks: dict[str, StoredBlock]
    px: NotRequired[StoredPushExpressIds]


def write(app: App) -> StoredApp:
    """Return the stored form of an app."""
    stored: StoredApp = {
        "id": app.id,
        "name": app.name,
        "callers": sorted(app.callers),
        "database": app.database,
        "resource": app.resource,
        "enabled": app.enabled,
        "tracking": app.tracking,
        "prefer": list(app.prefer),
        "blocks": {name: _stored_block(block) for name, block in app.blocks.items()},
    }
    if app.push_express:
        stored["px"] = {"id": app.push_express.id, "sdk_id": app.push_express.sdk_id}
    return stored


def _stored_block(block: ProviderBlock) -> StoredBlock:
    stored: StoredBlock = {"settings": dict(block.settings)}
    if block.stand_in:
        stored["stand_in"] = True
    return stored


def read(stored: StoredApp) -> App:
    """Return an app from its stored form."""
    return App(
        id=AppId(stored["id"]),
        name=stored["name"],
        callers=frozenset(stored["callers"]),
        database=DatabaseId(stored["database"]),
        resource=None if stored["resource"] is None else ResourceId(stored["resource"]),
        enabled=stored["enabled"],
        tracking=stored["tracking"],
        prefer=tuple(Provider(provider) for provider in stored["prefer"]),
        blocks={name: ProviderBlock(block["settings"], block.get("stand_in", False)) for name, block in stored["blocks"].items()},
        push_express=PushExpressIds(stored["px"]["id"], stored["px"]["sdk_id"]) if "px" in stored else None,
    )


def as_declared(app: App) -> dict[str, object]:
    """Return an app as a catalog file has it, without credentials."""
    entry: dict[str, object] = {**write(app)}
    del entry["blocks"]
    return entry | {name: STAND_IN if block.stand_in else dict(block.settings) for name, block in app.blocks.items()}


def changes(before: App, after: App) -> Iterator[str]:
    """Say what changes of an app besides its credentials."""
    if before.name != after.name:
        yield from_to("name", before.name, after.name)
    if before.callers != after.callers:
        yield from_to("callers", listed(sorted(before.callers)), listed(sorted(after.callers)))
    if before.database != after.database:
        yield from_to("database", str(before.database), str(after.database))
    if before.resource != after.resource:
        yield from_to("resource", str(before.resource or "none"), str(after.resource or "none"))
    yield from flag_change("enabled", before=before.enabled, after=after.enabled)
    yield from flag_change("tracking", before=before.tracking, after=after.tracking)
    if before.prefer != after.prefer:
        yield from_to("prefer", listed(before.prefer), listed(after.prefer))
    if before.push_express != after.push_express:
        yield from_to("px", _px(before), _px(after)) + _px_consequence(before, after)
    yield from _changes_of_blocks(before.blocks, after.blocks)


def _px_consequence(before: App, after: App) -> str:
    """Say what a change of push.express's ids does to devices: instance ids hold `px.id`, and paths `px.sdk_id`."""
    was, becomes = before.push_express, after.push_express
    if was is None:
        return ""
    if becomes is None:
        return " (its devices are not answered until it has the same px again)"
    return " (its devices are not answered until they register again)" if was.id != becomes.id else ""


def _px(app: App) -> str:
    return f"{app.push_express.id} {app.push_express.sdk_id}" if app.push_express else "none"


def _changes_of_blocks(before: Mapping[str, ProviderBlock], after: Mapping[str, ProviderBlock]) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            yield f"{name} removed" if new is None else f"{name} added"
        elif old.stand_in is not new.stand_in:
            yield f"{name} becomes a stand-in" if new.stand_in else f"{name} is no longer a stand-in"
        else:
            yield from _changes_of_settings(name, old.settings, new.settings)


def _changes_of_settings(block: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield from_to(f"{block}.{name}", before.get(name, "none"), after.get(name, "none"))


def _changes_of_credentials(before: AppCredentials | None, after: AppCredentials | None) -> Iterator[str]:
    old, new = before or {}, after or {}
    groups = {
        "added": new.keys() - old.keys(),
        "changed": {name for name in old.keys() & new.keys() if old[name] != new[name]},
        "removed": old.keys() - new.keys(),
    }
    for happened, names in groups.items():
        if names:
            yield f"credentials of {', '.join(sorted(names))} {happened}"


APP_CREDENTIALS: Final = EntrySecrets(field="app_credentials", changes=_changes_of_credentials)
APPS: Final = Section("apps", "app", write, read, changes, max_entries=MAX_APPS, as_declared=as_declared, secrets=APP_CREDENTIALS)
