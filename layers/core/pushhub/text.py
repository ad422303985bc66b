"""Which texts can be stored and sent?"""


def is_unicode(text: str) -> bool:
    """Say whether a text can be written as UTF-8: one that holds half of a surrogate pair cannot."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
