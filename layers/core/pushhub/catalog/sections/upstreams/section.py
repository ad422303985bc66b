"""How is an upstream stored, and what changes of it from one catalog to the next?"""

from collections.abc import Iterator
from typing import Final, TypedDict

from pushhub.catalog.model import ReportedEvent, Upstream, UpstreamKind
from pushhub.catalog.sections.section import EntrySecrets, Section
from pushhub.catalog.sections.wording import flag_change, from_to, listed

MAX_UPSTREAMS: Final = 20
"""Each event that is accepted costs one message for each of them."""


class StoredUpstream(TypedDict):
    """An upstream in its stored form; its token is stored with the stack's secrets."""

    name: str
    kind: str
    url: str
    relay_links: bool
    events: list[str]


def write(upstream: Upstream) -> StoredUpstream:
    """Return the stored form of an upstream."""
    return {
        "name": upstream.name,
        "kind": str(upstream.kind),
        "url": upstream.url,
        "relay_links": upstream.relay_links,
        "events": sorted(map(str, upstream.events)),
    }


def read(stored: StoredUpstream) -> Upstream:
    """Return an upstream from its stored form."""
    return Upstream(
        name=stored["name"],
        kind=UpstreamKind(stored["kind"]),
        url=stored["url"],
        relay_links=stored["relay_links"],
        events=frozenset(ReportedEvent(event) for event in stored["events"]),
    )


def changes(before: Upstream, after: Upstream) -> Iterator[str]:
    """Say what changes of an upstream besides its token."""
    if before.kind is not after.kind:
        yield from_to("kind", before.kind, after.kind)
    if before.url != after.url:
        yield from_to("url", before.url, after.url)
    yield from flag_change("relay_links", before=before.relay_links, after=after.relay_links)
    if before.events != after.events:
        yield from_to("events", listed(sorted(before.events)), listed(sorted(after.events)))


def _upstream_token_changes(_before: str | None, _after: str | None) -> Iterator[str]:
    yield "token changed"


UPSTREAM_TOKENS: Final = EntrySecrets(field="upstream_tokens", changes=_upstream_token_changes)
UPSTREAMS: Final = Section(
    "upstreams",
    "upstream",
    write,
    read,
    changes,
    max_entries=MAX_UPSTREAMS,
    secrets=UPSTREAM_TOKENS,
)
