"""The golden events: what stands in `events/`, and when a reply is the one that stands there.

A case is three files: `<case>.json`, the Lambda event; `<case>.reply.json`, the reply it must get; and, where something has to have
happened before, `<case>.given.json`, the bodies to send first. Generated profile ids stand in replies as `"<profile id>"`.
"""

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pushhub.catalog.file import read_catalog_file
from pushhub.catalog.model import Catalog

EVENTS = Path(__file__).parents[2] / "events"
GENERATED_ID = "<profile id>"


@dataclass(frozen=True, slots=True)
class Case:
    function: str
    name: str

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = self._read(".json")
        return event

    @property
    def reply(self) -> dict[str, Any]:
        reply: dict[str, Any] = self._read(".reply.json")
        return reply

    @property
    def given(self) -> list[Any]:
        return self._read(".given.json") if self._path(".given.json").exists() else []

    @property
    def body(self) -> bytes:
        """The bytes that a client sends for this event."""
        event = self.event
        return base64.b64decode(event["body"]) if event["isBase64Encoded"] else event["body"].encode()

    def event_with(self, body: object) -> dict[str, Any]:
        """Return the event of something that was sent before."""
        return self.event | {"body": json.dumps(body), "isBase64Encoded": False}

    def _path(self, suffix: str) -> Path:
        return EVENTS / self.function / f"{self.name}{suffix}"

    def _read(self, suffix: str) -> Any:
        return json.loads(self._path(suffix).read_text(encoding="utf-8"))


def cases(function: str) -> list[Case]:
    """Return the cases of a function; a case's name has no dot."""
    return [Case(function, path.stem) for path in sorted((EVENTS / function).glob("*.json")) if "." not in path.stem]


def catalog_of(function: str) -> Catalog:
    """Return the catalog under which a function's replies hold."""
    return read_catalog_file(EVENTS / function / "catalog.yaml", {})


def assert_replied(case: Case, status: int, body: bytes | str) -> None:
    """Check a reply against the golden one: status and parsed JSON, generated ids by their form."""
    expected, actual = case.reply, json.loads(body)
    assert (status, _with_ids_hidden(actual, expected["body"])) == (expected["status"], expected["body"])
    _assert_one_profile_for_each_database(actual["data"])


def _assert_one_profile_for_each_database(data: list[dict[str, Any]]) -> None:
    profiles = {(element["db_id"], element["profile_id"]) for element in data if "profile_id" in element}
    assert len(profiles) == len({database for database, _ in profiles})


def _with_ids_hidden(actual: Any, expected: Any) -> Any:
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {key: _with_ids_hidden(value, expected.get(key)) for key, value in actual.items()}
    if isinstance(expected, list) and isinstance(actual, list):
        return [_with_ids_hidden(value, form) for value, form in zip(actual, expected, strict=False)] + actual[len(expected) :]
    if expected == GENERATED_ID and isinstance(actual, str) and re.fullmatch("[0-9a-f]{24}", actual):
        return GENERATED_ID
    return actual
