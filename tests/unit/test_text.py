"""What of a text can be written, and what of it can be seen."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.text import fits_xml, holds_invisible, trimmed, without_invisible_edges

SEEN_THOUGH_FORMATTING = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Arabic, Syriac and Kaithi signs that enclose the digits behind them."""
NO_CATEGORY_TELLS = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u2065\u2800\u3164\ufe00\ufe0f\uffa0\U0001d159\U000e0100\U000e0fff"
of_edges = st.text(st.sampled_from("\u200b\ufeff\u200d\ufe0f\u034f\u3164\0 \u00a0\n\U000e0067"), max_size=6)
texts = st.builds("{}{}{}".format, of_edges, st.text(max_size=3) | st.sampled_from(["\u2764", "\u0d4d", "e\u0301"]), of_edges)


def test_every_formatting_and_control_character_but_blanks_and_signs_is_invisible() -> None:
    formatting = {
        each for each in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(each) in {"Cf", "Cc"} and not each.isspace()
    }
    assert {each for each in formatting if not holds_invisible(each)} == SEEN_THOUGH_FORMATTING
    assert all(map(holds_invisible, NO_CATEGORY_TELLS))


def test_what_is_seen_is_not_invisible() -> None:
    for text in ("", "Joe Smith\t\n", "\u00a0\u2003\u3000", "\u0301", "\u5b57", "\U0001f468", "\ufffd", "\ue000"):
        assert not holds_invisible(text)


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Joe", "Joe"),
        (" Joe\n", " Joe\n"),
        ("\u200bJoe\u200b", "Joe"),
        (" \u200b\u200bJoe\ufeff \u202c", " Joe "),
        ("Jo\u200be", "Jo\u200be"),
        ("Joe\ufe0f\u200d", "Joe"),
        ("\u200b \u3164", " "),
        ("\u200b", ""),
        # What shapes the character before it belongs to it: a red heart, the flag of England, a letter, a name.
        ("\u2764\ufe0f\u200b", "\u2764\ufe0f"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e007f", "\U0001f3f4\U000e0067\U000e0062\U000e007f"),
        ("\u0d28\u0d4d\u200d\u200d", "\u0d28\u0d4d\u200d"),
        ("\u845b\U000e0100 ", "\u845b\U000e0100 "),
    ],
)
def test_invisible_characters_are_dropped_from_the_ends_of_a_text(text: str, bare: str) -> None:
    assert without_invisible_edges(text) == bare


@given(texts)
def test_dropping_them_twice_changes_nothing_and_no_character_that_is_seen(text: str) -> None:
    bare = without_invisible_edges(text)
    assert without_invisible_edges(bare) == bare
    assert [each for each in bare if not holds_invisible(each)] == [each for each in text if not holds_invisible(each)]
    assert trimmed(trimmed(text)) == trimmed(text) == bare.strip()


@pytest.mark.parametrize("text", ["", "Sale\t\r\n", "\x7f\x85", "\ud7ff\ue000\ufffd", "\U00010000\U0010ffff"])
def test_xml_has_every_character_of_such_a_text(text: str) -> None:
    assert fits_xml(text)


@pytest.mark.parametrize("character", ["\0", "\x08", "\x0b", "\x0c", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_xml_has_no_such_character(character: str) -> None:
    assert not fits_xml(f"Sale{character}")
