"""The endpoint of the Push API: the order of its checks, what it sends, and what fails."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushhub.catalog.file import read_catalog_file
from pushhub.catalog.providers import Provider
from pushhub.dialects.devtodev.push.endpoint import SECONDS_TO_LOOK_UP
from pushhub.dialects.devtodev.push.errors import MAX_LISTED_ERRORS
from pushhub.dialects.devtodev.push.request import MAX_PUSH_BYTES
from pushhub.dialects.http import Answer
from pushhub.faults import UnavailableError
from pushhub.moments import Milliseconds, Seconds
from pushhub.sends.message import Message, MessageError
from pushhub.sends.outcomes import Outcome
from pushhub.sends.pack_ids import BLOCKED_SECONDS, CLAIM_SECONDS
from pushhub.sends.sending import MAX_HUB_TRIES_SECONDS, SendingStatus, campaign_launch
from tests.doubles.apps import ANDROID, APNS, HUAWEI, subscription_of
from tests.doubles.http import http_request
from tests.doubles.push_send import NOW, PushSendWorld
from tests.doubles.transport import answered
from tests.wire.golden import EVENTS

CATALOG = read_catalog_file(EVENTS / "push_send" / "catalog.yaml", {}).catalog
TOKEN = "x" * 32
SHOP = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
PHONE = "dQw4w9WgXcQ:APA91bH-phone"
HEX = "0a1b" * 16
FCM_GONE = answered(
    404,
    {
        "error": {
            "code": 404,
            "status": "NOT_FOUND",
            "details": [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "UNREGISTERED"}],
        }
    },
)


def world() -> PushSendWorld:
    """Give a hub with Ann, who has two devices, and Bob, who has none."""
    made = PushSendWorld(CATALOG)
    devices = [subscription_of(ANDROID, PHONE), subscription_of(APNS, HEX), subscription_of(HUAWEI, "a-huawei-phone")]
    made.subscribe("ann", devices, {"userId": "ann", "devtodevId": 7, "idfa": "A-1", "nick": "annie"})
    made.subscribe("bob", [], {"userId": "bob"})
    made.subscribe("profile", [], {}, database=19)
    return made


def fields(**changes: Any) -> dict[str, Any]:
    """Give a request to both platforms of Ann's; None takes a field away."""
    asked = {
        "user_token": TOKEN,
        "app_id": SHOP,
        "audience": [{"userId": "ann"}],
        "ios": {"payload": {"text": "Hello world!"}},
        "android": {"payload": {"title": "Hello", "text": "world!"}},
    }
    return {name: value for name, value in (asked | changes).items() if value is not None}


def ask(hub: PushSendWorld, query: str = "", **changes: Any) -> Answer:
    return hub.endpoint(http_request(json.dumps(fields(**changes)).encode(), query=query))


def replied(answer: Answer) -> Any:
    """Return the reply, whose status is its own."""
    reply = json.loads(answer.reply.body)
    assert reply["status_code"] == answer.reply.status
    return reply


def codes(answer: Answer) -> list[int]:
    """Return the codes of the errors of a request that was refused."""
    return [error["code"] for error in replied(answer)["errors"]]


def result(answer: Answer) -> Any:
    """Return what came of a request that was carried out."""
    reply = replied(answer)
    assert (reply["status_code"], reply["data"]["status"]) == (200, "complete")
    found = reply["data"]["result"]
    assert found["audience"] == found["successful"] + found["erroneous"]
    return found


def nothing_is_sent(hub: PushSendWorld) -> bool:
    """Say whether no request has left the hub, and none is written of."""
    return not (hub.transport.requests or hub.deliveries.envelopes or hub.sendings)


def test_a_request_reaches_every_device_of_the_users_that_it_names() -> None:
    hub = world()
    answer = ask(hub)
    assert result(answer) == {"audience": 2, "successful": 2, "erroneous": 0, "error_details": []}
    assert sorted(urlsplit(push.url).netloc for push in hub.transport.pushes) == ["api.push.apple.com", "fcm.googleapis.com"]
    assert (answer.caller, answer.refusal, answer.fault) == (("caller", "crm"), None, None)


