"""push.express from end to end: devices register by the calls of its SDKs, a server sends, and stand-ins get the pushes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3
from click.testing import CliRunner

from pushhub.adapters.dynamodb.sendings import DynamoSendings
from pushhub.adapters.sqs import SqsQueue
from pushhub.catalog.model import AppId
from pushhub.console.cli import main
from pushhub.moments import Seconds, milliseconds_now, seconds_now
from pushhub.sends.filters import Filters
from pushhub.sends.message import Message
from pushhub.sends.scheduling import schedule
from pushhub.sends.sending import ANY_PROVIDER, Filtered, Part, Sending, launch_of, mint_sending_id
from tests.running_hub import Up, running
from tests.running_upstream import until

CATALOG = """
databases:
  - {id: 40, name: installs, fields: {country: text, language: text, audiences: text, ext_id: text, tz_sec: integer}}
resources:
  - {id: 41, name: installs, token: resource-token-of-the-installs, databases: [40], token_conflict: move}
  - {id: 42, name: installs of sport, token: resource-token-of-sport-installs, databases: [40], token_conflict: move}
api_tokens:
  - {name: crm, token: key-of-the-crm-5f0c2e91ab637d48, rights: [send]}
apps:
  - {id: shop, name: shop, px: {id: 16183, sdk_id: "16183-2"}, callers: [crm], database: 40, resource: 41,
     firebase: stand-in, apns: stand-in, web_push: stand-in}
  - {id: sport, name: sport, px: {id: 16184, sdk_id: "16184-7"}, callers: [crm], database: 40, resource: 42, firebase: stand-in%s}
events: [reg, dep]
"""
INSTANT_DELAY = 4
SECONDS_TO_BIND = 12
"""In which one-time sendings are created and pushes bound to them."""
ANA, CARLA = "ana-of-the-android-sdk-0123456789", "carla-of-the-unity-sdk-0123456789"
BOB, EVA = "b0" * 16, "e0" * 16
PUSH = {
    "default_lang": "en",
    "translations": [
        {"language": "en", "title": "Sale", "text": "Ends at midnight", "link": "https://shop.example.com/sale"},
        {"language": "pt", "title": "Saldos", "text": "Até à meia-noite", "link": "https://shop.example.com/saldos"},
    ],
}


@dataclass(frozen=True, slots=True)
class Phone:
    """A device with an app that has the vendor's SDK."""

    name: str
    transport: str
    push_token: str
    country: str
    language: str
    offset: int | None = None

    @property
    def info(self) -> Mapping[str, object]:
        """What its SDK tells of it."""
        platform = "ios" if self.transport == "apns" else "browser" if self.transport == "webpush" else "android"
        return {
            "transport_type": self.transport,
            "transport_token": self.push_token,
            "platform_type": platform,
            "lang": self.language,
            "country": self.country,
            "tags": {"audiences": f"all,{self.name}"},
            **({} if self.offset is None else {"tz_sec": self.offset}),
        }

    @property
    def device(self) -> str:
        """What the stand-ins call it."""
        is_browser = self.transport == "webpush"
        return json.loads(self.push_token)["endpoint"].rpartition("/")[2] if is_browser else self.push_token


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub that runs, and what its clients ask of it."""

    up: Up
    catalog: Path

    def call(
        self, route: str, body: object = None, *, status: int, key: str = "key-of-the-crm-5f0c2e91ab637d48", **headers: str
    ) -> Any:
        """Make a call by method and path; return what its reply says."""
        method, path = route.split(" ")
        given = {"authorization": f"Bearer {key}", "content-type": "application/json", **headers}
        sent = None if body is None else json.dumps(body).encode()
        reply = urllib3.request(method, f"{self.up.note.url}/api{path}", body=sent, headers=given, timeout=60, retries=False)
        assert reply.status == status, (route, reply.status, reply.data)
        assert reply.headers["content-type"].startswith("application/json")
        return reply.json()

    def register(self, phone: Phone) -> str:
        """Register a phone and tell of it, as its SDK does; return the id of its instance."""
        instances = "/r/v2/apps/16183-2/instances"
        registered = self.call(f"POST {instances}", {"ic_token": f"installation-of-{phone.name}", "ext_id": ""}, status=200)
        assert registered["just_created"] is True
        id_ = str(registered["id"])
        assert self.call(f"PUT {instances}/{id_}/info", phone.info, status=200)["update_interval_sec"] == 120
        return id_

    def pushhub(self, *words: str) -> Any:
        """Run a command, and return what it prints as JSON."""
        done = CliRunner(mix_stderr=False).invoke(main, [*words, "--json"], env={"PUSHHUB_HOME": str(self.up.home)})
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)

    def archive_sport(self, archived: bool) -> None:
        """Apply the catalog with the second app as it is to be."""
        self.catalog.write_text(CATALOG % (", enabled: false" if archived else ""), encoding="utf-8")
        words = ["catalog", "apply", str(self.catalog)]
        done = CliRunner(mix_stderr=False).invoke(main, words, env={"PUSHHUB_HOME": str(self.up.home)})
        assert done.exit_code == 0, done.stderr

    def status(self, sending: int) -> str:
        """Return the status of a sending."""
        return str(self.pushhub("sendings", "show", str(sending))["status"])

    def wait_for_end(self, sending: int, status: str = "complete") -> Any:
        """Return a sending once it has ended."""
        until(lambda: self.status(sending) not in {"scheduled", "running"}, 150)
        shown = self.pushhub("sendings", "show", str(sending))
        assert shown["status"] == status
        return shown

    def shown(self, sending: int) -> dict[str, str]:
        """Return the title that each device shows of a sending, by its push token."""
        got = self.pushhub("devices", "list", "--sending", str(sending))
        assert all(one["authorization"] == "ok" for one in got)
        titles = {one["token"]: one["shown"]["title"] for one in got}
        assert len(titles) == len(got), "a device got its push twice"
        return titles


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Give a hub with two apps of push.express, empty."""
    folder = tmp_path_factory.mktemp("pushexpress")
    catalog = folder / "catalog.yaml"
    catalog.write_text(CATALOG % "", encoding="utf-8")
    options = ("--ephemeral", "--catalog", str(catalog), "--instant-delay", str(INSTANT_DELAY))
    with running(folder, *options, "--allow-origin", "https://shop.example.com") as started:
        assert started.process.poll() is None, started.said
        yield Hub(started, catalog)


