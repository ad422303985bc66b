"""The endpoint: hostile requests, and that both notations mean the same."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.push_tokens import push_token_misfit
from pushhub.dialects.altcraft.events.errors import EventRefusal
from pushhub.dialects.altcraft.events.post import PostEvents
from pushhub.dialects.http import Answer, HttpRequest
from pushhub.dialects.xml_body import read_elements
from pushhub.dialects.xml_reply import write_elements
from pushhub.events.accepting import Acceptance
from pushhub.events.command import Happening, RecordEvent
from pushhub.events.messages import read_report
from tests.doubles.http import http_request
from tests.doubles.queues import MemoryQueue
from tests.wire.golden import Case

TOKEN = "abcdefghijklmnqrstuvwxyz"
CATALOG = CachedCatalog(lambda: Case("post_events", "bearer").catalog.catalog)


def ask(request: HttpRequest) -> tuple[Answer, MemoryQueue]:
    queue = MemoryQueue()
    return PostEvents(CATALOG, Acceptance(queue))(request), queue


def accepted(body: bytes) -> RecordEvent:
    answer, queue = ask(http_request(body))
    assert answer.counts == {"EventsAccepted": 1}
    (envelope,) = queue.envelopes
    content = read_report(envelope.body).content
    assert isinstance(content, RecordEvent)
    return content


def assert_documented(answer: Answer, queue: MemoryQueue) -> None:
    reply = answer.reply
    if reply.headers["content-type"].startswith("application/json"):
        body: dict[str, Any] = json.loads(reply.body)
    else:
        fields = read_elements(reply.body)
        body = {**fields, "error": int(fields["error"])}
    assert set(body) == {"error", "error_text"}
    if reply.status == 200:
        assert body == {"error": 0, "error_text": "Successful operation"}
        (envelope,) = queue.envelopes
        assert envelope.body.isascii()
        assert isinstance(read_report(envelope.body).content, RecordEvent)
        assert answer.counts == {"EventsAccepted": 1}
    else:
        assert reply.status == body["error"]
        assert reply.status in {refusal.status for refusal in EventRefusal} - {503}
        assert (answer.counts, queue.puts) == ({}, 0)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
anything = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner), max_leaves=8)
maybe_right = st.fixed_dictionaries(
    {},
    optional={
        "token": st.just(TOKEN) | anything,
        "events": st.sampled_from([1, 2, 3, "1", 1.0, " 3 "]) | anything,
        "uid": st.sampled_from(["uid", "u" * 4096]) | anything,
        "launch_id": st.sampled_from([1, "1", 0, -1, 10**300]) | anything,
        "provider": st.sampled_from(["ios-apns"]) | anything,
        "subscription_id": st.sampled_from(["a token"]) | anything,
    },
)


@settings(max_examples=500, deadline=None)
@given(maybe_right)
def test_whatever_the_fields_hold_the_answer_is_a_documented_one(document: dict[str, object]) -> None:
    assert_documented(*ask(http_request(json.dumps(document).encode())))


@settings(deadline=None)
@given(
    st.binary(max_size=100),
    st.sampled_from(["", "application/json", "application/xml"]) | st.text(),
    st.sampled_from(["", "format=xml", "format=json", "token"]) | st.text(),
    st.sampled_from(["", f"Bearer {TOKEN}"]) | st.text(),
)
def test_whatever_a_request_is_made_of_the_answer_is_a_documented_one(body: bytes, kind: str, query: str, bearer: str) -> None:
    assert_documented(*ask(http_request(body, query=query, content_type=kind, authorization=bearer)))


@given(st.integers(0, 200))
def test_a_body_that_is_cut_is_refused_and_nothing_is_queued(cut: int) -> None:
    for whole in (json.dumps({"token": TOKEN, "events": 1, "uid": "uid"}).encode(), write_elements("xml", {"token": TOKEN})):
        answer, queue = ask(http_request(whole[: min(cut, len(whole) - 1)]))
        assert (answer.reply.status, queue.puts) == (400, 0)


characters = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
words = st.text(characters, min_size=1, max_size=60)
push_tokens = words.filter(lambda text: push_token_misfit("", text) is None)


@settings(deadline=None)
@given(st.sampled_from([Happening(bits) for bits in (1, 2, 3)]), words, st.none() | st.tuples(words, words, push_tokens))
def test_a_report_means_the_same_in_both_notations(happening: Happening, uid: str, plain: tuple[str, str, str] | None) -> None:
    fields: dict[str, object] = {"token": TOKEN, "events": int(happening), "uid": uid}
    if plain:
        fields |= dict(zip(("launch_id", "provider", "subscription_id"), plain, strict=True))
    in_json = accepted(json.dumps(fields, ensure_ascii=False).encode())
    assert in_json == accepted(write_elements("xml", fields))
    assert (in_json.happening, in_json.uid) == (happening, uid)
