"""Replies have the vendor's form: its examples are read out of its page."""

import json
from itertools import batched
from pathlib import Path
from typing import Any

import pytest

from pushhub.catalog.providers import Provider
from pushhub.dialects.devtodev.push.errors import MAX_LISTED_ERRORS, PushRefusal, PushRefusedError, push_error
from pushhub.dialects.devtodev.push.render import SERVICE_OF, ErrorDetail, error_detail, render_push_refusal, render_push_result
from pushhub.dialects.devtodev.push.wire import PlatformBlock
from pushhub.sends.accounting import masked_push_token
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.platforms import PLATFORM_OF, Platform
from pushhub.sends.sending import NamedField, NamedPushToken
from tests.doubles.apps import ANDROID, APNS, subscription_of

PAGE = Path(__file__).with_name("vendor_page.txt").read_text(encoding="utf-8")
SUCCESS, ERROR = (
    json.loads("".join(lines[begin : end + 1]))
    for lines in [PAGE.splitlines()]
    for begin, end in batched((number for number, line in enumerate(lines) if line in {"{", "}"}), 2, strict=True)
)
RECIPIENT = subscription_of(ANDROID, "a-push-token-of-some-length")
MASKED = masked_push_token(RECIPIENT)
GONE = RecipientOutcome(Outcome.GONE, "UNREGISTERED", "the app is not on this device any more")


def types_of(value: Any) -> Any:
    """Give the shape of a document: names and JSON types."""
    if isinstance(value, dict):
        return {name: types_of(each) for name, each in value.items()}
    return [types_of(each) for each in value] if isinstance(value, list) else type(value)


def test_a_result_is_the_vendors_example() -> None:
    reply = render_push_result(100_477, 23, [])
    assert (reply.status, json.loads(reply.body), dict(reply.headers)) == (200, SUCCESS, {})


def test_a_refusal_has_the_form_of_the_vendors_example() -> None:
    reply = render_push_refusal(PushRefusedError(push_error(PushRefusal.BAD_BODY)))
    assert types_of(json.loads(reply.body)) == types_of(ERROR)
    assert json.loads(reply.body) == {"status_code": 400, "errors": [{"code": 3, "msg": "Malformed json"}]}


@pytest.mark.parametrize("refusal", PushRefusal)
def test_the_status_of_a_reply_is_that_of_its_body(refusal: PushRefusal) -> None:
    gaps = dict.fromkeys(("user_token", "app_id", "field", "value", "expected", "pack_id"), "шум")
    reply = render_push_refusal(PushRefusedError(push_error(refusal, **gaps)))
    document = json.loads(reply.body)
    assert document == {"status_code": reply.status, "errors": [{"code": refusal.vendor_code, "msg": refusal.text.format(**gaps)}]}
    assert reply.headers == ({"retry-after": "2"} if refusal is PushRefusal.UNAVAILABLE else {})


def test_several_errors_stand_in_one_reply() -> None:
    refused = PushRefusedError(*(push_error(PushRefusal.FIELD_MISSING, field=field) for field in ("app_id", "audience")))
    assert json.loads(render_push_refusal(refused).body)["errors"] == [
        {"code": 4, "msg": "Field not found: app_id"},
        {"code": 4, "msg": "Field not found: audience"},
    ]


def test_a_detail_says_who_did_not_get_the_push_and_why() -> None:
    detail = error_detail(PlatformBlock.ANDROID, NamedField("userId", "u-1"), RECIPIENT, GONE)
    (element,) = json.loads(render_push_result(0, 1, [detail]).body)["data"]["result"]["error_details"]
    assert element == {
        "platform": "android",
        "identifier": {"userId": "u-1"},
        "token_masked": MASKED,
        "service": "FCM",
        "code": "UNREGISTERED",
        "msg": "the app is not on this device any more",
    }


@pytest.mark.parametrize(
    ("outcome", "code", "msg"),
    [
        (RecipientOutcome(Outcome.UNKNOWN, "200", "no form of FCM's"), "unknown", "may have been sent"),
        (RecipientOutcome(Outcome.EXPIRED, reason="the queue did not take it"), "expired", "the queue did not take it"),
        (RecipientOutcome(Outcome.MESSAGE_BAD, "400", "bad"), "400", "bad"),
    ],
)
def test_the_code_is_the_services_own_or_the_word_of_the_outcome(outcome: RecipientOutcome, code: str, msg: str) -> None:
    detail = error_detail(PlatformBlock.IOS, NamedField("devtodevId", 7), subscription_of(APNS, "a1" * 32), outcome)
    assert (detail.identifier, detail.service, detail.code, detail.msg) == ({"devtodevId": 7}, "APNs", code, msg)


def test_a_push_token_is_masked_where_it_is_the_identifier_too() -> None:
    push_token = RECIPIENT.address.push_token
    detail = error_detail(PlatformBlock.ANDROID, NamedPushToken(ANDROID, push_token), RECIPIENT, GONE)
    assert detail.identifier == {"token": MASKED}
    assert push_token.encode() not in render_push_result(0, 1, [detail]).body


def test_only_so_many_details_are_listed() -> None:
    detail = ErrorDetail(PlatformBlock.IOS, {"userId": "u"}, "…", "APNs", "c", "m")
    result = json.loads(render_push_result(3, 500, [detail] * 500).body)["data"]["result"]
    assert (result["audience"], result["erroneous"], len(result["error_details"])) == (503, 500, MAX_LISTED_ERRORS)


def test_every_provider_that_a_block_reaches_has_a_service() -> None:
    assert SERVICE_OF.keys() == {provider for provider, platform in PLATFORM_OF.items() if platform is not Platform.BROWSER}
    assert set(SERVICE_OF.values()) == {"FCM", "APNs", "WNS", "Huawei", "RuStore", "AppMetrica"}
    assert SERVICE_OF[Provider("uwp-wns")] == "WNS"
