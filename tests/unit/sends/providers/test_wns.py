"""Pushing to Windows."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.secrets import LinkKeyId, Secrets
from pushhub.events.links import mint_links
from pushhub.sends.message import (
    BADGE_GLYPHS,
    HUB_KEYS,
    RESERVED_BYTES,
    HubKey,
    Message,
    MessageError,
    MessageTooLargeError,
    TileBranding,
    TileContent,
    TileImagePlacement,
    TileSize,
    ToastScenario,
    WindowsExtras,
    WindowsKind,
)
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.port import MaybeSent, NotSent, ProviderReply, PushRequest
from pushhub.sends.providers.wns import _BY_STATUS, _BY_WORD, CONNECTIONS, WnsPushes
from tests.doubles.sending import CHANNEL, HUB_LINK, NOW, SENDING, UID, not_sent, recipient, sent, wns_account
from tests.unit.sends.providers.golden import JUNK, in_short, reply

HELLO = Message(title="Sale", text="Today alone 🎁")
IMAGE, ICON = "https://example.com/a.png", "https://example.com/i.png"


def pushes(message: Message = HELLO, **changes: Any) -> WnsPushes:
    return WnsPushes(wns_account(**changes), message, SENDING, lambda: "EgAcAQ")


def request_of(message: Message, reference: str = "wu1") -> PushRequest:
    return sent(pushes(message).request(recipient(CHANNEL, reference), NOW))


def body_of(**fields: Any) -> str:
    """Give the body of a message that carries nothing of the hub."""
    return request_of(Message(**{"hub_keys": {}, **fields})).body.decode()


def windows(**fields: Any) -> WindowsExtras:
    return WindowsExtras(**fields)


def read(answer: ProviderReply) -> RecipientOutcome:
    return pushes().outcome(answer, NOW)


def test_a_whole_request() -> None:
    request = sent(pushes().request(recipient(CHANNEL, "wu0123"), NOW))
    assert request.url == CHANNEL
    headers = dict(request.headers)
    assert len(tag := headers.pop("x-wns-tag")) == 16
    assert tag.isascii()
    assert tag.isalnum()
    assert headers == {
        "content-type": "text/xml",
        "x-wns-type": "wns/toast",
        "x-wns-requestforstatus": "true",
        "authorization": "Bearer EgAcAQ",
    }
    toast = fromstring(request.body)
    assert [(each.tag, each.text) for each in toast.iter("text")] == [("text", "Sale"), ("text", "Today alone 🎁")]
    assert json.loads(toast.attrib["launch"]) == {
        "uid": UID,
        "launch_id": "2_8q_3Ky1u5cFDDQ",
        "hub_link": json.loads(HUB_LINK),
    }


TOASTS: dict[str, tuple[dict[str, Any], str]] = {
    "a title": (
        {"title": "Sale", "sound": "default"},
        '<toast><visual><binding template="ToastGeneric"><text>Sale</text></binding></visual></toast>',
    ),
    "no sound": (
        {"text": "a<b>&c"},
        (
            '<toast><visual><binding template="ToastGeneric"><text>a&lt;b&gt;&amp;c</text></binding></visual>'
            '<audio silent="true" /></toast>'
        ),
    ),
    "all that an adaptive one has": (
        {
            "title": "Sale",
            "text": "Today",
            "image": IMAGE,
            "icon": ICON,
            "link": "https://example.com/s",
            "data": {"order": '"17"'},
            "sound": "Notification.Looping.Call",
            "windows": windows(more_texts=("Alone",), scenario=ToastScenario.INCOMING_CALL, loop=True),
        },
        (
            '<toast launch="{&quot;order&quot;:&quot;\\&quot;17\\&quot;&quot;,&quot;url&quot;:&quot;https://example.com/s&quot;}"'
            ' duration="long" scenario="incomingCall"><visual><binding template="ToastGeneric">'
            f'<text>Sale</text><text>Today</text><text>Alone</text><image placement="appLogoOverride" src="{ICON}" />'
            f'<image src="{IMAGE}" /></binding></visual>'
            '<audio src="ms-winsoundevent:Notification.Looping.Call" loop="true" />'
            '<actions><action activationType="system" arguments="dismiss" content="" /></actions></toast>'
        ),
    ),
    "a sound of the app": (
        {"text": "a", "sound": "my bell.wav", "windows": windows(long=True)},
        (
            '<toast duration="long"><visual><binding template="ToastGeneric"><text>a</text></binding></visual>'
            '<audio src="ms-appx:///my%20bell.wav" /></toast>'
        ),
    ),
    "a sound by its address": (
        {"text": "a", "sound": "ms-appdata:///local/a.wav"},
        (
            '<toast><visual><binding template="ToastGeneric"><text>a</text></binding></visual>'
            '<audio src="ms-appdata:///local/a.wav" /></toast>'
        ),
    ),
    "a legacy one of one line": (
        {"text": "a", "sound": "default", "windows": windows(legacy=True, scenario=ToastScenario.ALARM)},
        '<toast><visual><binding template="ToastText01"><text id="1">a</text></binding></visual></toast>',
    ),
    "a legacy one of two lines": (
        {"title": "a", "text": "b", "sound": "default", "windows": windows(legacy=True)},
        '<toast><visual><binding template="ToastText02"><text id="1">a</text><text id="2">b</text></binding></visual></toast>',
    ),
    "a legacy one of three lines and a picture": (
        {"title": "a", "text": "b", "image": IMAGE, "sound": "default", "windows": windows(legacy=True, more_texts=("c",))},
        (
            f'<toast><visual><binding template="ToastImageAndText04"><image id="1" src="{IMAGE}" />'
            '<text id="1">a</text><text id="2">b</text><text id="3">c</text></binding></visual></toast>'
        ),
    ),
}


@pytest.mark.parametrize("name", TOASTS)
def test_a_toast(name: str) -> None:
    fields, expected = TOASTS[name]
    assert body_of(**fields) == expected


def tile(sizes: Mapping[str, TileContent], **fields: Any) -> str:
    tiles = {TileSize(size): content for size, content in sizes.items()}
    return body_of(windows=WindowsExtras(WindowsKind.TILE, tiles=tiles, **fields))


def test_an_adaptive_tile_has_each_of_its_sizes() -> None:
    sizes = {
        "large": TileContent(("a", "b")),
        "small": TileContent(image=IMAGE, placement=TileImagePlacement.BACKGROUND),
        "wide": TileContent(("c",), image=ICON, placement=TileImagePlacement.PEEK),
        "medium": TileContent(("d",), image="ms-appx:///a.png"),
    }
    assert tile(sizes, branding=TileBranding.NAME_AND_LOGO, display_name="Shop & more") == (
        '<tile><visual branding="nameAndLogo" displayName="Shop &amp; more">'
        f'<binding template="TileSmall"><image placement="background" src="{IMAGE}" /></binding>'
        '<binding template="TileMedium"><image placement="inline" src="ms-appx:///a.png" />'
        '<text hint-wrap="true">d</text></binding>'
        f'<binding template="TileWide"><image placement="peek" src="{ICON}" /><text hint-wrap="true">c</text></binding>'
        '<binding template="TileLarge"><text hint-wrap="true">a</text><text hint-wrap="true">b</text></binding>'
        "</visual></tile>"
    )


def test_a_legacy_tile_is_of_templates_which_windows_8_knows_by_other_names() -> None:
    sizes = {
        "medium": TileContent(("a", "b")),
        "wide": TileContent(("c",), template="TileWide310x150Text03"),
        "large": TileContent(image=IMAGE),
    }
    assert tile(sizes, legacy=True, branding=TileBranding.NAME) == (
        '<tile><visual version="2" branding="name">'
        '<binding template="TileSquare150x150Text02" fallback="TileSquareText02">'
        '<text id="1">a</text><text id="2">b</text></binding>'
        '<binding template="TileWide310x150Text03" fallback="TileWideText03"><text id="1">c</text></binding>'
        f'<binding template="TileSquare310x310Image"><image id="1" src="{IMAGE}" /></binding>'
        "</visual></tile>"
    )


@pytest.mark.parametrize(
    ("size", "texts", "image", "template"),
    [
        ("small", 0, IMAGE, "TileSquare71x71Image"),
        ("medium", 0, IMAGE, "TileSquare150x150Image"),
        ("medium", 1, "", "TileSquare150x150Text04"),
        ("medium", 3, "", "TileSquare150x150Text01"),
        ("medium", 4, IMAGE, "TileSquare150x150PeekImageAndText01"),
        ("wide", 1, IMAGE, "TileWide310x150ImageAndText01"),
        ("wide", 2, "", "TileWide310x150Text09"),
        ("wide", 5, "", "TileWide310x150Text01"),
        ("large", 3, IMAGE, "TileSquare310x310ImageAndTextOverlay03"),
        ("large", 10, "", "TileSquare310x310Text01"),
    ],
)
def test_a_legacy_tile_has_a_template_with_room_for_its_texts(size: str, texts: int, image: str, template: str) -> None:
    body = tile({size: TileContent(("a",) * texts, image)}, legacy=True)
    assert fromstring(body)[0][0].attrib["template"] == template


@pytest.mark.parametrize(("size", "texts", "image"), [("small", 1, ""), ("medium", 5, ""), ("wide", 6, IMAGE), ("large", 5, IMAGE)])
def test_a_legacy_tile_with_too_many_texts_is_refused(size: str, texts: int, image: str) -> None:
    with pytest.raises(MessageError, match=rf"^windows.tiles: a legacy tile of the size {size} "):
        tile({size: TileContent(("a",) * texts, image)}, legacy=True)


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"badge": 17}, "17"),
        ({"badge": 0, "windows": windows(kind=WindowsKind.BADGE)}, "0"),
        *(({"badge": 3, "windows": windows(kind=WindowsKind.BADGE, badge_glyph=glyph)}, glyph) for glyph in sorted(BADGE_GLYPHS)),
    ],
)
def test_a_badge_is_a_number_or_a_glyph(fields: dict[str, Any], value: str) -> None:
    assert body_of(**fields) == f'<badge value="{value}" />'


@pytest.mark.parametrize(
    ("fields", "kind", "content_type", "is_tagged"),
    [
        ({"text": "a"}, "wns/toast", "text/xml", True),
        ({"windows": windows(kind=WindowsKind.TILE, tiles={TileSize.WIDE: TileContent(("a",))})}, "wns/tile", "text/xml", True),
        ({"badge": 1}, "wns/badge", "text/xml", False),
        ({"text": "a", "windows": windows(kind=WindowsKind.RAW)}, "wns/raw", "application/octet-stream", False),
        ({"text": "a", "hidden": True}, "wns/raw", "application/octet-stream", False),
    ],
)
def test_each_kind_has_its_headers(fields: dict[str, Any], kind: str, content_type: str, is_tagged: bool) -> None:
    headers = request_of(Message(**fields)).headers
    assert (headers["x-wns-type"], headers["content-type"], "x-wns-tag" in headers) == (kind, content_type, is_tagged)


OF_THE_HUB = {"uid": UID, "launch_id": "2_8q_3Ky1u5cFDDQ", "hub_link": json.loads(HUB_LINK)}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"hidden": True}, OF_THE_HUB),
        ({"hidden": True, "data": {"a": "b"}, "link": "https://x.example"}, {"a": "b", "url": "https://x.example", **OF_THE_HUB}),
        ({"windows": windows(kind=WindowsKind.RAW, raw='{"a": [1.50]}')}, {**OF_THE_HUB, "a": [1.5]}),
        ({"windows": windows(kind=WindowsKind.RAW, raw=" { } ")}, OF_THE_HUB),
    ],
)
def test_a_raw_push_that_is_an_object_carries_what_is_of_the_hub(fields: dict[str, Any], expected: object) -> None:
    assert json.loads(request_of(Message(**fields)).body) == expected


@pytest.mark.parametrize("content", ["<a>&b</a>", "[1, 2]", '"a"', "\x00\x01 я", "{", "{} {}", "[" * 4_900])
def test_any_other_raw_push_is_as_it_was_given(content: str) -> None:
    message = Message(windows=windows(kind=WindowsKind.RAW, raw=content), hub_keys=HUB_KEYS if len(content) < 100 else {})
    assert request_of(message).body == content.encode()


def test_an_untracked_raw_push_is_as_it_was_given_whatever_it_is() -> None:
    assert body_of(windows=windows(kind=WindowsKind.RAW, raw='{"uid": 1.50 }')) == '{"uid": 1.50 }'


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"sound": "default"}, "text"),
        ({"title": "\x00"}, "title"),
        ({"text": "a\x1b"}, "text"),
        ({"text": "\ufffe"}, "text"),
        ({"text": "a", "sound": "\uffff"}, "sound"),
        ({"text": "a", "image": "https://example.com/\uffff"}, "image"),
        ({"text": "a", "icon": "https://example.com/\uffff"}, "icon"),
        ({"text": "a", "windows": windows(more_texts=("\x0b",))}, "windows.more_texts"),
        (
            {"windows": windows(kind=WindowsKind.TILE, tiles={TileSize.WIDE: TileContent(("a", "\x0c"))})},
            "windows.tiles.wide",
        ),
        (
            {"windows": windows(kind=WindowsKind.TILE, display_name="\x01", tiles={TileSize.WIDE: TileContent(("a",))})},
            "windows.display_name",
        ),
        ({"windows": windows(kind=WindowsKind.RAW, raw='{"uid": 1}')}, "windows.raw"),
        ({"data": {"a": "b"}, "windows": windows(kind=WindowsKind.RAW, raw="a")}, "windows.raw"),
    ],
)
def test_what_windows_cannot_show_is_refused_by_the_name_of_its_field(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(MessageError, match=rf"^{field}: "):
        pushes(Message(**fields))


characters = st.characters(exclude_categories=["Cs"])
any_text = st.text(characters | st.sampled_from("<>&\"'\r\n\t\\]\ufffe\uffff\x00{}/=:;"), max_size=20)


@given(any_text, any_text, any_text, any_text, st.dictionaries(any_text.filter(bool).map("k".__add__), any_text, max_size=3))
def test_no_text_breaks_out_of_a_toast(title: str, text: str, more: str, uid: str, data: dict[str, str]) -> None:
    extras = windows(more_texts=(more,))
    message = Message(title=f"t{title}", text=text, data=data, windows=extras)
    if any((character < " " and character not in "\r\n\t") or character in "\ufffe\uffff" for character in title + text + more):
        with pytest.raises(MessageError, match=r"^(title|text|windows\.more_texts): "):
            pushes(message)
        return
    made = pushes(message)
    link = json.dumps({"ack": uid, "open": "a&b"}, ensure_ascii=False)
    toast = fromstring(sent(made.request(replace(recipient(CHANNEL), uid=uid, hub_link=link), NOW)).body)
    assert [each.text for each in toast.iter("text")] == [line for line in (f"t{title}", text, more) if line]
    assert {each.tag for each in toast.iter()} == {"toast", "visual", "binding", "text", "audio"}
    assert json.loads(toast.attrib["launch"]) == {**data, "uid": uid, "launch_id": "2_8q_3Ky1u5cFDDQ", "hub_link": json.loads(link)}


fitting = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff").filter(lambda each: each >= " " or each in "\r\n\t")
    | st.sampled_from("<>&\"'\r\n\t]"),
    min_size=1,
    max_size=20,
)
contents = st.builds(TileContent, st.lists(fitting, min_size=1, max_size=4).map(tuple))


@given(st.dictionaries(st.sampled_from(TileSize), contents, min_size=1), fitting)
def test_no_text_breaks_out_of_a_tile(tiles: dict[TileSize, TileContent], name: str) -> None:
    body = request_of(Message(windows=WindowsExtras(WindowsKind.TILE, tiles=tiles, display_name=name), hub_keys={})).body
    visual = fromstring(body)[0]
    assert visual.attrib == {"displayName": name}
    shown = {each.attrib["template"]: tuple(text.text for text in each) for each in visual}
    assert shown == {f"Tile{size.capitalize()}": content.texts for size, content in tiles.items()}


def test_a_callers_options_reach_wns() -> None:
    message = Message(text="Hello", expire=60, collapse_key="the score, " * 5)
    headers = [request_of(message, reference).headers for reference in ("wu1", "wu2")]
    assert headers[0]["x-wns-ttl"] == "60"
    assert headers[0]["x-wns-tag"] == headers[1]["x-wns-tag"]
    assert headers[0]["x-wns-tag"] != request_of(Message(text="Hello", collapse_key="b")).headers["x-wns-tag"]
    assert request_of(Message(text="Hello", expire=0)).headers["x-wns-ttl"] == "1"


def test_a_push_that_is_sent_again_has_the_same_tag_and_no_other_push_has_it() -> None:
    tags = [request_of(HELLO, f"wu{number % 200}").headers["x-wns-tag"] for number in range(400)]
    assert tags[:200] == tags[200:]
    assert len(set(tags)) == 200


def test_pushes_share_a_few_connections_since_one_carries_one_at_a_time() -> None:
    assert len({request_of(HELLO, f"wu{number}").connection for number in range(400)}) == CONNECTIONS


def test_an_app_may_send_every_push_to_an_address_of_its_own() -> None:
    request = sent(pushes(url="http://127.0.0.1:9100").request(recipient(CHANNEL), NOW))
    assert request.url == "http://127.0.0.1:9100/?token=AwYAAACs2f%2fQ%3d"
    assert request.headers["host"] == "db5p.notify.windows.com"


NO_CHANNELS = (
    *("", "a", "%subscriptionid%", "http://db5p.notify.windows.com/?token=a", "https://notify.windows.com/a"),
    *("https://db5p.notify.windows.com.example.com/a", "https://example.com/.notify.windows.com", "https://fcm.googleapis.com/a"),
    *("https://169.254.169.254/a", "https://a.notify.windows.com:8443/a", "https://u@a.notify.windows.com/a"),
    *("https://a.notify.windows.com/../a", "https://a.notify.windows.com", "https://a.notify.windows.com/a#b", "\ud800"),
)


@pytest.mark.parametrize("push_token", NO_CHANNELS)
def test_what_is_no_channel_is_not_sent_to(push_token: str) -> None:
    outcome = not_sent(pushes().request(recipient(push_token), NOW))
    assert outcome.outcome == Outcome.WRONG_TARGET
    assert outcome.reason.startswith("not sent: the push token is no channel of Windows: ")


@given(st.text() | st.text("notify.windows.com:@/?#%\\[]0"), st.text("a/.%2e?@:#\\"))
def test_no_channel_leads_to_another_host(beginning: str, end: str) -> None:
    for channel in (f"https://{beginning}{end}", f"https://{beginning}.notify.windows.com/{end}"):
        rendered = pushes().request(recipient(channel), NOW)
        if isinstance(rendered, PushRequest):
            parts = urlsplit(rendered.url)
            assert parts.scheme == "https"
            assert parts.netloc == parts.hostname
            assert parts.hostname.endswith(".notify.windows.com")


EMPTY_TOAST = b'<toast><visual><binding template="ToastGeneric"><text></text></binding></visual><audio silent="true" /></toast>'


def filled_to(size: int, **fields: Any) -> Message:
    emoji, rest = divmod(size - len(EMPTY_TOAST), 4)
    return Message(text="🎁" * emoji + "a" * rest, **fields)


@pytest.mark.parametrize(("hub_keys", "most"), [({}, 5000), (HUB_KEYS, 3976)])
def test_a_message_may_be_as_large_as_wns_takes_and_not_a_byte_larger(hub_keys: dict[HubKey, str], most: int) -> None:
    assert most <= len(request_of(filled_to(most, hub_keys=hub_keys)).body) <= 5000
    with pytest.raises(MessageTooLargeError, match=rf"takes {most + 1} bytes of a toast push of WNS; at most {most} fit"):
        pushes(filled_to(most + 1, hub_keys=hub_keys))


def test_the_hubs_keys_fit_what_is_kept_for_them_whatever_the_address_of_the_hub() -> None:
    links = mint_links("https://" + "h" * 120, "s" * 128, Secrets({LinkKeyId(1): "k" * 32}, {}), UID)
    link = json.dumps({"ack": links.ack, "open": links.open}, separators=(",", ":"))
    bare = len(request_of(Message(text="a", hub_keys={})).body)
    whole = len(sent(pushes(Message(text="a")).request(recipient(CHANNEL, hub_link=link), NOW)).body)
    assert whole - bare <= sum(RESERVED_BYTES.values())


def test_keys_of_ours_that_are_too_large_are_not_sent() -> None:
    with_long_link = recipient(CHANNEL, hub_link=json.dumps({"ack": "a" * 1000}))
    assert not_sent(pushes(filled_to(3976)).request(with_long_link, NOW)).outcome == Outcome.MESSAGE_BAD


def answered(status: int, word: str = "", **headers: str) -> ProviderReply:
    return reply(status, None, {**({"x-wns-status": word} if word else {}), **headers})


ROWS = [
    (answered(200, "received"), "accepted", "received"),
    (answered(200, "Received "), "accepted", "received"),
    (reply(200, None, {"x-wns-notificationstatus": "received"}), "accepted", "received"),
    (answered(200, "dropped"), "wrong_target", "dropped"),
    (answered(200, "channelthrottled"), "retry", "channelthrottled"),
    (answered(200, "channelthrottled", **{"retry-after": "7"}), "retry after 7", "channelthrottled"),
    (reply(200), "unknown", "200"),
    (answered(200, "junk"), "unknown", "200"),
    (reply(200, b"<html>junk"), "unknown", "200"),
    (answered(201, "received"), "unknown", "201"),
    (reply(302, None, {"location": "https://example.com"}), "wrong_target", "302"),
    (reply(400), "message_bad", "400"),
    (reply(401), "credentials_bad renewable", "401"),
    (reply(403), "wrong_target", "403"),
    (reply(404), "gone", "404"),
    (reply(405), "message_bad", "405"),
    (reply(406), "retry throttled", "406"),
    (reply(406, None, {"retry-after": "60"}), "retry after 60 throttled", "406"),
    (reply(406, None, {"retry-after": "3600"}), "retry after 900 throttled", "406"),
    (reply(410), "gone", "410"),
    (reply(410, None, {"x-wns-error-description": "Channel expired"}), "gone", "410"),
    (reply(410, None, {"x-wns-error-description": "Domain Blocked"}), "credentials_bad", "410"),
    (reply(410, b"Domain blocked"), "credentials_bad", "410"),
    (reply(413), "message_bad", "413"),
    (reply(429), "retry throttled", "429"),
    (reply(500), "retry", "500"),
    (reply(502), "unknown", "502"),
    (reply(503), "retry", "503"),
    (reply(503, None, {"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT"}), "retry after 30", "503"),
    (reply(504), "unknown", "504"),
]


def test_every_word_and_status_that_is_known_stands_in_this_table() -> None:
    assert set(_BY_WORD) <= {code for _, _, code in ROWS}
    assert {status for status in _BY_STATUS if status not in range(300, 400)} <= {answer.status for answer, _, _ in ROWS}


@pytest.mark.parametrize(("answer", "expected", "code"), ROWS, ids=[f"{row[0].status} {row[2]} {row[1]}" for row in ROWS])
def test_each_answer_has_its_outcome(answer: ProviderReply, expected: str, code: str) -> None:
    outcome = read(answer)
    assert (in_short(outcome), outcome.code) == (expected, code)


def test_the_headers_that_are_read_are_asked_of_the_transport() -> None:
    read_headers = {name for answer, _, _ in ROWS for name in answer.headers} - {"location"}
    assert read_headers <= request_of(HELLO).reply_headers


@pytest.mark.parametrize("status", [100, 200, 204, 302, 400, 401, 403, 413, 429, 500, 503, 700])
@pytest.mark.parametrize("body", JUNK)
def test_junk_retires_nobody(status: int, body: bytes) -> None:
    assert read(reply(status, body)).outcome not in {Outcome.GONE, Outcome.ACCEPTED}


def test_no_answer_is_a_retry_or_unknown() -> None:
    assert pushes().outcome(NotSent("no connection"), NOW) == RecipientOutcome(Outcome.RETRY, reason="no connection")
    assert pushes().outcome(MaybeSent("no answer"), NOW) == RecipientOutcome(Outcome.UNKNOWN, reason="no answer")


def test_nothing_of_a_channel_or_bearer_is_shown() -> None:
    shown = repr((request_of(HELLO), recipient(CHANNEL), wns_account()))
    assert "EgAcAQ" not in shown
    assert "AwYAAACs" not in shown
