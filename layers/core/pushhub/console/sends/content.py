"""By which options does a person say what is pushed, and when?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Final

import click

from pushhub.catalog.model import App
from pushhub.console.failure import ConsoleError
from pushhub.moments import SECONDS_PER_DAY, Seconds
from pushhub.sends.message import HUB_KEYS, MAX_EXPIRE_SECONDS, Message, MessageError
from pushhub.sends.sending import MAX_HUB_TRIES_SECONDS
from pushhub.text import is_unicode

MAX_AHEAD_DAYS: Final = 30
_LATE_SECONDS: Final = 60
"""By how much a moment may have passed: whoever says "now" may have a clock that is behind."""
_OPTIONS: Final = {"image": "--image", "link": "--link", "data": "--data", "expire": "--expire", "message": "--title and --text"}
"""Options by the field of a message that they fill."""
_WHOLE: Final = "--title, --text and --data"
_TIME: Final = "a time in ISO 8601, such as 2026-03-01T09:30:00+03:00, is expected"


@dataclass(frozen=True, slots=True)
class Content:
    """What a person wants to be pushed; `expire` is in seconds, None for as long as providers keep it."""

    title: str
    text: str
    data: Mapping[str, str]
    link: str
    image: str
    expire: int | None

    def message(self, app: App) -> Message:
        """Return it as a message that an app sends.

        Raises:
            ConsoleError: a value does not fit; the text names its option.
        """
        try:
            return Message(
                title=self.title,
                text=self.text,
                image=self.image,
                link=self.link,
                data=self.data,
                expire=MAX_EXPIRE_SECONDS if self.expire is None else self.expire,
                hub_keys=HUB_KEYS if app.tracking else {},
            )
        except MessageError as error:
            raise ConsoleError(option_error(str(error))) from None

    @property
    def tries_seconds(self) -> int:
        """How long after its due time the hub itself goes on trying."""
        return MAX_HUB_TRIES_SECONDS if self.expire is None else min(self.expire, MAX_HUB_TRIES_SECONDS)


def with_content(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say what is pushed, and hand the command `content` in their place."""

    @wraps(command)
    def filled(  # noqa: PLR0913  (click hands over each option by its name)
        *, title: str | None, text: str | None, data: Sequence[str], link: str, image: str, expire: int | None, **others: object
    ) -> None:
        _require_words(title, text)
        for option, given in {"--title": title, "--text": text, "--link": link, "--image": image}.items():
            _require_unicode(option, given or "")
        command(content=Content(title or "", text or "", parse_data(data), link, image, expire), **others)

    for option in (
        click.option(
            "--expire",
            type=click.IntRange(1, MAX_EXPIRE_SECONDS),
            metavar="SECONDS",
            help="How long a device that cannot be reached may get it later; without it, four weeks. The hub itself tries for four "
            "hours at most.",
        ),
        click.option("--image", default="", metavar="URL", help="Picture that the push shows."),
        click.option("--link", default="", metavar="URL", help="Page that a tap opens; the app reads it as `url`."),
        click.option("--data", metavar="KEY=VALUE", multiple=True, help="Text for the app; repeatable."),
        click.option("--text", help="What stands below the title."),
        click.option("--title", help="First line of the push."),
    ):
        option(filled)
    return filled


def _require_words(title: str | None, text: str | None) -> None:
    """Refuse a push that says nothing. An empty text is most often a variable of the shell that is not set."""
    for option, given in {"--title": title, "--text": text}.items():
        if given == "":
            raise click.UsageError(f"{option}: it is empty; leave the option out for none")
    if title is None and text is None:
        raise click.UsageError("say what is pushed: by --title, --text, or both")


def parse_data(pairs: Sequence[str]) -> dict[str, str]:
    """Return what `--data` gives the app: keys and values, separated by the first `=`.

    Raises:
        click.UsageError: one is not of its form, or a key is given twice.
    """
    data: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = _require_unicode("--data", pair).partition("=")
        if not key or not equals:
            raise click.UsageError("--data: KEY=VALUE is expected")
        if key in data:
            raise click.UsageError(f'--data: the key "{key}" is given twice')
        data[key] = value
    return data


def parse_due(text: str, now: Seconds) -> Seconds:
    """Return the moment that `--at` names, which is UTC where it has no offset; one that has just passed is now.

    Raises:
        click.UsageError: it is no time, has passed, or is further ahead than :data:`MAX_AHEAD_DAYS`.
    """
    try:
        read = datetime.fromisoformat(text)
        due = Seconds(int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()))
    except (ValueError, OverflowError):
        raise click.UsageError(f"--at: {_TIME}") from None
    if due < now - _LATE_SECONDS:
        raise click.UsageError("--at: this time has passed")
    if due > now + MAX_AHEAD_DAYS * SECONDS_PER_DAY:
        raise click.UsageError(f"--at: at most {MAX_AHEAD_DAYS} days ahead are taken")
    return max(due, now)


def option_error(text: str) -> str:
    """Return what is wrong with a message, the text of a `MessageError`, in terms of the options that it was made of."""
    field, colon, why = text.partition(": ")
    return f"{_OPTIONS[field]}: {why}" if colon and field in _OPTIONS else f"{_WHOLE}: {text}"


def _require_unicode(option: str, text: str) -> str:
    # Python hands over bytes of the command line that are not UTF-8 as lone surrogates.
    if not is_unicode(text):
        raise click.UsageError(f"{option}: it is not valid Unicode")
    return text
