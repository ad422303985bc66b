"""What does a request of the Push API ask for?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pushhub.catalog.model import App, AppId
from pushhub.dialects.devtodev.push.wire import PlatformBlock
from pushhub.sends.message import Message


@dataclass(frozen=True, slots=True)
class AudienceElement:
    """One element of the audience: values by the names of their identifiers, in the order in which they are tried."""

    names: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class PushOrder:
    """What a request asks for.

    Attributes:
        campaign_tag: what statistics group it by; empty where the request names none.
        pack_id: tells the request from every other of its caller; None where it may be repeated.
        audience: 1 to :data:`MAX_NAMED` elements.
        blocks: what is pushed, by platform block; a message has the `expire` of its block.
        ignored_options: how many options were ignored, since nobody knows them.
    """

    campaign_tag: str
    pack_id: str | None
    audience: tuple[AudienceElement, ...]
    blocks: Mapping[PlatformBlock, Message]
    ignored_options: int = 0


def require_fields(fields: Mapping[str, Any]) -> None:
    """Check that no required field is missing.

    Raises:
        PushRefusedError: some are; it has one error for each.
    """


def app_id_of(fields: Mapping[str, Any]) -> AppId:
    """Return the id of the app that a request is for.

    Raises:
        PushRefusedError: it is not a text.
    """
    return AppId(fields["app_id"])


def parse_push(fields: Mapping[str, Any], app: App) -> PushOrder:
    """Return what a request asks for, of which no required field is missing.

    Raises:
        PushRefusedError: fields do not fit, or the audience is too large.
    """
    raise NotImplementedError
