"""How does a file declare an app, and what may be wrong with it?"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field

from pushhub.catalog.model import App, AppId, DatabaseId, ProviderBlock, PushExpressIds, ResourceId, Right
from pushhub.catalog.sections.api_tokens.section import API_TOKENS
from pushhub.catalog.sections.apps.blocks.apns import ApnsFileBlock
from pushhub.catalog.sections.apps.blocks.file_block import FileBlock, or_stand_in
from pushhub.catalog.sections.apps.blocks.firebase import FirebaseFileBlock
from pushhub.catalog.sections.apps.blocks.web_push import WebPushFileBlock
from pushhub.catalog.sections.apps.blocks.wns import WnsFileBlock
from pushhub.catalog.sections.apps.section import APPS, STAND_IN
from pushhub.catalog.sections.databases.section import DATABASES
from pushhub.catalog.sections.file_entry import FileEntry, FileMapping, FileSection
from pushhub.catalog.sections.file_values import Id, Name, NameAsKey, ProviderId, Text
from pushhub.catalog.sections.raw_entry import RawEntry
from pushhub.catalog.sections.resources.section import RESOURCES
from pushhub.catalog.whole import AppCredentials
from pushhub.outgoing.addresses import LOCAL_ONLY, why_local

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SDK_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ADDRESSES: Final = {"url", "auth_url"}
"""Settings of blocks that the hub calls."""


def _app_id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError("an app's id is 1 to 64 characters of A-Z a-z 0-9 . _ -, the first one a letter or digit")
    return text


def _sdk_id(text: str) -> str:
    if not _SDK_ID.fullmatch(text):
        raise ValueError("an sdk_id is 1 to 64 characters of A-Z a-z 0-9 _ -")
    return text


class PushExpressFileIds(FileMapping):
    """What push.express calls an app, as a file declares it."""

    id: Id
    sdk_id: Annotated[Text, AfterValidator(_sdk_id)]

    def declared(self) -> PushExpressIds:
        """Return the ids."""
        return PushExpressIds(self.id, self.sdk_id)


class AppFileEntry(FileEntry):
    """An app as a file declares it. A field that is a provider block has the name of the block."""

    id: Annotated[Text, AfterValidator(_app_id)]
    name: Name
    callers: list[NameAsKey] = Field(default_factory=list)
    database: Id
    resource: Id | None = None
    enabled: bool = True
    tracking: bool = True
    prefer: list[ProviderId] = Field(default_factory=list)
    px: PushExpressFileIds | None = None
    firebase: Annotated[FirebaseFileBlock | None, BeforeValidator(or_stand_in(FirebaseFileBlock))] = None
    apns: Annotated[ApnsFileBlock | None, BeforeValidator(or_stand_in(ApnsFileBlock))] = None
    web_push: Annotated[WebPushFileBlock | None, BeforeValidator(or_stand_in(WebPushFileBlock))] = None
    wns: Annotated[WnsFileBlock | None, BeforeValidator(or_stand_in(WnsFileBlock))] = None

    def declared(self) -> App:
        """Return the app."""
        return App(
            id=AppId(self.id),
            name=self.name,
            callers=frozenset(self.callers),
            database=DatabaseId(self.database),
            resource=None if self.resource is None else ResourceId(self.resource),
            enabled=self.enabled,
            tracking=self.tracking,
            prefer=tuple(self.prefer),
            blocks={name: ProviderBlock(block.settings(), block.stand_in) for name, block in self._blocks().items()},
            push_express=self.px.declared() if self.px else None,
        )

    def secret(self) -> AppCredentials:
        """Return the credentials of its blocks."""
        return {name: block.credentials() for name, block in self._blocks().items()}

    def _blocks(self) -> Mapping[str, FileBlock]:
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: value for name, value in values.items() if isinstance(value, FileBlock)}


def problems(file: Mapping[str, Sequence[RawEntry]]) -> Iterator[str]:
    """Say which apps have a database, resource or caller that is not in the file or does not fit, or a list that repeats."""
    databases = {id_ for database in file[DATABASES.name] if isinstance(id_ := database.values.get("id"), int)}
    resources = {id_: entry.items("databases") for entry in file[RESOURCES.name] if isinstance(id_ := entry.values.get("id"), int)}
    callers = {entry.plain(entry.values.get("name")): entry for entry in file[API_TOKENS.name]}
    for entry in file[APPS.name]:
        database, resource = entry.values.get("database"), entry.values.get("resource")
        if isinstance(database, int) and database not in databases:
            yield f"{entry.place}.database: the file has no database {database}"
        if isinstance(resource, int) and resource not in resources:
            yield f"{entry.place}.resource: the file has no resource {resource}"
        elif isinstance(resource, int) and database in databases and database not in resources[resource]:
            yield f"{entry.place}.resource: resource {resource} does not have database {database}"
        yield from _problems_of_callers(entry, callers)
        yield from entry.repeats("callers")
        yield from entry.repeats("prefer")


def _problems_of_callers(entry: RawEntry, callers: Mapping[int | str | None, RawEntry]) -> Iterator[str]:
    for index, raw in enumerate(entry.items("callers")):
        name = entry.text(raw)
        if name is None:
            continue
        caller = callers.get(name)
        if caller is None:
            yield f'{entry.place}.callers[{index}]: the file has no api token "{name}"'
        elif Right.SEND not in map(caller.text, caller.items("rights")):
            yield f'{entry.place}.callers[{index}]: the api token "{name}" does not have the right send'


def local(app: App) -> Iterator[str]:
    """Say which blocks of an app are only for stacks with local upstreams, and why."""
    for name, block in app.blocks.items():
        if block.stand_in:
            yield f"{name}: a {STAND_IN} is {LOCAL_ONLY}"
        for setting in sorted(_ADDRESSES & block.settings.keys()):
            yield from (f"{name}.{setting}: {why}" for why in why_local(block.settings[setting]))


FILE_SECTION: Final = FileSection(APPS, AppFileEntry, "id", problems, local)
