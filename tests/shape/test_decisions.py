"""The tables of decisions name the golden events that show each, and none is missing."""

import re

import pytest

from pushhub.audience.command import Reason, Refused
from pushhub.dialects.altcraft.events.errors import EventRefusal
from pushhub.dialects.altcraft.subscribe.errors import SubscribeRefusal, description_of
from pushhub.dialects.http import RefusalTable
from tests.lambda_environment import ROOT
from tests.wire.golden import EVENTS, cases

DECISIONS = (ROOT / "layers" / "core" / "pushhub" / "dialects" / "altcraft" / "decisions.md").read_text(encoding="utf-8")
OF_SETTING_FIELDS = {Reason.FIELD_MISFIT, Reason.VALUE_TAKEN}
"""Reasons that no caller meets: no request of this dialect sets fields."""
DESCRIPTIONS = [description_of(Refused(reason)) for reason in Reason if reason not in OF_SETTING_FIELDS]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_golden_event_stands_in_a_row_of_its_function_and_every_row_names_real_ones() -> None:
    named: dict[str, set[str]] = {}
    for part in DECISIONS.split("\n## ")[1:]:
        function, _, section = part.partition("\n")
        rows = [line for line in section.splitlines() if line.startswith("|")]
        named[function.strip("`")] = {name for row in rows for name in re.findall(r"`([a-z0-9-]+)`", row.rsplit("|", 2)[1])}
    # Imports and sendings speak no vendor's dialect.
    assert set(named) == {folder.name for folder in EVENTS.iterdir() if not folder.name.startswith(("imports_", "sends_"))}
    for function, found in named.items():
        assert found == {case.name for case in cases(function)}, function


def test_every_description_is_in_the_table() -> None:
    for description in DESCRIPTIONS:
        assert f"`{description.rstrip(': ')}" in DECISIONS


@pytest.mark.parametrize("refusal", [*SubscribeRefusal, *EventRefusal], ids=str)
def test_every_refusal_is_in_the_readme(refusal: RefusalTable) -> None:
    text = refusal.text.replace("{detail}", "body …").replace("{unit}", "characters, or bytes")
    assert f"| {refusal.status} | {re.sub(r'\{\w+\}', '…', text)} |" in README


def test_every_description_of_an_element_is_in_the_readme() -> None:
    for description in DESCRIPTIONS:
        assert f"| `{description.rstrip(': ')}" in README
