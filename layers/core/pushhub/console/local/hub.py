"""How does `pushhub up` start the whole hub on this machine, and how does it stop?"""

import asyncio
import os
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import click
from botocore.exceptions import BotoCoreError, ClientError

from pushhub.console.checkout import Checkout, host_architecture
from pushhub.console.connection import Connection, connect_to_engine, stack_outputs
from pushhub.console.failure import ConsoleError
from pushhub.console.local.build import build_template, building, require_build_tools
from pushhub.console.local.cors import cors_rules
from pushhub.console.local.deployment import STACK, deploy
from pushhub.console.local.engine import REGION, Engine, EngineFolder, running_engine, stop_orphan
from pushhub.console.local.event_sources import start_polling
from pushhub.console.local.expiry import switch_on_expiry
from pushhub.console.local.front_door import FrontDoorRules, open_door, reserve_port
from pushhub.console.local.packaging import Package, pack
from pushhub.console.local.routes import processed_template, publish_routes
from pushhub.console.local.stand_ins import RunningStandIns, running_stand_ins
from pushhub.console.local.unfinished import go_on_with_imports
from pushhub.console.progress import say, timed
from pushhub.console.state_folder import ProcessMark, RunningHub, StateFolder

INSTANT_DELAY_SECONDS: Final = 120
"""How long after its request an instant sending is due where nothing else is said, as in the template."""
MAX_INSTANT_DELAY_SECONDS: Final = 900


@dataclass(frozen=True, slots=True)
class HubOptions:
    """Which hub is run, and what is done to it once it is deployed."""

    checkout: Checkout
    port: int
    """0 for any free one."""
    keep: bool
    """Whether the data outlives the hub."""
    origins: tuple[str, ...]
    """Pages of these may call the hub from a browser."""
    instant_delay: int
    """Seconds, 0 to :data:`MAX_INSTANT_DELAY_SECONDS`."""
    prepare: Callable[[Connection], Sequence[str]]
    """Prepares the deployed hub before anyone can reach it; returns the lines to print below the base URL once it listens.

    May raise `ConsoleError`.
    """


def run_hub(options: HubOptions) -> None:
    """Run a hub until SIGINT, SIGTERM or SIGHUP, then stop it cleanly.

    Raises:
        ConsoleError: it could not start, or its engine ended by itself.
    """
    require_build_tools()
    notes = StateFolder(options.checkout.state_folder)
    with notes.held(), reserve_port(options.port) as reserved:
        try:
            asyncio.run(_run(options, notes, reserved))
        except asyncio.CancelledError:
            say("stopped")


async def _run(options: HubOptions, notes: StateFolder, reserved: socket.socket) -> None:
    _end_on_signals()
    url = f"http://127.0.0.1:{reserved.getsockname()[1]}"
    await stop_orphan(notes)
    say("building the functions and starting the engine…")
    with _engine_folder(options, notes) as folder:
        async with (
            _meanwhile(_build(options)) as build,
            running_engine(folder, notes, keep=options.keep) as engine,
            running_stand_ins(folder.path / "stand-ins", engine.endpoint) as stand_ins,
        ):
            rules, inbox, lines = await _to_the_end(_prepared, options, engine, await build, url, stand_ins.providers)
            async with open_door(reserved, engine.endpoint, rules):
                marks = ProcessMark.of(os.getpid()), ProcessMark.of(engine.process.pid)
                with notes.telling_of(RunningHub(url, engine.endpoint, REGION, STACK, stand_ins.devices, *marks)):
                    say("the hub listens; Ctrl-C stops it")
                    say(f"to drop files: {inbox} at the endpoint {engine.endpoint}, region {REGION}, with any credentials")
                    _print(url, *lines, f"Devices: {stand_ins.devices}")
                    raise await _first_death(engine, stand_ins)


async def _first_death(engine: Engine, stand_ins: RunningStandIns) -> ConsoleError:
    async with _meanwhile(engine.died()) as of_engine, _meanwhile(stand_ins.died()) as of_stand_ins:
        died, _ = await asyncio.wait([of_engine, of_stand_ins], return_when=asyncio.FIRST_COMPLETED)
        return (of_engine if of_engine in died else of_stand_ins).result()


def _print(*lines: str) -> None:
    for line in lines:
        click.echo(line)


def _end_on_signals() -> None:
    """Cancel this task at the first signal; ignore later ones, which would interrupt the saving of state."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    ending = [signal.SIGINT, signal.SIGTERM]
    # Under nohup, a closing terminal is to be ignored.
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        ending.append(signal.SIGHUP)

    def end() -> None:
        for number in ending:
            loop.add_signal_handler(number, _do_nothing)
        say("stopping…")
        if task:
            task.cancel()

    for number in ending:
        loop.add_signal_handler(number, end)


def _do_nothing() -> None:
    """Ignore a signal in a way that child processes do not inherit."""


@contextmanager
def _engine_folder(options: HubOptions, notes: StateFolder) -> Iterator[EngineFolder]:
    if options.keep:
        yield EngineFolder(notes.path / "engine")
        return
    with tempfile.TemporaryDirectory(prefix="pushhub-", ignore_cleanup_errors=True) as temporary:
        yield EngineFolder(Path(temporary))


async def _build(options: HubOptions) -> Package:
    architecture = host_architecture()
    with timed("built the functions"):
        async with building(options.checkout, architecture):
            return pack(await build_template(options.checkout, architecture))


def _prepared(
    options: HubOptions, engine: Engine, package: Package, url: str, stand_ins_url: str
) -> tuple[FrontDoorRules, str, Sequence[str]]:
    """Deploy and prepare a hub that nobody can reach yet; return its API's rules, its inbox, and what to print at the end."""
    connection = connect_to_engine(engine.endpoint, REGION)
    try:
        with timed("deployed the template"):
            deploy(connection, package, stack_parameters(options, stand_ins_url))
            template = processed_template(connection)
            rules = FrontDoorRules(publish_routes(connection, template), cors_rules(template, options.origins))
            switch_on_expiry(connection, template)
            start_polling(connection, template)
            connected = replace(connection, outputs=stack_outputs(connection, STACK) | {"Url": url})
        with timed("applied the catalog"):
            lines = options.prepare(connected)
        go_on_with_imports(connected, template)
    except (BotoCoreError, ClientError) as failure:
        raise ConsoleError(f"the local engine failed: {failure}; its log is {engine.folder.log}") from None
    return rules, f"s3://{connected.outputs['ImportsBucket']}/inbox/", lines


def stack_parameters(options: HubOptions, stand_ins_url: str) -> dict[str, str]:
    """Return the parameters of the local stack that are not those of the template."""
    return {
        "Architecture": host_architecture(),
        "DeletionProtection": "false",
        "AllowLocalUpstreams": "true",
        "StandInsUrl": stand_ins_url,
        "AllowedOrigins": ",".join(options.origins),
        "InstantDelaySeconds": str(options.instant_delay),
    }


@asynccontextmanager
async def _meanwhile[Result](work: Coroutine[None, None, Result]) -> AsyncIterator[asyncio.Task[Result]]:
    """Run a coroutine beside the body; if it still runs at the body's end, it is cancelled."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _to_the_end[**Arguments, Result](
    work: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
) -> Result:
    """Do blocking work in a thread, to its end even if this task is cancelled meanwhile.

    An engine that is stopped halfway through a deployment keeps a stack that no later start can update.
    """
    task = asyncio.ensure_future(asyncio.to_thread(work, *arguments, **named))
    try:
        return await asyncio.shield(task)
    finally:
        await asyncio.wait([task])
