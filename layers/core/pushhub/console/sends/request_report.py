"""How is a request to a provider shown that a dry run would make?

Pure. Credentials are not shown, and of a push token only so much that people who know it recognise it.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Final

from pushhub.catalog.web_push import read_push_subscription
from pushhub.console.sends.rehearsal import HIDDEN, Rehearsed
from pushhub.console.terminal import on_one_line
from pushhub.imports.files.failed_rows import masked
from pushhub.sends.outcomes import RecipientOutcome
from pushhub.sends.port import PushRequest

_METHOD: Final = "POST"


def rehearsed_entry(rehearsed: Rehearsed) -> dict[str, object]:
    """Return what would leave for a recipient as JSON has it; of a body that is encrypted, `body` is base64."""
    address, request = rehearsed.recipient.address, rehearsed.request
    named: dict[str, object] = {"provider": address.provider, "profile": rehearsed.recipient.profile}
    if isinstance(request, RecipientOutcome):
        return named | {"request": None, "outcome": str(request.outcome), "reason": request.reason}
    return named | {"request": _request_entry(request, address.push_token, address.compared)}


def rehearsed_lines(rehearsed: Rehearsed) -> Iterator[str]:
    """Give what would leave for a recipient as lines for a person."""
    address, request = rehearsed.recipient.address, rehearsed.request
    yield f"{address.provider}, profile {rehearsed.recipient.profile}"
    if isinstance(request, RecipientOutcome):
        yield f"  nothing would leave: {request.outcome}, {on_one_line(request.reason)}"
        return
    entry = _request_entry(request, address.push_token, address.compared)
    yield f"  {entry['method']} {entry['url']}"
    yield from (f"  {name}: {on_one_line(value)}" for name, value in _shown_headers(request).items())
    body = entry["body"]
    yield ""
    if isinstance(body, str):
        yield f"  {len(request.body)} bytes, encrypted for the browser"
    else:
        yield from (f"  {line}" for line in json.dumps(body, ensure_ascii=True, indent=2).splitlines())


def _request_entry(request: PushRequest, *push_tokens: str) -> dict[str, object]:
    shown = _masking(push_tokens)
    return {
        "method": _METHOD,
        "url": _replaced(request.url, shown),
        "headers": _shown_headers(request),
        "body": _shown_body(request.body, shown),
    }


def _shown_headers(request: PushRequest) -> Mapping[str, str]:
    """Return the headers; of a credential, the scheme alone."""
    return {name: f"{value.split()[0]} {HIDDEN}" if name == "authorization" else value for name, value in request.headers.items()}


def _shown_body(body: bytes, shown: Mapping[str, str]) -> object:
    try:
        return json.loads(_replaced(body.decode(), shown))
    except ValueError:
        return base64.b64encode(body).decode()


def _masking(push_tokens: tuple[str, ...]) -> Mapping[str, str]:
    """Return what is shown in the place of push tokens; of a browser's, its endpoint says where pushes go."""
    shown: dict[str, str] = {}
    for push_token in push_tokens:
        subscription = read_push_subscription(push_token)
        secret = subscription.endpoint.split("/", 3)[-1] if subscription else push_token
        # As it stands in a URL, and as JSON has it.
        shown |= {text: masked(secret) for text in (secret, json.dumps(secret, ensure_ascii=False)[1:-1])}
    return shown


def _replaced(text: str, shown: Mapping[str, str]) -> str:
    for secret, mask in shown.items():
        text = text.replace(secret, mask)
    return text
