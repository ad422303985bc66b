"""How does a plan say what changes of an entry?"""

from collections.abc import Iterable, Iterator

from pushhub.catalog.model import OpenedByBearerTokens


def from_to(name: str, before: str, after: str) -> str:
    """Say that something has another value."""
    return f"{name} {before} → {after}"


def flag_change(name: str, *, before: bool, after: bool) -> Iterator[str]:
    """Say that a flag is another one, if it is."""
    if before is not after:
        yield from_to(name, *("true" if flag else "false" for flag in (before, after)))


def listed(words: Iterable[object]) -> str:
    """Return a list as a person reads it."""
    return f"[{', '.join(map(str, words))}]"


def bearer_token_changes(before: OpenedByBearerTokens, after: OpenedByBearerTokens) -> Iterator[str]:
    """Say how many tokens come and go, and nothing of the tokens."""
    if before.bearer_token_digests != after.bearer_token_digests:
        added, removed = (
            after.bearer_token_digests - before.bearer_token_digests,
            before.bearer_token_digests - after.bearer_token_digests,
        )
        yield f"tokens changed ({len(added)} added, {len(removed)} removed)"
