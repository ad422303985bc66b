"""The process of the stand-ins: says on one line of stdout where it listens, and ends with whoever started it."""

import asyncio
import json
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click
from botocore.exceptions import BotoCoreError, ClientError

from pushhub.adapters.secrets_manager import SecretsManagerSecret
from pushhub.catalog.app_secrets import APP_SECRETS_FORMAT
from pushhub.console.connection import connect_to_engine, stack_outputs
from pushhub.console.stand_ins.browsers import Browsers
from pushhub.console.stand_ins.http2_server import Http2StandIns
from pushhub.console.stand_ins.playing import StandIns
from pushhub.console.stand_ins.providers.cast import CAST, Props
from pushhub.console.stand_ins.record import PushRecord
from pushhub.console.stand_ins.signatures import AppProof, KeyRing, KeysUnknownError, app_proofs
from pushhub.console.stand_ins.site import DevicesSite
from pushhub.faults import UnavailableError
from pushhub.moments import milliseconds_now


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), required=True, help="What is kept.")
@click.option("--engine", required=True, help="Where the engine of the hub listens.")
@click.option("--region", required=True, help="Its region.")
@click.option("--stack", required=True, help="The hub's stack there.")
def play_providers(folder: Path, engine: str, region: str, stack: str) -> None:
    """Play the providers of pushes until stdin ends, or SIGTERM."""
    asyncio.run(_serve(folder, lambda: _load_keys(engine, region, stack)))


async def _serve(folder: Path, load_keys: Callable[[], Sequence[AppProof]]) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    # Whoever started this holds the other end: it ends even if that process is killed.
    loop.add_reader(sys.stdin.fileno(), ended.set)
    folder.mkdir(parents=True, exist_ok=True)
    browsers, record = Browsers(folder / "browsers.jsonl"), PushRecord(folder / "pushes.jsonl")
    props = Props(KeyRing(load_keys), browsers)
    stand_ins = StandIns([enter(props) for enter in CAST.values()], record, milliseconds_now)
    with _bound(folder / "providers-port") as for_providers, _bound(folder / "devices-port") as for_devices:
        server = Http2StandIns(stand_ins.play, for_providers)
        site = DevicesSite(record, browsers, stand_ins.clear)
        await server.start()
        await site.start(for_devices)
        click.echo(json.dumps({"providers": _url(for_providers), "devices": _url(for_devices)}))
        await ended.wait()
        await server.stop()
        await site.stop()
        record.close()


def _load_keys(engine: str, region: str, stack: str) -> Sequence[AppProof]:
    """Return what the apps of the running hub prove with.

    Raises:
        KeysUnknownError: it cannot be asked.
    """
    try:
        connection = connect_to_engine(engine, region)
        arn = stack_outputs(connection, stack)["AppsSecretArn"]
        return app_proofs(SecretsManagerSecret(connection.client("secretsmanager"), arn, APP_SECRETS_FORMAT).load().secrets)
    except (BotoCoreError, ClientError, UnavailableError, KeyError, IndexError) as error:
        raise KeysUnknownError(f"the hub does not say which keys its apps have: {type(error).__name__}") from error


def _bound(noted: Path) -> socket.socket:
    """Return a socket bound to the port of the last start, or to a free one if that is taken or there was none, and note it.

    With the same port, the hub's template stays as it is, and so does the address of an open page.
    """
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", int(noted.read_text(encoding="utf-8"))))
    except (OSError, ValueError, OverflowError):
        bound.bind(("127.0.0.1", 0))
    noted.write_text(str(bound.getsockname()[1]), encoding="utf-8")
    return bound


def _url(bound: socket.socket) -> str:
    return f"http://127.0.0.1:{bound.getsockname()[1]}"


if __name__ == "__main__":
    play_providers()
