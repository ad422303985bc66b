"""Measures what the project promises of speed and memory, and prints it as tables.

    uv run python tests/bench/run.py [PART …]

Ratios compare things measured in the same run; absolute figures say more of the machine than of the code.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import click

from tests.bench import (
    cold_start,
    direct,
    event_hub,
    filter_sending,
    forwarding,
    importing,
    instances,
    instant,
    local_hub,
    push_send,
    rendering,
    sending,
    warm_handler,
)

PARTS = {
    "cold": cold_start.measure,
    "warm": warm_handler.measure,
    "hub": local_hub.measure,
    "forwarding": forwarding.measure,
    "events": event_hub.measure,
    "imports": importing.measure,
    "rendering": rendering.measure,
    "direct": direct.measure,
    "push": push_send.measure,
    "sending": sending.measure,
    "filter": filter_sending.measure,
    "instant": instant.measure,
    "instances": instances.measure,
}


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
def main(parts: tuple[str, ...]) -> None:
    """Run the named parts, or all of them."""
    missed: list[str] = []
    for part in parts or PARTS:
        table = PARTS[part]()
        click.echo(f"{table.text()}\n")
        missed += table.missed
    if missed:
        raise click.ClickException(f"over budget: {', '.join(missed)}")


if __name__ == "__main__":
    main()
