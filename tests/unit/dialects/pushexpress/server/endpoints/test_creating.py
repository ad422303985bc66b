"""How often a request is carried out, and what happens where a store fails."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.dialects.http import Answer
from pushhub.dialects.pushexpress.server.endpoints.creating import SECONDS_TO_WRITE
from pushhub.faults import UnavailableError
from pushhub.moments import Seconds
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
