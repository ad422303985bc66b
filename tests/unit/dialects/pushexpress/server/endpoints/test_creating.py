"""How often a request is carried out, and what happens where a store fails."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import Catalog
from pushhub.dialects.http import Answer, HttpRequest
from pushhub.dialects.pushexpress.server.endpoints.creating import SECONDS_TO_WRITE
from pushhub.faults import UnavailableError
from pushhub.moments import Seconds
from pushhub.outgoing.queues import Envelope
from tests.doubles.server_api import AGENCY, CRM, ServerHub

PUSH = {"default_lang": "en", "translations": [{"language": "en", "title": "Sale", "text": "Now"}]}
INSTANT = {"name": "sale", "filters": {"all_apps": True}, "push": PUSH}
ONESEND = {"name": "sale", "date": "2026-11-22", "time": "10:30", "local_time": False, "timezone": "+01:00", "all_apps": True}
CALLS = {"POST /send/instant": INSTANT, "POST /pushes": PUSH, "POST /sched/onesend": ONESEND}
by_call = pytest.mark.parametrize(("route", "body"), CALLS.items(), ids=lambda each: each if isinstance(each, str) else "")


def said(answer: Answer) -> Any:
    return json.loads(answer.reply.body)


def keyed(hub: ServerHub, route: str, body: object, key: str = "k-1", caller: str = CRM) -> Answer:
    return hub.answer(route, body, key=caller, headers={"idempotency-key": key})


def created(hub: ServerHub) -> int:
    return len(hub.sendings) + len(hub.pushes.pushes)


@by_call
def test_a_request_that_is_repeated_with_its_key_is_carried_out_once(route: str, body: dict[str, Any]) -> None:
    hub = ServerHub()
    first = keyed(hub, route, body)
    number, messages = created(hub), len(hub.sends.envelopes)
    again = keyed(hub, route, body)
    assert first.reply.status == again.reply.status == 201
    assert first.reply.body == again.reply.body
    assert "idempotent-replayed" not in first.reply.headers
    assert again.reply.headers["idempotent-replayed"] == "true"
    assert (created(hub), len(hub.sends.envelopes)) == (number, messages)


@by_call
def test_without_a_key_each_request_is_carried_out(route: str, body: dict[str, Any]) -> None:
    hub = ServerHub()
    first, second = hub.answer(route, body), hub.answer(route, body)
    assert first.reply.body != second.reply.body
    assert created(hub) in {2, 4}


@by_call
def test_a_key_is_that_of_one_caller_and_one_path(route: str, body: dict[str, Any]) -> None:
    hub = ServerHub()
    replies = [keyed(hub, other, content) for other, content in CALLS.items()]
    replies += [keyed(hub, route, body, caller=AGENCY), keyed(hub, route, body, "k-2")]
    assert not any(answer.reply.headers for answer in replies)


def test_the_key_of_another_body_is_refused_and_nothing_is_created() -> None:
    hub = ServerHub()
    keyed(hub, "POST /send/instant", INSTANT)
    number = created(hub)
    answer = keyed(hub, "POST /send/instant", INSTANT | {"name": "another"})
    assert answer.reply.status == 400
    assert "Idempotency-Key" in said(answer)["error"]
    assert created(hub) == number


def test_a_request_that_was_refused_does_not_use_its_key_up() -> None:
    hub = ServerHub()
    assert keyed(hub, "POST /send/instant", INSTANT | {"filters": {}}).reply.status == 400
    assert keyed(hub, "POST /send/instant", INSTANT).reply.status == 201


@pytest.mark.parametrize(("later", "replayed"), [(86_399, True), (86_401, False)])
def test_a_key_is_kept_for_a_day(later: int, replayed: bool) -> None:
    hub = ServerHub()
    keyed(hub, "POST /pushes", PUSH)
    hub.pass_time(later)
    assert ("idempotent-replayed" in keyed(hub, "POST /pushes", PUSH).reply.headers) is replayed


def test_a_repeat_of_what_could_not_be_asked_for_any_more_is_answered_all_the_same() -> None:
    hub = ServerHub()
    first = keyed(hub, "POST /sched/onesend", ONESEND)
    hub.pass_time(20 * 3_600)
    assert keyed(hub, "POST /sched/onesend", ONESEND).reply.body == first.reply.body
    assert keyed(hub, "POST /sched/onesend", ONESEND, "k-2").reply.status == 400


@by_call
@given(keyed_request=st.booleans(), point=st.sampled_from(["before", "after"]), calls=st.sets(st.integers(0, 4)))
def test_wherever_a_store_fails_a_request_with_a_key_is_carried_out_once_at_most(
    route: str, body: dict[str, Any], keyed_request: bool, point: str, calls: set[int]
) -> None:
    hub, seen = ServerHub(), [0]

    def interrupt(at: str) -> None:
        if at.startswith(point) and "note" not in at and "forget" not in at:
            seen[0] += 1
            if seen[0] - 1 in calls:
                raise UnavailableError("DynamoDB did not answer")

    hub.store.interrupt = interrupt
    ask = keyed if keyed_request else lambda hub, route, body: hub.answer(route, body)
    answers = [ask(hub, route, body) for _ in range(6)]
    hub.store.interrupt = lambda _: None
    assert {answer.reply.status for answer in answers} <= {201, 503}
    each = 2 if route == "POST /send/instant" else 1
    succeeded = [answer.reply.body for answer in answers if answer.reply.status == 201]
    if keyed_request:
        assert created(hub) == each
        assert len(set(succeeded)) == 1
    else:
        assert created(hub) >= each * len(succeeded)


@by_call
def test_nothing_is_written_where_the_reads_took_too_long(route: str, body: dict[str, Any]) -> None:
    hub = ServerHub()

    def wait(at: str) -> None:
        if at == "after kept_reply":
            hub.elapsed += SECONDS_TO_WRITE + 1

    hub.store.interrupt = wait
    assert keyed(hub, route, body).reply.status == 503
    assert created(hub) == 0


@by_call
def test_the_catalog_counts_for_what_a_request_has_time_for(route: str, body: dict[str, Any]) -> None:
    hub = ServerHub()
    hub.__dict__["cached_catalog"] = CachedCatalog(lambda: slow_catalog(hub, SECONDS_TO_WRITE + 1), clock=lambda: hub.elapsed)
    assert hub.answer(route, body).reply.status == 503
    assert created(hub) == 0


def slow_catalog(hub: ServerHub, seconds: float) -> Catalog:
    hub.elapsed += seconds
    return hub.catalog


def test_a_request_without_time_for_the_queue_leaves_its_sending_to_the_sweep() -> None:
    hub = ServerHub()
    hub.store.interrupt = lambda at: setattr(hub, "elapsed", hub.elapsed + 11 * (at == "after create_sending"))
    assert hub.answer("POST /send/instant", INSTANT).reply.status == 201
    assert not hub.sends.envelopes
    assert hub.store.due_moments(Seconds(hub.now + 900))


@pytest.mark.parametrize("seconds", [2, 4, 8])
def test_no_call_is_begun_once_the_time_of_a_request_is_over(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    hub, begun = ServerHub(), list[float]()

    def hang(at: str) -> None:
        if at.startswith("before"):
            begun.append(hub.elapsed)
            hub.elapsed += seconds

    put = hub.sends.put

    def slow_put(envelopes: Sequence[Envelope]) -> frozenset[int]:
        hang("before put")
        return put(envelopes)

    hub.store.interrupt = hang
    monkeypatch.setattr(hub.sends, "put", slow_put)
    assert hub.answer("POST /send/instant", INSTANT).reply.status == 201
    assert begun
    assert max(begun) <= SECONDS_TO_WRITE


@by_call
def test_ids_that_another_request_of_the_same_millisecond_has_are_minted_anew(route: str, body: dict[str, Any]) -> None:
    hub = ServerHub()
    hub.answer(route, body)
    before = created(hub)
    hub.minted = 0
    assert hub.answer(route, body).reply.status == 201
    assert created(hub) == 2 * before


@by_call
def test_a_key_is_that_of_a_route_however_its_path_is_written(route: str, body: dict[str, Any]) -> None:
    hub = ServerHub()
    given = {"authorization": f"Bearer {CRM}", "idempotency-key": "k-1"}
    path = f"/api/b/v2{route.removeprefix('POST ')}"
    requests = [HttpRequest("r", json.dumps(body).encode(), "", given, "POST", each) for each in (path, "/" + path)]
    first, again = [hub.family_of(path)(request).reply for request in requests]
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["idempotent-replayed"] == "true"


def test_what_the_queue_does_not_take_is_created_all_the_same_and_left_to_the_sweep() -> None:
    hub = ServerHub()
    hub.sends.refused = "{"
    answer = hub.answer("POST /send/instant", INSTANT)
    assert answer.reply.status == 201
    assert hub.store.due_moments(Seconds(hub.now + 900))


def test_a_push_has_ids_of_its_own_for_each_translation() -> None:
    hub = ServerHub()
    languages = ["en", "pt", "de", "fr"]
    body = {"default_lang": "de", "translations": [{"language": each, "title": "t", "text": "t"} for each in languages]}
    reply = said(hub.answer("POST /pushes", body))
    assert [each["language"] for each in reply["translations"]] == languages
    assert len({each["id"] for each in reply["translations"]}) == len(languages)
    assert all(0 < each["id"] < 2**53 for each in reply["translations"])


def test_filters_that_are_too_large_for_a_sending_are_refused() -> None:
    hub = ServerHub()
    audiences = [f"{number}-{'a' * 60}" for number in range(3_000)]
    answer = hub.answer("POST /send/instant", INSTANT | {"filters": {"all_apps": True, "audiences_include": audiences}})
    assert answer.reply.status == 400
    assert "too large" in said(answer)["error"]
    assert created(hub) == 0
