"""What does a catalog file declare, and what is wrong with it?

Only the command line reads files; ruamel.yaml is not deployed, so nothing that a function imports may import this.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pushhub.catalog.model import (
    ApiToken,
    Catalog,
    Database,
    DatabaseId,
    FieldType,
    ReportedEvent,
    Resource,
    ResourceId,
    Right,
    TokenConflict,
    TokenDigest,
    Upstream,
    UpstreamKind,
    digest_of,
)
from pushhub.catalog.providers import PROVIDER_CODES, Provider, known_provider
from pushhub.catalog.whole import MAX_UPSTREAMS, WholeCatalog
from pushhub.outgoing.addresses import normal_url

SECTIONS: Final = ("databases", "resources", "api_tokens", "upstreams")
"""Keys of a catalog file. Each holds a list of entries; one that is left out is an empty list."""
MAX_FILE_BYTES: Final = 2**20
"""Bound of a catalog file; what it declares is bounded more tightly, by the size of its document."""
MAX_ID: Final = 2**31 - 1
MAX_MATCH_FIELDS: Final = 8
"""Match fields of one database: a change of them all, each two writes, has to fit one transaction along with 40 subscriptions."""
MAX_FIELDS: Final = 256
"""Fields of one database: a profile that has them all, each of 1024 bytes, has to fit an item of 400 KB with its references."""
MAX_DATABASES: Final = 20
"""Databases of one resource: each may cost a request one write call, and all of them have to fit its time."""
MIN_TOKEN_CHARACTERS: Final = 8
MAX_TOKEN_CHARACTERS: Final = 256
MAX_UPSTREAM_TOKEN_CHARACTERS: Final = 1024

_FIELD_NAME: Final = re.compile(r"[\w-]{1,64}")
"""Letters of any script, digits, `_`, `-`: above all no `#`, which separates the parts of stored keys."""
_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_TOKEN: Final = re.compile(rf"[!-~]{{{MIN_TOKEN_CHARACTERS},{MAX_TOKEN_CHARACTERS}}}")
_UPSTREAM_TOKEN: Final = re.compile(rf"[!-~]{{1,{MAX_UPSTREAM_TOKEN_CHARACTERS}}}")
_NOT_ON_ONE_LINE: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories of what breaks or steers lines, and of what is no character at all."""
_REFERENCE: Final = re.compile(r"\$\{([^}]*)\}")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DUPLICATE: Final = re.compile(r'found duplicate key "(.*?)" with value', re.DOTALL)


_AN_ID: Final = f"an integer from 1 to {MAX_ID} is expected"
_EXPECTED: Final = {
    "missing": "required",
    "invalid_key": "a key has to be text; put it in quotes",
    "int_type": _AN_ID,
    "greater_than_equal": _AN_ID,
    "less_than_equal": _AN_ID,
    "string_type": "a text is expected",
    "bool_type": "true or false is expected",
    "list_type": "a list is expected",
    "dict_type": "a mapping is expected",
    "model_type": "a mapping is expected",
}
"""What pydantic's kinds of errors mean here."""
_EMPTY: Final = {
    "tokens": "at least one token is required",
    "providers": "at least one provider is required; leave the key out to allow all",
    "rights": "at least one right is required",
    "events": "at least one event is required; leave the key out for all",
}
"""Lists that must not be empty."""
_NO_VARIABLE: Final = "a token does not begin with $; an environment variable is written ${NAME}"


class CatalogFileError(Exception):
    """A catalog file cannot be used; `problems` are all that is wrong, one line each, and hold no token."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        """Keep the problems; each line begins with the file."""
        super().__init__("\n".join(problems))
        self.problems = problems


def read_catalog_file(path: Path, environment: Mapping[str, str]) -> WholeCatalog:
    """Return what a catalog file declares.

    Args:
        path: the file; messages name it as it is given here.
        environment: what `${NAME}` in a text of the file stands for.

    Raises:
        CatalogFileError: it cannot be read, or is not a valid catalog file.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise CatalogFileError((f"{path}: {error.strerror or type(error).__name__}",)) from None
    if len(content) > MAX_FILE_BYTES:
        raise CatalogFileError((f"{path}: over {MAX_FILE_BYTES} bytes",))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CatalogFileError((f"{path}: not UTF-8 at byte {error.start}",)) from None
    return parse_catalog(text, str(path), environment)


