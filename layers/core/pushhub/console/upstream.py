"""What does the hub forward? A stand-in for the place that events are forwarded to; it prints each request."""

import asyncio
import json
import re
import signal
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256

import click

from pushhub.console.progress import say
from pushhub.console.recording_server import ANSWERS, Arrival, Behaviour, recording
from pushhub.console.stores import json_option
from pushhub.console.terminal import beginning, on_one_line

_HIDDEN = "…"
_LINK_SHOWN = 24
_TEXT_SHOWN = 200
_CLEAR_FROM_STATUS = {"ok", "not-found"}
"""Answers that a line does not name, since their status says enough."""

_UPSTREAM_TOKEN_IN_TEXT = re.compile(r"""((?<!/)token\W+)[^"'&<]+""", re.IGNORECASE)
"""The upstream token in a body that is no JSON object: a form, XML, JSON that breaks off. It may hide more than the token."""


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8090, show_default=True, help="Port on 127.0.0.1; 0 takes a free one."
)
@click.option("--answer", type=click.Choice([*ANSWERS]), default="ok", show_default=True, help="What each call is answered.")
@click.option("--retry-after", type=click.IntRange(0), metavar="SECONDS", help="Add Retry-After to answers other than ok.")
@click.option(
    "--delay", type=click.IntRange(0), metavar="MILLISECONDS", default=0, show_default=True, help="Wait before each answer."
)
@click.option("--first", type=click.IntRange(0), metavar="N", help="Answer only the first N calls like that, later ones ok.")
@json_option
def upstream(  # noqa: PLR0913  (click hands over each option by its name)
    *, port: int, answer: str, retry_after: int | None, delay: int, first: int | None, as_json: bool
) -> None:
    """Stand in for the place that events are forwarded to, until Ctrl-C.

    Prints its URL, then a line for each request that comes: without the token, which is nobody's to read.

    Besides errors, --answer plays a server that hangs, drops connections, or sends a body that never ends, slowly (drip) or fast
    (huge).
    """
    asyncio.run(_serve(Behaviour(answer, first, delay / 1000, retry_after), port, as_json=as_json))


async def _serve(behaviour: Behaviour, port: int, *, as_json: bool) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with recording(behaviour, _printing(json_line if as_json else line), port) as server:
        _print(json.dumps({"listening": server.url}) if as_json else server.url)
        say("the upstream listens; Ctrl-C stops it")
        await ended.wait()
    say(f"stopped; {server.requests} requests, {server.answered_well} of them answered well")


def _printing(shown: Callable[[Arrival], str]) -> Callable[[Arrival], None]:
    return lambda arrival: _print(shown(arrival))


def _print(text: str) -> None:
    # Nobody may read stdout any more; the hub still gets its answer.
    with suppress(OSError):
        click.echo(text)


def line(arrival: Arrival) -> str:
    """Return an arrival as a line for a person."""
    played = "" if arrival.answer in _CLEAR_FROM_STATUS else f" ({arrival.answer})"
    return f"{_request_text(arrival)} → {arrival.status or 'no answer'}{played}"


def _request_text(arrival: Arrival) -> str:
    match arrival.call:
        case "post_events":
            body, _ = shown_body(arrival.body)
            return f"post_events {repr(body) if isinstance(body, str) else _json_on_one_line(body)}"
        case "crypto_post_events":
            # The whole link is a credential.
            return f"crypto_post_events {on_one_line(beginning(arrival.query, _LINK_SHOWN))}"
        case _:
            return f"{arrival.method} {on_one_line(arrival.path)}"


def json_line(arrival: Arrival) -> str:
    """Return an arrival as a JSON object, with a digest in the place of the upstream token, and with links in full."""
    entry: dict[str, object] = {"at": arrival.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
    match arrival.call:
        case "post_events":
            body, upstream_token = shown_body(arrival.body)
            if isinstance(body, dict):
                body.pop("token", None)
            entry |= {
                "call": "post_events",
                "body": body,
                "token_sha256": None if upstream_token is None else _digest(upstream_token),
            }
        case "crypto_post_events":
            entry |= {"call": "crypto_post_events", "link": arrival.query}
        case _:
            entry |= {"call": f"{arrival.method} {arrival.path}"}
    return json.dumps(entry | {"answered": arrival.status, "answer": arrival.answer})


def shown_body(body: bytes) -> tuple[dict[str, object] | str, str | None]:
    """Return a body without the upstream token, and the upstream token.

    Returns:
        The body, with … for the value of each `token` in it: as JSON has it, or the beginning of its text if it is no JSON object.
        And the upstream token of a JSON object, None if it has none.
    """
    upstream_tokens: list[str] = []

    def hide(members: dict[str, object]) -> dict[str, object]:
        if members.get("token") is not None:
            upstream_tokens.append(str(members["token"]))
            members["token"] = _HIDDEN
        return members

    with suppress(ValueError, RecursionError):
        document = json.loads(body, object_hook=hide)
        if isinstance(document, dict):
            # The decoder hands over an inner object before the outer one, so the document's own token comes last.
            return document, None if document.get("token") is None else upstream_tokens[-1]
    return beginning(_UPSTREAM_TOKEN_IN_TEXT.sub(rf"\1{_HIDDEN}", body.decode(errors="backslashreplace")), _TEXT_SHOWN), None


def _digest(upstream_token: str) -> str:
    # A text of JSON may hold half of a surrogate pair.
    return sha256(upstream_token.encode(errors="surrogatepass")).hexdigest()[:6]


def _json_on_one_line(document: dict[str, object]) -> str:
    shown = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return shown if shown.isprintable() else json.dumps(document, separators=(",", ":"))
