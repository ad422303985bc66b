"""Sendings through the deployed queues and functions, to stand-ins that do what a push token's first word says."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import urllib3
from click.testing import CliRunner

from pushhub.console.cli import main
from tests.doubles.confidential import Confidential
from tests.running_hub import Up, running
from tests.running_upstream import until

RESOURCE_TOKEN = "3LXP2FRcRxJ-7b14db88ec937f14"
DATABASE = 17
SCRIPTED = {
    "android-firebase": {
        "good": "accepted",
        "gone": "gone",
        "wrong": "wrong_target",
        "badmessage": "message_bad",
        "retry-2": "accepted",
        "auth": "accepted",
        "slow-1": "accepted",
        "silent": "unknown",
        "drop": "unknown",
        "goaway": "accepted",
        "reset": "unknown",
        "junk": "unknown",
    },
    "ios-apns": {
        "good": "accepted",
        "gone": "gone",
        "gonebefore-86400": "gone",
        "wrong": "wrong_target",
        "baddevice": "wrong_target",
        "badmessage": "message_bad",
        "retry-2": "accepted",
        "auth": "accepted",
        "drop": "unknown",
        "reset": "unknown",
        "junk": "unknown",
    },
    "web-push": {"good": "accepted", "gone": "gone", "wrong": "wrong_target", "badmessage": "message_bad", "junk": "unknown"},
}
"""What comes of a device, by its provider and the word that its push token begins with."""
RETIRED = {"gone"}
"""Words of devices whose subscriptions are retired: one that was dead before it subscribed is alive."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device of the test: its profile has the same name."""

    provider: str
    word: str
    push_token: str
    expected: str

    @property
    def profile(self) -> str:
        """The id of its profile."""
        return f"{self.provider}_{self.word}"


def pushhub(up: Up, *words: str, code: int = 0) -> Any:
    """Run a command, and return what it prints as JSON."""
    done = CliRunner(mix_stderr=False).invoke(main, [*words, "--json"], env={"PUSHHUB_HOME": str(up.home)})
    assert done.exit_code == code, done.stderr
    return json.loads(done.stdout)


def subscribe(up: Up, profile: str, provider: str, push_token: str) -> None:
    """Subscribe a device as an app does."""
    subscriptions = [{"provider": provider, "subscription_id": push_token}]
    body = {"resource_token": RESOURCE_TOKEN, "id": profile, "db_ids": [DATABASE], "subscriptions": subscriptions}
    reply = urllib3.request("POST", f"{up.note.url}/push_subscribe", json=body, timeout=60)
    assert reply.json()["data"][0]["status"] == "ok", reply.data


def devices(up: Up) -> list[Device]:
    """Subscribe one device for each word that a push token may begin with."""
    made = []
    for provider, words in SCRIPTED.items():
        for word, expected in words.items():
            browser = provider == "web-push"
            push_token = json.dumps(pushhub(up, "devices", "browser", "--word", word)) if browser else f"{word}-{provider}"
            made.append(Device(provider, word, push_token, expected))
            subscribe(up, made[-1].profile, provider, push_token)
    return made


def send(up: Up, *words: str, code: int = 0) -> Any:
    """Send a push with the demo app, and return the sending as it ended."""
    return pushhub(up, "send", "--app", "demo", "--title", "Sale", "--text", "Ends at midnight \N{FIRE}", *words, code=code)


def received(up: Up, sending: int) -> list[dict[str, Any]]:
    """Return what the stand-ins have received of a sending."""
    found: list[dict[str, Any]] = pushhub(up, "devices", "list", "--sending", str(sending))
    return found


def counted(sending: dict[str, Any]) -> Counter[tuple[str, str]]:
    """Return the counts of a sending that are not 0."""
    return Counter(
        {
            (provider, outcome): number
            for provider, outcomes in sending["counts"].items()
            for outcome, number in outcomes.items()
            if number
        }
    )


