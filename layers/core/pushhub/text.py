"""Which texts can be stored and sent?"""

import unicodedata


def is_unicode(text: str) -> bool:
    """Say whether a text can be written as UTF-8: one that holds half of a surrogate pair cannot."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def has_control_character(text: str) -> bool:
    """Say whether a text holds a control character, which could steer the terminal that prints it."""
    if text.isascii() and text.isprintable():
        return False
    return any(unicodedata.category(character) == "Cc" for character in text)
