"""Which texts can be written down?"""


def is_unicode(text: str) -> bool:
    """Say whether a text can be written as UTF-8: whether it is free of halves of surrogate pairs."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