@dataclass(frozen=True, slots=True)
class OneTime:
    """One-time sendings that are due at the same minute.

    Attributes:
        ids: by what is to become of each.
        push: id of the push of the one that is bound.
        refused: reply to binding that push to another one, too.
        status: of the one that is bound, in the end.
    """

    ids: Mapping[str, int]
    push: int
    refused: Any
    status: str


@pytest.fixture(scope="module")
def one_time(hub: Hub) -> OneTime:
    """Begin the sendings that wait longest, until the next whole minute that leaves time to bind pushes to them."""
    due = (datetime.now(UTC) + timedelta(seconds=SECONDS_TO_BIND + 60)).replace(second=0, microsecond=0)
    when = {"date": f"{due:%Y-%m-%d}", "time": f"{due:%H:%M}", "local_time": False, "timezone": "+00:00"}
    ids = {
        name: hub.call("POST /b/v2/sched/onesend", {"name": name, **when, "app_ids_include": [app]}, status=201)["id"]
        for name, app in (("bound", 16183), ("unbound", 16183), ("archived", 16184), ("cancelled", 16183))
    }
    push, other = (hub.call("POST /b/v2/pushes", PUSH, status=201)["id"] for _ in range(2))
    for sending, id_ in ((ids["bound"], push), (ids["archived"], other)):
        hub.call(f"PUT /b/v2/sched/onesend/{sending}/pushes", {"push_ids": [id_]}, status=200)
    refused = hub.call(f"PUT /b/v2/sched/onesend/{ids['cancelled']}/pushes", {"push_ids": [push]}, status=400)
    assert hub.pushhub("sendings", "cancel", str(ids["cancelled"]))["status"] == "cancelled"
    hub.archive_sport(archived=True)
    return OneTime(ids, push, refused, hub.status(ids["bound"]))


