"""The golden events: what stands in `events/`, and when a reply is the one that stands there.

A case is `<case>.json`, the Lambda event, and `<case>.reply.json`, what must come of it. `<case>.given.json` holds what has to be
so before: for `push_subscribe` the bodies to send first, for the functions of events an object (:class:`Given`).

The reply to an HTTP event has `status`, `body` (XML as text) and perhaps `headers`; under `queued` the messages that were put into
the queue of events, under `relays` those of the queue of relays. What comes of a batch of messages is `batchItemFailures`, which is
what Lambda is answered, and beside it what was put into the queues, sent to upstreams and counted; each of these that is empty is
left out.

What is made anew each time stands in replies as the name of its form: `"<profile id>"`, `"<receipt>"`, `"<time>"`.
"""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict
from xml.etree.ElementTree import canonicalize

from pushhub.catalog.file import read_catalog_file
from pushhub.catalog.model import Catalog
from pushhub.catalog.whole import WholeCatalog
from pushhub.outgoing.queues import Envelope

EVENTS = Path(__file__).parents[2] / "events"
HUB_CATALOG = EVENTS / "push_subscribe" / "catalog.yaml"
"""The catalog under which replies hold, unless what is given names another."""
_NUMBERS = r"[0-9A-Za-z]+(_[0-9A-Za-z]*)*"
FORMS = {
    "<profile id>": "[0-9a-f]{24}",
    "<receipt>": "[0-9a-f]{32}",
    "<time>": "[0-9]{13}",
    "<uid>": rf"e\|{_NUMBERS}\|w{_NUMBERS}\.{_NUMBERS}\|[a-z-]+",
    "<launch>": _NUMBERS,
    "<links>": r'\{"ack":"https://push\.example\.com/[^"]+","open":"https://push\.example\.com/[^"]+"\}',
}


class Given(TypedDict, total=False):
    """What is so before an event of the functions of events.

    `catalog` is a file beside the case. `before` are messages that were recorded. `not_taken` names a queue and a text: it takes no
    message that holds the text. `answers` are those of the upstreams, in the order in which they are asked; `without_token` are
    upstreams whose token the stack's secret has not. `now` is the time of day.
    """

    catalog: str
    before: list[str]
    not_taken: dict[str, str]
    answers: list[dict[str, Any]]
    without_token: list[str]
    now: int


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
        """The bodies to send to `push_subscribe` first."""
        return self._read(".given.json") if self._path(".given.json").exists() else []

    @property
    def circumstances(self) -> Given:
        """What is so before an event of the functions of events."""
        given: Given = self._read(".given.json") if self._path(".given.json").exists() else {}
        return given

    @property
    def given_object(self) -> dict[str, Any]:
        """What is so before an event of an import: see :class:`tests.wire.importing.Given`."""
        given: dict[str, Any] = self._read(".given.json") if self._path(".given.json").exists() else {}
        return given

    @property
    def catalog(self) -> WholeCatalog:
        """The catalog of all functions but `push_subscribe`."""
        named = self.circumstances.get("catalog")
        return read_catalog_file(EVENTS / self.function / named if named else HUB_CATALOG, {})

    @property
    def body(self) -> bytes:
        """The bytes that a client sends for this event."""
        event = self.event
        text: str = event.get("body", "")
        return base64.b64decode(text) if event["isBase64Encoded"] else text.encode()

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
    return read_catalog_file(EVENTS / function / "catalog.yaml", {}).catalog


def assert_replied(case: Case, status: int, body: bytes | str, headers: Mapping[str, str] | None = None) -> None:
    """Check a reply against the golden one: status, the body as what it says, the headers that are in the golden one."""
    expected = case.reply
    actual = _parsed(body, expected["body"])
    assert (status, with_forms(actual, expected["body"])) == (expected["status"], _normal(expected["body"]))
    if isinstance(actual, dict):
        _assert_one_profile_for_each_database(actual.get("data", []))
    for name, value in expected.get("headers", {}).items():
        assert (headers or {})[name] == value


def assert_became(case: Case, actual: Mapping[str, Any]) -> None:
    """Check what came of a batch of messages."""
    assert (
        with_forms({name: value for name, value in actual.items() if value or name == "batchItemFailures"}, case.reply)
        == case.reply
    )


def assert_queued(case: Case, envelopes: Sequence[Envelope], queue: str = "queued") -> None:
    """Check what an HTTP event put into a queue, which stands under this name in the golden reply."""
    expected = case.reply.get(queue, [])
    assert with_forms([shown(envelope) for envelope in envelopes], expected) == expected


def shown(envelope: Envelope) -> dict[str, Any]:
    """Return an envelope as it stands in golden files."""
    message: Any = envelope.body
    with suppress(ValueError):
        message = json.loads(envelope.body)
    parts = {"reason": envelope.reason, "delay": envelope.delay, "message": message}
    return {name: part for name, part in parts.items() if part}


def _parsed(body: bytes | str, like: Any) -> Any:
    text = body if isinstance(body, str) else body.decode()
    return _normal(text) if isinstance(like, str) else json.loads(text)


def _normal(body: Any) -> Any:
    return canonicalize(body) if isinstance(body, str) else body


def _assert_one_profile_for_each_database(data: list[dict[str, Any]]) -> None:
    profiles = {(element["db_id"], element["profile_id"]) for element in data if "profile_id" in element}
    assert len(profiles) == len({database for database, _ in profiles})


def with_forms(actual: Any, expected: Any) -> Any:
    """Put the names of forms where the expectation has them and the value is of that form."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {key: with_forms(value, expected.get(key)) for key, value in actual.items()}
    if isinstance(expected, list) and isinstance(actual, list):
        return [with_forms(value, form) for value, form in zip(actual, expected, strict=False)] + actual[len(expected) :]
    if isinstance(expected, str) and expected in FORMS and re.fullmatch(FORMS[expected], str(actual)):
        return expected
    return actual
