"""Which texts are push tokens, and which of them mean one device."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.providers import MAX_PUSH_TOKEN_BYTES, PROVIDER_CODES, PushToken
from pushhub.catalog.push_tokens import BROWSERS, NUMBERED, WINDOWS, PushTokenMisfit, compared_form, push_token_misfit, replaces

HEX = "0011aabbccddeeff" * 4
OF_ONE_FORM = NUMBERED | WINDOWS | {"web-push"}
"""Providers whose push tokens have a form that others have not."""
DEVICE_ID = "yandex-Appmetrica-device-id-ios"

MISFITS = [
    (PushTokenMisfit.BLANK, ["", " ", "   ", "\t", "\u00a0", "\u3000 "]),
    (PushTokenMisfit.CONTROL_CHARACTER, ["a\tb", "a\n", "\r\na", "a\0", "a\x1b[31m", "\x7fa", "a\u0085b"]),
    (PushTokenMisfit.INVISIBLE_CHARACTER, ["a\u200b", "\ufeffa", "a\u00adb", "a\u2060", "a\u2028b", "\u200e" + HEX]),
    (PushTokenMisfit.BLANK_AT_AN_END, [" a", "a ", "a\u00a0", "\u2003a", f" {HEX} ", "null "]),
    (
        PushTokenMisfit.WORD_FOR_NOTHING,
        [
            *("null", "NULL", "Null", "(null)", "<null>", "<NULL>", "[null]", '"null"', "'null'", "nil", "<nil>", "(nil)", "None"),
            *("NaN", "nan", "undefined", "(undefined)", "\\N", "NA", "<NA>", "N/A", "#N/A", "#REF!", "{}", "[]", '""', "<>", "()"),
            "00000000-0000-0000-0000-000000000000",
        ],
    ),
    (
        PushTokenMisfit.DESCRIPTION,
        [
            "{length = 32, bytes = 0x0011aabb 2233ccdd 4455eeff 66770011 ... 8899aabb ccddeeff }",
            "{length=32,bytes=0x0011aabb}",
            "32 bytes",
            "Optional(32 bytes)",
            'Optional("0011aabb")',
            "[object Object]",
            "[object Promise]",
            "Promise { <pending> }",
            "Instance of 'Future<String?>'",
            "<NSNull: 0x1f2e3d>",
            "<class 'str'>",
            "<function token at 0x7f00>",
            "com.google.android.gms.tasks.zzw@1f2e3d",
            "[B@1f2e3d",
            "b'0011aabb'",
        ],
    ),
]
PUSH_TOKENS = [
    "%subscriptionid%",
    "a",
    "first-token",
    HEX,
    HEX.upper(),
    "<0011aabb ccddeeff 0011aabb ccddeeff>",
    "dQw4w9WgXcQ:APA91bH-x_yZ" + "a1" * 60,
    "IQAAAACy0000AABB==",
    "0867400000000000300001234500RU01",
    "https://updates.push.services.mozilla.com/wpush/v2/gAAAA-_b",
    '{"endpoint":"https://fcm.googleapis.com/fcm/send/a:b","keys":{"p256dh":"BNc","auth":"tBH"}}',
    "AB34EF12-1234-4321-ABCD-0123456789AB",
    "18006587421087623000",
    "nullify",
    "none-of-them",
    "я" * 2048,
    "4.47701E+11",
]


@pytest.mark.parametrize(("misfit", "text"), [(misfit, text) for misfit, texts in MISFITS for text in texts])
def test_a_text_that_is_no_push_token_has_a_reason_whatever_the_provider(misfit: PushTokenMisfit, text: str) -> None:
    for provider in (*PROVIDER_CODES, "carrier-pigeon", ""):
        assert push_token_misfit(provider, text) is misfit


@pytest.mark.parametrize("text", PUSH_TOKENS)
def test_whatever_a_provider_may_give_out_is_a_push_token(text: str) -> None:
    for provider in PROVIDER_CODES.keys() - OF_ONE_FORM:
        assert push_token_misfit(provider, text) is None


@pytest.mark.parametrize(
    "text", ["4.47701E+11", "4.47701e11", "4,47701E+11", "4E+11", "4e11", "447701.0", "-4.5E+3", "1.80065874210876E+19"]
)
@pytest.mark.parametrize("provider", sorted(NUMBERED))
def test_a_number_that_a_spreadsheet_has_shortened_is_no_device_of_a_provider_that_numbers_them(provider: str, text: str) -> None:
    assert push_token_misfit(provider, text) is PushTokenMisfit.SHORTENED_NUMBER


@pytest.mark.parametrize(
    "text", ["18006587421087623000", "%subscriptionid%", "1234567890123456789012345678e123", "0e" + "1" * 30, HEX]
)
@pytest.mark.parametrize("provider", sorted(NUMBERED))
def test_whole_numbers_and_hex_digits_are_devices_of_a_provider_that_numbers_them(provider: str, text: str) -> None:
    assert push_token_misfit(provider, text) is None


@given(
    st.sampled_from(sorted(PROVIDER_CODES.keys() - OF_ONE_FORM | NUMBERED)),
    st.text("0123456789abcdefABCDEF", min_size=31, max_size=80),
)
def test_no_hex_digits_are_refused(provider: str, digits: str) -> None:
    assert push_token_misfit(provider, digits) is None


@pytest.mark.parametrize(
    "text", ["<" + ":" * 4094 + ">", "<" + ":" * 4095, "a." * 2048, "a" * 4096, "{length" + " " * 4089, "1" * 4096, "(" * 4096]
)
def test_the_longest_push_token_is_looked_through_in_no_time(text: str) -> None:
    assert len(text) <= MAX_PUSH_TOKEN_BYTES
    began = time.perf_counter()
    for _ in range(40):
        push_token_misfit(DEVICE_ID, text)
    assert time.perf_counter() - began < 1


spellings = st.lists(st.sampled_from([" ", "<", ">", "\u00a0", ""]), min_size=len(HEX), max_size=len(HEX))
cases = st.lists(st.booleans(), min_size=len(HEX), max_size=len(HEX))


@given(st.text("0123456789abcdef", min_size=1, max_size=len(HEX)), spellings, cases)
def test_a_device_of_apns_has_one_form_however_its_push_token_is_spelled(
    digits: str, between: list[str], upper: list[bool]
) -> None:
    spelled = "".join(f"{digit.upper() if up else digit}{blank}" for digit, blank, up in zip(digits, between, upper, strict=False))
    assert compared_form("ios-apns", PushToken(spelled)) == digits


@given(st.sampled_from([*PROVIDER_CODES, "carrier-pigeon"]), st.text(max_size=20) | st.text("abAB01 <>", max_size=8))
def test_the_compared_form_of_a_compared_form_is_itself(provider: str, text: str) -> None:
    once = compared_form(provider, PushToken(text))
    assert compared_form(provider, once) == once


@pytest.mark.parametrize("text", ["%SubscriptionId%", "A token", "<not hex>", "0X1F", "<>", " ", "\uff41\uff42", "\u0660\u0661"])
def test_what_is_not_hex_digits_alone_is_compared_as_it_came(text: str) -> None:
    assert compared_form("ios-apns", PushToken(text)) == text


@pytest.mark.parametrize("provider", sorted(PROVIDER_CODES.keys() - {"ios-apns"}))
def test_push_tokens_of_any_other_provider_are_compared_as_they_came(provider: str) -> None:
    assert compared_form(provider, PushToken("<AB CD>")) == "<AB CD>"


MOZILLA = "https://updates.push.services.mozilla.com/wpush/v2/gAAAA-_b"
ENDPOINTS = [
    MOZILLA,
    "https://fcm.googleapis.com/fcm/send/a:b-_c",
    "https://web.push.apple.com/QGd_x",
    "https://wns2-par02p.notify.windows.com/w/?token=BQYAAAB%2fx%3d%3d",
]
OTHER_URLS = [
    "https://push.services.mozilla.com/wpush/v1/x",
    "https://fcm.googleapis.com:443/fcm/send/x",
    "http://updates.push.services.mozilla.com/wpush/v2/x",
    "HTTPS://fcm.googleapis.com/x",
    "https://fcm.googleapis.com",
    "https://fcm.googleapis.com:8443/x",
    "https://fcm.googleapis.com@example.com/x",
    "https://user:fcm.googleapis.com@example.com/x",
    "https://example.com/fcm.googleapis.com/",
    "https://fcm.googleapis.com.example.com/x",
    "https://notfcm.googleapis.com/x",
    "https://xpush.services.mozilla.com.evil/x",
    "https://evilnotify.windows.com/x",
    "https://notify.windows.com/x",
    "https://127.0.0.1/x",
    "https://[::1]/x",
    "https://169.254.169.254/latest/meta-data",
    "https://fcm.googleapis.com\\\\@example.com/x",
    "https://fcm.googleapis.com/a b",
    "https://fcm.googleapis.com/a#b",
    "https://fcm.googleapis.com/\\u0000",
    "https://fcm.googleapis.com/\\ud800",
    "",
    "/x",
]


def browser(endpoint: str = MOZILLA, p256dh: str = "BNc", auth: str = "tBH") -> str:
    return f'{{"endpoint":"{endpoint}","expirationTime":null,"keys":{{"p256dh":"{p256dh}","auth":"{auth}"}}}}'


@pytest.mark.parametrize("provider", sorted(BROWSERS))
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_browser_of_a_known_push_service_is_taken(provider: str, endpoint: str) -> None:
    assert push_token_misfit(provider, browser(endpoint)) is None
    assert compared_form(provider, PushToken(browser(endpoint))) == endpoint


@pytest.mark.parametrize("provider", sorted(BROWSERS))
@pytest.mark.parametrize("endpoint", OTHER_URLS)
def test_a_browser_with_another_endpoint_is_refused(provider: str, endpoint: str) -> None:
    misfit = push_token_misfit(provider, browser(endpoint))
    assert misfit in {PushTokenMisfit.UNKNOWN_ENDPOINT, PushTokenMisfit.NO_PUSH_SUBSCRIPTION}
    compared_form(provider, PushToken(browser(endpoint))).encode()


@pytest.mark.parametrize("provider", sorted(BROWSERS))
@pytest.mark.parametrize("host", ["push.example.com", "*.example.com"])
def test_a_browser_of_another_push_service_is_taken_where_its_host_is_given(provider: str, host: str) -> None:
    push_token = browser("https://push.example.com/wpush/v2/a")
    assert push_token_misfit(provider, push_token) is PushTokenMisfit.UNKNOWN_ENDPOINT
    assert push_token_misfit(provider, push_token, {host}) is None
    assert push_token_misfit(provider, push_token, {"example.com"}) is PushTokenMisfit.UNKNOWN_ENDPOINT


def test_more_hosts_are_no_channels_of_windows() -> None:
    channel = "https://push.example.com/?token=a"
    for provider in WINDOWS:
        assert push_token_misfit(provider, channel, {"push.example.com"}) is PushTokenMisfit.NO_CHANNEL


NO_SUBSCRIPTIONS = [
    f'{{"endpoint":"{MOZILLA}"}}',
    f'{{"endpoint":"{MOZILLA}","keys":null}}',
    f'{{"endpoint":"{MOZILLA}","keys":{{"p256dh":"BNc"}}}}',
    f'{{"endpoint":"{MOZILLA}","keys":{{"p256dh":"BNc","auth":""}}}}',
    f'{{"endpoint":"{MOZILLA}","keys":{{"p256dh":1,"auth":[]}}}}',
    f'{{"endpoint":["{MOZILLA}"],"keys":{{"p256dh":"BNc","auth":"tBH"}}}}',
    '{"keys":{"p256dh":"BNc","auth":"tBH"}}',
    '{"a":' + "[" * 4000,
    '{"endpoint":',
    "[1]",
    MOZILLA,
    "%subscriptionid%",
    "{1}",
]


@pytest.mark.parametrize("text", NO_SUBSCRIPTIONS)
def test_what_is_no_push_subscription_is_no_push_token_of_web_push(text: str) -> None:
    assert push_token_misfit("web-push", text) is PushTokenMisfit.NO_PUSH_SUBSCRIPTION


@pytest.mark.parametrize("text", ["%subscriptionid%", MOZILLA, "[1]", browser()])
def test_a_text_may_be_a_push_token_of_firefox(text: str) -> None:
    assert push_token_misfit("Firefox", text) is None


@pytest.mark.parametrize("text", ['{"a":1}', "{1}", '{"a":' + "[" * 4000, browser("https://example.com/x")])
def test_an_object_without_an_endpoint_is_no_push_token_of_firefox(text: str) -> None:
    assert push_token_misfit("Firefox", text) is PushTokenMisfit.UNKNOWN_ENDPOINT


@pytest.mark.parametrize("provider", sorted(WINDOWS))
def test_a_channel_of_windows_is_a_push_token_of_windows_and_nothing_else_is(provider: str) -> None:
    channel = "https://db5p.notify.windows.com/?token=AwYAAAB8%2fsbJ"
    assert push_token_misfit(provider, channel) is None
    assert compared_form(provider, PushToken(channel)) == channel
    for text in (*OTHER_URLS[:-2], MOZILLA, "https://fcm.googleapis.com/x", "a", browser()):
        assert push_token_misfit(provider, text) is PushTokenMisfit.NO_CHANNEL


@pytest.mark.parametrize("provider", sorted(BROWSERS))
def test_order_blanks_keys_and_expiration_make_no_second_browser(provider: str) -> None:
    texts = [
        browser(),
        browser(auth="other"),
        f'{{ "keys": {{"auth": "tBH", "p256dh": "BNc"}}, "endpoint": "{MOZILLA}" }}',
        f'{{"endpoint":"{MOZILLA}","expirationTime":1700000000000,"keys":{{"p256dh":"BNc","auth":"tBH"}}}}',
    ]
    assert {compared_form(provider, PushToken(text)) for text in texts} == {MOZILLA}
    assert [replaces(provider, PushToken(text), PushToken(texts[0])) for text in texts] == [False, True, False, False]


@pytest.mark.parametrize(
    ("provider", "given_token", "stored", "is_replaced"),
    [
        ("Firefox", browser(), MOZILLA, True),
        ("Firefox", MOZILLA, browser(), False),
        ("web-push", f'{{"endpoint":"{MOZILLA}"}}', browser(), False),
        ("web-push", browser(), browser(p256dh="other"), True),
        ("ios-apns", "AB", "ab", False),
        ("android-firebase", browser(), browser(p256dh="other"), False),
    ],
)
def test_what_is_stored_is_replaced_where_a_browser_has_other_keys(
    provider: str, given_token: str, stored: str, is_replaced: bool
) -> None:
    assert replaces(provider, PushToken(given_token), PushToken(stored)) is is_replaced
