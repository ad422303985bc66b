"""How does a file declare an upstream, and what may be wrong with it?"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field

from pushhub.catalog.model import ReportedEvent, Upstream, UpstreamKind
from pushhub.catalog.sections.file_bearer_tokens import NO_VARIABLE
from pushhub.catalog.sections.file_entry import FileEntry, FileSection
from pushhub.catalog.sections.file_values import NameAsKey, Text, filled_in, known
from pushhub.catalog.sections.raw_entry import RawEntry
from pushhub.catalog.sections.upstreams.section import UPSTREAMS
from pushhub.outgoing.addresses import normal_url, why_local

MAX_UPSTREAM_TOKEN_CHARACTERS: Final = 1024

_UPSTREAM_TOKEN: Final = re.compile(rf"[!-~]{{1,{MAX_UPSTREAM_TOKEN_CHARACTERS}}}")


def _upstream_token(text: str) -> str:
    if not _UPSTREAM_TOKEN.fullmatch(text):
        raise ValueError(f"an upstream's token is 1 to {MAX_UPSTREAM_TOKEN_CHARACTERS} printable ASCII characters without spaces")
    return text


def _no_bare_variable(raw: object) -> object:
    """Refuse `$NAME` as it stands in the file. What a variable holds may begin with $, since the upstream makes its token."""
    if isinstance(raw, str) and raw.startswith("$") and not raw.startswith("${"):
        raise ValueError(NO_VARIABLE)
    return raw


_Kind = Annotated[UpstreamKind, BeforeValidator(known(UpstreamKind, "kind")), BeforeValidator(filled_in)]
_Event = Annotated[ReportedEvent, BeforeValidator(known(ReportedEvent, "event")), BeforeValidator(filled_in)]
_Url = Annotated[Text, AfterValidator(normal_url)]
_UpstreamToken = Annotated[Text, AfterValidator(_upstream_token), BeforeValidator(_no_bare_variable)]


class UpstreamFileEntry(FileEntry):
    """An upstream as a file declares it."""

    name: NameAsKey
    kind: _Kind
    url: _Url
    token: _UpstreamToken
    relay_links: bool = False
    events: list[_Event] = Field(default_factory=lambda: list(ReportedEvent))

    def declared(self) -> Upstream:
        """Return the upstream."""
        return Upstream(self.name, self.kind, self.url, self.relay_links, frozenset(self.events))

    def secret(self) -> str:
        """Return the token that the upstream asks for."""
        return self.token


def problems(file: Mapping[str, Sequence[RawEntry]]) -> Iterator[str]:
    """Say which upstreams have a list of events that is empty or repeats."""
    for entry in file[UPSTREAMS.name]:
        yield from entry.empty_list("events", "at least one event is required; leave the key out for all")
        yield from entry.repeats("events")


def local(upstream: Upstream) -> Iterator[str]:
    """Say why only stacks with local upstreams may have this one."""
    return why_local(upstream.url)


FILE_SECTION: Final = FileSection(UPSTREAMS, UpstreamFileEntry, "name", problems, local)
