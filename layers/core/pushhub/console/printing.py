"""How does what a command has found or done get onto stdout: as lines for a person, or as JSON?"""

import json
from collections.abc import Iterable, Sequence

import click


def print_found(entry: object, lines: Iterable[str], *, as_json: bool) -> None:
    """Print what a command has found: the entry as JSON, or else each line as soon as it is made."""
    for text in [_json(entry)] if as_json else lines:
        click.echo(text)


def print_done(entry: object, lines: Iterable[str], *, as_json: bool) -> None:
    """Print what a command has done: the lines in any case, on stderr where the entry stands on stdout as JSON."""
    for line in lines:
        click.echo(line, err=as_json)
    if as_json:
        click.echo(_json(entry))


def object_or_array(entries: Sequence[object]) -> object:
    """Return what JSON has of a command that takes one thing or several: an object of one, an array of several."""
    return entries[0] if len(entries) == 1 else entries


def _json(entry: object) -> str:
    return json.dumps(entry, ensure_ascii=False, indent=2)