@pytest.fixture(scope="module")
def phones(hub: Hub, one_time: OneTime) -> dict[str, str]:
    """Register phones in two countries, of three languages and platforms, while those wait; give instances by device."""
    browser = json.dumps(hub.pushhub("devices", "browser"))
    made = [
        Phone("ana", "fcm.data", ANA, "PT", "pt-BR", 3600),
        Phone("bob", "apns", BOB, "GB", "en-US"),
        Phone("carla", "fcm", CARLA, "PT", "", -10800),
        Phone("dora", "webpush", browser, "PT", "pt"),
        Phone("eva", "apns", EVA, "PT", "fr", 3600),
    ]
    return {phone.device: hub.register(phone) for phone in made}


@dataclass(frozen=True, slots=True)
class Begun:
    """Sendings that wait for their time while the one-time ones wait for theirs, as each was when it was begun.

    Attributes:
        chosen: reply to an instant sending with filters.
        status: of that one, at once.
        everybody: replies to an instant sending to all, and to the same request again.
        local: a sending at an hour of each device's own clock.
    """

    chosen: Any
    status: str
    everybody: tuple[Any, Any]
    local: Sending


@pytest.fixture(scope="module")
def begun(hub: Hub, phones: dict[str, str]) -> Begun:
    """Begin the other sendings."""
    filters = {"app_ids_include": [16183], "countries_include": ["PT"], "audiences_exclude": ["eva"]}
    chosen = hub.call("POST /b/v2/send/instant", {"name": "Sale", "filters": filters, "push": PUSH}, status=201)
    status = hub.status(chosen["sched_id"])
    body = {"name": "Sale", "filters": {"app_ids_include": [16183]}, "push": PUSH}
    first, again = (hub.call("POST /b/v2/send/instant", body, status=201, **{"idempotency-key": "order-1"}) for _ in range(2))
    return Begun(chosen, status, (first, again), begin_local(hub))


def begin_local(hub: Hub) -> Sending:
    """Offsets that are in use are a quarter of an hour apart; these parts are written as the API does, with less between them."""
    connection = hub.up.connection()
    now = seconds_now()
    id_ = mint_sending_id(milliseconds_now(), 0.5)
    first, second = (Part(0, AppId("shop"), Seconds(now + 2), 3600), Part(1, AppId("shop"), Seconds(now + 25), -10800))
    sending = Sending(
        id=id_,
        app=first.app,
        caller="crm",
        dialect="push.express",
        name="local",
        tag="",
        launch=launch_of(id_, 40),
        selection=Filtered(Filters()),
        messages={ANY_PROVIDER: Message("Good morning")},
        parts=(first, second),
    )
    store = DynamoSendings(connection.client("dynamodb"), connection.outputs["LedgerTable"], 90)
    sends = SqsQueue(connection.client("sqs"), connection.outputs["SendsQueue"], on_fault=pytest.fail)
    schedule(store, sends, sending, now)
    return sending


@pytest.fixture(scope="module")
def dora(phones: dict[str, str]) -> str:
    """Give the device of the browser."""
    (device,) = phones.keys() - {ANA, BOB, CARLA, EVA}
    return device


def test_an_instant_sending_waits_and_reaches_whom_its_filters_choose_each_in_its_language(
    hub: Hub, begun: Begun, dora: str
) -> None:
    assert begun.chosen.keys() == {"sched_id", "push_id", "translations"}
    assert begun.status == "scheduled"
    sending = begun.chosen["sched_id"]
    shown = hub.wait_for_end(sending)
    assert hub.shown(sending) == {ANA: "Saldos", CARLA: "Sale", dora: "Saldos"}
    assert shown["audience"] == 3
    assert shown["begun"] >= shown["due"]


def test_what_clients_read_of_a_push_is_there_and_what_they_report_is_counted_once(
    hub: Hub, phones: dict[str, str], begun: Begun, dora: str
) -> None:
    created, again = begun.everybody
    assert again == created
    hub.wait_for_end(created["sched_id"])
    got = {one["token"]: one["request"]["body"] for one in hub.pushhub("devices", "list", "--sending", str(created["sched_id"]))}
    # The Android SDK draws the push itself: what is for it is data alone.
    android = got[ANA]["message"]
    assert "notification" not in android
    assert {"px.title", "px.body", "px.msg_id", "px.link"} <= android["data"].keys()
    assert {"aps", "px.title", "px.body", "px.msg_id", "px.link"} <= got[BOB].keys()
    assert got[BOB]["aps"]["mutable-content"] == 1
    assert {"title", "body", "url", "msg_id"} <= got[dora].keys()
    for event in ("delivered", "clicked", "clicked"):
        path = f"/r/v2/apps/16183-2/instances/{phones[ANA]}/events/notification"
        hub.call(f"POST {path}", {"msg_id": android["data"]["px.msg_id"], "event": event}, status=200)
    counted = until(
        lambda: (shown := hub.pushhub("sendings", "show", str(created["sched_id"])))["opened"] and shown["delivered"] and shown
    )
    assert (counted["delivered"], counted["opened"]) == (1, 1)


