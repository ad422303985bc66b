"""The golden events of `push_send`, with everything that the endpoint touches in memory.

A case's `<case>.given.json` is an object (:class:`Given`). Its `<case>.reply.json` has the reply and, where there is any of it,
what was `pushed` (each push as its provider gets it), what the queue of `deliveries` has got, the `sendings` that are written, and
the push tokens that were `retired`.

Who can be reached stands in `people.yaml` beside the cases.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, TypedDict
from urllib.parse import urlsplit

from pushhub.catalog.file import read_catalog_file
from pushhub.catalog.model import Catalog
from pushhub.catalog.providers import Provider
from pushhub.catalog.yaml_text import read_yaml
from pushhub.edge.http import http_request
from pushhub.faults import UnavailableError
from pushhub.moments import Seconds
from pushhub.sends.outcomes import Outcome
from pushhub.sends.port import PushRequest
from pushhub.sends.sending import Sending
from tests.doubles.apps import ANDROID, cancelled_for, subscription_of
from tests.doubles.push_send import PushSendWorld
from tests.wire.golden import EVENTS, Case, shown
from tests.wire.sending import read_push_answer

_FOLDER: Final = EVENTS / "push_send"
_SHOWN_HEADERS: Final = ("apns-", "topic", "ttl", "urgency", "x-wns-", "content-type")


class Given(TypedDict, total=False):
    """What is so before an event.

    `before` are bodies that were sent before, and numbers of seconds that pass. `answers` has, by a text in the URL or the body of
    a push, what providers answer in turn, or `lost` for no answer; whatever else is pushed is accepted. `failing` are calls of the
    store that fail, such as `before start`. The queue of deliveries takes no message that holds the text `not_taken`. To look up
    recipients takes `slow` seconds.
    """

    before: list[dict[str, Any] | int]
    answers: dict[str, list[dict[str, Any]]]
    failing: list[str]
    not_taken: str
    slow: int


def push_send_catalog() -> Catalog:
    """Return the catalog under which all golden replies hold."""
    return read_catalog_file(_FOLDER / "catalog.yaml", {}).catalog


def push_send_world_of(case: Case) -> PushSendWorld:
    """Return the world in which the event of a case happens."""
    given: Given = case.given_object  # type: ignore[assignment]
    world = PushSendWorld(push_send_catalog())
    people: Any = read_yaml((_FOLDER / "people.yaml").read_text(encoding="utf-8"))
    for person in people:
        devices = [
            subscription_of(Provider(provider), push_token)
            for provider, push_tokens in person["devices"].items()
            for push_token in push_tokens
        ]
        cancelled = [cancelled_for(subscription_of(ANDROID, f"cancelled-{number}")) for number in range(person.get("cancelled", 0))]
        world.subscribe(person["profile"], [*devices, *cancelled], person["fields"], person.get("database", 17))
    for happened in given.get("before", []):
        if isinstance(happened, int):
            world.now, world.elapsed = Seconds(world.now + happened), world.elapsed + happened
        else:
            assert world.endpoint(http_request(case.event_with(happened))).reply.status == 200
    world.transport.batches.clear()
    world.deliveries.envelopes.clear()
    world.transport.answers = {
        text: [read_push_answer(one) for one in answers] for text, answers in given.get("answers", {}).items()
    }
    world.deliveries.refused = given.get("not_taken", "")
    failing = given.get("failing", [])

    def interrupt(point: str) -> None:
        if point in failing:
            raise UnavailableError("DynamoDB did not answer")

    world.store.interrupt = interrupt
    world.takes_to_find = given.get("slow", 0)
    return world


def what_becomes_of_a_request(world: PushSendWorld, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the handler has answered, and what came of it, as both stand in golden replies."""
    came = {
        "pushed": sorted(map(_shown_push, world.transport.pushes), key=str),
        "deliveries": [shown(envelope) for envelope in world.deliveries.envelopes],
        "sendings": [_shown_sending(sending) for sending in world.sendings],
        "retired": world.retired,
    }
    headers = {name: answer["headers"][name] for name in ("retry-after",) if name in answer["headers"]}
    reply = {"status": answer["statusCode"], "body": json.loads(answer["body"])} | ({"headers": headers} if headers else {})
    return reply | {name: part for name, part in came.items() if part}


def _shown_push(push: PushRequest) -> dict[str, Any]:
    address, text = urlsplit(push.url), push.body.decode()
    body: Any = text
    with suppress(ValueError):
        body = json.loads(text)
    headers = {name: value for name, value in sorted(push.headers.items()) if name.lower().startswith(_SHOWN_HEADERS)}
    return {"host": address.netloc, "path": push.url.partition(address.netloc)[2], "headers": headers, "body": body}


def _shown_sending(sending: Sending) -> dict[str, Any]:
    return {
        "caller": sending.caller,
        "tag": sending.tag,
        "status": str(sending.status),
        "counts": {str(outcome): sending.counts.number(outcome) for outcome in Outcome if sending.counts.number(outcome)},
    }
