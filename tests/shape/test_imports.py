"""What each function loads when it starts cold, and nothing else."""

import json
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.doubles.functions import all_functions
from tests.lambda_environment import ROOT, SETTINGS, function_environment, make_interpreter, pinned_packages

OF_EVERY_FUNCTION = {
    "aws_lambda_powertools",
    "boto3",
    "botocore",
    "certifi",
    "dateutil",
    "handler",
    "jmespath",
    "pushhub",
    "s3transfer",
    "six",
    "typing_extensions",
    "urllib3",
}
PYDANTIC = {"annotated_types", "pydantic", "pydantic_core", "typing_inspection"}
PACKAGES = {
    "push_subscribe": OF_EVERY_FUNCTION | PYDANTIC | {"tenacity"},
    "post_events": OF_EVERY_FUNCTION | PYDANTIC | {"defusedxml"},
    "crypto_post_events": OF_EVERY_FUNCTION | {"cryptography"},
    "record_events": OF_EVERY_FUNCTION | {"tenacity"},
    "forward_events": OF_EVERY_FUNCTION | {"pycurl"},
    "imports_start": OF_EVERY_FUNCTION | {"tenacity"},
    "imports_plan": OF_EVERY_FUNCTION | PYDANTIC | {"tenacity"},
    "imports_chunk": OF_EVERY_FUNCTION | {"tenacity"},
    "imports_report": OF_EVERY_FUNCTION | PYDANTIC | {"tenacity"},
    "sends_lane": OF_EVERY_FUNCTION | {"tenacity"},
    "sends_deliver": OF_EVERY_FUNCTION | {"tenacity"},
    "sends_sweep": OF_EVERY_FUNCTION | {"tenacity"},
    "push_send": OF_EVERY_FUNCTION | {"tenacity"},
    "pushexpress_instant": OF_EVERY_FUNCTION | {"tenacity"},
    "pushexpress_pushes": OF_EVERY_FUNCTION | {"tenacity"},
    "pushexpress_query": OF_EVERY_FUNCTION | {"tenacity"},
    "pushexpress_catalog": OF_EVERY_FUNCTION,
    "pushexpress_instances": OF_EVERY_FUNCTION | {"tenacity"},
    "pushexpress_device_events": OF_EVERY_FUNCTION,
}
"""The packages a handler needs. A further one costs every cold start: measure it (tests/bench) before it is added here.

botocore takes `certifi` by itself where it is installed.
"""