def test_an_event_of_an_app_chooses_its_device(hub: Hub, phones: dict[str, str]) -> None:
    hub.call(f"POST /r/v2/apps/16183-2/instances/{phones[CARLA]}/events/lifecycle", {"event": "reg"}, status=200)
    query = {"app_ids_include": [16183], "event_include": "reg"}
    found = until(lambda: hub.call("POST /b/v2/query/app-instances", query, status=200)["app_instances"])
    assert [(one["country"], one["language"]) for one in found] == [("PT", "")]


def test_a_sending_at_a_local_hour_reaches_two_time_zones_at_two_moments(hub: Hub, begun: Begun) -> None:
    first, second = begun.local.parts
    hub.wait_for_end(begun.local.id)
    assert hub.shown(begun.local.id).keys() == {ANA, EVA, CARLA}
    got = hub.pushhub("devices", "list", "--sending", str(begun.local.id))
    at = {one["token"]: datetime.fromisoformat(one["at"]).timestamp() for one in got}
    assert first.due <= min(at[ANA], at[EVA]) <= max(at[ANA], at[EVA]) < second.due <= at[CARLA]


def test_whatever_a_function_answers_has_the_dialects_form(hub: Hub) -> None:
    for route, status, error in (
        ("GET /b/v2/statistics", 404, "not found: this hub has no such path"),
        ("GET /b/v2/send/instant", 405, "method not allowed: this path takes POST"),
        ("POST /b/v2/apps", 501, "not implemented: "),
        ("DELETE /r/v2/apps/16183-2/instances", 405, "method not allowed: this path takes POST"),
        ("GET /r/v2/nothing/here", 404, "not found: this hub has no such path"),
    ):
        answered = hub.call(route, status=status)
        assert answered["error"].startswith(error)
        assert answered.keys() == {"error", "req_id"}
    assert hub.call("GET /b/v2/apps/16183", status=200)["pushexpress_id"] == "16183-2"
    assert hub.call("GET /b/v2/apps", status=401, key="nobody")["error"] == "unauthorized: the API key is unknown"


def test_a_page_of_an_allowed_origin_may_make_the_calls_of_the_web_sdk(hub: Hub) -> None:
    asked = {
        "origin": "https://shop.example.com",
        "access-control-request-method": "PUT",
        "access-control-request-headers": "content-type",
    }
    url = f"{hub.up.note.url}/api/r/v2/apps/16183-2/instances/1/info"
    preflight = urllib3.request("OPTIONS", url, headers=asked)
    assert preflight.status == 204
    assert "PUT" in preflight.headers["access-control-allow-methods"]
    assert "content-type" in preflight.headers["access-control-allow-headers"]


def test_one_time_sendings_wait_for_a_push_end_with_their_app_and_are_cancelled(
    hub: Hub, phones: dict[str, str], one_time: OneTime
) -> None:
    assert one_time.refused["error"] == "validation error: push_ids[0] is bound to another scheduler"
    assert one_time.status == "scheduled"
    hub.wait_for_end(one_time.ids["unbound"], "expired")
    hub.wait_for_end(one_time.ids["archived"], "cancelled")
    hub.wait_for_end(one_time.ids["bound"])
    assert hub.status(one_time.ids["cancelled"]) == "cancelled"
    assert len(hub.shown(one_time.ids["bound"])) == len(phones)
    for name in ("unbound", "archived", "cancelled"):
        assert not hub.shown(one_time.ids[name])
    late = hub.call(f"PUT /b/v2/sched/onesend/{one_time.ids['unbound']}/pushes", {"push_ids": [one_time.push]}, status=400)
    assert "sched_id" in late["error"]
