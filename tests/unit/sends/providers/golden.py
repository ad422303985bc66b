"""What every provider's replies are read with."""

import json
from collections.abc import Mapping
from typing import Any

from pushhub.sends.outcomes import RecipientOutcome
from pushhub.sends.port import ProviderReply


def reply(status: int, document: object = None, headers: Mapping[str, str] | None = None) -> ProviderReply:
    """Give a reply whose body is a document as JSON, bytes as they are, or nothing."""
    body = document if isinstance(document, bytes) else b"" if document is None else json.dumps(document).encode()
    return ProviderReply(status, body, headers or {})


JUNK: tuple[Any, ...] = (
    b"",
    b"junk",
    b"<html>",
    b"\xff\xfe",
    b"[" * 100_000,
    b"[]",
    b"null",
    b'"reason"',
    b"{}",
    b'{"reason":null}',
    b'{"reason":["BadDeviceToken"]}',
    b'{"reason":{"a":1},"timestamp":"1"}',
    b'{"error":7}',
    b'{"error":{"details":{"a":1}}}',
    b'{"error":{"details":[1,null,{"@type":7,"fieldViolations":7}],"status":7}}',
    b'{"error":{"details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[1,{"field":7}]}]}}',
    b'{"name":7}',
)
"""Bodies that no provider's form has."""


def in_short(outcome: RecipientOutcome) -> str:
    """Say an outcome in a few words."""
    flags = (
        f"after {outcome.after}" if outcome.after is not None else "",
        "throttled" if outcome.throttled else "",
        "renewable" if outcome.renewable else "",
        "gone_if_message_good" if outcome.gone_if_message_good else "",
    )
    return " ".join(filter(None, (outcome.outcome, *flags)))
