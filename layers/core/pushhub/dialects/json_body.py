"""How does a dialect read and write JSON bodies?

Strictly: what another reader may take for something else is refused.
"""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn

from pushhub.dialects.body import BadBodyError, decoded_body
from pushhub.text import is_unicode

MAX_DEPTH: Final = 32
"""Levels of nesting that dialects take."""

Json = None | bool | int | Decimal | str | list[Any] | dict[str, Any]
"""A JSON value; numbers with a fraction or an exponent are Decimal, so that none loses digits or becomes infinite."""

JSON_TYPES: Final = {
    "string_type": "a string",
    "bool_type": "a boolean",
    "int_type": "an integer",
    "list_type": "a list",
    "model_type": "an object",
    "model_attributes_type": "an object",
}
"""What is expected where a field has the wrong JSON type, by the kind of a :class:`pushhub.validation.Misfit`."""


def read_object(body: bytes, max_depth: int, *, unique_keys: bool = False) -> dict[str, Any]:
    """Return the object that a body of UTF-8 JSON holds.

    Args:
        body: as it came, unpacked; a byte order mark may stand in front.
        max_depth: levels of nesting; the object itself is the first.
        unique_keys: whether an object that has a key twice is refused; otherwise the last one counts.

    Raises:
        BadBodyError: it is empty, not UTF-8, not JSON, not an object, nested too deeply, has a key twice where that is refused,
            or holds NaN, Infinity or half of a surrogate pair.
    """
    text = decoded_body(body)
    if not text.strip():
        raise BadBodyError("body is empty")
    try:
        pairs = _unique if unique_keys else None
        document: Json = json.loads(text, parse_float=_fraction, parse_constant=_refuse_constant, object_pairs_hook=pairs)
    except RecursionError:
        raise BadBodyError(f"body is nested deeper than {max_depth} levels") from None
    except json.JSONDecodeError as error:
        raise BadBodyError(f"body is not JSON: {error.msg} at character {error.pos}") from None
    except BadBodyError:
        raise
    except ValueError:
        # Python refuses to read whole numbers of more than 4300 digits.
        raise BadBodyError("body holds a number with too many digits") from None
    if not isinstance(document, dict):
        raise BadBodyError("body is not a JSON object")
    _check(document, max_depth)
    return document


def write_object(fields: Mapping[str, object]) -> bytes:
    """Return an object as a body: without blanks, in UTF-8."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def _fraction(literal: str) -> Decimal:
    try:
        return Decimal(literal)
    except InvalidOperation:
        raise BadBodyError("body holds a number out of range") from None


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise BadBodyError("body has a key twice in one object")
    return content


def _refuse_constant(name: str) -> NoReturn:
    raise BadBodyError(f"body holds {name}, which is not JSON")


def _check(document: Json, max_depth: int) -> None:
    level: list[Json] = [document]
    for _ in range(max_depth):
        inner: list[Json] = []
        for value in level:
            if isinstance(value, dict):
                inner += [*value.keys(), *value.values()]
            elif isinstance(value, list):
                inner += value
            elif isinstance(value, str) and not is_unicode(value):
                raise BadBodyError("body holds half of a surrogate pair")
        level = inner
    if any(isinstance(value, dict | list) for value in level):
        raise BadBodyError(f"body is nested deeper than {max_depth} levels")
    if any(isinstance(value, str) and not is_unicode(value) for value in level):
        raise BadBodyError("body holds half of a surrogate pair")
