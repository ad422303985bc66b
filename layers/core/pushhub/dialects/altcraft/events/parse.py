"""What does a request to `post_events` report?

In four steps: unpack the body, read it, take its API token, parse its fields. The endpoint looks the token up before the last: a
token without the right is refused whatever else is wrong.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from pydantic import ValidationError

from pushhub.catalog.providers import PushToken
from pushhub.dialects.altcraft.events.errors import MAX_EVENT_BYTES, EventRefusal
from pushhub.dialects.altcraft.events.notation import Notation
from pushhub.dialects.altcraft.events.wire import PostEventsRequest
from pushhub.dialects.body import BYTE_ORDER_MARK, BadBodyError, with_plain_body
from pushhub.dialects.http import HttpRequest, RefusedError
from pushhub.dialects.json_body import JSON_TYPES, MAX_DEPTH, read_object
from pushhub.dialects.xml_body import read_elements
from pushhub.events.command import PlainForm, RecordEvent
from pushhub.validation import Misfit, first_misfit

_BEARER: Final = re.compile(r"bearer +(\S+) *", re.ASCII | re.IGNORECASE)


def unpack_event(request: HttpRequest) -> HttpRequest:
    """Return a request with its body unpacked.

    Raises:
        RefusedError: it is too large, packed in a way that is not taken, or damaged.
    """
    try:
        return with_plain_body(request, MAX_EVENT_BYTES)
    except BadBodyError as bad:
        raise RefusedError(EventRefusal[bad.refusal], detail=str(bad)) from None


def notation_of_request(request: HttpRequest) -> Notation:
    """Return the notation of a request: XML where its content type says so or its first character does."""
    first = request.body.removeprefix(BYTE_ORDER_MARK.encode()).lstrip()[:1]
    return Notation.XML if "xml" in request.header("content-type").lower() or first == b"<" else Notation.JSON


def notation_of_reply(request: HttpRequest, of_request: Notation) -> Notation:
    """Return the notation of the reply: that of the request, unless the query string has another known `format`."""
    named = _format(request)
    return Notation(named) if named in set(Notation) else of_request


def check_format(request: HttpRequest) -> None:
    """Check that a `format` in the query string is known.

    Raises:
        RefusedError: it is not.
    """
    if _format(request) not in {None, *Notation}:
        raise RefusedError(EventRefusal.BAD_FORMAT)


def read_fields(body: bytes, notation: Notation) -> Mapping[str, Any]:
    """Return the fields in a plain body.

    Raises:
        RefusedError: it is not of its notation.
    """
    try:
        return read_elements(body) if notation is Notation.XML else read_object(body, MAX_DEPTH, unique_keys=True)
    except BadBodyError as bad:
        raise RefusedError(EventRefusal[bad.refusal], detail=str(bad)) from None


def read_api_token(request: HttpRequest, fields: Mapping[str, Any]) -> str:
    """Return the API token of a request; the body's wins over the header's, and that over the URL's.

    That a token is taken there at all: "API interaction" in `sources.md`. No log of ours holds a query string.

    Raises:
        RefusedError: there is none, or the body's is not a string.
    """
    api_token = fields.get("token")
    if api_token is not None and not isinstance(api_token, str):
        raise RefusedError(EventRefusal.WRONG_TYPE, path="token", expected="a string")
    if api_token:
        return api_token
    if bearer := _BEARER.fullmatch(request.header("authorization").strip()):
        return bearer[1]
    if api_token := _api_token_in_url(request):
        return api_token
    raise RefusedError(EventRefusal.API_TOKEN_MISSING)


def parse_event(fields: Mapping[str, Any], more_push_hosts: Collection[str] = ()) -> RecordEvent:
    """Return what the fields report.

    `more_push_hosts` are hosts of push services of browsers beside the known ones.

    Raises:
        RefusedError: the first of their rules, field by field, that they break.
    """
    try:
        request = PostEventsRequest.model_validate(fields, context=more_push_hosts)
    except ValidationError as error:
        raise _refused(first_misfit(error)) from None
    return RecordEvent(request.events, request.uid, _plain(request))


def _format(request: HttpRequest) -> str | None:
    return parse_qs(request.query, keep_blank_values=True).get("format", [None])[-1]


def _api_token_in_url(request: HttpRequest) -> str | None:
    """Return the last `token` of a query string that is not empty; a `+` is itself, since no API token has a blank."""
    return parse_qs(request.query.replace("+", "%2B")).get("token", [None])[-1]


def _refused(misfit: Misfit) -> RefusedError:
    if misfit.kind == "missing":
        return RefusedError(EventRefusal.FIELD_MISSING, path=misfit.path)
    if misfit.kind in JSON_TYPES:
        return RefusedError(EventRefusal.WRONG_TYPE, path=misfit.path, expected=JSON_TYPES[misfit.kind])
    return RefusedError(EventRefusal[misfit.kind], path=misfit.path, **misfit.context)


def _plain(request: PostEventsRequest) -> PlainForm | None:
    """Return the plain form of a report, None where it is the special one: all three of its fields, or none."""
    launch, provider, push_token = request.launch_id, request.provider, request.subscription_id
    if launch is None and provider is None and push_token is None:
        return None
    if launch is not None and provider is not None and push_token is not None:
        return PlainForm(launch, provider, PushToken(push_token))
    plain = {"launch_id": launch, "provider": provider, "subscription_id": push_token}
    missing = next(name for name, value in plain.items() if value is None)
    raise RefusedError(EventRefusal.PLAIN_INCOMPLETE, path=missing)
