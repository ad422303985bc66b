"""The README's commands, run as they stand there."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from pushhub.catalog.file import parse_catalog
from pushhub.catalog.model import PushExpressIds
from pushhub.console.catalog import demo_curl
from tests.conftest import Hub
from tests.doubles.credentials import p256_key, pem, service_account, vapid_text
from tests.lambda_environment import ROOT
from tests.running_hub import Up, running
from tests.template import expanded_template

README = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8080"


def blocks(language: str, text: str = README) -> list[str]:
    """Return the README's blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


FIRST, *SHELL = blocks("sh")
_BEGINNING, *_SECTIONS = re.split(r"^## ", README, flags=re.MULTILINE)
SECTIONS = {"": _BEGINNING} | {text.partition("\n")[0]: text for text in _SECTIONS}
"""The README by its headings."""
FIRST_PART = ("", "What it answers", "Point your gateway here", "Profiles")
LATER_PARTS = {
    "files": ("Move in: import files of push tokens", "The catalog"),
    "sendings": ("Send", "Sending through devtodev's API"),
    "push.express": ("Sending through push.express's API",),
}
"""Sections whose blocks are run one after the other. Each part has a hub of its own, and stays far below a test's time."""
TEMPLATE = expanded_template()
EVENTS = [one for resource in TEMPLATE["Resources"].values() for one in resource.get("Properties", {}).get("Events", {}).values()]
ROUTES = [event for event in EVENTS if event["Type"] == "HttpApi"]
# Name, region, parameters, and three on how to deploy; each route without authentication; and three on where to save it all.
# The local engine makes no stack with an alarm of an expression; one that allows local upstreams has none.
PARAMETERS = "".join("true\n" if name == "AllowLocalUpstreams" else "\n" for name in TEMPLATE["Parameters"])
ANSWERS = "\n" * 2 + PARAMETERS + "\n" * 3 + "y\n" * len(ROUTES) + "\n" * 3
"""What is typed where `--guided` asks: the default nearly everywhere, and `y` to what it takes for a risk."""


@contextmanager
def a_hub(home: Path) -> Iterator[Up]:
    """Run a hub as a newcomer has it: empty, with the demo catalog."""
    with running(home, "--ephemeral", "--instant-delay", "1") as up:
        assert up.process.poll() is None, up.said
        yield up


