"""Events through the whole hub: accepted, recorded once, and forwarded to upstreams that answer, fail, are away, or come back."""

import contextlib
import itertools
import json
import secrets
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import urllib3

from pushhub.adapters.dynamodb.ledger import DynamoLedger
from pushhub.catalog.secrets import Secrets
from pushhub.console.stores import stores_of
from pushhub.events.command import Happening
from pushhub.events.links import mint_links
from tests.running_hub import Up, running
from tests.running_upstream import Upstream, free_port, until

TOKEN = "abcdefghijklmnqrstuvwxyz"
POST_EVENTS = "/api/v1.1/pushes/post_events"
CATALOG = """
api_tokens:
  - {{name: gateway, token: {token}, rights: [events]}}
upstreams:
  - {{name: first, kind: altcraft, url: "{first}", token: token-of-the-first, relay_links: true}}
  - {{name: second, kind: altcraft, url: "{second}", token: token-of-the-second, events: [opened]}}
"""


@dataclass(frozen=True, slots=True)
class EventHub:
    """A hub with two upstreams: the first gets everything, the second opened events alone."""

    up: Up
    first: Upstream
    second: Upstream

    def post(self, uid: str, events: int = 1, **fields: object) -> None:
        body = {"token": TOKEN, "events": events, "uid": uid, **fields}
        reply = urllib3.request("POST", self.up.note.url + POST_EVENTS, json=body, timeout=60)
        assert (reply.status, reply.json()) == (200, {"error": 0, "error_text": "Successful operation"})

    def post_until_accepted(self, uid: str, **fields: object) -> int:
        """Repeat a request as a client does that gets no good answer; return how many it took."""
        for request in itertools.count(1):
            body = {"token": TOKEN, "events": 1, "uid": uid, **fields}
            if urllib3.request("POST", self.up.note.url + POST_EVENTS, json=body, timeout=60).status == 200:
                return request
        raise AssertionError

    def post_xml(self, uid: str) -> None:
        body = f"<xml><token>{TOKEN}</token><events>1</events><uid>{uid}</uid></xml>"
        headers = {"content-type": "application/xml"}
        reply = urllib3.request("POST", self.up.note.url + POST_EVENTS, body=body, headers=headers, timeout=60)
        assert (reply.status, reply.data) == (200, b"<xml><error>0</error><error_text>Successful operation</error_text></xml>")

    def get(self, url: str) -> None:
        reply = urllib3.request("GET", url, timeout=60)
        assert (reply.status, reply.json()["error"]) == (200, 0)

    def secrets(self) -> Secrets:
        return stores_of(self.up.connection()).secrets.load().secrets

    def ledger(self) -> DynamoLedger:
        connection = self.up.connection()
        return DynamoLedger(connection.client("dynamodb"), connection.outputs["LedgerTable"], retention_days=90)

    def dead_letters(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.run("forwards", "list")
        return listed

    def run(self, *words: str) -> Any:
        """Run a command of the console and return the JSON it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "pushhub.console.cli", *words, "--json"],
            env={"PUSHHUB_HOME": str(self.up.home), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventHub]:
    folder = tmp_path_factory.mktemp("events")
    first, second = (Upstream(free_port(), folder / f"{name}.txt") for name in ("first", "second"))
    catalog = folder / "catalog.yaml"
    catalog.write_text(CATALOG.format(token=TOKEN, first=first.url, second=second.url))
    with running(folder / "home", "--ephemeral", "--catalog", str(catalog)) as up:
        assert up.process.poll() is None, up.said
        yield EventHub(up, first, second)


def fresh() -> str:
    return secrets.token_hex(8)


def uids(prefix: str, number: int) -> list[str]:
    return [f"{prefix}-{index}" for index in range(number)]


def test_json_xml_and_links_arrive_once_and_repeats_do_not(events: EventHub) -> None:
    posted, sent, clicked, last = fresh(), fresh(), fresh(), fresh()
    links = mint_links(events.up.note.url, "pushhub", events.secrets(), clicked, "a launch")
    with events.first.listening(), events.second.listening():
        for _ in range(2):
            events.post(posted)
            events.post_xml(sent)
            events.get(links.ack)
            events.get(links.open)
        until(lambda: {posted, sent} <= set(events.first.uids()) and events.first.uids().count(clicked) == 2)
        events.post(last)
        until(lambda: last in events.first.uids())
        until(lambda: clicked in events.second.uids())
    assert Counter(events.first.uids()) == {posted: 1, sent: 1, clicked: 2, last: 1}
    assert events.second.uids() == [clicked]
    (counted,) = events.ledger().statistics("a launch")
    assert counted.unique == {Happening.DELIVERED: 1, Happening.OPENED: 1}
    until(lambda: events.ledger().statistics("a launch")[0].total == {Happening.DELIVERED: 2, Happening.OPENED: 2})


def test_an_upstream_gets_the_fields_as_they_came_and_its_own_token(events: EventHub) -> None:
    uid = f"ü|🙂|{fresh()}"
    with events.first.listening():
        events.post(uid, 3, launch_id=17, provider="ios-apns", subscription_id="a token", more="ignored")
        until(lambda: uid in events.first.uids())
    (entry,) = events.first.of(uid)
    assert entry["body"] == {"events": 3, "uid": uid, "launch_id": 17, "provider": "ios-apns", "subscription_id": "a token"}


def test_a_link_that_is_not_ours_goes_to_the_upstream_that_takes_such_links(events: EventHub) -> None:
    opaque = f"2ab9162159{secrets.token_hex(16)}"
    with events.first.listening():
        events.get(f"{events.up.note.url}/api/v1.1/pushes/crypto_post_events?%2F{opaque}=")
        until(lambda: f"/{opaque}" in [entry.get("link") for entry in events.first.arrived()])


def test_what_was_posted_while_an_upstream_was_away_arrives_when_it_is_back(events: EventHub) -> None:
    waiting = uids(fresh(), 10)
    for uid in waiting:
        events.post(uid)
    until(lambda: "ForwardsFailed" in events.up.engine_log)
    with events.first.listening():
        until(lambda: set(waiting) <= set(events.first.uids()), 120)
    assert all(events.first.uids().count(uid) == 1 for uid in waiting)


def test_a_refused_event_is_listed_with_its_reason_and_redriven(events: EventHub) -> None:
    uid = fresh()
    with events.first.listening("--answer", "unprocessable"):
        events.post(uid)
        (letter,) = until(lambda: [one for one in events.dead_letters() if uid in str(one["what"])])
    assert (letter["upstream"], letter["why"]) == ("first", "HTTP 422")
    assert letter["tried"] >= 1
    with events.first.listening():
        events.run("forwards", "redrive", "--upstream", "first")
        until(lambda: events.first.uids().count(uid) == 2)
    assert uid not in str(events.dead_letters())


def test_a_poison_message_ends_among_the_dead_letters_with_its_reason_and_stops_nothing(events: EventHub) -> None:
    connection, uid = events.up.connection(), fresh()
    sqs = connection.client("sqs")
    for queue in ("EventsQueue", "ForwardsQueue"):
        sqs.send_message(QueueUrl=connection.outputs[queue], MessageBody="poison")
    with events.first.listening():
        events.post(uid)
        until(lambda: uid in events.first.uids())
    letters = until(lambda: found if len(found := [one for one in events.dead_letters() if one["unreadable"]]) == 2 else [])
    assert {(one["queue"], one["why"]) for one in letters} == {
        (queue, "not a message of this hub") for queue in ("events", "forwards")
    }


def test_events_survive_that_their_workers_are_killed(events: EventHub) -> None:
    connection = events.up.connection()
    sqs = connection.client("sqs")
    for queue in ("EventsQueue", "ForwardsQueue"):
        sqs.set_queue_attributes(QueueUrl=connection.outputs[queue], Attributes={"VisibilityTimeout": "3"})
    posted, launch, requests = uids(fresh(), 40), fresh(), 0
    with events.first.listening():
        for index, uid in enumerate(posted):
            plain = {"launch_id": launch, "provider": "ios-apns", "subscription_id": "a token"}
            for _ in range(2):
                requests += events.post_until_accepted(uid, **plain)
            if index % 8 == 0:
                kill_workers(events.up)
        until(lambda: set(posted) <= set(events.first.uids()), 150)
        # A request that was answered by nobody may have been accepted all the same.
        until(lambda: 2 * len(posted) <= counted(events, launch)[1] <= requests)
    assert counted(events, launch)[0] == len(posted)


def counted(events: EventHub, launch: str) -> tuple[int, int]:
    (found,) = events.ledger().statistics(launch)
    return found.unique[Happening.DELIVERED], found.total[Happening.DELIVERED]


def kill_workers(up: Up) -> None:
    """Kill whatever functions are running or warm just now."""
    for worker in psutil.Process(up.note.engine.pid).children():
        worker.kill()


def test_no_token_no_link_and_no_uid_stands_in_the_logs(events: EventHub) -> None:
    uid = fresh()
    links = mint_links(events.up.note.url, "pushhub", events.secrets(), uid)
    with events.first.listening("--answer", "fail", "--first", "1"):
        events.get(links.open)
        until(lambda: events.first.uids().count(uid) == 2)
    logged = events.up.said + events.up.engine_log
    for secret in (TOKEN, "token-of-the-first", links.open.partition("?/")[2], uid, *events.secrets().link_keys.values()):
        assert secret not in logged


def test_links_that_hang_wait_apart_from_events(events: EventHub) -> None:
    uid, links = fresh(), [secrets.token_hex(20) for _ in range(20)]
    with events.first.listening("--answer", "hang"), events.second.listening():
        for link in links:
            events.get(f"{events.up.note.url}/api/v1.1/pushes/crypto_post_events?/{link}")
        until(lambda: any(entry.get("link", "")[1:] in links for entry in events.first.arrived()))
        events.post(uid, 2)
        until(lambda: uid in events.second.uids())
        # One that goes from its queue into the same again may be counted twice meanwhile.
        until(lambda: events.up.messages_in("RelaysQueue") == len(links) and not events.up.messages_in("ForwardsQueue"))


@pytest.mark.parametrize("port_is_taken", [False, True], ids=["at its port", "at another port"])
def test_events_that_wait_outlive_a_restart_of_the_hub(tmp_path: Path, port_is_taken: bool) -> None:
    upstream, waiting = Upstream(free_port(), tmp_path / "upstream.txt"), uids(fresh(), 3)
    catalog = tmp_path / "catalog.yaml"
    catalog.write_text(CATALOG.format(token=TOKEN, first=upstream.url, second=upstream.url))
    with running(tmp_path / "home", "--catalog", str(catalog)) as up:
        hub, port = EventHub(up, upstream, upstream), urlsplit(up.note.endpoint).port
        for uid in waiting:
            hub.post(uid)
        until(lambda: up.messages_in("RetriesQueue") == len(waiting) and not up.messages_in("ForwardsQueue"))
    with contextlib.ExitStack() as taken:
        if port_is_taken:
            taken.enter_context(socket.create_server(("127.0.0.1", port or 0)))
        with running(tmp_path / "home") as up, upstream.listening():
            assert (urlsplit(up.note.endpoint).port != port) is port_is_taken
            EventHub(up, upstream, upstream).post(fresh())
            until(lambda: len(set(upstream.uids())) == 4)
    assert set(waiting) <= set(upstream.uids())