@pytest.mark.parametrize(
    ("element", "devices"),
    [
        ({"userId": "ann"}, 2),
        ({"customUid": "ann"}, 2),
        ({"devtodevId": 7}, 2),
        ({"idfa": "A-1"}, 2),
        ({"token": PHONE}, 1),
        ({"token": HEX.upper()}, 1),
        ({"token": PHONE, "userId": "bob", "idfa": "A-1"}, 1),
        ({"userId": "bob", "idfa": "A-1"}, 2),
        ({"userId": "nobody", "devtodevId": 8, "idfa": "A-1", "idfv": "none"}, 2),
    ],
)
def test_an_element_finds_by_each_of_its_identifiers_and_by_a_push_token_alone_where_it_has_one(
    element: Mapping[str, object], devices: int
) -> None:
    assert result(ask(world(), audience=[element]))["audience"] == devices


@pytest.mark.parametrize(
    "audience",
    [
        [{"userId": "ann"}] * 1_000,
        [{"userId": "ann", "idfa": "A-1", "devtodevId": 7}],
        [{"userId": "ann"}, {"token": PHONE}, {"token": HEX}, {"devtodevId": 7}, {"userId": "bob"}],
    ],
)
def test_a_device_gets_one_push_however_often_it_is_named(audience: Sequence[object]) -> None:
    hub = world()
    assert result(ask(hub, audience=audience))["audience"] == 2
    assert len(hub.transport.pushes) == 2


def test_a_platform_without_a_block_gets_nothing() -> None:
    hub = world()
    assert result(ask(hub, ios=None))["audience"] == 1
    assert [PHONE in push.body.decode() for push in hub.transport.pushes] == [True]


LADDER: Sequence[tuple[int, Mapping[str, Any]]] = [
    (12, {"user_token": None}),
    (11, {"user_token": "somebody-elses"}),
    (15, {"user_token": "token-of-the-leaver-5f0c2e91"}),
    (23, {"user_token": "token-of-the-gateway-5f0c2e91"}),
    (4, {"app_id": None, "audience": [{}] * 1_001}),
    (6, {"app_id": "unknown"}),
    (13, {"user_token": "token-of-the-agency-5f0c2e91"}),
    (29, {"campaign": "summer"}),
    (27, {"audience": [{"userId": f"user-{number}"} for number in range(1_001)]}),
    (24, {"app_id": "disabled"}),
    (25, {"app_id": "without-profiles"}),
    (26, {"app_id": "without-devices"}),
    (31, {"audience": [{"userId": "bob"}], "android": {"payload": {"title": "t", "text": "x" * 4_096}}}),
    (33, {"audience": [{"userId": "bob"}]}),
]
"""Each code of a request that is JSON, and what brings it about, in the documented order of the checks."""
CODES = [str(code) for code, _ in LADDER]


@pytest.mark.parametrize(("code", "changes"), LADDER, ids=CODES)
def test_a_refused_request_has_the_code_of_its_fault_and_sends_and_writes_nothing(code: int, changes: Mapping[str, Any]) -> None:
    hub = world()
    answer = ask(hub, **changes)
    assert codes(answer) == [code]
    assert answer.refusal
    assert not hub.store.calls
    assert nothing_is_sent(hub)


@pytest.mark.parametrize("rung", range(len(LADDER) - 1), ids=CODES[:-1])
def test_of_two_faults_the_one_that_is_checked_first_is_told(rung: int) -> None:
    code, changes = LADDER[rung]
    for _, others in LADDER[rung + 1 :]:
        both = {**others, **changes}
        if both != changes and not (others.keys() & changes.keys()):
            assert codes(ask(world(), **both)) == [code], others


