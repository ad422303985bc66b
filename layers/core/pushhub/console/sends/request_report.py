"""How is a request to a provider shown that a dry run would make?

Pure. Credentials are not shown, and of a push token only so much that people who know it recognise it.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Final

from pushhub.catalog.web_push import is_channel, read_push_subscription
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
    return named | {"request": _request_entry(request, address.push_token)}


def rehearsed_lines(rehearsed: Rehearsed) -> Iterator[str]:
    """Give what would leave for a recipient as lines for a person."""
    address, request = rehearsed.recipient.address, rehearsed.request
    yield f"{address.provider}, profile {rehearsed.recipient.profile}"
    if isinstance(request, RecipientOutcome):
        yield f"  nothing would leave: {request.outcome}, {on_one_line(request.reason)}"
        return
    entry = _request_entry(request, address.push_token)
    yield f"  {entry['method']} {entry['url']}"
    yield from (f"  {name}: {on_one_line(value)}" for name, value in _shown_headers(request).items())
    body = entry["body"]
    yield ""
    if isinstance(body, str):
        yield f"  {on_one_line(body)}" if _is_text(request) else f"  {len(request.body)} bytes, encrypted for the browser"
    else:
        yield from (f"  {line}" for line in json.dumps(body, ensure_ascii=True, indent=2).splitlines())


def _request_entry(request: PushRequest, push_token: str) -> dict[str, object]:
    body = _read_body(request)
    # FCM's device stands in the message, every other one in the URL. An app's own data are texts, never an object.
    if isinstance(body, dict) and isinstance(message := body.get("message"), dict) and "token" in message:
        url, body = request.url, {**body, "message": message | {"token": masked(push_token)}}
    else:
        is_address = is_channel(push_token) or read_push_subscription(push_token) is not None
        url = _masked_url(request.url, within_path=not is_address)
    return {"method": _METHOD, "url": url, "headers": _shown_headers(request), "body": body}


def _shown_headers(request: PushRequest) -> Mapping[str, str]:
    """Return the headers; of a credential, the scheme alone."""
    return {name: f"{value.split()[0]} {HIDDEN}" if name == "authorization" else value for name, value in request.headers.items()}


def _read_body(request: PushRequest) -> object:
    """Return a body as JSON has it, else its text; of one that is no text, base64."""
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return request.body.decode() if _is_text(request) else base64.b64encode(request.body).decode()


def _is_text(request: PushRequest) -> bool:
    if "content-encoding" in request.headers:
        return False
    try:
        request.body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _masked_url(url: str, *, within_path: bool) -> str:
    """Return a URL with its last segment masked or, of a browser's endpoint and a channel, all that follows the host."""
    parts = url.rsplit("/", 1) if within_path else url.split("/", 3)
    return "/".join((*parts[:-1], masked(parts[-1])))
