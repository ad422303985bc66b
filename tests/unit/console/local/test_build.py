"""Is the build folder one process's alone while it is built and read?"""

import asyncio
from contextlib import suppress
from pathlib import Path

from pushhub.console.checkout import Checkout
from pushhub.console.local.build import building


def test_a_second_build_waits_until_the_first_is_done_with_the_folder(tmp_path: Path) -> None:
    checkout, happened = Checkout(tmp_path), []

    async def build(name: str, begin: asyncio.Event, end: asyncio.Event) -> None:
        async with building(checkout, "x86_64"):
            happened.append(f"{name} begins")
            begin.set()
            await end.wait()
            happened.append(f"{name} ends")

    async def both() -> None:
        first_begins, first_ends, second_begins, second_ends = (asyncio.Event() for _ in range(4))
        async with asyncio.TaskGroup() as builds:
            builds.create_task(build("first", first_begins, first_ends))
            await first_begins.wait()
            builds.create_task(build("second", second_begins, second_ends))
            with suppress(TimeoutError):
                await asyncio.wait_for(second_begins.wait(), 0.3)
            first_ends.set()
            second_ends.set()

    asyncio.run(both())
    assert happened == ["first begins", "first ends", "second begins", "second ends"]


def test_a_build_that_was_interrupted_while_it_waited_leaves_no_lock_behind(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)

    async def wait() -> None:
        async with building(checkout, "x86_64"):
            raise AssertionError

    async def interrupted() -> None:
        async with building(checkout, "x86_64"):
            waiting = asyncio.create_task(wait())
            await asyncio.sleep(0.2)
            waiting.cancel()
            await asyncio.wait([waiting])
            assert waiting.cancelled()
        async with building(checkout, "x86_64"):
            assert (checkout.build_folder("x86_64") / "lock").exists()

    asyncio.run(asyncio.wait_for(interrupted(), 30))


def test_two_architectures_are_built_at_one_time(tmp_path: Path) -> None:
    async def both() -> None:
        async with building(Checkout(tmp_path), "x86_64"), building(Checkout(tmp_path), "arm64"):
            pass

    asyncio.run(asyncio.wait_for(both(), 30))
