"""Which entries of a catalog are right by themselves, and do not go together?

The rules here hold for a catalog file, and again for what it becomes together with the stored entries that it does not have. Used
by the command line only.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pushhub.catalog.filter_fields import FILTER_FIELDS
from pushhub.catalog.model import App, Catalog, CatalogEntry, Database, PushTokenConflict, Resource, WayOfMatching
from pushhub.catalog.sections.app_groups.section import APP_GROUPS
from pushhub.catalog.sections.apps.section import APPS
from pushhub.catalog.sections.events.section import EVENTS
from pushhub.catalog.sections.section import Section
from pushhub.catalog.sections.wording import listed


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What is wrong with an entry, given the other ones; `key` is the key of it to look at, as in a catalog file.

    With `other`, the problem's text ends where the name of that entry of the same section belongs.
    """

    section: Section
    entry: CatalogEntry
    key: str
    problem: str
    other: CatalogEntry | None = None

    def line(self, named: Callable[[Section, CatalogEntry], str], separator: str) -> str:
        """Return it as one line, given how entries are named, and what stands between a name and a key."""
        other = f" {named(self.section, self.other)}" if self.other else ""
        return f"{named(self.section, self.entry)}{separator}{self.key}: {self.problem}{other}"


def disagreements(catalog: Catalog) -> Iterator[Disagreement]:
    """Give everything in a catalog that does not go together.

    That an app names a database or resource which does not exist is told by its section.
    """
    apps = [(app, app.push_express) for app in catalog.apps.values() if app.push_express]
    yield from _shared(APPS, "px.id", "{} is already the px.id of", ((app, ids.id) for app, ids in apps))
    yield from _shared(APPS, "px.sdk_id", '"{}" is already the px.sdk_id of', ((app, ids.sdk_id) for app, ids in apps))
    # Who is subscribed through an app's resource is whom its sendings and queries reach, those of every caller that it names.
    own = "an app with px needs a resource of its own; resource {} is already that of"
    yield from _shared(APPS, "resource", own, ((app, app.resource) for app, _ in apps if app.resource is not None))
    for app, _ in apps:
        yield from (Disagreement(APPS, app, key, problem) for key, problem in _problems_of_app(catalog, app))
    known = {ids.id for _, ids in apps}
    for group in catalog.app_groups.values():
        for index, id_ in enumerate(group.apps):
            if id_ not in known:
                yield Disagreement(APP_GROUPS, group, f"apps[{index}]", f"no app has the px.id {id_}")
    events = ((event, event.id) for event in catalog.events.values())
    yield from _shared(EVENTS, "code", "choose another code: its number in push.express's API, {}, is already that of", events)


def _shared(section: Section, key: str, problem: str, numbered: Iterable[tuple[CatalogEntry, int | str]]) -> Iterator[Disagreement]:
    """Say which entries have a value that an earlier one has; in the problem, `{}` stands for it."""
    first: dict[int | str, CatalogEntry] = {}
    for entry, value in numbered:
        if (other := first.setdefault(value, entry)) is not entry:
            yield Disagreement(section, entry, key, problem.format(value), other)


def _problems_of_app(catalog: Catalog, app: App) -> Iterator[tuple[str, str]]:
    """Give what an app of push.express lacks, each problem with the app's key that leads to it."""
    if not app.tracking:
        yield "tracking", "an app with px needs tracking: true; what its devices report names the push that carries our keys"
    if app.resource is None:
        yield "resource", "an app with px needs a resource; its devices subscribe through it"
    elif resource := catalog.resources.get(app.resource):
        yield from (("resource", problem) for problem in _problems_of_resource(resource, app))
    if database := catalog.databases.get(app.database):
        yield from (("database", problem) for problem in _problems_of_database(database))


def _problems_of_resource(resource: Resource, app: App) -> Iterator[str]:
    named = f"resource {resource.id} of an app with px needs"
    if resource.push_token_conflict is not PushTokenConflict.MOVE:
        yield f"{named} token_conflict: move; the token of a device moves to whoever logs in there"
    if app.database not in resource.databases:
        yield f"{named} database {app.database} under databases"
    if WayOfMatching.PROFILE_ID not in resource.matching:
        yield f"{named} {WayOfMatching.PROFILE_ID} under matching; a device is found by the id of its profile"


def _problems_of_database(database: Database) -> Iterator[str]:
    lacking = [f"{name}: {kind}" for name, kind in FILTER_FIELDS.items() if database.fields.get(name) is not kind]
    if lacking:
        yield f"database {database.id} of an app with px needs {{{', '.join(lacking)}}} under fields"
    # Anybody may call the SDK's paths: they must not decide whose profile is found.
    if matched := [name for name in FILTER_FIELDS if name in database.match]:
        yield f"database {database.id} of an app with px must not have {listed(matched)} under match; devices report them unchecked"
