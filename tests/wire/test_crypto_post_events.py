"""Every golden event of crypto_post_events through the handler, and over HTTP on the local hub; and links that were tampered with.

Links of golden events are this hub's under the keys of `tests.wire.serving`. The local hub has keys of its own, so it is asked only
for what is answered without them.
"""

import base64
import json
import re
import string
from dataclasses import replace
from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushhub.cached import FRESH_SECONDS
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import Catalog
from pushhub.catalog.secrets import CachedSecrets, LinkKeyId, Secrets
from pushhub.console.stores import stores_of
from pushhub.dialects.altcraft.events.errors import EventRefusal
from pushhub.dialects.altcraft.events.link import CryptoPostEvents
from pushhub.dialects.http import Answer, HttpRequest
from pushhub.events.accepting import Acceptance, RelayAcceptance
from pushhub.events.command import LINK_PATH, Happening, RecordEvent, RelayLink
from pushhub.events.links import mint_links
from pushhub.events.messages import read_forward, read_report
from pushhub.faults import UnavailableError
from tests.conftest import Hub
from tests.doubles.functions import Context
from tests.doubles.http import http_request
from tests.doubles.queues import MemoryQueue
from tests.wire.golden import Case, assert_queued, assert_replied, cases
from tests.wire.serving import SECRETS, STACK, ask_the_hub, crypto_post_events

CASES = cases("crypto_post_events")
by_name = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
ACK, OPEN = Case("crypto_post_events", "ours-ack"), Case("crypto_post_events", "ours-open")
RELAYED = Case("crypto_post_events", "foreign-relayed")
UID = "e|2_4S_4HFn8RDhhmA|w4HFn8RPDFUi_2_4S_S_3___6.2NvyN8Hb67wmzJshM_6BuFTt|ios-apns"


def opaque(case: Case) -> str:
    query: str = case.event["rawQueryString"]
    return query.removeprefix("/")


def endpoint(case: Case = ACK, queue: MemoryQueue | None = None, secrets: Secrets = SECRETS) -> CryptoPostEvents:
    catalog = case.catalog.catalog
    queue = queue or MemoryQueue()
    return CryptoPostEvents(
        CachedCatalog(lambda: catalog), CachedSecrets(lambda: secrets), STACK, Acceptance(queue), RelayAcceptance(queue)
    )


def ask(serve: CryptoPostEvents, query: str) -> Answer:
    return serve(http_request(query=query))


