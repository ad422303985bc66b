"""Which fields does the body of `post_events` have, and what may each hold?

The fields are those of "Add app push events" in `sources.md`. They are checked in the order in which they stand here, each for its
type first, and the caller reads of the first that does not fit. Strictly: no JSON type stands for another. Unknown keys are
ignored. Null and an empty text count as absent, as an empty element does.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainValidator, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from pushhub.catalog.providers import MAX_PUSH_TOKEN_BYTES
from pushhub.catalog.push_tokens import push_token_misfit
from pushhub.dialects.altcraft.events.errors import EventRefusal
from pushhub.events.command import (
    MAX_LAUNCH_CHARACTERS,
    MAX_PROVIDER_CHARACTERS,
    MAX_UID_CHARACTERS,
    Happening,
)
from pushhub.text import has_control_character

_EVENTS_TEXT: Final = re.compile(r"\s*([123])(?:\.0+)?\s*", re.ASCII)


def _misfit(refusal: EventRefusal, **details: object) -> PydanticCustomError:
    """Return the error of a field; the name of the refusal is its kind, the details are its context."""
    return PydanticCustomError(refusal.name, refusal.text, details)


def _happening(raw: object) -> Happening:
    """Return what happened, from 1, 2 or 3 as a number or as a text, such as 1, 1.0 or " 1 "; a boolean is refused."""
    if isinstance(raw, str) and (text := _EVENTS_TEXT.fullmatch(raw)):
        return Happening(int(text[1]))
    if isinstance(raw, int | Decimal) and not isinstance(raw, bool) and raw in (1, 2, 3):
        return Happening(int(raw))
    raise _misfit(EventRefusal.BAD_EVENTS)


def _launch(raw: object) -> str | int:
    """Return a launch as it came: it is a number in the vendor's table, and a text in its example."""
    if isinstance(raw, str | int) and not isinstance(raw, bool):
        return raw
    raise _misfit(EventRefusal.WRONG_TYPE, expected="a string or an integer")


def _clean(most: int) -> AfterValidator:
    """Return the check of a text, or of a number as it is written: its characters are bounded, and none is a control character."""

    def check[Value: str | int](value: Value) -> Value:
        text = str(value)
        if len(text) > most:
            raise _misfit(EventRefusal.TOO_LONG, most=most, unit="characters")
        if has_control_character(text):
            raise _misfit(EventRefusal.CONTROL_CHARACTER)
        return value

    return AfterValidator(check)


def _push_token(text: str, info: ValidationInfo) -> str:
    if len(text.encode()) > MAX_PUSH_TOKEN_BYTES:
        raise _misfit(EventRefusal.TOO_LONG, most=MAX_PUSH_TOKEN_BYTES, unit="bytes")
    # The fields before this one: the provider is not among them where it does not fit, or is absent.
    if misfit := push_token_misfit(info.data.get("provider") or "", text, info.context or ()):
        raise _misfit(EventRefusal.BAD_PUSH_TOKEN, misfit=misfit)
    return text


class PostEventsRequest(BaseModel):
    """The body of `POST /api/v1.1/pushes/post_events`, read in the context of the hosts of push services beside the known ones."""

    model_config = ConfigDict(strict=True, frozen=True)

    token: str | None = None
    events: Annotated[Happening, PlainValidator(_happening)]
    uid: Annotated[str, _clean(MAX_UID_CHARACTERS)]
    launch_id: Annotated[str | int, PlainValidator(_launch), _clean(MAX_LAUNCH_CHARACTERS)] | None = None
    provider: Annotated[str, _clean(MAX_PROVIDER_CHARACTERS)] | None = None
    subscription_id: Annotated[str, AfterValidator(_push_token)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_absent_fields(cls, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in fields.items() if value is not None and value != ""}
