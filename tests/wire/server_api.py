"""The golden events of push.express's back-end API, with everything that its functions touch in memory.

A case's `<case>.given.json` is an object (:class:`Given`). Its `<case>.reply.json` has the reply and, where there is any of it, the
`sendings` that are written, and in `sends` what the queue of lanes has got: how many messages with which delay.

The catalog stands in `events/pushexpress_catalog`, and whom queries find in `people.yaml` beside it.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, TypedDict

from pushhub.audience.model import ProfileId
from pushhub.catalog.providers import Provider
from pushhub.catalog.yaml_text import read_yaml
from pushhub.faults import UnavailableError
from pushhub.sends.filters import Filters
from pushhub.sends.sending import Filtered, Part, Sending
from tests.doubles.apps import put_profile, subscription_of
from tests.doubles.server_api import CATALOG_FILE, ServerHub
from tests.wire.golden import Case

FUNCTIONS = ("pushexpress_instant", "pushexpress_pushes", "pushexpress_query", "pushexpress_catalog")
_SHOWN_HEADERS = ("retry-after", "allow", "idempotent-replayed")


class CallBefore(TypedDict, total=False):
    """A call that was answered before: its method and path below `/api/b/v2`, its body and headers beside the key of `crm`."""

    call: str
    body: dict[str, Any]
    headers: dict[str, str]


class Given(TypedDict, total=False):
    """What is so before an event.

    `before` are calls, and numbers of seconds that pass. `failing` are calls of the store that fail, such as
    `before create_sending`. The queue of lanes takes no message that holds the text `not_taken`.
    """

    before: list[CallBefore | int]
    failing: list[str]
    not_taken: str


def server_hub_of(case: Case) -> ServerHub:
    """Return the hub that the event of a case comes to."""
    given: Given = case.given_object  # type: ignore[assignment]
    hub = ServerHub()
    _put_people(hub)
    for happened in given.get("before", []):
        if isinstance(happened, int):
            hub.pass_time(happened)
        else:
            answered = hub.answer(happened["call"], happened["body"], headers=happened.get("headers"))
            assert answered.reply.status in {200, 201}, answered.reply.body
    hub.sends.envelopes.clear()
    hub.sends.refused = given.get("not_taken", "")
    failing = given.get("failing", [])

    def interrupt(point: str) -> None:
        if point in failing:
            raise UnavailableError("DynamoDB did not answer")

    hub.store.interrupt = interrupt
    return hub


def what_becomes_of_a_call(hub: ServerHub, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a handler has answered, and what came of it, as both stand in golden replies."""
    headers = {name: answer["headers"][name] for name in _SHOWN_HEADERS if name in answer["headers"]}
    reply = {"status": answer["statusCode"], "body": json.loads(answer["body"])} | ({"headers": headers} if headers else {})
    came = {"sendings": [_shown_sending(sending) for sending in hub.sendings], "sends": _shown_lanes(hub)}
    return reply | {name: part for name, part in came.items() if part}


@cache
def _people() -> Any:
    return read_yaml((CATALOG_FILE.parent / "people.yaml").read_text(encoding="utf-8"))


def _put_people(hub: ServerHub) -> None:
    for person in _people():
        subscriptions = [
            subscription_of(Provider(provider), push_token, active=person.get("active", [41, 45]))
            for provider, push_token in person["devices"].items()
        ]
        database = hub.catalog.databases[person.get("database", 40)]
        put_profile(hub.audience, database, person["profile"], subscriptions, person["fields"])
        profiles = hub.audience.content(database.id).profiles
        id_ = ProfileId(person["profile"])
        profiles[id_] = replace(profiles[id_], happened=dict.fromkeys(person.get("happened", ()), hub.now))


def _shown_sending(sending: Sending) -> dict[str, Any]:
    assert isinstance(sending.selection, Filtered)
    return {
        "id": sending.id,
        "caller": sending.caller,
        "name": sending.name,
        "status": str(sending.status),
        "filters": dict(_shown_filters(sending.selection.filters)),
        "parts": _shown_parts(sending.parts),
        "messages": {provider or "any": message.title for provider, message in sending.messages.items()},
        "translations": {language: translation.title for language, translation in sending.translations.items()},
        "push": sending.push,
    }


def _shown_filters(filters: Filters) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Yield what each filter names that does not admit everybody."""
    for name, choice in (
        ("countries", filters.countries),
        ("languages", filters.languages),
        ("audiences", filters.audiences),
        ("events", filters.events),
    ):
        sides = {"include": choice.include, "exclude": choice.exclude}
        if named := {side: sorted(values) for side, values in sides.items() if values}:
            yield name, named


def _shown_parts(parts: tuple[Part, ...]) -> list[Any]:
    """Return each part, of more than two the first and the last with their number between them."""
    shown = [{name: value for name, value in _part(part).items() if value is not None} for part in parts]
    return shown if len(shown) <= 2 else [shown[0], f"{len(shown) - 2} more", shown[-1]]


def _part(part: Part) -> dict[str, Any]:
    return {"app": part.app, "due": part.due, "offset": part.offset}


def _shown_lanes(hub: ServerHub) -> list[dict[str, int]]:
    counted = Counter(envelope.delay for envelope in hub.sends.envelopes)
    return [{"messages": number, "delay": delay} for delay, number in sorted(counted.items())]
