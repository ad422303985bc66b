"""How does a plan say what changes of an entry?"""

from collections.abc import Iterable, Iterator

from pushhub.catalog.model import OpenedByTokens


def from_to(name: str, before: str, after: str) -> str:
    """Say that something has another value."""
    return f"{name} {before} → {after}"


def listed(words: Iterable[object]) -> str:
    """Return a list as a person reads it."""
    return f"[{', '.join(map(str, words))}]"


def token_changes(before: OpenedByTokens, after: OpenedByTokens) -> Iterator[str]:
    """Say how many tokens come and go, and nothing of the tokens."""
    if before.token_digests != after.token_digests:
        added, removed = after.token_digests - before.token_digests, before.token_digests - after.token_digests
        yield f"tokens changed ({len(added)} added, {len(removed)} removed)"
