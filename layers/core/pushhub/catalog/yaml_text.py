"""What does a YAML text say, and why can it not be read?

ruamel.yaml is not deployed, so nothing that a function imports may import this.
"""

import re
from typing import Final, cast

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

_DUPLICATE: Final = re.compile(r'found duplicate key "(.*?)" with value', re.DOTALL)


class YamlTextError(Exception):
    """A text is not YAML that can be used; the message is one line and holds no value of the text."""


def read_yaml(text: str) -> object:
    """Return what a YAML text says, as plain values.

    Raises:
        YamlTextError: it is not YAML, or has a key twice, an unknown tag, or a date or number that does not exist.
    """
    try:
        return cast("object", YAML(typ="safe", pure=True).load(text))
    except DuplicateKeyError as error:
        # The library's own message quotes both values, which may be tokens.
        name = _DUPLICATE.search(str(error.problem))
        problem = f'the key "{name[1]}" stands twice in one mapping' if name else "a key stands twice in one mapping"
        raise YamlTextError(f"{_place(error)}{problem}") from None
    except MarkedYAMLError as error:
        unquoted = "${" in _line_of(error, text)
        hint = "; a text with ${NAME} has to be quoted inside { } and [ ]" if unquoted else ""
        raise YamlTextError(f"{_place(error)}{error.problem or error.context}{hint}") from None
    except YAMLError as error:
        raise YamlTextError(str(error).splitlines()[0]) from None
    except RecursionError:
        raise YamlTextError("nested too deeply") from None
    except ValueError:
        # The library's message may hold the text.
        raise YamlTextError("a date or number in it does not exist; put texts in quotes") from None


def _place(error: MarkedYAMLError) -> str:
    return f"line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1}: " if error.problem_mark else ""


def _line_of(error: MarkedYAMLError, text: str) -> str:
    lines = text.splitlines()
    return lines[error.problem_mark.line] if error.problem_mark and error.problem_mark.line < len(lines) else ""