def parse_catalog(text: str, source: str, environment: Mapping[str, str]) -> WholeCatalog:
    """Return what the text of a catalog file declares; `source` is what messages call the file.

    Raises:
        CatalogFileError: it is not valid; it says everything that is wrong.
    """
    content = _loaded(text, source)
    if content is None:
        raise CatalogFileError((f"{source}: empty",))
    if not isinstance(content, dict):
        raise CatalogFileError((f"{source}: a mapping is expected; its keys are {_listed(SECTIONS)}",))
    reading = _Reading(environment)
    catalog = reading.catalog(content)
    if reading.problems:
        raise CatalogFileError(tuple(f"{source}: {problem}" for problem in reading.problems))
    return catalog


def _loaded(text: str, source: str) -> object:
    try:
        return cast("object", YAML(typ="safe", pure=True).load(text))
    except DuplicateKeyError as error:
        # The library's own message quotes both values, which may be tokens.
        name = _DUPLICATE.search(str(error.problem))
        problem = f'the key "{name[1]}" stands twice in one mapping' if name else "a key stands twice in one mapping"
        raise CatalogFileError((f"{source}: {_place(error)}{problem}",)) from None
    except MarkedYAMLError as error:
        unquoted = "${" in _line_of(error, text)
        hint = "; a text with ${NAME} has to be quoted inside { } and [ ]" if unquoted else ""
        raise CatalogFileError((f"{source}: {_place(error)}{error.problem or error.context}{hint}",)) from None
    except YAMLError as error:
        raise CatalogFileError((f"{source}: {str(error).splitlines()[0]}",)) from None
    except RecursionError:
        raise CatalogFileError((f"{source}: nested too deeply",)) from None
    except ValueError:
        # What looks like a date or a number but is none; the message may hold the text.
        raise CatalogFileError((f"{source}: a date or number in it does not exist; put texts in quotes",)) from None


def _place(error: MarkedYAMLError) -> str:
    return f"line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1}: " if error.problem_mark else ""


def _line_of(error: MarkedYAMLError, text: str) -> str:
    lines = text.splitlines()
    return lines[error.problem_mark.line] if error.problem_mark and error.problem_mark.line < len(lines) else ""


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def _filled(text: str, environment: Mapping[str, str]) -> str:
    """Put the values of environment variables into a text; what they hold is not looked into again."""
    if "${" in _REFERENCE.sub("", text):
        raise ValueError("a ${ without its }")
    names = [str(name) for name in _REFERENCE.findall(text)]
    if odd := [name for name in names if not _VARIABLE.fullmatch(name)]:
        raise ValueError(f"not a name of an environment variable: {_listed(f'${{{name}}}' for name in odd)}")
    if unset := [name for name in dict.fromkeys(names) if name not in environment]:
        raise ValueError(f"environment variable not set: {_listed(unset)}")
    return _REFERENCE.sub(lambda reference: environment[reference[1]], text)


def _filled_in(raw: object, info: ValidationInfo) -> object:
    return _filled(raw, cast("Mapping[str, str]", info.context)) if isinstance(raw, str) else raw


def _one_line(name: str) -> str:
    if not name.strip() or any(unicodedata.category(character) in _NOT_ON_ONE_LINE for character in name):
        raise ValueError("a text of one line that is not empty is expected")
    return name


def _field_name(name: str) -> str:
    if not _FIELD_NAME.fullmatch(name):
        raise ValueError("a field's name is 1 to 64 letters, digits, _ and -")
    return name


def _key(name: str) -> str:
    if not _KEY.fullmatch(name):
        raise ValueError("a name here is 1 to 64 characters of A-Z a-z 0-9 _ -, the first one a letter or digit")
    return name


def _token(token: str) -> str:
    if token.startswith("$"):
        raise ValueError(_NO_VARIABLE)
    if not _TOKEN.fullmatch(token):
        sizes = f"{MIN_TOKEN_CHARACTERS} to {MAX_TOKEN_CHARACTERS}"
        raise ValueError(f"a token is {sizes} printable ASCII characters without spaces")
    return token