NEVER = (
    "aws_lambda_powertools.event_handler",
    "pushhub.catalog.file",
    "pushhub.catalog.plan",
    "pushhub.catalog.sections.apps.blocks",
    "pushhub.catalog.sections.apps.keys",
    "pushhub.catalog.sections.file_entry",
    "pushhub.catalog.yaml_text",
    "pushhub.console",
    "pushhub.adapters.s3_for_commands",
    "pushhub.adapters.sqs_for_commands",
)
AUDIENCE = (
    "pushhub.audience.rereading",
    "pushhub.audience.draft",
    "pushhub.audience.duplicates",
    "pushhub.audience.matching",
    "pushhub.audience.takeover",
    "pushhub.audience.target",
    "pushhub.audience.subscribing",
    "pushhub.adapters.dynamodb.audience",
    "pushhub.adapters.dynamodb.schema.audience",
)
NO_IMPORT = ("pushhub.dialects", "pushhub.events", "pushhub.adapters.dynamodb.ledger", "pushhub.catalog.secrets")
NO_SENDING = ("pushhub.dialects", "pushhub.imports", "pushhub.events.recording", "pushhub.events.forwarding", "pushhub.adapters.s3")
PUSHING = (
    "pushhub.edge.wiring.providers",
    "pushhub.adapters.curl",
    "pushhub.adapters.dynamodb.audience",
    "pushhub.audience.draft",
    "pushhub.audience.retiring",
    "pushhub.sends.accounts",
    "pushhub.sends.encryption",
    "pushhub.sends.providers",
    "pushhub.sends.pushing",
    "pushhub.sends.signing",
    "pushhub.sends.tracking",
)
"""What is loaded with the first push."""
PROVIDERS = ("apns", "aps", "fcm", "fcm_bearer", "web_push")
"""Modules of providers but for those that say what a caller may write, which requests are checked against."""
PUSHING_LATER = (
    *(name for name in PUSHING if name != "pushhub.sends.providers"),
    *(f"pushhub.sends.providers.{name}" for name in PROVIDERS),
)
"""What a function that checks messages does not load before the first of them, though it knows what a caller may write."""
NO_SERVER_CALLS = (
    "pushhub.dialects.altcraft",
    "pushhub.dialects.devtodev",
    "pushhub.dialects.pushexpress.sdk",
    "pushhub.dialects.xml_body",
    "pushhub.imports",
    "pushhub.events.links",
    "pushhub.events.recording",
    "pushhub.adapters.s3",
    "pushhub.catalog.secrets",
    "pushhub.sends.fitting",
    "pushhub.sends.lanes",
    "pushhub.sends.deferrals",
    "pushhub.sends.sweeping",
    "pushhub.sends.counting",
)
NOT_NEEDED = {
    "push_subscribe": ("pushhub.dialects.xml_body", "pushhub.events", "pushhub.adapters.dynamodb.schema.ledger"),
    "post_events": (*AUDIENCE, "pushhub.catalog.secrets", "pushhub.events.links", "pushhub.adapters.dynamodb.ledger"),
    "crypto_post_events": (
        *AUDIENCE,
        "pushhub.dialects.altcraft.events.parse",
        "pushhub.dialects.altcraft.events.wire",
        "pushhub.dialects.xml_body",
        "pushhub.adapters.dynamodb.ledger",
    ),
    "record_events": (*AUDIENCE, "pushhub.catalog.secrets", "pushhub.dialects", "pushhub.events.links"),
    "forward_events": (*AUDIENCE, "pushhub.dialects.xml_body", "pushhub.events.links", "pushhub.adapters.dynamodb.ledger"),
    "imports_start": (*AUDIENCE, *NO_IMPORT, "pushhub.imports.steps.plan", "pushhub.imports.steps.report"),
    "imports_plan": (*AUDIENCE, *NO_IMPORT, "pushhub.imports.steps.start", "pushhub.imports.steps.report"),
    "imports_chunk": (*NO_IMPORT, "pushhub.imports.steps.start", "pushhub.imports.steps.plan", "pushhub.imports.steps.report"),
    "imports_report": (
        *AUDIENCE,
        *NO_IMPORT,
        "pushhub.imports.steps.plan",
        "pushhub.imports.steps.rounds",
        "pushhub.imports.steps.settling",
    ),
    "sends_lane": (*NO_SENDING, *PUSHING, "pushhub.sends.deferrals", "pushhub.sends.sweeping"),
    "sends_deliver": (*NO_SENDING, *PUSHING, "pushhub.sends.lanes", "pushhub.sends.sweeping", "pushhub.sends.finding"),
    "sends_sweep": (
        *AUDIENCE,
        *NO_SENDING,
        *PUSHING,
        "pushhub.catalog.secrets",
        "pushhub.catalog.cached",
        "pushhub.adapters.dynamodb.catalog",
    ),
    "push_send": (
        *(name for name in PUSHING if name != "pushhub.sends.providers"),
        *(f"pushhub.sends.providers.{name}" for name in PROVIDERS),
        "pushhub.dialects.altcraft",
        "pushhub.dialects.xml_body",
        "pushhub.imports",
        "pushhub.events.recording",
        "pushhub.events.forwarding",
        "pushhub.adapters.s3",
        "pushhub.sends.fitting",
        "pushhub.sends.lanes",
        "pushhub.sends.deferrals",
        "pushhub.sends.sweeping",
        "pushhub.sends.counting",
    ),
    "pushexpress_instant": (*PUSHING_LATER, *NO_SERVER_CALLS, "pushhub.adapters.dynamodb.reach"),
    "pushexpress_pushes": (*PUSHING_LATER, *NO_SERVER_CALLS, "pushhub.adapters.dynamodb.reach"),
    "pushexpress_query": (*PUSHING_LATER, *NO_SERVER_CALLS, "pushhub.adapters.dynamodb.sendings", "pushhub.sends.pushes"),
    "pushexpress_catalog": (
        *AUDIENCE,
        *NO_SERVER_CALLS,
        "pushhub.dialects.pushexpress.server.orders",
        "pushhub.adapters.dynamodb.reach",
        "pushhub.adapters.dynamodb.sendings",
        "pushhub.events",
        "pushhub.sends",
    ),
    "pushexpress_instances": (
        "pushhub.dialects.altcraft",
        "pushhub.dialects.pushexpress.server",
        "pushhub.dialects.xml_body",
        "pushhub.events",
        "pushhub.sends",
        "pushhub.adapters.curl",
        "pushhub.adapters.dynamodb.ledger",
    ),
    "pushexpress_device_events": (
        *AUDIENCE,
        "pushhub.audience.instances",
        "pushhub.dialects.altcraft",
        "pushhub.dialects.pushexpress.server",
        "pushhub.dialects.xml_body",
        "pushhub.events.links",
        "pushhub.events.recording",
        "pushhub.sends",
        "pushhub.adapters.curl",
        "pushhub.adapters.dynamodb.ledger",
    ),
}
"""Modules that a function has no use for, although others have."""

MOST_COLLECTIONS = 10
"""How often the collector goes through what an import makes: dozens of times, unless the handler imports `pushhub.edge` first."""

PROBE = """
import gc, json, sys
sys.path[:0] = sys.argv[1:]
import handler
of_ours = [name for name, module in sys.modules.items() if any(
    folder in (getattr(module, "__file__", None) or "") for folder in ("site-packages", *sys.argv[1:]))]
print(json.dumps([of_ours, sum(each["collections"] for each in gc.get_stats())]))
"""


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_interpreter(tmp_path_factory.mktemp("lambda"), with_layer=True)


@pytest.mark.parametrize("function", PACKAGES)
def test_a_handler_loads_the_packages_it_needs_and_no_other(function: str, interpreter: Path) -> None:
    folders = [str(all_functions()[function]), str(ROOT / "layers" / "core")]
    probed = subprocess.run(
        [interpreter, "-c", PROBE, *folders], env=function_environment(function), capture_output=True, text=True, check=True
    )
    loaded, collections = json.loads(probed.stdout)
    packages = {name.split(".")[0] for name in loaded if not name.startswith("_")}
    assert packages == PACKAGES[function]
    assert not [name for name in loaded if name.startswith((*NEVER, *NOT_NEEDED[function]))]
    assert collections <= MOST_COLLECTIONS


def test_every_function_has_an_import_budget_and_settings() -> None:
    assert set(PACKAGES) == set(NOT_NEEDED) == set(SETTINGS) == set(all_functions())


def test_every_package_of_the_layer_is_pinned_for_development_too() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pins = {*project["tool"]["uv"]["constraint-dependencies"], *project["project"]["dependencies"]}
    assert {f"{package}=={pinned}" for package, pinned in pinned_packages().items()} <= pins


@pytest.mark.parametrize(("package", "pinned"), pinned_packages().items())
def test_what_is_tested_is_what_is_deployed(package: str, pinned: str) -> None:
    assert version(package) == pinned
