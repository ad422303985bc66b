"""What do the vendor's SDKs tell a hub?

An HTTP error strands a device: the Android client stops until its app is started again. So no more is refused than a call cannot do
without. A field that is empty, of another type or out of range counts as not given.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from pushhub.audience.command import DesiredSubscription
from pushhub.audience.values import MisfitError, Value, normalise
from pushhub.catalog.filter_fields import AUDIENCES, EXT_ID, FILTER_FIELDS, TZ_SEC, compared_audience
from pushhub.catalog.providers import MAX_PUSH_TOKEN_BYTES, PushToken
from pushhub.catalog.push_tokens import push_token_misfit
from pushhub.dialects.http import RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.sdk.requests import given_text
from pushhub.dialects.pushexpress.sdk.wire import (
    APPLE_PLATFORMS,
    FIELD_NAMES,
    TAG_OF_AUDIENCES,
    TRANSPORTS,
    TransportType,
)

MAX_OFFSET_SECONDS: Final = 18 * 3600
"""Bound of `tz_sec`, either way: ISO 8601 libraries take no larger offset, and no place has one."""


class Registration(NamedTuple):
    """Which installation registers, as it calls itself (`ic_token`); `ext_id` is who is logged in, empty for nobody."""

    installation: str
    ext_id: str

    @property
    def fields(self) -> Mapping[str, Value]:
        """The fields that its profile begins with."""
        return dict(_fitting({EXT_ID: self.ext_id}))


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """What a device says of itself.

    `subscription` is None where it has no push token to give: it has not asked for permission yet, or its push token is none. An
    `unreachable` one says that it is reached in a way that this hub does not have.
    """

    fields: Mapping[str, Value]
    subscription: DesiredSubscription | None = None
    unreachable: bool = False
    push_token_ignored: bool = False
    audiences_ignored: bool = False
    """The audiences are too long for a value, or hold what no text may; the profile keeps those that it has."""


def parse_registration(fields: Mapping[str, Any]) -> Registration:
    """Return which installation registers.

    Raises:
        RefusedError: `ic_token` is missing.
    """
    return Registration(_required(fields, "ic_token"), given_text(fields.get("ext_id")))


def parse_info(fields: Mapping[str, Any], more_push_hosts: Collection[str] = ()) -> DeviceInfo:
    """Return what a device says of itself.

    Args:
        fields: the body.
        more_push_hosts: hosts of push services of browsers beside the known ones.

    Raises:
        RefusedError: `transport_type` is missing.
    """
    transport = TRANSPORTS.get(_required(fields, "transport_type").strip().lower())
    given = _given(fields)
    info = dict(_fitting(given))
    device = DeviceInfo(info, audiences_ignored=bool(given[AUDIENCES]) and AUDIENCES not in info)
    if transport is None:
        return replace(device, unreachable=True)
    push_token = given_text(fields.get("transport_token"))
    if not push_token:
        return device
    desired = _subscription(transport, given_text(fields.get("platform_type")), PushToken(push_token))
    if len(push_token.encode()) > MAX_PUSH_TOKEN_BYTES or push_token_misfit(desired.provider, push_token, more_push_hosts):
        return replace(device, push_token_ignored=True)
    return replace(device, subscription=desired)


def _required(fields: Mapping[str, Any], name: str) -> str:
    text = given_text(fields.get(name))
    if not text.strip():
        raise RefusedError(PushExpressRefusal.FIELD_MISSING, path=name)
    return text


def _given(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return what stands in a body for each field of the profile."""
    given = {
        field: next(filter(None, (given_text(fields.get(name)) for name in names)), "") for field, names in FIELD_NAMES.items()
    }
    return given | {AUDIENCES: _audiences(fields.get("tags"))}


def _audiences(tags: object) -> str:
    """Return the audiences that stand in `tags`, each once and with commas between them."""
    if not isinstance(tags, dict):
        return ""
    given = tags.get(TAG_OF_AUDIENCES)
    texts = given if isinstance(given, list) else [given]
    each = (compared_audience(audience) for text in texts for audience in given_text(text).split(","))
    return ",".join(dict.fromkeys(filter(None, each)))


def _fitting(given: Mapping[str, str]) -> Iterator[tuple[str, Value]]:
    """Yield the fields whose texts say something that fits them, as their values."""
    for field, text in given.items():
        try:
            value = normalise(FILTER_FIELDS[field], text)
        except MisfitError:
            continue
        if text.strip() and not (field == TZ_SEC and abs(int(value)) > MAX_OFFSET_SECONDS):
            yield field, value


def _subscription(transport: TransportType, platform: str, push_token: PushToken) -> DesiredSubscription:
    provider = transport.of_apple if platform.strip().lower() in APPLE_PLATFORMS else transport.elsewhere
    return DesiredSubscription(provider, push_token, drawn_by_app=transport.drawn_by_app)