@pytest.mark.parametrize(
    ("code", "body"),
    [
        (2, b""),
        (2, b" \r\n\t"),
        (2, b"\xef\xbb\xbf"),
        (31, b" " * MAX_PUSH_BYTES + b"{}"),
        (3, b"["),
        (3, b"[]"),
        (3, b"null"),
        (3, b'{"user_token": NaN}'),
        (3, b'{"app_id": "a", "app_id": "a"}'),
        (3, b"\xff"),
        (3, b'{"a":' + b"[" * 40 + b"]" * 40 + b"}"),
        (12, b"{}"),
    ],
)
def test_what_is_no_json_object_is_refused_before_anything_else(code: int, body: bytes) -> None:
    hub = world()
    query = "user_token=unknown" if code != 12 else ""
    assert codes(hub.endpoint(http_request(body, query=query))) == [code]


def test_the_user_token_of_the_url_wins_over_that_of_the_body() -> None:
    assert codes(ask(world(), "user_token=wrong")) == [11]
    assert result(ask(world(), f"user_token={TOKEN}", user_token="wrong"))
    assert result(ask(world(), f"a=b&user_token={TOKEN}", user_token=None))


def test_who_is_known_is_told_to_the_operator_even_where_the_request_is_refused() -> None:
    assert ask(world(), user_token="token-of-the-leaver-5f0c2e91").caller == ("caller", "leaver")
    assert ask(world(), app_id="unknown").caller == ("caller", "crm")
    assert ask(world(), user_token="wrong").caller is None


@pytest.mark.parametrize(
    ("app", "code"), [("disabled", 24), ("without-blocks", 24), ("without-profiles", 25), ("without-devices", 26)]
)
def test_an_app_that_can_push_to_nobody_says_why(app: str, code: int) -> None:
    assert codes(ask(world(), app_id=app)) == [code]


def test_push_is_off_only_where_no_platform_that_is_asked_for_has_credentials() -> None:
    assert codes(ask(world(), app_id="ios-alone", ios=None)) == [24]
    found = result(ask(world(), app_id="ios-alone"))
    assert (found["audience"], found["successful"], found["erroneous"]) == (3, 1, 2)
    assert {detail["service"]: detail["code"] for detail in found["error_details"]} == {
        "FCM": "wrong_target",
        "Huawei": "wrong_target",
    }


def test_where_a_platform_has_credentials_of_one_provider_devices_of_the_others_do_not_count() -> None:
    assert result(ask(world(), ios=None))["audience"] == 1


def test_an_app_whose_database_has_devices_refuses_only_those_that_it_does_not_find() -> None:
    hub = world()
    answer = ask(hub, audience=[{"userId": "bob"}, {"userId": "nobody"}, {"token": "unknown"}, {"nick": "annie"}][:3])
    assert codes(answer) == [33]
    assert nothing_is_sent(hub)


# pack_id


def test_a_pack_id_is_refused_for_ten_minutes_after_its_sending() -> None:
    hub = world()
    assert result(ask(hub, pack_id="uniqueid1234"))["successful"] == 2
    for later in (1, CLAIM_SECONDS, BLOCKED_SECONDS - CLAIM_SECONDS - 1):
        hub.now = Seconds(hub.now + later)
        answer = ask(hub, pack_id="uniqueid1234")
        assert codes(answer) == [32]
        assert "uniqueid1234" in replied(answer)["errors"][0]["msg"]
    hub.now = Seconds(hub.now + 2)
    assert result(ask(hub, pack_id="uniqueid1234"))["successful"] == 2
    assert len(hub.transport.pushes) == 4


def test_without_a_pack_id_a_request_is_sent_as_often_as_it_is_made() -> None:
    hub = world()
    for _ in range(2):
        hub.now = Seconds(hub.now + 1)
        assert result(ask(hub))["successful"] == 2
    assert len(hub.transport.pushes) == 4