def _upstream_token(token: str) -> str:
    if not _UPSTREAM_TOKEN.fullmatch(token):
        raise ValueError(f"an upstream's token is 1 to {MAX_UPSTREAM_TOKEN_CHARACTERS} printable ASCII characters without spaces")
    return token


def _no_unmarked_variable(raw: object) -> object:
    """Refuse `$NAME` as it stands in the file; what a variable holds may begin with $, since others make those tokens."""
    if isinstance(raw, str) and raw.startswith("$") and not raw.startswith("${"):
        raise ValueError(_NO_VARIABLE)
    return raw


def _known[Word: StrEnum](words: type[Word], what: str) -> Callable[[object], Word]:
    def known(raw: object) -> Word:
        try:
            return words(str(raw))
        except ValueError:
            raise ValueError(f'unknown {what} "{raw}"; one of {_listed(words)}') from None

    return known


def _provider(raw: str) -> Provider:
    provider = known_provider(raw)
    if provider is None:
        raise ValueError(f'unknown provider "{raw}"; one of {_listed(PROVIDER_CODES)}')
    return provider


# Of several validators that run before, the one written last runs first: each sees its text filled in.
_Text = Annotated[str, BeforeValidator(_filled_in)]
_Id = Annotated[int, Field(ge=1, le=MAX_ID)]
_Name = Annotated[_Text, AfterValidator(_one_line)]
_Token = Annotated[_Text, AfterValidator(_token)]
_FieldName = Annotated[str, AfterValidator(_field_name)]
_FieldTypeName = Annotated[FieldType, BeforeValidator(_known(FieldType, "type")), BeforeValidator(_filled_in)]
_TokenConflictName = Annotated[TokenConflict, BeforeValidator(_known(TokenConflict, "token_conflict")), BeforeValidator(_filled_in)]
_ProviderName = Annotated[_Text, AfterValidator(_provider)]
_Key = Annotated[_Text, AfterValidator(_key)]
_RightName = Annotated[Right, BeforeValidator(_known(Right, "right")), BeforeValidator(_filled_in)]
_KindName = Annotated[UpstreamKind, BeforeValidator(_known(UpstreamKind, "kind")), BeforeValidator(_filled_in)]
_EventName = Annotated[ReportedEvent, BeforeValidator(_known(ReportedEvent, "event")), BeforeValidator(_filled_in)]
_Url = Annotated[_Text, AfterValidator(normal_url)]
_UpstreamToken = Annotated[_Text, AfterValidator(_upstream_token), BeforeValidator(_no_unmarked_variable)]


