"""Rows as the lines of a table."""

import pytest

from pushhub.console.tables import table_lines


def test_a_table_has_two_blanks_between_columns_and_none_at_the_end() -> None:
    assert table_lines("<><", [("name", "rows", "file"), ("a", "12,345", ""), ("longer", "7", "b.csv")]) == [
        "name      rows  file",
        "a       12,345",
        "longer       7  b.csv",
    ]


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "TTY_COMPATIBLE"])
def test_a_table_is_plain_text_whatever_others_wrote(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "1")
    monkeypatch.setenv("COLUMNS", "20")
    assert table_lines("<<", [("[red]a[/red]", ":smile: [b"), ("x" * 300, "https://example.org 12")]) == [
        f"{'[red]a[/red]':<300}  :smile: [b",
        f"{'x' * 300}  https://example.org 12",
    ]


def test_wide_characters_take_two_columns() -> None:
    assert table_lines("<<", [("推送", "1"), ("push", "2")]) == ["推送  1", "push  2"]