def subscription_of(up: Up, device: Device) -> dict[str, Any]:
    """Return the one subscription of a device's profile."""
    (subscription,) = pushhub(up, "profile", "show", "--db", str(DATABASE), "--id", device.profile)["subscriptions"]
    return dict(subscription)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Give a hub with the demo catalog, empty."""
    with running(tmp_path_factory.mktemp("sends"), "--ephemeral") as started:
        assert started.process.poll() is None, started.said
        yield started


@pytest.fixture(scope="module")
def sent(up: Up) -> tuple[list[Device], dict[str, Any]]:
    """Give devices that script every outcome, and a sending to all of them."""
    made = devices(up)
    return made, send(up, "--all", "--link", "https://shop.example.com/sale")


def test_a_sending_to_everyone_counts_what_each_device_scripted(sent: tuple[list[Device], dict[str, Any]]) -> None:
    made, sending = sent
    assert sending["status"] == "complete"
    assert counted(sending) == Counter((device.provider, device.expected) for device in made)
    assert sending["audience"] == len(made)


def test_no_device_gets_a_push_twice_but_where_it_asked_for_that(up: Up, sent: tuple[list[Device], dict[str, Any]]) -> None:
    made, sending = sent
    entries = received(up, sending["id"])
    verdicts = Counter((entry["provider"], entry["verdict"]) for entry in entries if entry["verdict"] in ("accepted", "gone"))
    expected = Counter((device.provider, device.expected) for device in made if device.expected in ("accepted", "gone"))
    assert verdicts == expected
    tried = Counter(entry["token"] for entry in entries)
    assert {token for token, number in tried.items() if number > 1} == {
        token for token in tried if token.startswith(("retry-", "auth-"))
    }
    assert {entry["authorization"] for entry in entries if not entry["token"].startswith(("auth-", "noauth-"))} == {"ok"}
    assert {entry["shown"]["title"] for entry in entries} == {"Sale"}


def test_dead_push_tokens_are_retired_and_a_subscribe_revives_them(up: Up, sent: tuple[list[Device], dict[str, Any]]) -> None:
    made, sending = sent
    for device in made:
        subscription = subscription_of(up, device)
        assert subscription["live"] is (device.word not in RETIRED), device
        if not subscription["live"]:
            assert subscription["retired"]["sending"] == sending["id"]
    gone = next(device for device in made if device.word == "gone")
    nobody = send(up, "--id", gone.profile)
    assert nobody["audience"] == 0
    subscribe(up, gone.profile, gone.provider, gone.push_token)
    assert subscription_of(up, gone)["live"]
    again = send(up, "--id", gone.profile)
    assert [entry["token"] for entry in received(up, again["id"])] == [gone.push_token]


def test_nothing_confidential_stands_whole_in_logs_queues_or_reports(up: Up, sent: tuple[list[Device], dict[str, Any]]) -> None:
    made, sending = sent
    connection = up.connection()
    stored = connection.client("secretsmanager").get_secret_value(SecretId=connection.outputs["AppsSecretArn"])["SecretString"]
    confidential = Confidential()
    confidential.add_credentials(json.loads(stored)["apps"])
    for device in made:
        confidential.add_push_token(device.push_token)
    report = json.dumps(pushhub(up, "sendings", "show", str(sending["id"])))
    confidential.assert_absent(log=up.engine_log, said=up.said, report=report)
    assert up.messages_in("SendsDeadLetters") == 0
    assert "sends_lane" in up.engine_log


def test_an_opened_link_moves_the_numbers_of_its_sending(up: Up) -> None:
    subscribe(up, "reader", "android-firebase", "token-of-the-reader")
    sending = send(up, "--token", "android-firebase:token-of-the-reader", "--link", "https://shop.example.com/sale")
    assert counted(sending) == {("android-firebase", "accepted"): 1}
    (entry,) = received(up, sending["id"])
    links = json.loads(entry["request"]["body"]["message"]["data"]["hub_link"])
    for name in ("ack", "open"):
        assert urllib3.request("GET", links[name], timeout=60).status == 200
    until(lambda: [pushhub(up, "sendings", "show", str(sending["id"]))[name] for name in ("delivered", "opened")] == [1, 1])
    assert pushhub(up, "events", "show", "--uid", entry["uid"])


USER_TOKEN = "VxT4nR8wLq-5f0c2e91ab637d48"


def subscribe_user(up: Up, field: str, user: str, provider: str, push_token: str) -> None:
    """Subscribe a device of a user whom devtodev's API knows by a field."""
    subscriptions = [{"provider": provider, "subscription_id": push_token}]
    matching = {"matching": "custom", "field_name": field, "field_value": user}
    body = {"resource_token": RESOURCE_TOKEN, **matching, "subscriptions": subscriptions}
    reply = urllib3.request("POST", f"{up.note.url}/push_subscribe", json=body, timeout=60)
    assert reply.json()["data"][0]["status"] == "ok", reply.data


def push_send(up: Up, **request: Any) -> tuple[int, Any]:
    """Send as a client of devtodev's API does: without a Content-Type, the token in the URL."""
    body = json.dumps({"app_id": "demo", "campaign_tag": "flow", **request})
    url = f"{up.note.url}/api/v1/push/send?user_token={USER_TOKEN}"
    reply = urllib3.request("POST", url, body=body.encode(), timeout=60)
    return reply.status, reply.json()