def test_a_pack_id_is_of_one_caller_and_app() -> None:
    hub = world()
    for user_token, app in ((TOKEN, SHOP), (TOKEN, "for-both"), ("token-of-the-agency-5f0c2e91", "for-both")):
        hub.now = Seconds(hub.now + 1)
        assert result(ask(hub, user_token=user_token, app_id=app, pack_id="one"))["successful"]
    assert codes(ask(hub, pack_id="one")) == [32]


@pytest.mark.parametrize("changes", [changes for _, changes in LADDER], ids=CODES)
def test_a_refused_request_does_not_consume_its_pack_id(changes: Mapping[str, Any]) -> None:
    hub = world()
    ask(hub, **{"pack_id": "one", **changes})
    assert result(ask(hub, pack_id="one"))["successful"] == 2


def test_where_nobody_is_found_a_used_pack_id_is_told_first() -> None:
    hub = world()
    ask(hub, pack_id="one")
    assert codes(ask(hub, pack_id="one", audience=[{"userId": "bob"}])) == [32]
    assert codes(ask(hub, pack_id="two", audience=[{"userId": "bob"}])) == [33]


def test_a_claim_that_another_request_has_taken_before_the_start_is_lost() -> None:
    hub = world()

    def another_takes_over(point: str) -> None:
        if point == "after claim_pack":
            hub.store.interrupt = lambda _: None
            hub.now = Seconds(hub.now + CLAIM_SECONDS)
            assert result(ask(hub, pack_id="one"))["successful"] == 2

    hub.store.interrupt = another_takes_over
    assert codes(ask(hub, pack_id="one")) == [32]
    assert len(hub.transport.pushes) == 2


# Faults


def failing(*points: str) -> Callable[[str], None]:
    def fail(point: str) -> None:
        if point in points:
            raise UnavailableError("DynamoDB answered ThrottlingException")

    return fail