@by_name
def test_the_handler_gives_the_golden_reply(monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    queue, relays = MemoryQueue(), MemoryQueue()
    reply = crypto_post_events(monkeypatch, case, queue, relays)(case.event, Context())
    assert_replied(case, reply["statusCode"], reply["body"], reply["headers"])
    assert_queued(case, queue.envelopes)
    assert_queued(case, relays.envelopes, "relays")
    assert reply["headers"]["x-request-id"] == case.name


@pytest.mark.parametrize(
    "case", [case for case in CASES if not case.circumstances and not case.name.startswith("ours")], ids=lambda case: case.name
)
def test_the_local_hub_gives_the_golden_reply(hub: Hub, case: Case) -> None:
    status, body, headers = ask_the_hub(hub.url, case.event, b"")
    # The hub has ids of its own.
    assert_replied(case, status, body, headers | {"x-request-id": case.name})
    assert headers["x-request-id"]


@pytest.mark.parametrize("spelling", ["/{}", "%2F{}", "%2f{}", "/{}=", "%2F{}="])
def test_the_local_hub_takes_its_own_links_however_a_client_writes_them(hub: Hub, spelling: str) -> None:
    connection = hub.connection
    secrets = stores_of(connection).secrets.load().secrets
    links = mint_links(hub.url, "pushhub", secrets, UID)
    for link in (links.ack, links.open, links.ack):
        event = ACK.event | {"rawQueryString": spelling.format(link.removeprefix(hub.url + LINK_PATH))}
        status, body, _ = ask_the_hub(hub.url, event, b"")
        assert_replied(ACK, status, body, {"content-type": "application/json; charset=utf-8", "x-request-id": ACK.name})


@by_name
def test_no_link_is_ever_logged(
    monkeypatch: pytest.MonkeyPatch, case: Case, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    crypto_post_events(monkeypatch, case, MemoryQueue())(case.event, Context())
    written = capsys.readouterr()
    logged = written.out + written.err + "".join(str(vars(record)) for record in caplog.records)
    assert f'"request_id":"{case.name}"' in logged
    if len(opaque(case)) > 1:
        assert opaque(case)[:12] not in logged
    assert "w4HFn8RPDFUi" not in logged


def test_the_links_of_the_golden_events_are_those_that_are_minted() -> None:
    links = mint_links("https://hub.example.com", STACK, SECRETS, UID)
    assert links.ack == f"https://hub.example.com{LINK_PATH}{opaque(ACK)}"
    assert links.open == f"https://hub.example.com{LINK_PATH}{opaque(OPEN)}"


def test_a_link_answers_the_same_as_often_as_it_is_asked_for_and_each_time_is_a_report_of_its_own() -> None:
    queue = MemoryQueue()
    serve = endpoint(queue=queue)
    replies = {ask(serve, f"/{opaque(ACK)}").reply.body for _ in range(5)}
    messages = [json.loads(envelope.body) for envelope in queue.envelopes]
    assert len(replies) == 1
    assert len({message["receipt"] for message in messages}) == len(messages) == 5
    assert all(message["what"] == {"events": Happening.DELIVERED, "uid": UID} for message in messages)


@pytest.mark.parametrize("case", [ACK, OPEN], ids=lambda case: case.name)
def test_a_link_with_any_bit_of_any_character_turned_over_is_refused_and_nothing_is_queued(case: Case) -> None:
    queue = MemoryQueue()
    serve, link = endpoint(queue=queue), opaque(case)
    for position, character in enumerate(link):
        for bit in range(8):
            altered = f"/{link[:position]}{chr(ord(character) ^ 1 << bit)}{link[position + 1 :]}"
            answer = ask(serve, altered)
            assert (answer.reply.status, answer.refusal) == (400, EventRefusal.BAD_LINK), altered
    assert queue.puts == 0


def test_a_link_with_any_bit_of_its_bytes_turned_over_is_refused_and_nothing_is_queued() -> None:
    queue = MemoryQueue()
    serve, raw = endpoint(queue=queue), decoded(opaque(ACK))
    for bit in range(8 * len(raw)):
        altered = bytearray(raw)
        altered[bit // 8] ^= 1 << bit % 8
        assert ask(serve, f"/{encoded(bytes(altered))}").reply.status == 400
    assert queue.puts == 0


def test_a_link_cut_anywhere_or_with_a_character_of_a_link_added_is_refused() -> None:
    serve, link = endpoint(), opaque(ACK)
    assert ask(serve, f"/{link}").reply.status == 200
    for end in range(len(link)):
        assert ask(serve, f"/{link[:end]}").reply.status == 400
        assert ask(serve, f"/{link[:end]}&{link[end:]}").reply.status == 400
    for added in ("A", "AAAA", "_", "-", "%41", "%5F"):
        assert ask(serve, f"/{link}{added}").reply.status == 400


@pytest.mark.parametrize(
    "added", ["&fbclid=x", "?utm=x", "#top", ",", ";", "'", ">", "!", "]", "\u2019", "%E2%80%8B", "%00", "%", "%2"]
)
def test_what_is_added_behind_a_link_does_not_count(added: str) -> None:
    serve, link = endpoint(), opaque(ACK)
    for query in (f"/{link}{added}", f"%2F{link}{added}", f"/{link}{added}A", f"a=b&/{link}{added}"):
        assert ask(serve, query).counts == {"EventsAccepted": 1}


@given(st.text(string.ascii_letters + string.digits + "_-", min_size=16, max_size=60), st.text(max_size=20), st.booleans())
def test_a_foreign_link_is_relayed_up_to_the_first_character_that_no_link_has(link: str, tail: str, encoded: bool) -> None:
    behind = re.sub("^[0-9A-Za-z_-]+", "", unquote(tail))
    queue = MemoryQueue()
    ask(endpoint(RELAYED, queue), "/" + (_encoded_characters(link) if encoded else link) + quote(behind))
    assert read_report(queue.envelopes[0].body).content == RelayLink(link)


def _encoded_characters(text: str) -> str:
    return "".join(f"%{ord(character):02x}" for character in text)


@pytest.mark.parametrize("purpose", [b"o", b"A", b"\0"])
def test_an_acks_purpose_cannot_be_changed(purpose: bytes) -> None:
    raw = decoded(opaque(ACK))
    assert raw[2:3] == b"a"
    assert ask(endpoint(), f"/{encoded(raw[:2] + purpose + raw[3:])}").reply.status == 400


@pytest.mark.parametrize("key", [0, 1, 2, 3, 255])
@pytest.mark.parametrize("length", range(10, 40))
def test_a_link_too_short_to_hold_anything_is_refused_whatever_key_it_names(key: int, length: int) -> None:
    assert ask(endpoint(), f"/{encoded(bytes([1, key]) + b'a' + bytes(length))}").reply.status == 400


def test_a_link_of_a_key_that_is_gone_is_refused() -> None:
    newest = Secrets({LinkKeyId(2): SECRETS.link_keys[LinkKeyId(2)]}, {})
    old = f"/{opaque(Case('crypto_post_events', 'ours-of-an-old-key'))}"
    assert ask(endpoint(), old).reply.status == 200
    assert ask(endpoint(secrets=newest), old).reply.status == 400


@settings(deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"/[0-9A-Za-z_-]{0,40}=?", fullmatch=True))
def test_whatever_the_query_holds_it_is_a_bad_link_or_relayed_byte_for_byte(query: str) -> None:
    for case, relayed in ((ACK, False), (RELAYED, True)):
        queue = MemoryQueue()
        answer = ask(endpoint(case, queue), query)
        if answer.reply.status == 200:
            assert relayed
            assert answer.counts == {"RelaysAccepted": 1}
            content = read_forward(queue.envelopes[0].body).report.content
            assert isinstance(content, RelayLink)
            assert f"/{content.opaque}" in unquote(query)
            assert json.loads(queue.envelopes[0].body)["what"] == {"link": content.opaque}
        else:
            assert (answer.refusal, queue.puts) == (EventRefusal.BAD_LINK, 0)


@pytest.mark.parametrize("value", ["1", "0", "", "true", "another hub", "1, 1"])
def test_a_link_that_another_hub_has_handed_on_is_not_handed_on_again_whatever_its_mark_says(value: str) -> None:
    queue = MemoryQueue()
    marked = HttpRequest("r-1", b"", f"/{opaque(RELAYED)}", {"x-pushhub-relayed": value})
    answer = endpoint(RELAYED, queue)(marked)
    assert (answer.reply.status, answer.refusal, queue.puts) == (400, EventRefusal.BAD_LINK, 0)


def test_a_link_of_ours_is_accepted_from_another_hub() -> None:
    queue = MemoryQueue()
    marked = HttpRequest("r-1", b"", f"/{opaque(ACK)}", {"x-pushhub-relayed": "1"})
    assert endpoint(RELAYED, queue)(marked).counts == {"EventsAccepted": 1}
    assert read_report(queue.envelopes[0].body).content == RecordEvent(Happening.DELIVERED, UID)


@pytest.mark.parametrize("upstreams", [1, 10, 20])
def test_a_link_is_accepted_by_one_put_of_a_message_for_each_upstream_that_relays(upstreams: int) -> None:
    (one,) = (upstream for upstream in RELAYED.catalog.catalog.upstreams.values() if upstream.relay_links)
    others = {f"other-{number}": replace(one, name=f"other-{number}", relay_links=False) for number in range(3)}
    relaying = {f"u{number}": replace(one, name=f"u{number}") for number in range(upstreams)}
    catalog = replace(RELAYED.catalog.catalog, upstreams=relaying | others)
    events, relays = MemoryQueue(), MemoryQueue()
    serve = CryptoPostEvents(
        CachedCatalog(lambda: catalog), CachedSecrets(lambda: SECRETS), STACK, Acceptance(events), RelayAcceptance(relays)
    )
    assert ask(serve, f"/{opaque(RELAYED)}").reply.status == 200
    forwards = [read_forward(envelope.body) for envelope in relays.envelopes]
    assert [forward.upstream for forward in forwards] == list(relaying)
    assert {forward.report.content for forward in forwards} == {RelayLink(opaque(RELAYED))}
    assert len({forward.report.receipt for forward in forwards}) == 1
    assert (relays.puts, events.puts) == (1, 0)


def test_where_an_upstream_is_left_out_the_link_is_not_accepted() -> None:
    (one,) = (upstream for upstream in RELAYED.catalog.catalog.upstreams.values() if upstream.relay_links)
    catalog = replace(RELAYED.catalog.catalog, upstreams={name: replace(one, name=name) for name in ("one", "other")})
    relays = RelayAcceptance(MemoryQueue(refused='"other"'))
    serve = CryptoPostEvents(
        CachedCatalog(lambda: catalog), CachedSecrets(lambda: SECRETS), STACK, Acceptance(MemoryQueue()), relays
    )
    assert ask(serve, f"/{opaque(RELAYED)}").reply.status == 503


def test_a_link_of_a_revoked_key_is_refused_within_a_minute_and_relayed_to_nobody() -> None:
    secrets, time, queue = [SECRETS], [0.0], MemoryQueue()
    catalog = RELAYED.catalog.catalog
    cached = CachedSecrets(lambda: secrets[0], clock=lambda: time[0])
    serve = CryptoPostEvents(CachedCatalog(lambda: catalog), cached, STACK, Acceptance(queue), RelayAcceptance(queue))
    old = f"/{opaque(Case('crypto_post_events', 'ours-of-an-old-key'))}"
    assert ask(serve, old).counts == {"EventsAccepted": 1}
    secrets[0] = SECRETS.without_link_key(LinkKeyId(1))
    time[0] = FRESH_SECONDS
    answer = ask(serve, old)
    assert (answer.reply.status, answer.refusal, queue.puts) == (400, EventRefusal.BAD_LINK, 1)
    assert ask(serve, f"/{opaque(ACK)}").reply.status == 200


def test_links_of_a_revoked_key_do_not_make_the_secret_be_read_again_and_again() -> None:
    reads, time = [], [0.0]

    def load() -> Secrets:
        reads.append(time[0])
        return SECRETS.without_link_key(LinkKeyId(1))

    catalog = RELAYED.catalog.catalog
    cached = CachedSecrets(load, clock=lambda: time[0])
    serve = CryptoPostEvents(
        CachedCatalog(lambda: catalog), cached, STACK, Acceptance(MemoryQueue()), RelayAcceptance(MemoryQueue())
    )
    for second in range(FRESH_SECONDS):
        time[0] = second
        assert ask(serve, f"/{opaque(Case('crypto_post_events', 'ours-of-an-old-key'))}").reply.status == 400
    assert reads == [0.0]


def test_a_link_that_is_none_of_this_form_is_relayed_without_a_look_at_the_secret() -> None:
    catalog, queue = RELAYED.catalog.catalog, MemoryQueue()
    serve = CryptoPostEvents(
        CachedCatalog(lambda: catalog), CachedSecrets(failing), STACK, Acceptance(queue), RelayAcceptance(queue)
    )
    assert (ask(serve, f"/{opaque(RELAYED)}").reply.status, queue.puts) == (200, 1)


def test_a_link_of_ours_is_never_relayed() -> None:
    queue = MemoryQueue()
    assert ask(endpoint(RELAYED, queue), f"/{opaque(ACK)}").counts == {"EventsAccepted": 1}
    (envelope,) = queue.envelopes
    assert read_report(envelope.body).content == RecordEvent(Happening.DELIVERED, UID)


@pytest.mark.parametrize("query", [f"/{opaque(ACK)}", f"/{opaque(RELAYED)}"], ids=["ours", "relayed"])
def test_a_queue_that_does_not_take_the_report_is_answered_with_503_and_when_to_repeat(query: str) -> None:
    answer = ask(endpoint(RELAYED, MemoryQueue(refused="receipt")), query)
    assert answer.reply.status == 503
    assert int(answer.reply.headers["retry-after"]) > 0
    assert json.loads(answer.reply.body) == {"error": 503, "error_text": "temporarily unavailable, repeat the request"}


def failing(*_: object) -> Secrets:
    raise UnavailableError("Secrets Manager answered ThrottlingException to GetSecretValue")


def test_a_secret_that_cannot_be_read_makes_no_link_a_bad_one_or_a_foreign_one() -> None:
    catalog, queue = RELAYED.catalog.catalog, MemoryQueue()
    serve = CryptoPostEvents(
        CachedCatalog(lambda: catalog), CachedSecrets(failing), STACK, Acceptance(queue), RelayAcceptance(queue)
    )
    answer = ask(serve, f"/{opaque(ACK)}")
    assert (answer.reply.status, queue.puts) == (503, 0)
    assert answer.fault
    assert "ThrottlingException" in answer.fault.cause


def test_a_catalog_that_cannot_be_read_stops_foreign_links_and_not_ours() -> None:
    def load() -> Catalog:
        raise UnavailableError("DynamoDB answered ThrottlingException to GetItem")

    queue = MemoryQueue()
    serve = CryptoPostEvents(CachedCatalog(load), CachedSecrets(lambda: SECRETS), STACK, Acceptance(queue), RelayAcceptance(queue))
    assert ask(serve, f"/{opaque(ACK)}").reply.status == 200
    assert ask(serve, f"/{opaque(RELAYED)}").reply.status == 503


@pytest.mark.parametrize(("case", "counted"), [(ACK, "EventsAccepted"), (RELAYED, "RelaysAccepted")], ids=["ours", "relayed"])
def test_links_of_ours_and_relayed_ones_are_counted_apart(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], case: Case, counted: str
) -> None:
    crypto_post_events(monkeypatch, case, MemoryQueue())(case.event, Context())
    metrics = json.loads(capsys.readouterr().out)
    assert {name for name in metrics if name.endswith("Accepted")} == {counted}


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
