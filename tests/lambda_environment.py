"""An interpreter that has what a Lambda function has: the runtime's boto3 and our runtime layer, nothing of the command line."""

import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNTIME_CLIENT = "awslambdaric==4.2.2"

_QUEUES = "https://sqs.eu-central-1.amazonaws.com/123456789012"
_IMPORTS = {"LEDGER_TABLE": "ledger", "IMPORT_RETENTION_DAYS": "30", "IMPORTS_BUCKET": "imports"}
_SENDS = {"LEDGER_TABLE": "ledger", "EVENT_RETENTION_DAYS": "90"}
_STATE_MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:Imports"
_SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:Secret-AbCdEf"
_PUSHES = {
    **_SENDS,
    "CATALOG_TABLE": "catalog",
    "AUDIENCE_TABLE": "audience",
    "SECRET": _SECRET,
    "APPS_SECRET": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AppsSecret-AbCdEf",
    "STACK": "pushhub",
    "DELIVERIES_QUEUE": f"{_QUEUES}/deliveries",
    "ALLOW_LOCAL_UPSTREAMS": "true",
    "STAND_INS_URL": "http://127.0.0.1:8091",
    "MORE_PUSH_HOSTS": "push.example.com",
}
_CREATES = {**_SENDS, "CATALOG_TABLE": "catalog", "SENDS_QUEUE": f"{_QUEUES}/sends"}
_PUSHES_OF_QUEUES = {**_PUSHES, "SENDS_DEAD_LETTERS": f"{_QUEUES}/sends-dead-letters"}
SETTINGS = {
    "push_subscribe": {"AUDIENCE_TABLE": "audience", "CATALOG_TABLE": "catalog", "MORE_PUSH_HOSTS": "push.example.com"},
    "post_events": {"CATALOG_TABLE": "catalog", "EVENTS_QUEUE": f"{_QUEUES}/events", "MORE_PUSH_HOSTS": "push.example.com"},
    "crypto_post_events": {
        "CATALOG_TABLE": "catalog",
        "EVENTS_QUEUE": f"{_QUEUES}/events",
        "RELAYS_QUEUE": f"{_QUEUES}/relays",
        "SECRET": _SECRET,
        "STACK": "pushhub",
    },
    "record_events": {
        "CATALOG_TABLE": "catalog",
        "LEDGER_TABLE": "ledger",
        "EVENT_RETENTION_DAYS": "90",
        "FORWARDS_QUEUE": f"{_QUEUES}/forwards",
        "EVENTS_DEAD_LETTERS": f"{_QUEUES}/events-dead-letters",
    },
    "forward_events": {
        "CATALOG_TABLE": "catalog",
        "SECRET": _SECRET,
        "RETRIES_QUEUE": f"{_QUEUES}/retries",
        "RELAYS_QUEUE": f"{_QUEUES}/relays",
        "FORWARDS_DEAD_LETTERS": f"{_QUEUES}/forwards-dead-letters",
        "ALLOW_LOCAL_UPSTREAMS": "false",
    },
    "imports_start": {**_IMPORTS, "STATE_MACHINE": _STATE_MACHINE},
    "imports_plan": {**_IMPORTS, "CATALOG_TABLE": "catalog"},
    "imports_chunk": {**_IMPORTS, "CATALOG_TABLE": "catalog", "AUDIENCE_TABLE": "audience", "MORE_PUSH_HOSTS": "push.example.com"},
    "imports_report": {**_IMPORTS, "STATE_MACHINE": _STATE_MACHINE},
    "sends_lane": {**_PUSHES_OF_QUEUES, "SENDS_QUEUE": f"{_QUEUES}/sends"},
    "sends_deliver": _PUSHES_OF_QUEUES,
    "sends_sweep": {**_SENDS, "SENDS_QUEUE": f"{_QUEUES}/sends"},
    "push_send": _PUSHES,
    "pushexpress_instant": {**_CREATES, "INSTANT_DELAY_SECONDS": "120"},
    "pushexpress_pushes": _CREATES,
    "pushexpress_query": {"CATALOG_TABLE": "catalog", "AUDIENCE_TABLE": "audience"},
    "pushexpress_catalog": {"CATALOG_TABLE": "catalog"},
    "pushexpress_instances": {
        "AUDIENCE_TABLE": "audience",
        "CATALOG_TABLE": "catalog",
        "INSTANCE_CREATED_STATUS": "200",
        "MORE_PUSH_HOSTS": "push.example.com",
        "SECRET": _SECRET,
        "STACK": "pushhub",
    },
    "pushexpress_device_events": {
        "AUDIENCE_TABLE": "audience",
        "CATALOG_TABLE": "catalog",
        "EVENTS_QUEUE": f"{_QUEUES}/events",
        "SECRET": _SECRET,
        "STACK": "pushhub",
    },
}
"""The settings of each function, with tables, queues, a bucket, a state machine and a secret that are never reached."""


def make_interpreter(folder: Path, *, with_layer: bool) -> Path:
    """Make a virtual environment in a folder and return its interpreter."""
    layer = ["--requirements", str(ROOT / "layers" / "runtime" / "requirements.txt")] if with_layer else []
    _uv("venv", "--quiet", "--python", sys.executable, str(folder))
    interpreter = folder / "bin" / "python"
    _uv("pip", "install", "--quiet", "--python", str(interpreter), f"boto3=={version('boto3')}", RUNTIME_CLIENT)
    if layer:
        _uv("pip", "install", "--quiet", "--require-hashes", "--python", str(interpreter), *layer)
    return interpreter


def function_environment(function: str) -> dict[str, str]:
    """Return the environment variables of a function, as the template sets them."""
    return {
        "PATH": os.defpath,
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "POWERTOOLS_METRICS_NAMESPACE": "pushhub",
        "POWERTOOLS_SERVICE_NAME": function,
        **SETTINGS[function],
    }


def pinned_packages() -> dict[str, str]:
    """Return name and version of every package in the runtime layer."""
    text = (ROOT / "layers" / "runtime" / "requirements.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


def _uv(*arguments: str) -> None:
    # What is in the cache needs no network.
    for network in (["--offline"], []):
        done = subprocess.run(["uv", *arguments, *network], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
    raise AssertionError(done.stderr)