def run(command: str, up: Up) -> str:
    """Run a block in the checkout and return what it prints."""
    done = subprocess.run(
        ["bash", "-euc", command.replace(ADDRESS, up.note.url)],
        cwd=ROOT,
        env=os.environ | {"PUSHHUB_HOME": str(up.home), "UV_NO_SYNC": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_screen_is_a_sentence_two_commands_and_a_curl_with_its_reply() -> None:
    screen = README.splitlines()[:32]
    assert [line.split("#")[0].strip() for line in FIRST.splitlines()] == ["make up", "make test"]
    assert any(line.startswith(f"curl {ADDRESS}/push_subscribe") for line in screen)
    assert any(line.startswith('{"data":') for line in screen)


def run_in_the_end(block: str, up: Up) -> str:
    """Run a block until it succeeds: an event that was accepted a moment ago takes another one to be recorded."""
    return retry(retry=retry_if_exception_type(AssertionError), stop=stop_after_delay(30), wait=wait_fixed(0.5))(run)(block, up)


def test_every_block_stands_in_one_part() -> None:
    of_parts = [*FIRST_PART, *(section for sections in LATER_PARTS.values() for section in sections)]
    assert sorted(of_parts) == sorted(section for section, text in SECTIONS.items() if blocks("sh", text))
    of_sections = [block for section in of_parts for block in blocks("sh", SECTIONS[section])]
    assert sorted(of_sections) == sorted([FIRST, *SHELL])


def test_every_block_of_the_first_part_works_when_pasted_one_after_the_other(tmp_path: Path) -> None:
    first, request, show, *others = [block for section in FIRST_PART for block in blocks("sh", SECTIONS[section])]
    assert first == FIRST
    with a_hub(tmp_path) as up:
        assert up.process.stdout is not None
        assert up.process.stdout.readline().strip() == demo_curl(up.note.url)
        assert json.loads(run(request, up)) == json.loads(blocks("json")[0])
        again = json.loads(run(request, up))
        assert again["error"] == 200
        assert "subscription_id" not in again["data"][0]
        assert "59db33d269d426509e9c4bf9" in run(show, up)
        for block in others:
            run_in_the_end(block, up)


@pytest.mark.parametrize("part", LATER_PARTS)
def test_every_block_of_a_later_part_works_when_pasted_one_after_the_other(part: str, tmp_path: Path) -> None:
    with a_hub(tmp_path) as up:
        # Every reader has pasted it before.
        run(SHELL[0], up)
        for block in [block for section in LATER_PARTS[part] for block in blocks("sh", SECTIONS[section])]:
            run_in_the_end(block, up)


def test_the_first_request_is_the_one_that_up_shows() -> None:
    shown = demo_curl(ADDRESS).split("-d ")[1].strip("'")
    assert json.loads(shown) == json.loads(SHELL[0].split("-d ")[1].strip().strip("'"))


def test_the_examples_of_a_catalog_are_one(tmp_path: Path) -> None:
    example, apps, push_express = blocks("yaml")
    tokens = {f"{name}_TOKEN": f"a-token-of-{name}" for name in ("SHOP_APP", "GATEWAY", "ALTCRAFT", "INSTALLS")}
    assert parse_catalog(example, "README.md", tokens).catalog.resources
    (tmp_path / "AuthKey_ABC1234567.p8").write_text(pem(p256_key()), encoding="utf-8")
    keys = {"FIREBASE_JSON": service_account(), "VAPID_KEY": vapid_text(p256_key()), "WNS_SECRET": "a-secret-of-the-store"}
    crm = "api_tokens:\n  - {name: crm, token: a-token-of-crm, rights: [send]}"
    whole = parse_catalog(example.replace("api_tokens:", crm) + apps, "README.md", tokens | keys, tmp_path)
    (app,) = whole.catalog.apps.values()
    assert app.blocks.keys() == {"firebase", "apns", "web_push", "wns"}
    (shop,) = parse_catalog(f"{crm}\n{push_express}", "README.md", tokens | keys, tmp_path).catalog.apps.values()
    assert shop.push_express == PushExpressIds(16183, "16183-2")


def test_the_stack_deploys_with_sam_and_is_reached_by_its_name(hub: Hub, own_checkout: Path, tmp_path: Path) -> None:
    (block,) = [block for block in blocks("console") if "sam build" in block]
    build, copy, deploy, apply = [line.removeprefix("$ ") for line in block.splitlines()]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_ENDPOINT_URL": hub.connection.endpoint_url or "",
        "AWS_DEFAULT_REGION": hub.connection.session.region_name,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "SAM_CLI_TELEMETRY": "0",
        "UV_NO_SYNC": "1",
        "UV_PROJECT": str(ROOT),
    }
    demo = (ROOT / "layers/core/pushhub/console/demo_catalog.yaml").read_text(encoding="utf-8")
    # In AWS, events go to public addresses alone, and pushes to no stand-ins.
    of_ones_own = demo.replace("http://127.0.0.1:8090", "https://example.com").partition("\napps:")[0]
    (own_checkout / "my-catalog.yaml").write_text(of_ones_own, encoding="utf-8")

    def in_the_checkout(command: str, typed: str = "") -> str:
        done = subprocess.run(
            ["bash", "-euc", command], cwd=own_checkout, env=environment, input=typed, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    in_the_checkout(build)
    in_the_checkout(copy)
    name = "readme"
    in_the_checkout(deploy.replace("--stack-name pushhub", f"--stack-name {name}"), typed=ANSWERS)
    assert (own_checkout / "samconfig.toml").read_bytes() == (ROOT / "samconfig.toml").read_bytes()
    assert f'stack_name = "{name}"' in (own_checkout / ".pushhub" / "deploy.toml").read_text(encoding="utf-8")
    assert "+ database 17 customers" in in_the_checkout(apply.replace("--stack pushhub", f"--stack {name}"))
    assert "databases: [17]" in in_the_checkout(f"uv run pushhub catalog show --stack {name}")
