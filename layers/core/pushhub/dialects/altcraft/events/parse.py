"""What does a request to `post_events` report? Source of the fields and of both forms: seed 000."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qs

from pushhub.catalog.providers import MAX_PUSH_TOKEN_BYTES, PushToken
from pushhub.dialects.altcraft.events.errors import MAX_BODY_BYTES, EventRefusal
from pushhub.dialects.altcraft.events.notation import Format
from pushhub.dialects.http import RefusedError
from pushhub.dialects.json_body import MAX_DEPTH, BadBodyError, read_object
from pushhub.dialects.xml_body import read_elements
from pushhub.events.command import (
    MAX_LAUNCH_CHARACTERS,
    MAX_PROVIDER_CHARACTERS,
    MAX_UID_CHARACTERS,
    Happening,
    PlainForm,
    RecordEvent,
    has_control_character,
)

_EVENTS_TEXT: Final = re.compile(r"\s*([123])(?:\.0+)?\s*", re.ASCII)
_BEARER: Final = re.compile(r"bearer +(\S+) *", re.ASCII | re.IGNORECASE)
_PLAIN: Final = ("launch_id", "provider", "subscription_id")


def format_of_request(body: bytes, content_type: str) -> Format:
    """Return the notation of a request: XML where its content type says so or its first character does."""
    return Format.XML if "xml" in content_type.lower() or _first(body) == b"<" else Format.JSON


def format_of_reply(query: str, of_request: Format) -> Format:
    """Return the notation of the reply: that of the request, unless the query string has another known `format`."""
    asked = _asked_format(query)
    return Format(asked) if asked in set(Format) else of_request


def check_format(query: str) -> None:
    """Check that a `format` in the query string is known.

    Raises:
        RefusedError: it is not.
    """
    if _asked_format(query) not in {None, *Format}:
        raise RefusedError(EventRefusal.BAD_FORMAT)


def read_fields(body: bytes, notation: Format) -> Mapping[str, Any]:
    """Return the fields in a body.

    Raises:
        RefusedError: it is too large, or not of its notation.
    """
    if len(body) > MAX_BODY_BYTES:
        raise RefusedError(EventRefusal.BODY_TOO_LARGE)
    try:
        return read_elements(body) if notation is Format.XML else read_object(body, MAX_DEPTH, unique_keys=True)
    except BadBodyError as bad:
        raise RefusedError(EventRefusal.BAD_BODY, detail=str(bad)) from None


def read_api_token(fields: Mapping[str, Any], query: str, authorization: str) -> str:
    """Return the API token of a request; the body's wins over the header's.

    Raises:
        RefusedError: there is none, or it is not a string, or it stands in the URL, which others log.
    """
    if "token" in parse_qs(query, keep_blank_values=True):
        raise RefusedError(EventRefusal.API_TOKEN_IN_URL)
    if token := _text_or_nothing(fields, "token"):
        return token
    if bearer := _BEARER.fullmatch(authorization.strip()):
        return bearer[1]
    raise RefusedError(EventRefusal.API_TOKEN_MISSING)


def parse_event(fields: Mapping[str, Any]) -> RecordEvent:
    """Return what the fields report.

    Raises:
        RefusedError: the first of their rules, field by field, that they break.
    """
    happening = _happening(fields.get("events"))
    uid = _checked("uid", _text_or_nothing(fields, "uid"), MAX_UID_CHARACTERS)
    if uid is None:
        raise RefusedError(EventRefusal.FIELD_MISSING, path="uid")
    return RecordEvent(happening, uid, _plain(fields))


def _asked_format(query: str) -> str | None:
    return parse_qs(query, keep_blank_values=True).get("format", [None])[-1]


def _first(body: bytes) -> bytes:
    return body.removeprefix("\ufeff".encode()).lstrip()[:1]


def _happening(raw: object) -> Happening:
    if raw is None or raw == "":
        raise RefusedError(EventRefusal.FIELD_MISSING, path="events")
    if isinstance(raw, str) and (text := _EVENTS_TEXT.fullmatch(raw)):
        return Happening(int(text[1]))
    if isinstance(raw, int | Decimal) and not isinstance(raw, bool) and raw in (1, 2, 3):
        return Happening(int(raw))
    raise RefusedError(EventRefusal.BAD_EVENTS)


def _plain(fields: Mapping[str, Any]) -> PlainForm | None:
    launch = _checked("launch_id", _launch(fields), MAX_LAUNCH_CHARACTERS)
    provider = _checked("provider", _text_or_nothing(fields, "provider"), MAX_PROVIDER_CHARACTERS)
    token = _text_or_nothing(fields, "subscription_id")
    if token is not None and len(token.encode()) > MAX_PUSH_TOKEN_BYTES:
        raise RefusedError(EventRefusal.TOO_LONG, path="subscription_id", most=MAX_PUSH_TOKEN_BYTES, unit="bytes")
    if launch is None and provider is None and token is None:
        return None
    if launch is not None and provider is not None and token is not None:
        return PlainForm(launch, provider, PushToken(token))
    missing = next(name for name, value in zip(_PLAIN, (launch, provider, token), strict=True) if value is None)
    raise RefusedError(EventRefusal.PLAIN_INCOMPLETE, path=missing)


def _launch(fields: Mapping[str, Any]) -> str | int | None:
    """Return the launch: a number in the vendor's table, a text in its example."""
    raw = fields.get("launch_id")
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if raw is not None and not isinstance(raw, str):
        raise RefusedError(EventRefusal.WRONG_TYPE, path="launch_id", expected="a string or an integer")
    return raw or None


def _text_or_nothing(fields: Mapping[str, Any], name: str) -> str | None:
    raw = fields.get(name)
    if raw is not None and not isinstance(raw, str):
        raise RefusedError(EventRefusal.WRONG_TYPE, path=name, expected="a string")
    return raw or None


def _checked[Value: str | int](name: str, value: Value | None, most: int) -> Value | None:
    text = str(value) if value is not None else ""
    if len(text) > most:
        raise RefusedError(EventRefusal.TOO_LONG, path=name, most=most, unit="characters")
    if has_control_character(text):
        raise RefusedError(EventRefusal.CONTROL_CHARACTER, path=name)
    return value
