"""What registrations and device infos say, and that an open call is refused for nothing that it can do without."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.audience.values import normalise
from pushhub.catalog.filter_fields import FILTER_FIELDS
from pushhub.dialects.http import RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.sdk.device_info import MAX_OFFSET_SECONDS, DeviceInfo, parse_info, parse_registration

SUBSCRIPTION = json.dumps(
    {"endpoint": "https://fcm.googleapis.com/fcm/send/abc", "expirationTime": None, "keys": {"p256dh": "BPublic", "auth": "secret"}}
)
TOKENS = {"apns": "0a" * 32, "webpush": SUBSCRIPTION}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def info(**fields: Any) -> DeviceInfo:
    return parse_info({"transport_type": "fcm", **fields})


def provider_of(transport: str, platform: Any = "android") -> str | None:
    said = info(transport_type=transport, transport_token=TOKENS.get(transport, "fcm-token:1"), platform_type=platform)
    return said.subscription.provider if said.subscription else None


@pytest.mark.parametrize(
    ("transport", "platform", "provider"),
    [
        ("fcm", "android", "android-firebase"),
        ("fcm", "ios", "ios-firebase"),
        ("fcm.data", "android", "android-firebase"),
        ("fcm.data", "ios", "ios-firebase"),
        ("apns", "ios", "ios-apns"),
        ("apns", "macos", "ios-apns"),
        ("apns", "unknown", "ios-apns"),
        ("huawei", "android", "android-huawei"),
        ("huawei", "ios", "ios-huawei"),
        ("webpush", "browser", "web-push"),
        ("fcm", "tvos", "ios-firebase"),
        ("fcm", "browser", "android-firebase"),
        ("fcm", "a-platform-of-tomorrow", "android-firebase"),
        ("fcm", None, "android-firebase"),
        (" FCM ", "iOS", "ios-firebase"),
    ],
)
def test_a_transport_and_a_platform_are_a_provider(transport: str, platform: str | None, provider: str) -> None:
    assert provider_of(transport, platform) == provider


def test_only_data_messages_are_drawn_by_the_app() -> None:
    drawn = {transport: info(transport_type=transport, transport_token="t:1").subscription for transport in ("fcm", "fcm.data")}
    assert {transport: said and said.drawn_by_app for transport, said in drawn.items()} == {"fcm": False, "fcm.data": True}


@pytest.mark.parametrize("transport", ["onesignal", "telegram", "fcm.v2", "-", "0"])
def test_a_transport_that_this_hub_has_not_is_unreachable(transport: str) -> None:
    said = info(transport_type=transport, transport_token="a-token", lang="en")
    assert (said.unreachable, said.subscription, said.fields) == (True, None, {"language": "en"})


@pytest.mark.parametrize("token", ["", None, False, ["t"], {"endpoint": "https://fcm.googleapis.com/1"}])
def test_without_a_push_token_a_device_is_neither_subscribed_nor_unreachable(token: object) -> None:
    assert info(transport_token=token, lang="en") == DeviceInfo({"language": "en"})
    assert info(lang="en") == DeviceInfo({"language": "en"})


@pytest.mark.parametrize(
    ("transport", "token"),
    [
        ("fcm", "null"),
        ("fcm", " "),
        ("fcm", " t"),
        ("fcm", "a\nb"),
        ("fcm", "t" * 4097),
        ("fcm", "é" * 2049),
        ("apns", "{length = 32, bytes = 0x0011aabb}"),
        ("webpush", "a-token"),
        ("webpush", SUBSCRIPTION.replace("fcm.googleapis.com", "push.example.com")),
    ],
)
def test_what_is_no_push_token_counts_as_none(transport: str, token: str) -> None:
    assert info(transport_type=transport, transport_token=token) == DeviceInfo({}, push_token_ignored=True)


def test_push_services_that_an_operator_names_are_taken_too() -> None:
    own = SUBSCRIPTION.replace("fcm.googleapis.com", "push.example.com")
    said = parse_info({"transport_type": "webpush", "transport_token": own}, {"push.example.com"})
    assert said.subscription
    assert said.subscription.push_token == own


@pytest.mark.parametrize(
    ("given_", "fields"),
    [
        ({"lang": "en-US"}, {"language": "en-US"}),
        ({"country": "DE"}, {"country": "DE"}),
        ({"county": "DE"}, {"country": "DE"}),
        ({"country": "", "county": "DE"}, {"country": "DE"}),
        ({"country": "FR", "county": "DE"}, {"country": "FR"}),
        ({"ext_id": "user-7"}, {"ext_id": "user-7"}),
        ({"ext_id": 7}, {"ext_id": "7"}),
        ({"tz_sec": 10800}, {"tz_sec": 10800}),
        ({"tz_sec": -12600}, {"tz_sec": -12600}),
        ({"tz_sec": 0}, {"tz_sec": 0}),
        ({"tz_sec": "19800"}, {"tz_sec": 19800}),
        ({"tz_sec": MAX_OFFSET_SECONDS}, {"tz_sec": MAX_OFFSET_SECONDS}),
        ({"tags": {"audiences": "offer1234"}}, {"audiences": "offer1234"}),
        ({"tags": {"audiences": " gender:F, age:>=21 ,,gender:F"}}, {"audiences": "gender:F,age:>=21"}),
        ({"tags": {"audiences": ["offer1", "offer2,offer1", 3]}}, {"audiences": "offer1,offer2,3"}),
    ],
)
def test_fields_of_filters_are_taken(given_: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
    assert info(**given_).fields == fields


@pytest.mark.parametrize(
    "given_",
    [
        {"lang": "", "country": "", "ext_id": "", "tz_sec": "", "tags": {}},
        {"lang": " ", "country": "\t"},
        {"lang": None, "country": None, "ext_id": None, "tz_sec": None, "tags": None},
        {"lang": ["en"], "country": {}, "ext_id": [], "tz_sec": [], "tags": []},
        {"lang": True, "country": False, "ext_id": True, "tz_sec": True, "tags": True},
        {"lang": "e" * 1025, "ext_id": "u" * 1025},
        {"tz_sec": MAX_OFFSET_SECONDS + 1},
        {"tz_sec": -MAX_OFFSET_SECONDS - 1},
        {"tz_sec": "Europe/Berlin"},
        {"tz_sec": 10**40},
        {"tags": {"audiences": ""}},
        {"tags": {"audiences": " , "}},
        {"tags": {"audiences": {"offer": 1}}},
        {"tags": {"adID": "", "segment": "", "webmaster": ""}},
        {
            "agent_name": "1.4.0",
            "notif_perm_granted": False,
            "onscreen_count": 1,
            "platform_name": "ios_17",
            "number": 7,
            "id": "x",
        },
    ],
)
def test_what_is_empty_unknown_or_does_not_fit_counts_as_not_given(given_: Mapping[str, Any]) -> None:
    assert info(**given_) == DeviceInfo({})


def test_audiences_are_found_behind_any_number_of_other_tags() -> None:
    """The size of a body bounds them; a client cuts `tags` where it likes, in an order that is no one's choice."""
    tags = {f"tag{number}": "x" for number in range(1_000)}
    assert info(tags=tags | {"audiences": "offer1"}).fields == {"audiences": "offer1"}


