"""Which texts can be stored and sent, and what of a text can nobody see?"""

import re
import unicodedata
from functools import cache
from typing import Final

_INVISIBLE_RANGES: Final = (
    r"\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Characters that leave no mark and no blank, as ranges of a class of a regular expression.

They are control characters, what Unicode has as `Default_Ignorable_Code_Point` (DerivedCoreProperties.txt), which Python does not
know, further characters of the category Cf, and two symbols without ink. Signs of Cf that can be seen, as U+0600, are none of them.
"""

_INVISIBLE: Final = f"[{_INVISIBLE_RANGES}]"
_EDGE: Final = rf"[{_INVISIBLE_RANGES}\s]*"
_NOT_XML: Final = r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""What is no character of XML 1.0 (2.2, `Char`), not even as a reference."""
_JOINERS: Final = ("\u200c", "\u200d")
_VIRAMA: Final = 9
"""The combining class of the signs behind which a joiner chooses the form of a letter, as in RFC 5892, appendix A."""
_SELECTORS: Final = "[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef]*"
"""What chooses a form of the symbol or ideograph before it, or turns a black flag into that of a country."""
_SELECTED: Final = frozenset({"Lo", "Pd", "Po", "Sc", "Sk", "Sm", "So"})
"""Categories of the characters beyond ASCII that have such forms."""


def is_unicode(text: str) -> bool:
    """Say whether a text can be written as UTF-8: one that holds half of a surrogate pair cannot."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def fits_xml(text: str) -> bool:
    """Say whether XML 1.0 has every character of a text."""
    return _is_plain(text) or _pattern(_NOT_XML).search(text) is None


def has_control_character(text: str) -> bool:
    """Say whether a text holds a control character, which could steer the terminal that prints it."""
    return not _is_plain(text) and any(unicodedata.category(character) == "Cc" for character in text)


def holds_invisible(text: str) -> bool:
    """Say whether a text holds an invisible character."""
    return not _is_plain(text) and _pattern(_INVISIBLE).search(text) is not None


def without_invisible_edges(text: str) -> str:
    """Return a text without the invisible characters before and behind what can be seen of it; its blanks stay.

    One that shapes the last character that can be seen stays too: without it, a heart in colour would be a black one.
    """
    if _is_plain(text):
        return text
    start = _matched(_EDGE, text)
    if start == len(text):
        return _blanks(text)
    # Read backwards, since a pattern for the end of a text is tried at each of its characters.
    end = len(text) - _matched(_EDGE, text[::-1])
    end += _shaping(text[end - 1], text[end:])
    return _blanks(text[:start]) + text[start:end] + _blanks(text[end:])


def trimmed(text: str) -> str:
    """Return a text without the blanks and the invisible characters before and behind what can be seen of it."""
    return without_invisible_edges(text).strip()


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _blanks(text: str) -> str:
    return _pattern(_INVISIBLE).sub("", text)


@cache
def _pattern(expression: str) -> re.Pattern[str]:
    """Return a pattern, compiled at its first use: all of them cost a cold start 6 ms, and most texts need none."""
    return re.compile(expression)


def _matched(expression: str, text: str) -> int:
    found = _pattern(expression).match(text)
    return found.end() if found else 0


def _shaping(last: str, behind: str) -> int:
    """Return how many of the characters behind the last one that can be seen shape it."""
    if unicodedata.combining(last) == _VIRAMA:
        return 1 if behind.startswith(_JOINERS) else 0
    if last.isascii() or unicodedata.category(last) not in _SELECTED:
        return 0
    return _matched(_SELECTORS, behind)
