"""How do environment variables get into the texts of a catalog file?"""

import re
from collections.abc import Mapping
from typing import Final

_REFERENCE: Final = re.compile(r"\$\{([^}]*)\}")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def with_variables(text: str, environment: Mapping[str, str]) -> str:
    """Return a text in which the value of NAME stands in the place of each `${NAME}`; a `${` inside a value stays as it is.

    Raises:
        ValueError: a variable is not set, or the text has a `${` that names none; the message holds no value.
    """
    if "${" in _REFERENCE.sub("", text):
        raise ValueError("a ${ without its }")
    names = [str(name) for name in _REFERENCE.findall(text)]
    if odd := [name for name in names if not _NAME.fullmatch(name)]:
        raise ValueError(f"not a name of an environment variable: {', '.join(f'${{{name}}}' for name in odd)}")
    if unset := [name for name in dict.fromkeys(names) if name not in environment]:
        raise ValueError(f"environment variable not set: {', '.join(unset)}")
    return _REFERENCE.sub(lambda reference: environment[reference[1]], text)
