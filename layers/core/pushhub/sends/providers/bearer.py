"""How is a bearer asked for, and how is the answer read?

A bearer is an access token that stands in the header `authorization` of each push (RFC 6749, 4.4 and 5; RFC 6750). Each provider
that takes bearers has an account in a module of its own, which says what is asked with. No I/O here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from pushhub.moments import Seconds
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.port import MaybeSent, ProviderReply, PushRequest, SendResult
from pushhub.sends.replies import READ_HEADERS, code_word, json_object, result_outcome, status_outcome
from pushhub.sends.signing import SKEW_SECONDS

_TEXT: Final = re.compile(r"[!-~]{1,8192}")
"""What may stand in a header."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a provider takes until a moment, which is a little before the bearer's end."""

    text: str = field(repr=False)
    until: Seconds


def form_request(url: str, form: Mapping[str, str]) -> PushRequest:
    """Return the request that asks for a bearer with a form."""
    return PushRequest(url, {"content-type": "application/x-www-form-urlencoded"}, urlencode(form).encode(), READ_HEADERS)


def granted_bearer(result: SendResult, now: Seconds, why_refused: str) -> Bearer | RecipientOutcome:
    """Return the bearer, or what comes of the recipients that wait for it: a retry, or credentials that are bad.

    Args:
        result: what became of the request.
        now: the present moment.
        why_refused: what it means that no bearer is given for the credentials.
    """
    if isinstance(result, ProviderReply) and result.status == HTTPStatus.OK:
        return _bearer(result, now) or _NONE
    refused = RecipientOutcome(Outcome.CREDENTIALS_BAD, reason=why_refused)
    # Nothing was pushed, whatever became of the request.
    outcome = result_outcome(result, lambda reply: _refusal(reply, now, refused))
    return (
        replace(outcome, outcome=Outcome.RETRY) if isinstance(result, MaybeSent) or outcome.outcome == Outcome.UNKNOWN else outcome
    )


def _bearer(reply: ProviderReply, now: Seconds) -> Bearer | None:
    document = json_object(reply.body)
    text, seconds = document.get("access_token"), document.get("expires_in")
    if not isinstance(text, str) or not _TEXT.fullmatch(text) or type(seconds) is not int or seconds <= SKEW_SECONDS:
        return None
    return Bearer(text, Seconds(now + seconds - SKEW_SECONDS))


def _refusal(reply: ProviderReply, now: Seconds, refused: RecipientOutcome) -> RecipientOutcome:
    outcome = status_outcome(reply, now, dict.fromkeys(_REFUSALS, refused))
    return replace(outcome, code=code_word(json_object(reply.body).get("error")) or outcome.code)


_NONE: Final = RecipientOutcome(Outcome.RETRY, code="200", reason="the answer to the request for a bearer holds none")
_REFUSALS: Final = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
