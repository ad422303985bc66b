"""What can be typed after `pushhub`?"""

from functools import partial
from pathlib import Path

import click

from pushhub.console.apps import apps
from pushhub.console.catalog import DEMO_CATALOG, apply_catalog, apply_demo_catalog, read_catalog
from pushhub.console.catalog import catalog as catalog_commands
from pushhub.console.checkout import find_checkout
from pushhub.console.devices import devices
from pushhub.console.events import events
from pushhub.console.forwards import forwards
from pushhub.console.imports.commands import imports
from pushhub.console.imports.dropping import import_
from pushhub.console.links import links
from pushhub.console.local.cors import ORIGIN
from pushhub.console.local.hub import INSTANT_DELAY_SECONDS, MAX_INSTANT_DELAY_SECONDS, HubOptions, run_hub
from pushhub.console.profile import profile
from pushhub.console.sends.commands import sendings_
from pushhub.console.sends.send import send
from pushhub.console.upstream import upstream


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pushhub")
def main() -> None:
    """Run a push hub on this machine and look after hubs, here and in AWS."""


main.add_command(catalog_commands)
main.add_command(apps)
main.add_command(profile)
main.add_command(events)
main.add_command(links)
main.add_command(forwards)
main.add_command(devices)
main.add_command(upstream)
main.add_command(import_)
main.add_command(send)
main.add_command(sendings_)
main.add_command(imports)


def _origins(_context: click.Context, _option: click.Parameter, origins: tuple[str, ...]) -> tuple[str, ...]:
    for origin in origins:
        if not ORIGIN.fullmatch(origin):
            raise click.BadParameter(
                f"{origin!r} is no origin as browsers send it: http:// or https://, a host in lower case, a port unless it is the "
                "usual one, and nothing behind. Name each origin by itself; * is not taken"
            )
    return origins


@main.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Port on 127.0.0.1; 0 takes a free one."
)
@click.option(
    "--catalog",
    type=click.Path(path_type=Path),
    help="Catalog file to apply; without it, a demo one where the hub has none yet.",
)
@click.option(
    "--allow-origin",
    "origins",
    metavar="ORIGIN",
    multiple=True,
    callback=_origins,
    help="Let pages of this origin, such as https://shop.example.com, call the hub from a browser; may be given several times.",
)
@click.option(
    "--instant-delay",
    type=click.IntRange(0, MAX_INSTANT_DELAY_SECONDS),
    default=INSTANT_DELAY_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="How long after its request a sending of push.express' send/instant is due.",
)
@click.option("--ephemeral", is_flag=True, help="Begin empty and forget everything at the end.")
def up(*, port: int, catalog: Path | None, origins: tuple[str, ...], instant_delay: int, ephemeral: bool) -> None:
    """Run the whole hub on this machine until Ctrl-C.

    Builds the template, deploys it on a local engine, applies the catalog, and only then listens.
    """
    desired = read_catalog(catalog or DEMO_CATALOG)
    run_hub(
        HubOptions(
            find_checkout(),
            port,
            keep=not ephemeral,
            origins=origins,
            instant_delay=instant_delay,
            prepare=partial(apply_catalog, desired=desired) if catalog else partial(apply_demo_catalog, demo=desired),
        )
    )


if __name__ == "__main__":
    main()
