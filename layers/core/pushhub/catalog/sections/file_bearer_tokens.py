"""How do entries of a catalog file give the tokens that open them?"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final

from pydantic import AfterValidator

from pushhub.catalog.model import BearerTokenDigest, digest_of
from pushhub.catalog.sections.file_values import Text
from pushhub.catalog.sections.raw_entry import RawEntry

MIN_BEARER_TOKEN_CHARACTERS: Final = 8
MAX_BEARER_TOKEN_CHARACTERS: Final = 256
NO_VARIABLE: Final = "a token does not begin with $; an environment variable is written ${NAME}"

_BEARER_TOKEN: Final = re.compile(rf"[!-~]{{{MIN_BEARER_TOKEN_CHARACTERS},{MAX_BEARER_TOKEN_CHARACTERS}}}")


def _bearer_token(text: str) -> str:
    if text.startswith("$"):
        raise ValueError(NO_VARIABLE)
    if not _BEARER_TOKEN.fullmatch(text):
        sizes = f"{MIN_BEARER_TOKEN_CHARACTERS} to {MAX_BEARER_TOKEN_CHARACTERS}"
        raise ValueError(f"a token is {sizes} printable ASCII characters without spaces")
    return text


BearerToken = Annotated[Text, AfterValidator(_bearer_token)]
"""A resource token or an API token."""


def by_place(bearer_token: str | None, bearer_tokens: list[str] | None) -> Mapping[str, str]:
    """Return the tokens of an entry, each by its place in it."""
    first = {} if bearer_token is None else {"token": bearer_token}
    return first | {f"tokens[{index}]": each for index, each in enumerate(bearer_tokens or ())}


def digests_of(bearer_tokens: Mapping[str, str]) -> frozenset[BearerTokenDigest]:
    """Return what is stored of the tokens of an entry."""
    return frozenset(map(digest_of, bearer_tokens.values()))


def problems_of_bearer_tokens(entry: RawEntry) -> Iterator[str]:
    """Say that an entry has not exactly one of `token` and `tokens`, or has no token in the list."""
    if (entry.values.get("token") is None) == (entry.values.get("tokens") is None):
        yield f"{entry.place}: either token or tokens is required, not both"
    yield from entry.empty_list("tokens", "at least one token is required")
