"""The table of decisions names the golden events that show each, and none is missing."""

import re

from pushhub.dialects.altcraft.errors import DESCRIPTIONS, Refusal
from tests.shape.test_arrows import PACKAGE
from tests.shape.test_template import ROOT
from tests.wire.golden import cases

TABLE = (PACKAGE / "dialects" / "altcraft" / "decisions.md").read_text(encoding="utf-8")


def test_every_golden_event_stands_in_a_row_and_every_row_names_real_ones() -> None:
    rows = [line for line in TABLE.splitlines() if line.startswith("|")]
    named = {name for row in rows for name in re.findall(r"`([a-z0-9-]+)`", row.rsplit("|", 2)[1])}
    assert named == {case.name for case in cases("push_subscribe")}


def test_every_description_is_in_the_table() -> None:
    for description in DESCRIPTIONS.values():
        assert f"`{description.rstrip(': ')}" in TABLE


def test_every_refusal_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for refusal in Refusal:
        text = refusal.text.replace("{path}", "…").replace("{detail}", "body …").replace("{expected}", "…")
        assert f"| {refusal.status} | {text} |" in readme, refusal.name


def test_every_description_of_an_element_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for description in DESCRIPTIONS.values():
        assert f"| `{description.rstrip(': ')}" in readme