_Raw = Mapping[object, object]
"""An entry as it stands in the file."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _DatabaseEntry(_Strict):
    id: _Id
    name: _Name
    fields: dict[_FieldName, _FieldTypeName] = {}
    match: list[_Text] = []

    def database(self) -> Database:
        return Database(DatabaseId(self.id), self.name, self.fields, tuple(self.match))


class _ResourceEntry(_Strict):
    id: _Id
    name: _Name
    token: _Token | None = None
    tokens: list[_Token] | None = None
    databases: list[_Id]
    token_conflict: _TokenConflictName = TokenConflict.REJECT
    providers: list[_ProviderName] | None = None

    def resource(self) -> Resource:
        return Resource(
            id=ResourceId(self.id),
            name=self.name,
            tokens=_digests(self),
            databases=tuple(DatabaseId(database) for database in self.databases),
            token_conflict=self.token_conflict,
            providers=None if self.providers is None else frozenset(Provider(provider) for provider in self.providers),
        )


class _ApiTokenEntry(_Strict):
    name: _Key
    token: _Token | None = None
    tokens: list[_Token] | None = None
    rights: list[_RightName]

    def api_token(self) -> ApiToken:
        return ApiToken(self.name, _digests(self), frozenset(self.rights))


class _UpstreamEntry(_Strict):
    name: _Key
    kind: _KindName
    url: _Url
    token: _UpstreamToken
    relay_links: bool = False
    events: list[_EventName] = list(ReportedEvent)

    def upstream(self) -> Upstream:
        return Upstream(self.name, self.kind, self.url, self.relay_links, frozenset(self.events))


def _placed_tokens(entry: _ResourceEntry | _ApiTokenEntry) -> Iterator[tuple[str, str]]:
    """Give each token with its place in the entry."""
    if entry.token is not None:
        yield "token", entry.token
    yield from ((f"tokens[{index}]", token) for index, token in enumerate(entry.tokens or ()))


def _digests(entry: _ResourceEntry | _ApiTokenEntry) -> frozenset[TokenDigest]:
    return frozenset(digest_of(token) for _, token in _placed_tokens(entry))


@dataclass(slots=True)
class _Reading:
    """Goes through one file and gathers what is wrong with it.

    How entries agree with each other is checked on what stands in the file, so that one problem does not hide another.
    """

    environment: Mapping[str, str]
    problems: list[str] = field(default_factory=list)

    def catalog(self, content: dict[object, object]) -> WholeCatalog:
        for key in content:
            if key not in SECTIONS:
                self.problems.append(f"{_path('', [str(key)])}unknown key; the keys are {_listed(SECTIONS)}")
        raw_databases, raw_resources, raw_callers, raw_upstreams = (self._section(content, name) for name in SECTIONS)
        databases = self._valid(_DatabaseEntry, raw_databases)
        resources = self._valid(_ResourceEntry, raw_resources)
        callers = self._valid(_ApiTokenEntry, raw_callers)
        upstreams = self._valid(_UpstreamEntry, raw_upstreams)
        self._check_databases(raw_databases)
        self._check_resources(raw_resources, _ids(raw_databases))
        self._check_callers(raw_callers)
        self._check_upstreams(raw_upstreams)
        self._check_tokens({**resources, **callers})
        catalog = Catalog(
            {DatabaseId(entry.id): entry.database() for entry in databases.values()},
            {ResourceId(entry.id): entry.resource() for entry in resources.values()},
            {entry.name: entry.api_token() for entry in callers.values()},
            {entry.name: entry.upstream() for entry in upstreams.values()},
        )
        return WholeCatalog(catalog, {entry.name: entry.token for entry in upstreams.values()})

    def _section(self, content: dict[object, object], name: str) -> dict[str, object]:
        """Return the entries of a section, each under its place."""
        section = content.get(name, [])
        if isinstance(section, list):
            return {f"{name}[{index}]": entry for index, entry in enumerate(section)}
        self.problems.append(f"{name}: a list is expected")
        return {}

    def _valid[Entry: _Strict](self, kind: type[Entry], section: Mapping[str, object]) -> dict[str, Entry]:
        valid: dict[str, Entry] = {}
        for place, raw in section.items():
            try:
                valid[place] = kind.model_validate(raw, context=self.environment)
            except ValidationError as error:
                details = error.errors(include_url=False)
                self.problems += [f"{_path(place, detail['loc'])}{_complaint(detail, kind)}" for detail in details]
        return valid

    def _check_databases(self, section: Mapping[str, object]) -> None:
        self._check_unique(section, "id")
        for place, raw in _mappings(section):
            self._check_match(place, raw)

    def _check_match(self, place: str, raw: _Raw) -> None:
        fields = raw.get("fields", {})
        if not isinstance(fields, dict):
            return
        if len(fields) > MAX_FIELDS:
            self.problems.append(f"{place}.fields: at most {MAX_FIELDS} fields")
        names = self._texts(raw, "match")
        if len(names) > MAX_MATCH_FIELDS:
            self.problems.append(f"{place}.match: at most {MAX_MATCH_FIELDS} match fields")
        for index, name in enumerate(names):
            at = f"{place}.match[{index}]"
            if name is None:
                continue
            if name not in fields:
                self.problems.append(f'{at}: "{name}" is not one of the fields')
            elif self._text(fields[name]) == FieldType.BOOL:
                self.problems.append(f"{at}: {name} is a bool, by which nobody can be found")
        self._check_repeats(place, raw, "match")

    def _check_resources(self, section: Mapping[str, object], declared: set[int]) -> None:
        self._check_unique(section, "id")
        for place, raw in _mappings(section):
            self._check_either_token(place, raw)
            self._check_filled(place, raw, "tokens", "providers")
            databases = _list(raw, "databases")
            if len(databases) > MAX_DATABASES:
                self.problems.append(f"{place}.databases: at most {MAX_DATABASES} databases")
            for index, database in enumerate(databases):
                if isinstance(database, int) and database not in declared:
                    self.problems.append(f"{place}.databases[{index}]: the file has no database {database}")
            self._check_repeats(place, raw, "databases")

    def _check_callers(self, section: Mapping[str, object]) -> None:
        self._check_unique(section, "name")
        for place, raw in _mappings(section):
            self._check_either_token(place, raw)
            self._check_filled(place, raw, "tokens", "rights")
            self._check_repeats(place, raw, "rights")

    def _check_upstreams(self, section: Mapping[str, object]) -> None:
        if len(section) > MAX_UPSTREAMS:
            self.problems.append(f"upstreams: at most {MAX_UPSTREAMS} upstreams")
        self._check_unique(section, "name")
        for place, raw in _mappings(section):
            self._check_filled(place, raw, "events")
            self._check_repeats(place, raw, "events")

    def _check_unique(self, section: Mapping[str, object], key: str) -> None:
        places: dict[object, str] = {}
        for place, raw in _mappings(section):
            value = self._plain(raw.get(key))
            if value is not None and (first := places.setdefault(value, place)) != place:
                self.problems.append(f"{place}.{key}: {_shown(value)} is the {key} of {first} already")

    def _check_either_token(self, place: str, raw: _Raw) -> None:
        if (raw.get("token") is None) == (raw.get("tokens") is None):
            self.problems.append(f"{place}: either token or tokens is required, not both")

    def _check_filled(self, place: str, raw: _Raw, *keys: str) -> None:
        self.problems += [f"{place}.{key}: {_EMPTY[key]}" for key in keys if raw.get(key) == []]

    def _check_repeats(self, place: str, raw: _Raw, key: str) -> None:
        values = [self._plain(value) for value in _list(raw, key)]
        for index, value in enumerate(values):
            if value is not None and value in values[:index]:
                self.problems.append(f"{place}.{key}[{index}]: {_shown(value)} stands in the list already")

    def _check_tokens(self, entries: Mapping[str, _ResourceEntry | _ApiTokenEntry]) -> None:
        """A token opens one door: who hands one out for an app does not want it to speak for a server."""
        places: dict[str, str] = {}
        for place, entry in entries.items():
            for within, token in _placed_tokens(entry):
                first = places.setdefault(token, f"{place}.{within}")
                if first != f"{place}.{within}":
                    self.problems.append(f"{place}.{within}: the same token as {first}")

    def _texts(self, raw: _Raw, key: str) -> list[str | None]:
        return [self._text(text) for text in _list(raw, key)]

    def _plain(self, raw: object) -> int | str | None:
        """Return a number, or a text filled in, and None for anything else."""
        return raw if isinstance(raw, int) else self._text(raw)

    def _text(self, raw: object) -> str | None:
        """Return a text filled in, or None where that is impossible, which has been told of by then."""
        try:
            return _filled(raw, self.environment) if isinstance(raw, str) else None
        except ValueError:
            return None


def _mappings(section: Mapping[str, object]) -> Iterator[tuple[str, _Raw]]:
    return ((place, raw) for place, raw in section.items() if isinstance(raw, dict))


def _ids(section: Mapping[str, object]) -> set[int]:
    return {id_ for _, raw in _mappings(section) if isinstance(id_ := raw.get("id"), int)}


def _shown(value: int | str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _list(raw: _Raw, key: str) -> list[object]:
    value = raw.get(key)
    return value if isinstance(value, list) else []


def _path(place: str, location: Sequence[int | str]) -> str:
    """Spell out where in the file something stands, ending in a colon; nothing for the file itself."""
    path = place
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part != "[key]":
            path += f".{part}" if _FIELD_NAME.fullmatch(part) else f"[{part!r}]"
    return f"{path.lstrip('.')}: " if path else ""


def _complaint(detail: ErrorDetails, kind: type[_Strict]) -> str:
    """Say in this project's words what is wrong."""
    match detail["type"]:
        case "value_error":
            return str(detail["ctx"]["error"])
        case "extra_forbidden":
            return f"unknown key; the keys are {_listed(kind.model_fields)}"
        case "string_type" if detail["input"] is not None:
            return "a text is expected; put it in quotes"
        case known if known in _EXPECTED:
            return _EXPECTED[known]
        case other:
            return f"not valid ({other})"
