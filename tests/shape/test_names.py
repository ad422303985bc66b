"""No two things have one name: what is public stands in one module, so that its name alone says what is meant."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.shape.test_arrows import PACKAGE, modules

ONE_SHAPE = {
    **dict.fromkeys(("write", "read", "changes", "as_declared"), "catalog/sections/*/section.py"),
    **dict.fromkeys(("problems", "local", "FILE_SECTION"), "catalog/sections/*/file_section.py"),
    "endpoint": "edge/wiring/*.py",
    "observe": "edge/observing/*.py",
    **dict.fromkeys(("show", "list_"), "console/**/*.py"),
}
"""Names that modules of one shape share, with where these modules are; those of the console are the names of commands."""


def public_names(module: Path) -> Iterator[str]:
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case (
                ast.AnnAssign(target=ast.Name(id=name))
                | ast.Assign(targets=[ast.Name(id=name)])
                | ast.TypeAlias(name=ast.Name(id=name))
            ):
                yield name


def test_no_public_name_stands_in_two_modules_but_for_those_of_one_shape() -> None:
    places: defaultdict[str, list[Path]] = defaultdict(list)
    for module in modules():
        for name in public_names(module):
            if not name.startswith("_"):
                places[name].append(module.relative_to(PACKAGE))
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert twice.keys() == ONE_SHAPE.keys()
    for name, found in twice.items():
        assert all(place.full_match(ONE_SHAPE[name]) for place in found), f"{name} stands in {', '.join(map(str, found))}"
