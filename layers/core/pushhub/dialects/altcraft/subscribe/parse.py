"""What does a request to `push_subscribe` ask for?

In three steps: read the body, take its resource token, parse its fields. The endpoint looks the token up before the last: a
token that opens no resource is refused whatever else is wrong.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from pushhub.audience.command import MAX_SUBSCRIPTIONS, ByField, ById, ByPushToken, DesiredSubscription, Matching
from pushhub.audience.model import PROFILE_ID_PATTERN, ProfileId
from pushhub.audience.values import MAX_VALUE_BYTES, Value
from pushhub.catalog.model import DatabaseId
from pushhub.catalog.providers import MAX_PUSH_TOKEN_BYTES, PushToken
from pushhub.catalog.push_tokens import push_token_misfit
from pushhub.dialects.altcraft.subscribe.errors import MAX_DATABASE_FILTER, MAX_SUBSCRIBE_BYTES, SubscribeRefusal
from pushhub.dialects.altcraft.subscribe.wire import PushSubscribeRequest, SubscriptionObject
from pushhub.dialects.body import BadBodyError, with_plain_body
from pushhub.dialects.http import HttpRequest, RefusedError
from pushhub.dialects.json_body import JSON_TYPES, MAX_DEPTH, read_object
from pushhub.validation import first_misfit


@dataclass(frozen=True, slots=True)
class SubscribeBody:
    """What a body asks for, before it is known what the resource allows; without `databases`, all of the resource's."""

    databases: tuple[DatabaseId, ...] | None
    matching: Matching
    subscriptions: tuple[DesiredSubscription, ...]


class Document(NamedTuple):
    """The JSON object in a body, and how many bytes the body has when it is unpacked."""

    fields: Mapping[str, Any]
    size: int


def read_subscribe_body(request: HttpRequest) -> Document:
    """Return the JSON object in the body of a request.

    Raises:
        RefusedError: the body is too large, packed in a way that is not taken, or no such object.
    """
    try:
        body = with_plain_body(request, MAX_SUBSCRIBE_BYTES).body
        return Document(read_object(body, MAX_DEPTH), len(body))
    except BadBodyError as bad:
        raise RefusedError(SubscribeRefusal[bad.refusal], detail=str(bad)) from None


def read_resource_token(fields: Mapping[str, Any]) -> str:
    """Return the resource token of a body.

    Raises:
        RefusedError: there is none, or it is not a string.
    """
    resource_token = fields.get("resource_token")
    if resource_token is None or resource_token == "":
        raise RefusedError(SubscribeRefusal.RESOURCE_TOKEN_MISSING)
    if not isinstance(resource_token, str):
        raise RefusedError(SubscribeRefusal.WRONG_TYPE, path="resource_token", expected="a string")
    return resource_token


def parse_subscribe(fields: Mapping[str, Any], more_push_hosts: Collection[str] = ()) -> SubscribeBody:
    """Return what a body asks for.

    `more_push_hosts` are hosts of push services of browsers beside the known ones.

    Raises:
        RefusedError: the first of its rules, in the order of :class:`SubscribeRefusal`, that the body breaks.
    """
    try:
        request = PushSubscribeRequest.model_validate(fields)
    except ValidationError as error:
        misfit = first_misfit(error)
        raise RefusedError(SubscribeRefusal.WRONG_TYPE, path=misfit.path, expected=JSON_TYPES[misfit.kind]) from None
    matching = _matching(request)
    if request.db_ids and len(request.db_ids) > MAX_DATABASE_FILTER:
        raise RefusedError(SubscribeRefusal.TOO_MANY_DATABASES)
    return SubscribeBody(
        databases=tuple(DatabaseId(id_) for id_ in dict.fromkeys(request.db_ids)) if request.db_ids else None,
        matching=matching,
        subscriptions=_subscriptions(request.subscriptions or [], more_push_hosts),
    )


def _matching(request: PushSubscribeRequest) -> Matching:
    """Return how the profile is found; a body that names no way but has an id means the id."""
    mode = request.matching or ("profile_id" if request.id else None)
    if mode not in _MATCHERS:
        raise RefusedError(SubscribeRefusal.BAD_MATCHING)
    return _MATCHERS[mode](request)


def _by_field(request: PushSubscribeRequest) -> ByField:
    if not request.field_name:
        raise RefusedError(SubscribeRefusal.FIELD_NAME_MISSING)
    if "field_value" not in request.model_fields_set:
        raise RefusedError(SubscribeRefusal.FIELD_VALUE_MISSING)
    return ByField(request.field_name, _field_value(request.field_value))


def _field_value(raw: object) -> Value:
    if isinstance(raw, str | int | Decimal) and raw != "" and len(str(raw).encode()) <= MAX_VALUE_BYTES:
        return raw
    raise RefusedError(SubscribeRefusal.BAD_FIELD_VALUE)


def _by_id(request: PushSubscribeRequest) -> ById:
    if not request.id:
        raise RefusedError(SubscribeRefusal.ID_MISSING)
    if not PROFILE_ID_PATTERN.fullmatch(request.id):
        raise RefusedError(SubscribeRefusal.BAD_ID)
    return ById(ProfileId(request.id))


def _by_push_token(_request: PushSubscribeRequest) -> ByPushToken:
    return ByPushToken()


_MATCHERS: Final[dict[str | None, Callable[[PushSubscribeRequest], Matching]]] = {
    "custom": _by_field,
    "profile_id": _by_id,
    None: _by_push_token,
}
"""How each of the vendor's words for `matching` is parsed; matching by push token has no word."""


def _subscriptions(objects: list[SubscriptionObject], more_push_hosts: Collection[str]) -> tuple[DesiredSubscription, ...]:
    if not objects:
        raise RefusedError(SubscribeRefusal.SUBSCRIPTIONS_MISSING)
    if len(objects) > MAX_SUBSCRIPTIONS:
        raise RefusedError(SubscribeRefusal.TOO_MANY_SUBSCRIPTIONS)
    return tuple(_subscription(index, wire, more_push_hosts) for index, wire in enumerate(objects))


def _subscription(index: int, wire: SubscriptionObject, more_push_hosts: Collection[str]) -> DesiredSubscription:
    if not wire.provider:
        raise RefusedError(SubscribeRefusal.SUBSCRIPTION_FIELD_MISSING, path=f"subscriptions[{index}].provider")
    path = f"subscriptions[{index}].subscription_id"
    push_token = _push_token(wire.provider, wire.subscription_id, path, more_push_hosts)
    return DesiredSubscription(wire.provider, push_token, bool(wire.unsubscribe))


def _push_token(provider: str, text: str | None, path: str, more_push_hosts: Collection[str]) -> PushToken:
    if not text:
        raise RefusedError(SubscribeRefusal.SUBSCRIPTION_FIELD_MISSING, path=path)
    if len(text.encode()) > MAX_PUSH_TOKEN_BYTES:
        raise RefusedError(SubscribeRefusal.PUSH_TOKEN_TOO_LONG, path=path)
    if misfit := push_token_misfit(provider, text, more_push_hosts):
        raise RefusedError(SubscribeRefusal.BAD_PUSH_TOKEN, path=path, misfit=misfit)
    return PushToken(text)