def campaign(up: Up, tag: str) -> Any:
    """Return the statistics of a tag."""
    (found,) = [each for each in pushhub(up, "sendings", "stats", "--app", "demo", "--tag", tag) if each["tag"] == tag]
    return found


USERS = [
    ("userId", "u-1", "android-firebase", "token-of-user-1"),
    ("idfa", "IDFA-2", "ios-apns", "0a" * 16),
    ("userId", "u-3", "android-firebase", "gone-of-user-3"),
    ("userId", "u-4", "android-firebase", "wrong-of-user-4"),
    ("userId", "u-5", "uwp-wns", "https://db5p.notify.windows.com/?token=user-5"),
]


def test_devtodevs_api_sends_within_the_request_and_its_campaign_is_counted(up: Up) -> None:
    for user in USERS:
        subscribe_user(up, *user)
    request = {
        "pack_id": "flow-1",
        "audience": [{"idfa": "IDFA-2"}, *({"userId": f"u-{number}"} for number in (1, 3, 4, 5, 6))],
        "ios": {"payload": {"text": "Hello world!"}},
        "android": {"payload": {"title": "Hello", "text": "world!"}},
        "uwp": {"toast": {"title": "Hello", "text": "world!"}},
    }
    status, reply = push_send(up, **request)
    result = reply["data"]["result"]
    assert (status, result["audience"], result["successful"], result["erroneous"]) == (200, 5, 3, 2)
    told = {(detail["identifier"]["userId"], detail["code"]) for detail in result["error_details"]}
    assert told == {("u-3", "UNREGISTERED"), ("u-4", "SENDER_ID_MISMATCH")}
    assert push_send(up, **request)[1]["errors"][0]["code"] == 32
    profile = pushhub(up, "profile", "show", "--db", str(DATABASE), "--field", "userId=u-3")
    assert [subscription["live"] for subscription in profile["subscriptions"]] == [False]
    (entry,) = pushhub(up, "devices", "list", "--token", "token-of-user-1")
    assert (entry["shown"]["title"], entry["authorization"], entry["verdict"]) == ("Hello", "ok", "accepted")
    link = json.loads(entry["request"]["body"]["message"]["data"]["hub_link"])["open"]
    assert urllib3.request("GET", link, timeout=60).status == 200
    until(lambda: campaign(up, "flow")["opened"] == 1)
    assert [campaign(up, "flow")[name] for name in ("sendings", "accepted", "erroneous")] == [1, 3, 2]
    assert USER_TOKEN not in up.engine_log + up.said


def at(seconds: int) -> str:
    """Return a moment so many seconds from now, as an option takes it."""
    return f"{datetime.now(UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def test_a_sending_in_the_future_waits_until_it_is_due_and_one_that_is_cancelled_reaches_nobody(up: Up) -> None:
    subscribe(up, "later", "android-firebase", "token-of-the-future")
    waiting, cancelled, far = (send(up, "--id", "later", "--at", at(seconds)) for seconds in (10, 8, 86_400))
    assert {waiting["status"], cancelled["status"], far["status"]} == {"scheduled"}
    for sending in (cancelled, far):
        assert pushhub(up, "sendings", "cancel", str(sending["id"]))["status"] == "cancelled"
    until(lambda: shown(up, waiting)["status"] == "complete")
    ended = shown(up, waiting)
    assert counted(ended) == {("android-firebase", "accepted"): 1}
    assert ended["begun"] >= ended["due"]
    assert [entry["sending"] for entry in pushhub(up, "devices", "list", "--token", "token-of-the-future")] == [waiting["id"]]
    assert shown(up, cancelled)["status"] == "cancelled"


def shown(up: Up, sending: dict[str, Any]) -> dict[str, Any]:
    """Return a sending as it stands now."""
    return dict(pushhub(up, "sendings", "show", str(sending["id"])))


def test_a_provider_that_refuses_the_credentials_stops_alone(up: Up) -> None:
    for number in range(3):
        subscribe(up, f"stopping-{number}", "ios-apns", f"noauth-{number}")
    subscribe(up, "going-on", "android-firebase", "token-that-goes-on")
    people = [word for number in range(3) for word in ("--id", f"stopping-{number}")]
    sending = send(up, *people, "--id", "going-on")
    assert counted(sending) == {("ios-apns", "credentials_bad"): 3, ("android-firebase", "accepted"): 1}
