"""How does a person see what the devices of the local hub got?"""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Final, cast
from urllib.parse import urlencode, urlsplit

import click

from pushhub.console.connection import Stack, hub_running_here
from pushhub.console.failure import ConsoleError
from pushhub.console.printing import print_done, print_found
from pushhub.console.sends.sending_id import SENDING_ID
from pushhub.console.stores import json_option, stack_options
from pushhub.console.tables import table_lines
from pushhub.console.terminal import beginning, on_one_line
from pushhub.text import is_unicode

_SECONDS_TO_ANSWER: Final = 60
_SHOWN: Final = 40
_HEADING: Final = ("AT", "PROVIDER", "TOKEN", "SHOWN", "VERDICT", "AUTHORIZATION", "SENDING")
_NONE: Final = "-"

type _Entry = Mapping[str, object]


def _push_token(_context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    # Python hands over bytes of the command line that are not UTF-8 as lone surrogates.
    if text is not None and not is_unicode(text):
        raise click.BadParameter("it is not valid Unicode", param=parameter)
    return text


@click.group()
def devices() -> None:
    """See what devices got: those whose pushes go to the stand-ins of the hub that runs here."""


@devices.command("list")
@click.option(
    "--token",
    "push_token",
    metavar="TOKEN",
    callback=_push_token,
    help="Of this device alone; of a browser or of Windows, its endpoint or the last part of its path.",
)
@click.option("--sending", type=SENDING_ID, metavar="ID", help="Of this sending alone.")
@stack_options
@json_option
def list_(*, push_token: str | None, sending: int | None, stack: Stack | None, as_json: bool) -> None:
    """Print the pushes that came, oldest first: what the device shows, and what its provider said to the hub.

    AUTHORIZATION is `ok`, or what is wrong with it; the page that `up` prints shows the same.
    """
    named = {"token": push_token, "sending": sending}
    query = urlencode({name: value for name, value in named.items() if value is not None})
    found = _ask(stack, "GET", f"/pushes?{query}", refused="--token: it is too long to be asked for")
    if as_json:
        # As it came: there may be tens of thousands, and to indent them takes half a minute.
        click.echo(found)
        return
    pushes: Sequence[_Entry] = json.loads(found)
    print_found(pushes, table_lines("<<<<<<>", [_HEADING, *map(_row, pushes)]) if pushes else ["no pushes"], as_json=False)


@devices.command()
@stack_options
@json_option
def clear(*, stack: Stack | None, as_json: bool) -> None:
    """Forget the pushes that came, and which devices have already done what they do once."""
    answer = json.loads(_ask(stack, "DELETE", "/pushes"))
    print_done(answer, [f"cleared {answer['cleared']} pushes"], as_json=as_json)


@devices.command()
@click.option(
    "--word", default="", metavar="WORD", help="What the last part of its endpoint begins with, such as gone- or retry-5-."
)
@stack_options
@json_option
def browser(*, word: str, stack: Stack | None, as_json: bool) -> None:  # noqa: ARG001  (it is JSON in any case)
    """Print the PushSubscription of a new browser, as one line of JSON, to subscribe with as web-push or Firefox.

    What is pushed to it is shown decrypted.
    """
    refused = "--word: letters, digits, _ and - are expected, at most 64"
    subscription = _ask(stack, "POST", "/browsers", {"word": word}, refused)
    # In one line, since no push token holds a line break.
    click.echo(json.dumps(json.loads(subscription)))


def _ask(stack: Stack | None, method: str, target: str, document: object = None, refused: str = "") -> bytes:
    """Return what the stand-ins answer; `refused` says what is wrong where they answer that something of the request is."""
    if stack is not None:
        raise ConsoleError("devices are those of the hub that runs here: a hub in AWS pushes to real ones, so leave out --stack")
    address = urlsplit(hub_running_here().devices)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=_SECONDS_TO_ANSWER)
    body = None if document is None else json.dumps(document)
    try:
        connection.request(method, target, body, {} if body is None else {"Content-Type": "application/json"})
        reply = connection.getresponse()
        content = reply.read()
    except (OSError, HTTPException) as failure:
        raise ConsoleError(f"the stand-ins of the hub that runs here do not answer: {failure}") from None
    finally:
        connection.close()
    if reply.status == HTTPStatus.BAD_REQUEST and refused:
        raise ConsoleError(refused)
    if reply.status != HTTPStatus.OK:
        raise ConsoleError(f"the stand-ins of the hub that runs here answered {reply.status}")
    return content


def _row(entry: _Entry) -> tuple[str, ...]:
    shown = cast("_Entry", entry["shown"])
    texts = [text for text in (shown["title"], shown["text"]) if isinstance(text, str)]
    sending = entry["sending"]
    cells = (
        str(entry["at"]),
        str(entry["provider"]),
        beginning(str(entry["token"]), _SHOWN),
        beginning(" / ".join(texts), _SHOWN) or _NONE,
        str(entry["verdict"]),
        str(entry["authorization"]),
        _NONE if sending is None else str(sending),
    )
    return tuple(map(on_one_line, cells))
