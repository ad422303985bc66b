"""What the devices got, and whether it was proven whose it was."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from defusedxml.ElementTree import fromstring

from pushhub.catalog.app_secrets import AppSecrets
from pushhub.console.stand_ins.arrivals import ShownPush
from pushhub.console.stand_ins.browsers import Browser, device_named, last_part
from pushhub.console.stand_ins.playing import without_credentials
from pushhub.console.stand_ins.record import PushFilter, PushRecord, RecordedPush
from pushhub.events.uid import Recipient, mint_uid
from pushhub.moments import Milliseconds, milliseconds_now
from pushhub.sends.encryption import BrowserKeys, encrypted
from pushhub.sends.message import HubKey, Message, MessagePart, PushRecipient, TileContent, TileSize, WindowsExtras, WindowsKind
from pushhub.sends.outcomes import Outcome
from pushhub.sends.port import PushRequest
from pushhub.sends.providers.wns_bearer import WnsAccount
from pushhub.sends.sending import SendingId, launch_of, mint_sending_id, minted_nanoseconds
from tests.unit.console.stand_ins.playing_hub import MESSAGE, PROVIDERS, SECRETS, UID, Playing, playing

SENDING = mint_sending_id(Milliseconds(1_790_000_000_123), 0.7)
OURS = mint_uid(launch_of(SENDING, 3), minted_nanoseconds(SENDING), Recipient(17, "0" * 24, "019ae3a5", "ios-apns"))
HUBS = {"uid": OURS, "launch_id": "l", "hub_link": '{"ack":"a","open":"b"}'}


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Playing]:
    with playing(tmp_path / "kept") as made:
        yield made


def entry_after(played: Playing, pushes: Any, recipient: PushRecipient) -> Any:
    played.push(pushes, recipient)
    return played.entries[-1]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_entry_says_what_the_device_shows_and_what_came(played: Playing, provider: str) -> None:
    entry = entry_after(played, played.pushes(provider), played.recipient(provider, "device", OURS))
    assert list(entry) == ["at", "provider", "token", "request", "shown", "authorization", "verdict", "sending", "uid"]
    assert entry["shown"] == {"title": "Hi 👋", "text": "There", "data": {"k": "v"}, "link": "https://example.com/a"}
    assert (entry["uid"], entry["sending"], entry["verdict"], entry["authorization"]) == (OURS, SENDING, "accepted", "ok")
    usual = {"FCM": "android-firebase", "APNs": "ios-apns", "WNS": "uwp-wns", "Web Push": "web-push"}
    assert entry["provider"] == usual[provider]
    assert entry["at"].endswith("Z")
    body = entry["request"]["body"]
    keys = {
        "FCM": lambda: body["message"]["data"],
        "APNs": lambda: body,
        "WNS": lambda: json.loads(fromstring(body).attrib["launch"]),
        "Web Push": lambda: body,
    }[provider]()
    link = keys["hub_link"]
    assert (json.loads(link) if isinstance(link, str) else link) == {"ack": "a", "open": "b"}


def test_an_iphone_behind_fcm_is_told_apart(played: Playing) -> None:
    entry = entry_after(played, played.fcm(provider="ios-firebase"), played.recipient("FCM", "device"))
    assert (entry["provider"], entry["shown"]["title"], entry["shown"]["text"]) == ("ios-firebase", "Hi 👋", "There")


@pytest.mark.parametrize(("of_uid", "expected"), [("Firefox", "Firefox"), ("web-push", "web-push"), ("ios-apns", "web-push")])
def test_the_uid_tells_browsers_apart(played: Playing, of_uid: str, expected: str) -> None:
    uid = UID.replace("android-firebase", of_uid)
    assert entry_after(played, played.web(), played.recipient("Web Push", "device", uid))["provider"] == expected


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_hidden_push_shows_nothing(played: Playing, provider: str) -> None:
    hidden = Message(hidden=True, data={"k": "v"})
    entry = entry_after(played, played.pushes(provider, hidden), played.recipient(provider, "device"))
    assert entry["shown"] == {"title": None, "text": None, "data": {"k": "v"}, "link": None}


FOR_PHONES = Message(
    *("Verkauf", "Heute"),
    link="https://example.com/a",
    hub_keys={HubKey.UID: "px.msg_id"},
    app_keys={MessagePart.TITLE: "px.title", MessagePart.TEXT: "px.body", MessagePart.LINK: "px.link"},
)
FOR_BROWSERS = Message("Verkauf", "Heute", link="https://example.com/a", hub_keys={HubKey.UID: "msg_id"})


@pytest.mark.parametrize(
    ("provider", "message"),
    [
        ("FCM", FOR_PHONES),
        ("FCM", replace(FOR_PHONES, hidden=True)),
        ("APNs", FOR_PHONES),
        ("WNS", FOR_PHONES),
        ("Web Push", FOR_BROWSERS),
    ],
    ids=["FCM", "FCM, data alone", "APNs", "WNS", "Web Push"],
)
def test_a_push_for_an_sdk_of_push_express_is_shown_as_its_app_draws_it(played: Playing, provider: str, message: Message) -> None:
    entry = entry_after(played, played.pushes(provider, message), played.recipient(provider, "device", OURS))
    assert entry["shown"] == {"title": "Verkauf", "text": "Heute", "data": {}, "link": "https://example.com/a"}
    assert (entry["uid"], entry["sending"]) == (OURS, SENDING)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_uid_of_another_sender_and_none_name_no_sending(played: Playing, provider: str) -> None:
    plain = replace(MESSAGE, hub_keys={})
    opaque = entry_after(played, played.pushes(provider), played.recipient(provider, "device", "opaque"))
    without = entry_after(played, played.pushes(provider, plain), played.recipient(provider, "device"))
    assert [(each["uid"], each["sending"]) for each in (opaque, without)] == [("opaque", None), (None, None)]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_credentials_never_stand_in_what_is_kept(played: Playing, provider: str) -> None:
    pushes, recipient = played.pushes(provider), played.recipient(provider, "device")
    request = pushes.request(recipient, played.now)
    proof = request.headers["authorization"].partition(" ")[2]
    entry = entry_after(played, pushes, recipient)
    assert entry["request"]["headers"]["authorization"].split() == [request.headers["authorization"].split()[0], "…"]
    kept = "".join(file.read_text() for file in Path(played.record._file).parent.iterdir() if file.name != "browsers.jsonl")
    assert proof not in kept
    assert proof[-20:] not in kept


def test_what_proves_anything_is_masked_whatever_its_form() -> None:
    headers = {"authorization": "key=secret", "cookie": "a b", "x-other": "shown"}
    assert without_credentials(headers) == {"authorization": "…", "cookie": "a …", "x-other": "shown"}
    assert "secret" not in str(without_credentials({"authorization": "Bearer secret", "proxy-authorization": "secret"}))


# Whose is it?


def test_a_bearer_is_given_to_a_service_account_of_an_app_alone(played: Playing) -> None:
    assert entry_after(played, played.fcm(), played.recipient("FCM", "a"))["authorization"] == "ok"
    stranger = entry_after(played, played.fcm(email="other@b.c"), played.recipient("FCM", "b"))
    assert (stranger["authorization"], stranger["verdict"]) == ("a bearer that was not given here", "credentials_bad")


def test_a_bearer_of_windows_is_given_for_the_secret_of_an_app_alone(played: Playing) -> None:
    assert entry_after(played, played.wns(), played.recipient("WNS", "a"))["authorization"] == "ok"
    stranger = entry_after(played, played.wns(secret="another"), played.recipient("WNS", "b"))
    assert (stranger["authorization"], stranger["verdict"]) == ("a bearer that was not given here", "credentials_bad")


@pytest.mark.parametrize("change", [("client_credentials", "a"), ("notify.windows.com", "a"), ("ms-app", "a"), ("+of+", "a")])
def test_whoever_asks_windows_otherwise_gets_no_bearer(played: Playing, change: tuple[str, str]) -> None:
    asked = WnsAccount("ms-app://s-1-15-2-1", "a secret of the store", f"{played.url}/accesstoken.srf").bearer_request(played.now)
    (result,) = played.transport.send_many([replace(asked, body=asked.body.decode().replace(*change).encode())], 5)
    assert getattr(result, "status", None) == 400


def test_a_bearer_of_windows_lives_a_day(tmp_path: Path) -> None:
    later = [0]
    with playing(tmp_path / "kept", now=lambda: Milliseconds(milliseconds_now() + later[0])) as made:
        pushes = made.wns()
        later[0] = 24 * 3_600_000
        (outcome,) = made.push(pushes, made.recipient("WNS", "a"))
        assert (outcome.renewable, made.entries[-1]["authorization"]) == (True, "the bearer is over")


@pytest.mark.parametrize(("of_uid", "expected"), [("windows-wns", "windows-wns"), ("uwp-wns", "uwp-wns")])
def test_the_uid_tells_windows_apart(played: Playing, of_uid: str, expected: str) -> None:
    uid = UID.replace("android-firebase", of_uid)
    assert entry_after(played, played.wns(), played.recipient("WNS", "device", uid))["provider"] == expected


def windows(kind: str, **fields: Any) -> Message:
    return Message(windows=WindowsExtras(WindowsKind(kind), **fields))


@pytest.mark.parametrize(
    ("message", "title", "text"),
    [
        (Message(title="Sale"), "Sale", None),
        (Message(title="Sale", text="Now", windows=WindowsExtras(legacy=True, more_texts=("<b>",))), "Sale", "Now\n<b>"),
        (windows("badge", badge_glyph="busy"), None, "badge: busy"),
        (
            windows("tile", tiles={TileSize.WIDE: TileContent(("a", "b")), TileSize.SMALL: TileContent(("c",))}),
            None,
            "TileSmall: c\nTileWide: a · b",
        ),
        (windows("raw", raw="<!DOCTYPE a><toast><text>a</text></toast>"), None, "raw: <!DOCTYPE a><toast><text>a</text></toast>"),
        (windows("raw", raw="<other><text>a</text></other>"), None, "raw: <other><text>a</text></other>"),
    ],
)
def test_of_each_kind_of_push_to_windows_it_is_told_what_the_device_shows(
    played: Playing, message: Message, title: str | None, text: str | None
) -> None:
    entry = entry_after(played, played.wns(message), played.recipient("WNS", "device"))
    assert entry["shown"] == {"title": title, "text": text, "data": {}, "link": None}
    assert entry["request"]["headers"]["host"] == "db5p.notify.windows.com"


def test_a_browser_of_windows_is_none_of_its_apps(played: Playing) -> None:
    subscription = json.loads(played.recipient("Web Push", "device").push_token)
    endpoint = subscription["endpoint"].replace("updates.push.services.mozilla.com", "db5p.notify.windows.com")
    of_edge = {**subscription, "endpoint": endpoint}
    recipient = replace(played.recipient("Web Push", "device"), push_token=json.dumps(of_edge))
    entry = entry_after(played, played.web(), recipient)
    assert (entry["provider"], entry["shown"]["title"], entry["authorization"]) == ("web-push", "Hi 👋", "ok")


def test_what_no_team_of_an_app_has_signed_is_refused(played: Playing) -> None:
    recipient = played.recipient("APNs", "a")
    other = ec.derive_private_key(0xB0B, ec.SECP256R1())
    for pushes in (played.apns(team="OTHER"), played.apns(key=other)):
        (outcome,) = played.push(pushes, recipient)
        assert (outcome.outcome, outcome.code) == (Outcome.CREDENTIALS_BAD, "InvalidProviderToken")
        assert played.entries[-1]["authorization"].startswith("signature: no team")


def test_a_key_that_was_stored_meanwhile_is_known_at_its_first_push(tmp_path: Path) -> None:
    secrets: dict[str, Any] = {}
    with playing(tmp_path / "kept", secrets=AppSecrets(secrets)) as made:
        secrets.update(SECRETS.app_credentials)
        assert [each.outcome for each in made.push_to("APNs", "a", "b", "c")] == ["accepted"] * 3
        assert made.loads == [1]


def test_a_signature_that_is_too_old_says_so(tmp_path: Path) -> None:
    later = Milliseconds(2 * 3_600_000)
    with playing(tmp_path / "kept", now=lambda: Milliseconds(milliseconds_now() + later)) as made:
        (outcome,) = made.push_to("APNs", "a")
        assert (outcome.code, made.entries[-1]["authorization"]) == ("ExpiredProviderToken", "iat: over an hour ago")
    day = Milliseconds(24 * 3_600_000)
    with playing(tmp_path / "other", now=lambda: Milliseconds(milliseconds_now() + day)) as made:
        (outcome,) = made.push_to("Web Push", "a")
        assert (outcome.outcome, made.entries[-1]["authorization"]) == ("credentials_bad", "exp: past")


def test_vapid_is_checked_against_the_endpoints_own_origin(played: Playing) -> None:
    request = played.web().request(played.recipient("Web Push", "a"), played.now)
    assert isinstance(request, PushRequest)
    elsewhere = replace(request, headers={**request.headers, "host": "web.push.apple.com"})
    unsigned = replace(request, headers={**request.headers, "authorization": request.headers["authorization"].replace("t=", "t=x")})
    for changed in (elsewhere, unsigned, replace(request, headers={**request.headers, "authorization": "vapid"})):
        (result,) = played.transport.send_many([changed], 5)
        assert getattr(result, "status", None) == 403
    faults = [entry["authorization"] for entry in played.entries]
    assert faults == ["aud: not the origin of the endpoint", "not signed by VAPID", "not signed by VAPID"]


@pytest.mark.parametrize("authorization", [None, "bearer", "bearer x", "bearer a.b.c", "bearer e30.e30.e30", "Basic eA=="])
@pytest.mark.parametrize("path", ["/v1/projects/p/messages:send", "/3/device/a", "/w/a"])
def test_junk_proves_nothing(played: Playing, path: str, authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    if path.startswith("/w/"):
        headers |= {"host": "db5p.notify.windows.com", "x-wns-type": "wns/toast"}
    (result,) = played.transport.send_many([PushRequest(played.url + path, headers, b"[]")], 5)
    assert getattr(result, "status", None) in (401, 403)
    assert played.entries[-1]["verdict"] == "credentials_bad"
    assert played.entries[-1]["authorization"] != "ok"


# Browsers


def test_a_browser_reads_what_is_encrypted_for_it_alone() -> None:
    one, other = (Browser(number, bytes([number]) * 16) for number in (5, 6))
    body = encrypted(b'{"title":"a"}', BrowserKeys(one.point, one.shared_secret))
    assert (one.read(body), other.read(body)) == (b'{"title":"a"}', None)
    assert one.read(b"") is one.read(b"x" * 200) is one.read(body[:-1]) is None


def test_a_browser_is_there_after_a_restart(tmp_path: Path) -> None:
    with playing(tmp_path / "kept") as made:
        recipient = made.recipient("Web Push", "gone-")
    with playing(tmp_path / "kept") as made:
        entry = entry_after(made, made.web(), recipient)
    assert (entry["shown"]["title"], entry["verdict"]) == ("Hi 👋", "gone")


def test_what_is_for_another_browser_is_shown_as_it_came(played: Playing) -> None:
    recipient = played.recipient("Web Push", "a")
    played.browsers._browsers.clear()
    entry = entry_after(played, played.web(), recipient)
    assert entry["shown"] == {"title": None, "text": None, "data": {}, "link": None}
    assert isinstance(entry["request"]["body"], str)


@pytest.mark.parametrize(("word", "begins"), [("", ""), ("gone-", "gone-"), ("gone", "gone-"), ("retry-5", "retry-5-")])
def test_an_endpoint_begins_with_the_word(played: Playing, word: str, begins: str) -> None:
    endpoint = str(played.browsers.add(word)["endpoint"])
    assert endpoint.startswith(f"https://updates.push.services.mozilla.com/wpush/v2/{begins}")
    assert device_named(endpoint) == device_named(json.dumps({"endpoint": endpoint})) == last_part(endpoint)
    assert device_named(last_part(endpoint)) == last_part(endpoint)


# What is kept


def push(number: int, sending: int | None = None, text: str = "") -> RecordedPush:
    of = None if sending is None else SendingId(sending)
    return RecordedPush("t", "ios-apns", f"d{number}", "/", {}, {}, ShownPush(title=text), "ok", Outcome.ACCEPTED, of, None)


def tokens(record: PushRecord, *, push_token: str | None = None, sending: int | None = None) -> list[str]:
    return [json.loads(line)["token"] for line in record.json_lines(PushFilter(push_token, sending))]


def test_the_newest_are_kept_and_found_again(tmp_path: Path) -> None:
    for start in (0, 10):
        record = PushRecord(tmp_path / "pushes", most=5)
        for number in range(start, start + 10):
            record.add(push(number, number % 2))
        assert tokens(record) == [f"d{number}" for number in range(start + 5, start + 10)]
        record.close()
    assert tokens(record, sending=0) == ["d16", "d18"]
    assert tokens(record, push_token="d17") == ["d17"]
    assert len((tmp_path / "pushes").read_text().splitlines()) <= 10
    assert [entry["token"] for entry in record.newest(PushFilter(), 2)] == ["d19", "d18"]
    assert record.verdicts(PushFilter()) == {1: {"accepted": 3}, 0: {"accepted": 2}}


def test_a_process_that_was_killed_in_a_line_loses_that_line_alone(tmp_path: Path) -> None:
    record = PushRecord(tmp_path / "pushes")
    record.add(push(1, text="\ud83d half of a pair"))
    record.add(push(2))
    record.close()
    (tmp_path / "pushes").write_bytes((tmp_path / "pushes").read_bytes()[:-5])
    again = PushRecord(tmp_path / "pushes")
    again.add(push(3))
    again.close()
    assert tokens(again) == ["d1", "d3"]


def test_requests_that_come_at_once_are_all_recorded(played: Playing) -> None:
    words = [[f"t{thread}-{number}" for number in range(50)] for thread in range(4)]
    others = [Playing(**{**vars(played), "transport": type(played.transport)(allow_local=True)}) for _ in words]
    threads = [threading.Thread(target=other.push_to, args=("FCM", *of_one)) for other, of_one in zip(others, words, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(entry["token"] for entry in played.entries) == sorted(word for of_one in words for word in of_one)
    assert {entry["uid"] for entry in played.entries} == {UID}
