"""What do the key and the metadata of a dropped file say about its rows?

:mod:`pushhub.imports.keys` says how the key is laid out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pushhub.audience.command import Mode
from pushhub.catalog.model import ResourceId
from pushhub.catalog.providers import PROVIDER_CODES, Provider, known_provider
from pushhub.imports.files.shown import shown
from pushhub.imports.job import UnusableFileError
from pushhub.imports.keys import MATCH_FIELD, MATCHINGS, InboxKey, inbox_key, split_inbox_key

DELIMITERS: Final = (",", ";", "\t", "|")
EXTENSIONS: Final = (".csv", ".txt", ".csv.gz", ".txt.gz")
"""What names of files end with, in upper or lower case."""

_PACKED: Final = ".gz"
_RESOURCE: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_DELIMITER_WORDS: Final = {"comma": ",", "semicolon": ";", "pipe": "|", "tab": "\t", "\\t": "\t", ",": ",", ";": ";", "|": "|"}
_ENCODING_WORDS: Final = {
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "windows-1251": "windows-1251",
    "cp1251": "windows-1251",
}
_MODE_WORDS: Final = {str(mode): mode for mode in Mode}
_TRUTH_WORDS: Final = {"true": True, "false": False}


class MatchBy(StrEnum):
    """By what the profile of a row is found."""

    PUSH_TOKEN = "token"  # noqa: S105  (not a credential)
    PROFILE_ID = "profile_id"
    FIELD = "field"


@dataclass(frozen=True, slots=True)
class RowMatching:
    """How the profile of each row is found; `field` is the name of the match field where `by` is `FIELD`, else empty."""

    by: MatchBy
    field: str = ""

    @property
    def word(self) -> str:
        """How it is written in a key and on the command line."""
        return f"{MATCH_FIELD}{self.field}" if self.by is MatchBy.FIELD else str(self.by)


@dataclass(frozen=True, slots=True)
class Drop:
    """What the key of a dropped file says. Rows may name another provider. A `packed` file is packed with gzip."""

    resource: ResourceId
    provider: Provider
    matching: RowMatching
    name: str
    packed: bool


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the metadata of a dropped file say. Without a `mode` it is upsert.

    What is None or False is recognised from the file. `encoding` is one of a :class:`pushhub.imports.files.layout.Layout`, or
    `utf-16` in the order that its mark says.
    """

    delimiter: str | None = None
    encoding: str | None = None
    mode: Mode = Mode.UPSERT
    quoted: bool = False


NO_OVERRIDES: Final = Overrides()


def read_key(key: str) -> Drop:
    """Return what the key of a dropped file says.

    Raises:
        UnusableFileError: it is laid out in another way, or a part of it means nothing.
    """
    resource, provider, matching, name = split_inbox_key(key)
    return Drop(_resource(resource), _provider(provider), matching_of(matching), _name(name), is_packed(name))


def write_key(resource: ResourceId, provider: Provider, matching: RowMatching, name: str) -> str:
    """Return the key under which a file is dropped; :func:`read_key` reads it back.

    Raises:
        UnusableFileError: a part of it, such as the name, cannot stand in a key.
    """
    key = inbox_key(InboxKey(str(resource), provider, matching.word, name))
    read_key(key)
    return key


def matching_of(word: str) -> RowMatching:
    """Return the matching that a word of a key stands for.

    Raises:
        UnusableFileError: it stands for none.
    """
    if word.startswith(MATCH_FIELD) and word != MATCH_FIELD:
        return RowMatching(MatchBy.FIELD, word.removeprefix(MATCH_FIELD))
    if word in {MatchBy.PUSH_TOKEN, MatchBy.PROFILE_ID}:
        return RowMatching(MatchBy(word))
    raise UnusableFileError(f"{shown(word)} is no way of matching; {MATCHINGS} is expected")


def is_packed(name: str) -> bool:
    """Say whether a file of this name is packed with gzip."""
    return name.lower().endswith(_PACKED)


def read_overrides(metadata: Mapping[str, str]) -> Overrides:
    """Return what the metadata of an object say about its file; metadata of other names are ignored.

    Args:
        metadata: by lower-case name, without `x-amz-meta-`.

    Raises:
        UnusableFileError: one has a value that it cannot have.
    """
    return Overrides(
        delimiter=_choice(metadata, "delimiter", _DELIMITER_WORDS),
        encoding=_choice(metadata, "encoding", _ENCODING_WORDS),
        mode=_choice(metadata, "mode", _MODE_WORDS) or Mode.UPSERT,
        quoted=_choice(metadata, "quoted", _TRUTH_WORDS) or False,
    )


def _resource(text: str) -> ResourceId:
    if not _RESOURCE.fullmatch(text):
        raise UnusableFileError(f"the resource in the key is {shown(text)}; a number is expected")
    return ResourceId(int(text))


def _provider(text: str) -> Provider:
    provider = known_provider(text)
    if provider is None:
        raise UnusableFileError(
            f"the provider in the key, {shown(text)}, is unknown; one of {', '.join(PROVIDER_CODES)} is expected"
        )
    return provider


def _name(text: str) -> str:
    if not text.lower().endswith(EXTENSIONS):
        raise UnusableFileError(f"the name of the file ends in none of {' '.join(EXTENSIONS)}")
    return text


def _choice[Choice](metadata: Mapping[str, str], name: str, words: Mapping[str, Choice]) -> Choice | None:
    text = metadata.get(name, "")
    word = text.strip().lower()
    if not word:
        return None
    if word not in words:
        raise UnusableFileError(f"the object's metadata say {name} {shown(text)}; one of {' '.join(words)} is expected")
    return words[word]
