"""What may be told of an answer that was not expected: its type, its size, and its first characters without anything confidential.

An answer may quote what it was sent, whole, in part, or in another notation. So words are hidden that hold six characters in a row
of something confidential, and words that look like a token or an email address, whosever it is. A word is what stands between
blanks, quotes, brackets and the marks of URLs and lists.
"""

import json
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from pushhub.outgoing.calls import CONTENT_TYPE, MAX_REPLY_BYTES, CallReply

SHOWN_CHARACTERS: Final = 80
_SHOWN_TYPE: Final = 40
_HIDDEN: Final = "…"
_WORD: Final = re.compile(r"""[^\s"'`<>(){}\[\],;&?!=]+""")
_PART: Final = 6
"""Characters in a row that give something confidential away."""
_LONG_WORD: Final = 20
"""Words of this length or longer are hidden: few words of languages are as long."""
_LONG_NUMBER: Final = 8
"""The same for words with a digit."""
_LOOKED_AT: Final = 1000
"""Characters of a text from which the first are shown; a word that is longer is hidden as a whole."""
_MARKS_AND_BLANKS: Final = "\ufeff \t\r\n"


def reply_text(reply: CallReply) -> str:
    """Return the body of an answer as text, without the byte order marks and blanks that it begins with.

    It is read in the Unicode encoding that its first bytes show, or in UTF-8. U+FFFD stands for what is not of that encoding.
    """
    return reply.body.decode(json.detect_encoding(reply.body), errors="replace").lstrip(_MARKS_AND_BLANKS)


def description(reply: CallReply, confidential: Sequence[str]) -> str:
    """Return on one line what an answer is.

    Args:
        reply: the answer.
        confidential: texts of which nothing may be shown; empty ones are passed over.
    """
    media_type = reply.headers.get(CONTENT_TYPE, "").partition(";")[0].strip()
    kind = _excerpt(media_type, confidential, _SHOWN_TYPE) or "no content type"
    size = f"{len(reply.body)} bytes" + (" or more" if len(reply.body) == MAX_REPLY_BYTES else "")
    beginning = _excerpt(reply_text(reply), confidential, SHOWN_CHARACTERS)
    return f"{kind}, {size}: {beginning}" if beginning else f"{kind}, {size}"


def _excerpt(text: str, confidential: Sequence[str], most: int) -> str:
    """Return the beginning of a text with everything confidential hidden and control characters escaped."""
    looked_at = text[:_LOOKED_AT]
    hidden = _hidden_positions(looked_at, confidential)
    pieces = groupby(enumerate(looked_at), key=lambda each: each[0] in hidden)
    shown = "".join(_HIDDEN if is_hidden else "".join(character for _, character in piece) for is_hidden, piece in pieces)
    printable = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in shown[: most + 1])
    return printable if len(printable) <= most else printable[:most] + _HIDDEN


def _hidden_positions(text: str, confidential: Sequence[str]) -> set[int]:
    """Return where characters stand that are not shown: parts of something confidential, and the words around them."""
    hidden: set[int] = set()
    for each in filter(None, confidential):
        size = min(_PART, len(each))
        parts = {each[start : start + size].lower() for start in range(len(each) - size + 1)}
        for start in range(len(text) - size + 1):
            if text[start : start + size].lower() in parts:
                hidden.update(range(start, start + size))
    for word in _WORD.finditer(text):
        positions = range(*word.span())
        if _looks_secret(word[0]) or not hidden.isdisjoint(positions):
            hidden.update(positions)
    return hidden


def _looks_secret(word: str) -> bool:
    has_digit = any(character.isdigit() for character in word)
    return "@" in word or len(word) >= (_LONG_NUMBER if has_digit else _LONG_WORD)
