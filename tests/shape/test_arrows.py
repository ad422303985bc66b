"""Arrows point inward: dialect → command → domain ← adapters."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "layers" / "core" / "pushhub"
AWS = {"boto3", "botocore", "aws_lambda_powertools"}
CONSOLE_ONLY = {"aiohttp", "click", "filelock", "h2", "psutil", "rich", "ruamel", "samcli", "samtranslator"}
ONLY_IN = {
    "pycurl": ("adapters/curl",),
    "certifi": ("adapters/curl",),
    # It encrypts links and pushes, signs, and tries the keys that the command line is given; stand-ins verify and decrypt with it.
    "cryptography": (
        "events/links.py",
        "catalog/sections/apps/keys.py",
        "sends/encryption.py",
        "sends/signing.py",
        "console/stand_ins/signatures.py",
        "console/stand_ins/browsers.py",
    ),
    # It reads XML that others write: bodies of requests, and what is pushed to the stand-ins' devices.
    "defusedxml": ("dialects/xml_body.py", "console/stand_ins/providers/wns.py"),
}
"""Packages that these modules may import and no other: each thing that they do is done in one place."""

GROUND = {"faults", "gzipped", "moments", "text", "validation", "versioned"}
"""Rooms without a floor below them: every other may use them."""
DOMAIN = {"audience", "events", "imports", "sends"}
MAY_USE = {
    "faults": set(),
    "gzipped": set(),
    "moments": set(),
    "text": set(),
    "validation": set(),
    "versioned": set(),
    "cached": GROUND,
    "races": GROUND,
    "outgoing": {"outgoing"} | GROUND,
    "catalog": {"catalog", "cached", "outgoing"} | GROUND,
    "audience": {"audience", "catalog", "races"} | GROUND,
    "events": {"events", "catalog", "outgoing", "races"} | GROUND,
    "imports": {"imports", "audience", "catalog", "races"} | GROUND,
    "sends": {"sends", "audience", "catalog", "events", "outgoing", "races"} | GROUND,
    "dialects": {"dialects", "catalog", "outgoing"} | DOMAIN | GROUND,
    "adapters": {"adapters", "catalog", "outgoing"} | DOMAIN | GROUND,
    "edge": {"edge", "adapters", "dialects", "catalog", "outgoing"} | DOMAIN | GROUND,
    "console": {"console", "adapters", "catalog", "cached", "outgoing"} | DOMAIN | GROUND,
}
"""Which rooms each room may import from; a room that is not listed does not exist."""
MAY_USE_TOO = {"console/sends/filters.py": {"dialects"}}
"""Modules that read what a caller writes in a request too, and so use a room that theirs may not."""

NO_AWS = {"cached", "races", "outgoing", "catalog", "dialects"} | DOMAIN | GROUND
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "service"}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def room(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            yield node.module or ""


@pytest.mark.parametrize("module", modules(), ids=lambda module: str(module.relative_to(PACKAGE)))
def test_a_module_imports_only_from_the_rooms_it_may_use(module: Path) -> None:
    allowed = MAY_USE[room(module)] | MAY_USE_TOO.get(str(module.relative_to(PACKAGE)), set())
    for name in imports(module):
        if name.split(".")[0] == "pushhub":
            assert name.removeprefix("pushhub.").split(".")[0] in allowed, f"{room(module)} must not import {name}"
        assert not (room(module) in NO_AWS and name.split(".")[0] in AWS), f"{room(module)} must not import {name}"


@pytest.mark.parametrize("module", modules(), ids=lambda module: str(module.relative_to(PACKAGE)))
def test_packages_of_the_command_line_are_imported_by_the_command_line_alone(module: Path) -> None:
    read_by_the_console_alone = module == PACKAGE / "catalog" / "yaml_text.py"
    if room(module) != "console" and not read_by_the_console_alone:
        assert not CONSOLE_ONLY & {name.split(".")[0] for name in imports(module)}


@pytest.mark.parametrize("package", ONLY_IN)
def test_a_package_with_one_place_is_imported_there_and_nowhere_else(package: str) -> None:
    users = [module for module in modules() if package in {name.split(".")[0] for name in imports(module)}]
    assert users
    places = [PACKAGE / place for place in ONLY_IN[package]]
    assert all(any(module.is_relative_to(place) for place in places) for module in users)
    assert all(any(module.is_relative_to(place) for module in users) for place in places)


def test_every_room_in_the_list_exists() -> None:
    assert {room(module) for module in modules()} == set(MAY_USE)


@pytest.mark.parametrize(("path", "rooms"), MAY_USE_TOO.items())
def test_a_module_that_may_use_more_than_its_room_needs_it(path: str, rooms: set[str]) -> None:
    used = {name.removeprefix("pushhub.").split(".")[0] for name in imports(PACKAGE / path) if name.startswith("pushhub.")}
    assert rooms <= used
    assert rooms.isdisjoint(MAY_USE[room(PACKAGE / path)])


def test_reading_a_file_knows_nothing_of_the_steps_that_import_it() -> None:
    known = ("pushhub.imports.files", "pushhub.imports.job", "pushhub.imports.keys")
    for module in (PACKAGE / "imports" / "files").glob("*.py"):
        for name in imports(module):
            assert not name.startswith("pushhub.imports.") or name.startswith(known), f"{module.name} must not import {name}"


def test_keys_of_the_bucket_have_one_owner() -> None:
    key = re.compile(r"(inbox|done|failed|work|reports)/")
    for module in modules():
        tree = ast.parse(module.read_text(encoding="utf-8"))
        said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in said]
        if any(isinstance(text, str) and key.match(text) for text in texts):
            assert module == PACKAGE / "imports" / "keys.py"


def test_the_families_of_a_dialect_have_the_same_files() -> None:
    """A dialect of many calls has its errors and replies once, and a module for each thing that requests hold."""
    for family in (path for path in (PACKAGE / "dialects").glob("*/*") if path.is_dir() and path.name != "__pycache__"):
        own, shared = ({module.stem for module in folder.glob("*.py")} for folder in (family, family.parent))
        assert {"errors", "parse", "render", "wire"} <= own or ({"errors", "replies"} <= shared and "errors" not in own), family


def test_names_say_what_is_inside() -> None:
    root = PACKAGE.parents[2]
    names = {path.stem for folder in ("functions", "layers", "tests") for path in (root / folder).rglob("*.py")}
    assert not names & FORBIDDEN_NAMES


def test_tests_stand_where_the_code_stands() -> None:
    unit = Path(__file__).parents[1] / "unit"
    for folder in (path for path in unit.rglob("*") if path.is_dir() and path.name != "__pycache__"):
        assert (PACKAGE / folder.relative_to(unit)).is_dir(), f"{folder} mirrors nothing"


def test_what_the_local_hub_is_built_on_does_not_know_it() -> None:
    """Within the console, arrows to `console/local` come from above it alone."""
    by_name = {".".join(module.relative_to(PACKAGE.parent).with_suffix("").parts): module for module in modules()}
    below: set[str] = set()
    to_follow = {name for name in by_name if name.startswith("pushhub.console.local")}
    while to_follow:
        below |= to_follow
        to_follow = {name for module in to_follow for name in imports(by_name[module]) if name in by_name} - below
    for name in below:
        if not name.startswith("pushhub.console.local"):
            climbing = [used for used in imports(by_name[name]) if used.startswith("pushhub.console.local")]
            assert not climbing, f"console/local uses {name}, which must not import {', '.join(climbing)}"
