"""One word for one thing: no name of the package holds a word that the vocabulary says never to use."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.shape.test_arrows import PACKAGE, modules

VOCABULARY = (PACKAGE / "vocabulary.md").read_text(encoding="utf-8")
ROWS = [line.split("|")[1:-1] for line in VOCABULARY.splitlines() if line.startswith("| ") and not line.startswith("| word")]
NEVER = [(found[1], bool(found[2])) for *_, never in ROWS for found in re.finditer(r"`(\w+)`( \*alone\*)?", never)]
ALONE = {word for word, alone in NEVER if alone}
ANYWHERE = {tuple(word.split("_")) for word, alone in NEVER if not alone}

NAMED_BY_OTHERS = {
    "catalog/sections": {"token", "tokens", "token_conflict", "token_sha256"},  # keys of a catalog file and of the stored document
    "dialects/altcraft/events/wire.py": {"token"},  # a key of a body
    "console/profile.py": {"token"},  # an option of the command line
}
"""Identifiers that a file, a wire or a command line dictates, by the place where they stand."""
OWNERS_OF_TOKENS = {"push", "resource", "api", "bearer", "upstream", "request"}


def identifiers(module: Path) -> Iterator[tuple[str, int]]:
    """Give the name of a module and those that it defines, each with its line. Texts, and keywords of calls, are no such names."""
    yield module.stem, 1
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        match node:
            case ast.FunctionDef(name=str(name)) | ast.AsyncFunctionDef(name=str(name)) | ast.ClassDef(name=str(name)):
                yield name, node.lineno
            case ast.arg(arg=str(name)) | ast.Name(id=str(name), ctx=ast.Store()) | ast.Attribute(attr=str(name), ctx=ast.Store()):
                yield name, node.lineno
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name, node.lineno
            case ast.MatchMapping(rest=str(name)) | ast.TypeVar(name=str(name)) | ast.ParamSpec(name=str(name)):
                yield name, node.lineno
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                yield from ((alias.asname, node.lineno) for alias in aliases if alias.asname)


def words_of(identifier: str) -> tuple[str, ...]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", identifier)
    return tuple(word for word in spaced.lower().split("_") if word)


def holds(words: tuple[str, ...], banned: tuple[str, ...]) -> bool:
    return any(words[start : start + len(banned)] == banned for start in range(len(words)))


def allowed(module: Path, identifier: str) -> bool:
    place = module.relative_to(PACKAGE)
    return any(place.is_relative_to(where) and identifier in names for where, names in NAMED_BY_OTHERS.items())


def test_the_vocabulary_bans_words() -> None:
    assert ALONE
    assert ANYWHERE


EVERY_KIND_OF_NAME = """
import one as name_1
from one import two as name_2
class name_3[name_4, **name_5]:
    name_6: int = 0
    async def name_7(self, name_8, /, *name_9, name_10=0, **name_11):
        self.name_12 = [name_13 for name_13 in (name_14 := name_8)]
        with one as name_15:
            try:
                for name_16, name_17 in one(ignored=0): pass
            except OSError as name_18: pass
def name_19(): lambda name_20: 0
match one:
    case [*name_21]: pass
    case {"ignored": 0, **name_22}: pass
    case one() as name_23: pass
    case name_24: pass
"""


def test_every_kind_of_name_is_read(tmp_path: Path) -> None:
    module = tmp_path / "name_25.py"
    module.write_text(EVERY_KIND_OF_NAME, encoding="utf-8")
    assert {name for name, _ in identifiers(module)} == {"self"} | {f"name_{number}" for number in range(1, 26)}


@pytest.mark.parametrize("module", modules(), ids=lambda module: str(module.relative_to(PACKAGE)))
def test_no_identifier_holds_a_word_that_is_never_used(module: Path) -> None:
    wrong = [
        f"line {line}: {name}"
        for name, line in identifiers(module)
        if not allowed(module, name)
        and ("_".join(words_of(name)) in ALONE or any(holds(words_of(name), banned) for banned in ANYWHERE))
    ]
    assert not wrong, f"{module.relative_to(PACKAGE)} says {', '.join(wrong)}; see vocabulary.md"


@pytest.mark.parametrize("module", modules(), ids=lambda module: str(module.relative_to(PACKAGE)))
def test_a_token_never_stands_without_its_owner(module: Path) -> None:
    wrong = [
        f"line {line}: {name}"
        for name, line in identifiers(module)
        for owner, word in pairwise(("", *words_of(name)))
        if word in {"token", "tokens"} and owner not in OWNERS_OF_TOKENS and not allowed(module, name)
    ]
    assert not wrong, f"{module.relative_to(PACKAGE)} says {', '.join(wrong)}; see vocabulary.md"
