"""Does this version read that JSON?

A release that brings in a new format reads it and goes on writing the old one; the next release writes it. So a release reads two
formats, the newest that it knows and the one before, and whatever one release has written, the release before it reads.
"""

import json
from collections.abc import Mapping


class NotVersionedError(ValueError):
    """The text is no JSON object with a version; the error quotes nothing of it."""


class OtherVersionError(ValueError):
    """The version is none that is read."""


def read_versioned(text: str, newest: int) -> Mapping[str, object]:
    """Return the JSON object that a text is, if its version `v` is `newest` or the one before.

    Raises:
        NotVersionedError: the text is no JSON object, or has no `v`.
        OtherVersionError: `v` is another version, or no whole number.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise NotVersionedError from None
    if not isinstance(document, dict) or "v" not in document:
        raise NotVersionedError
    version = document["v"]
    # `True == 1` and `1.0 == 1`, but neither is a version.
    if type(version) is not int or not newest - 1 <= version <= newest:
        raise OtherVersionError
    return document