@pytest.mark.parametrize(
    "audiences", ["a" * 1025, ",".join(f"offer{number}" for number in range(200)), ["\u00e9" * 300, "\u00e0" * 300]]
)
def test_audiences_that_do_not_fit_are_not_taken_and_that_is_told(audiences: object) -> None:
    for transport in ("fcm", "onesignal"):
        said = info(transport_type=transport, transport_token="t:1", lang="en", tags={"audiences": audiences})
        assert (said.fields, said.audiences_ignored) == ({"language": "en"}, True)
    assert not info(tags={"audiences": " , "}).audiences_ignored


def test_an_audience_comes_once_whichever_way_it_is_written() -> None:
    said = info(tags={"audiences": "caf\u00e9, cafe\u0301\u200b,\u200b"})
    assert (said.fields, said.audiences_ignored) == ({"audiences": "caf\u00e9"}, False)


@pytest.mark.parametrize("value", [None, "", " ", False, True, [], {}, ["fcm"]])
def test_nothing_is_required_but_the_type_of_the_transport_and_the_token_of_the_installation(value: object) -> None:
    for parse, name in ((parse_info, "transport_type"), (parse_registration, "ic_token")):
        for fields in ({name: value}, {}):
            with pytest.raises(RefusedError, match=f"^validation error: {name} is required$") as refused:
                parse(fields)
            assert refused.value.refusal is PushExpressRefusal.FIELD_MISSING


@pytest.mark.parametrize(
    ("fields", "identity"),
    [
        ({"ic_token": "0f1e2d3c-0000-4000-8000-000000000001"}, ("0f1e2d3c-0000-4000-8000-000000000001", "")),
        ({"ic_token": "t", "ext_id": None}, ("t", "")),
        ({"ic_token": "t", "ext_id": ""}, ("t", "")),
        ({"ic_token": "t", "ext_id": ["u"]}, ("t", "")),
        ({"ic_token": "t", "ext_id": "u"}, ("t", "u")),
        ({"ic_token": 7, "ext_id": 7}, ("7", "7")),
    ],
)
def test_an_installation_and_a_user_register(fields: Mapping[str, Any], identity: tuple[str, str]) -> None:
    assert parse_registration(fields) == identity


@pytest.mark.parametrize(("ext_id", "fields"), [("u", {"ext_id": "u"}), ("", {}), (" ", {}), ("u" * 1025, {})])
def test_a_user_that_fits_is_a_field_from_the_beginning(ext_id: str, fields: Mapping[str, str]) -> None:
    assert parse_registration({"ic_token": "t", "ext_id": ext_id}).fields == fields


@given(
    st.dictionaries(st.sampled_from(["lang", "country", "county", "ext_id", "tz_sec", "tags", "platform_type"]) | st.text(), JSON)
)
def test_whatever_a_device_says_only_fields_of_filters_are_set_and_every_value_fits(fields: dict[str, Any]) -> None:
    said = parse_info({"transport_type": "fcm", "transport_token": "t:1", **fields} | {"transport_type": "fcm"})
    assert said.fields.keys() <= FILTER_FIELDS.keys()
    assert {name: normalise(FILTER_FIELDS[name], value) for name, value in said.fields.items()} == said.fields


@given(JSON, JSON)
def test_whatever_comes_as_a_transport_is_answered_or_refused(transport: Any, token: Any) -> None:
    with suppress(RefusedError):
        said = parse_info({"transport_type": transport, "transport_token": token})
        assert not (said.unreachable and said.subscription)
