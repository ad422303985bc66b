"""The tables of decisions name the golden events that show each, and none is missing."""

import re

from pushhub.audience.command import Reason, Refused
from pushhub.dialects.altcraft.subscribe.errors import description_of
from tests.lambda_environment import ROOT
from tests.wire.golden import EVENTS, cases

DIALECTS = ROOT / "layers" / "core" / "pushhub" / "dialects"
DECISIONS = {page.parent.name: page.read_text(encoding="utf-8") for page in sorted(DIALECTS.glob("*/decisions.md"))}
OF_SETTING_FIELDS = {Reason.FIELD_MISFIT, Reason.VALUE_TAKEN}
"""Reasons that no caller meets: no request of this dialect sets fields."""
DESCRIPTIONS = [description_of(Refused(reason)) for reason in Reason if reason not in OF_SETTING_FIELDS]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_dialect_says_what_it_decides_and_from_which_pages_it_was_written() -> None:
    folders = {folder.name for folder in DIALECTS.iterdir() if (folder / "__init__.py").exists()}
    assert set(DECISIONS) == folders == {page.parent.name for page in DIALECTS.glob("*/sources.md")}


def test_every_golden_event_stands_in_a_row_of_its_function_and_every_row_names_real_ones() -> None:
    named: dict[str, set[str]] = {}
    for part in (part for page in DECISIONS.values() for part in page.split("\n## ")[1:]):
        function, _, section = part.partition("\n")
        rows = [line for line in section.splitlines() if line.startswith("|")]
        named[function.strip("`")] = {name for row in rows for name in re.findall(r"`([a-z0-9-]+)`", row.rsplit("|", 2)[1])}
    # Imports and sendings speak no vendor's dialect.
    assert set(named) == {folder.name for folder in EVENTS.iterdir() if not folder.name.startswith(("imports_", "sends_"))}
    for function, found in named.items():
        assert found == {case.name for case in cases(function)}, function


def test_every_description_is_in_the_table() -> None:
    for description in DESCRIPTIONS:
        assert f"`{description.rstrip(': ')}" in DECISIONS["altcraft"]


def test_every_description_of_an_element_is_in_the_readme() -> None:
    for description in DESCRIPTIONS:
        assert f"| `{description.rstrip(': ')}" in README
