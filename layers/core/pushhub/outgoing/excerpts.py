"""What may be told of an answer that was not expected: its type, its size, and its first characters without anything confidential.

An answer may quote what it was sent, whole, in part, or in another notation. So words are hidden that hold six characters in a row
of something confidential, and words that look like a token, whosever it is. A word is what stands between blanks, quotes, brackets
and the marks of URLs and lists.
"""

import json
import re
from collections.abc import Sequence
from typing import Final

from pushhub.outgoing.calls import CONTENT_TYPE, MAX_REPLY_BYTES, CallReply

SHOWN_CHARACTERS: Final = 80
_SHOWN_TYPE: Final = 40
_HIDDEN: Final = "…"
_WORD: Final = re.compile(r"""[^\s"'`<>(){}\[\],;&?!=]+""")
_PART: Final = 6
"""Characters in a row that give something confidential away."""
_LONGEST_NAME: Final = 20
"""Words of this length or longer are hidden: few words of languages are as long, and all tokens are."""
_LONGEST_NUMBER: Final = 8
"""The same for words with a digit."""
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
    for each in filter(None, confidential):
        text = re.sub(re.escape(each), _HIDDEN, text, flags=re.IGNORECASE)
    lowered = [each.lower() for each in confidential]
    shown = _WORD.sub(lambda word: _HIDDEN if _is_confidential(word[0], lowered) else word[0], text)
    printable = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in shown[: most + 1])
    return printable if len(printable) <= most else printable[:most] + _HIDDEN


def _is_confidential(word: str, lowered: Sequence[str]) -> bool:
    if len(word) >= _LONGEST_NAME or (len(word) >= _LONGEST_NUMBER and any(character.isdigit() for character in word)):
        return True
    parts = {word[start : start + _PART].lower() for start in range(len(word) - _PART + 1)}
    return any(part in each for part in parts for each in lowered)
