"""One word for one thing: no identifier holds a word that the vocabulary says never to use."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shape.test_arrows import PACKAGE, modules

VOCABULARY = (PACKAGE / "vocabulary.md").read_text(encoding="utf-8")
ROWS = [line.split("|")[1:-1] for line in VOCABULARY.splitlines() if line.startswith("| ") and not line.startswith("| word")]
NEVER = [(found[1], bool(found[2])) for *_, never in ROWS for found in re.finditer(r"`(\w+)`( \*alone\*)?", never)]
ALONE = {word for word, alone in NEVER if alone}
ANYWHERE = {tuple(word.split("_")) for word, alone in NEVER if not alone}

NAMED_BY_OTHERS = {
    "catalog/sections": {"token", "tokens"},  # keys of a catalog file
    "dialects": {"token"},  # a key of a body
    "console/profile.py": {"token"},  # an option of the command line
}
"""Identifiers that a file, a wire or a command line dictates, by the place where they stand."""


def identifiers(module: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name, node.lineno
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node.lineno
            case ast.arg(arg=name):
                yield name, node.lineno
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield name, node.lineno


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


@pytest.mark.parametrize("module", modules(), ids=lambda module: str(module.relative_to(PACKAGE)))
def test_no_identifier_holds_a_word_that_is_never_used(module: Path) -> None:
    wrong = [
        f"line {line}: {name}"
        for name, line in identifiers(module)
        if not allowed(module, name)
        and ("_".join(words_of(name)) in ALONE or any(holds(words_of(name), banned) for banned in ANYWHERE))
    ]
    assert not wrong, f"{module.relative_to(PACKAGE)} says {', '.join(wrong)}; see vocabulary.md"