@pytest.mark.parametrize("hop", ["holders", "profiles", "subscriptions"])
def test_an_audience_that_cannot_be_read_is_answered_with_503_and_nothing_is_sent(
    hop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = world()

    def fail(*_: object) -> None:
        raise UnavailableError("DynamoDB answered ThrottlingException")

    monkeypatch.setattr(hub.reach, hop, fail)
    answer = ask(hub, pack_id="one")
    assert (answer.reply.status, codes(answer), answer.reply.headers["retry-after"]) == (503, [1], "2")
    assert replied(answer)["errors"][0]["msg"] == "Unknown Error"
    assert answer.fault
    assert not hub.store.calls
    assert nothing_is_sent(hub)


@pytest.mark.parametrize("points", [("before claim_pack", "before claim_of"), ("before start", "before claim_of")])
def test_a_store_that_fails_at_a_pack_id_is_answered_with_503_until_the_claim_is_over(points: Sequence[str]) -> None:
    hub = world()
    hub.store.interrupt = failing(*points)
    answer = ask(hub, pack_id="one")
    assert (answer.reply.status, codes(answer), answer.reply.headers["retry-after"]) == (503, [1], str(CLAIM_SECONDS))
    assert nothing_is_sent(hub)
    hub.store.interrupt = lambda _: None
    hub.now = Seconds(hub.now + CLAIM_SECONDS)
    assert result(ask(hub, pack_id="one"))["successful"] == 2


def test_what_is_sent_and_cannot_be_written_is_answered_as_it_is() -> None:
    hub = world()
    hub.store.interrupt = failing("before record_ended")
    assert result(ask(hub))["successful"] == 2
    assert len(hub.faults) == 1


def test_look_ups_that_take_too_long_are_answered_with_503_before_anything_is_claimed_or_sent() -> None:
    hub = world()
    hub.takes_to_find = SECONDS_TO_LOOK_UP + 1
    assert codes(ask(hub, pack_id="one")) == [1]
    assert nothing_is_sent(hub)


def test_what_a_provider_asks_to_retry_counts_as_successful_once_the_queue_has_it() -> None:
    busy = {PHONE: [answered(503, {"error": {"code": 503, "status": "UNAVAILABLE"}})]}
    taken, refused = world(), world()
    refused.deliveries.refused = "recipients"
    for hub, successful in ((taken, 2), (refused, 1)):
        hub.transport.answers = busy
        assert result(ask(hub))["successful"] == successful
    assert len(taken.deliveries.envelopes) == 1


def test_a_dead_push_token_is_told_and_retired() -> None:
    hub = world()
    hub.transport.answers = {PHONE: [FCM_GONE]}
    found = result(ask(hub))
    assert (found["successful"], found["erroneous"]) == (1, 1)
    (detail,) = found["error_details"]
    assert (detail["platform"], detail["identifier"], detail["service"]) == ("android", {"userId": "ann"}, "FCM")
    assert detail["code"] == "UNREGISTERED"
    assert PHONE not in json.dumps(found)
    assert hub.retired == [PHONE]


def test_a_provider_that_refuses_the_credentials_is_told_to_the_operator() -> None:
    hub = world()
    hub.transport.answers = {HEX: [answered(403, {"reason": "InvalidProviderToken"})]}
    answer = ask(hub)
    assert result(answer)["erroneous"] == 1
    assert [(each.provider, each.stop.outcome) for each in hub.stopped] == [(APNS, Outcome.CREDENTIALS_BAD)]
    assert (answer.counts["CredentialsRefused"], answer.counts["PushesAccepted"]) == (1, 1)


def test_no_more_errors_are_told_in_detail_than_a_reply_lists() -> None:
    hub = world()
    hub.subscribe("many", [subscription_of(ANDROID, f"gone-{number:03}") for number in range(100)], {"userId": "many"})
    hub.subscribe("more", [subscription_of(ANDROID, f"gone-{number:03}") for number in range(100, 150)], {"userId": "more"})
    hub.transport.answers = {"gone-": [FCM_GONE]}
    found = result(ask(hub, audience=[{"userId": "many"}, {"userId": "more"}, {"userId": "ann"}]))
    assert (found["audience"], found["erroneous"], len(found["error_details"])) == (152, 150, MAX_LISTED_ERRORS)


# What is written


def test_a_sending_is_written_with_its_caller_its_tag_and_the_launch_of_its_day() -> None:
    hub = world()
    ask(hub, campaign_tag="summer")
    (sending,) = hub.sendings
    assert (sending.app, sending.caller, sending.dialect, sending.tag) == (SHOP, "crm", "devtodev", "summer")
    assert sending.status is SendingStatus.COMPLETE
    assert sending.launch == campaign_launch(sending.app, "summer", Milliseconds(NOW * 1000))
    assert hub.store.launch_counts[sending.launch].number(Outcome.ACCEPTED) == 2
    assert hub.store.calls == {"record_ended": 1, "listed": 1}


@pytest.mark.parametrize(
    ("ios", "android", "expected"),
    [(60, 30, 60), (0, 0, 0), (60, None, MAX_HUB_TRIES_SECONDS), (None, None, MAX_HUB_TRIES_SECONDS)],
)
def test_the_hub_tries_as_long_as_the_longest_of_the_blocks_and_four_hours_at_most(
    ios: int | None, android: int | None, expected: int
) -> None:
    hub = world()
    blocks: dict[str, Any] = {
        name: {**block, "options": {} if expire is None else {"expire": expire}}
        for (name, block), expire in zip({name: fields()[name] for name in ("ios", "android")}.items(), (ios, android), strict=True)
    }
    ask(hub, **blocks)
    assert [sending.expire for sending in hub.sendings] == [expected]


def test_the_calls_that_a_request_makes() -> None:
    hub = world()
    ask(hub, pack_id="one")
    assert hub.reach.calls == 3
    assert hub.store.calls == {"claim_pack": 1, "start": 1, "record_ended": 1}
    nobody = world()
    ask(nobody, pack_id="one", audience=[{"userId": "bob"}])
    assert nobody.reach.calls <= 2 + 16
    assert nobody.store.calls == {"claim_of": 1}


def test_an_app_without_tracking_pushes_nothing_of_the_hubs_own() -> None:
    hub = world()
    assert result(ask(hub, app_id="untracked"))["successful"] == 2
    assert not [push for push in hub.transport.pushes if b"launch_id" in push.body]


def test_an_app_that_was_changed_is_served_as_it_is_after_a_minute() -> None:
    hub = world()
    assert result(ask(hub))["audience"] == 2
    apps = {id_: replace(app, enabled=False) for id_, app in hub.catalog.apps.items()}
    hub.catalog = replace(hub.catalog, apps=apps)
    hub.elapsed, hub.now = hub.elapsed + 60, Seconds(hub.now + 60)
    assert codes(ask(hub)) == [24]


def test_what_a_hidden_push_does_not_show_is_not_kept_for_those_that_wait() -> None:
    hub = world()
    hub.transport.answers = {"apple": [answered(503, {"reason": "ServiceUnavailable"})]}
    hidden = {"payload": {"text": "x" * 120_000, "data": {"a": "b"}}, "options": {"hidden": True}}
    assert result(ask(hub, ios=hidden))["successful"] == 2
    assert (len(hub.deliveries.envelopes), hub.faults, hub.sendings[-1].status) == (1, [], SendingStatus.RUNNING)


def test_a_push_of_one_block_is_not_tried_later_than_that_block_says() -> None:
    hub = world()
    hub.transport.answers = {"apple": [answered(503, {"reason": "ServiceUnavailable"})]}
    found = result(ask(hub, ios={"payload": {"text": "Hello"}, "options": {"expire": 60}}))
    assert (found["successful"], found["erroneous"], hub.deliveries.envelopes) == (1, 1, [])


def test_a_key_that_firebase_alone_keeps_for_itself_reaches_iphones_through_apns() -> None:
    hub = world()
    hub.subscribe(
        "ida", [subscription_of(APNS, "1b" * 32), subscription_of(Provider("ios-firebase"), PHONE + "2")], {"userId": "ida"}
    )
    block = {"payload": {"text": "Hello", "data": {"from": "Ann"}}}
    found = result(ask(hub, audience=[{"userId": "ida"}], ios=block, android=None))
    assert (found["successful"], [each["service"] for each in found["error_details"]]) == (1, ["FCM"])
    (push,) = hub.transport.pushes
    assert json.loads(push.body)["from"] == "Ann"


def test_what_no_provider_of_a_block_takes_is_refused_with_the_name_of_the_block() -> None:
    hub = world()

    def refuse(provider: Provider, _: Message) -> None:
        if provider != ANDROID:
            raise MessageError("a rule of this provider")

    hub.endpoint = replace(hub.endpoint, require_fit=refuse)
    (error,) = replied(ask(hub))["errors"]
    assert (error["code"], hub.transport.requests) == (30, [])
    assert error["msg"].startswith("Invalid value for field ios.")


ANSWERS = [answered(200, {"name": "m"}), FCM_GONE, answered(400, {}), answered(503, {}), answered(500, {}), answered(403, {})]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=12), st.booleans())
def test_whatever_providers_answer_the_counts_are_of_all_who_were_found(answers: Sequence[Any], queue_refuses: bool) -> None:
    hub = world()
    devices = [subscription_of(Provider("android-firebase"), f"device-{number:02}") for number in range(len(answers))]
    hub.subscribe("many", devices, {"userId": "many"})
    hub.transport.answers = {f"device-{number:02}": [answer] for number, answer in enumerate(answers)}
    hub.deliveries.refused = "recipients" if queue_refuses else ""
    answer = ask(hub, audience=[{"userId": "many"}])
    found = result(answer)
    assert found["audience"] == len(answers)
    assert len(found["error_details"]) == found["erroneous"]
    counted = sum(number for name, number in answer.counts.items() if name.startswith("Pushes"))
    assert counted == len(answers)
