"""The page of devices: nothing of a push becomes markup, and nothing is loaded."""

import json
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from pushhub.console.stand_ins.page import PageContent, devices_page
from pushhub.console.stand_ins.record import PushFilter
from tests.unit.console.stand_ins.playing_hub import Playing, playing

ELEMENTS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "h1",
    "h2",
    "form",
    "input",
    "button",
    "a",
    "p",
    "table",
    "tr",
    "td",
} | {"br", "small", "svg", "rect", "circle", "article", "header", "footer", "span", "time", "b", "dl", "dt", "dd"}
EVIL = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'&"


class Read(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def links(self) -> list[str]:
        return [attributes.get("href") or "" for tag, attributes in self.elements if tag == "a"]


def entry(text: str = "a", link: str | None = None, sending: int | None = 7, **more: str) -> dict[str, Any]:
    shown = {"title": text, "text": text, "data": {text: text}, "link": link}
    return {
        "at": text,
        "provider": text,
        "token": text,
        "shown": shown,
        "authorization": text,
        "verdict": text,
        "sending": sending,
    } | more


def page(
    *entries: Mapping[str, object],
    push_token: str | None = None,
    sending: int | None = None,
    verdicts: Any = None,
    live: bool = True,
) -> Read:
    counts = verdicts or {7: {"accepted": 2}, None: {"gone": 1}}
    return Read(devices_page(PageContent(PushFilter(push_token, sending), entries, counts, live)))


def check_is_safe(read: Read) -> None:
    assert {tag for tag, _ in read.elements} <= ELEMENTS
    for _, attributes in read.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "style", "srcset", "xlink:href")]
    for link in read.links:
        assert re.match(r"/|https?://", link)


@given(
    st.text(),
    st.one_of(st.none(), st.text(), st.text().map("javascript:{}".format), st.text().map("http://{}".format)),
    st.booleans(),
)
def test_no_text_of_a_push_becomes_markup(text: str, link: str | None, live: bool) -> None:
    check_is_safe(page(entry(text, link), push_token=text, verdicts={None: {text: 1}}, live=live))


def test_what_was_written_to_break_out_is_shown_as_text() -> None:
    read = page(entry(EVIL, EVIL), push_token=EVIL)
    check_is_safe(read)
    assert EVIL in read.text


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", " javascript:x", "data:text/html,x", "//example.com", "ftp://a", "http:a", "http://["]
)
def test_a_link_that_is_not_of_the_web_is_text(link: str) -> None:
    assert link not in page(entry(link=link)).links


@pytest.mark.parametrize("link", ["https://example.com/?a=1&b=2", "HTTP://example.com"])
def test_a_link_of_the_web_is_one(link: str) -> None:
    assert link in page(entry(link=link)).links


def test_the_page_reads_itself_again_without_a_script() -> None:
    read = page()
    assert ("meta", {"http-equiv": "refresh", "content": "3"}) in read.elements
    assert "No pushes yet" in page(verdicts={1: {}}).text


def test_a_page_that_reads_itself_again_has_nothing_to_fill_in_and_leads_to_one_that_stays() -> None:
    live = page(push_token="a&b", sending=7)
    assert not {tag for tag, _ in live.elements} & {"form", "input", "button"}
    assert "token a&b · sending 7 · " in live.text
    assert {"/?token=a%26b&sending=7&live=0", "/"} <= set(live.links)
    assert "/?live=0" in page().links
    stays = page(push_token="a&b", sending=7, live=False)
    assert not [each for each in stays.elements if each[1].get("http-equiv")]
    assert {each["name"]: each["value"] for tag, each in stays.elements if tag == "input"} == {"token": "a&b", "sending": "7"}
    assert ("form", {"action": "/", "method": "get"}) in stays.elements


def test_bars_show_the_verdicts_of_each_sending() -> None:
    read = page(entry(), verdicts={7: {"accepted": 3, "gone": 1}, None: {"unknown": 2}})
    bars = [attributes for tag, attributes in read.elements if tag == "rect"]
    assert [bar["width"] for bar in bars] == ["360.0", "120.0", "240.0"]
    assert len({bar["fill"] for bar in bars}) == 3
    assert "/?sending=7" in read.links
    assert "3 accepted, 1 gone" in read.text
    assert "The newest 1 of 6 are shown." in read.text


# Over its socket


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Playing]:
    with playing(tmp_path / "kept") as made:
        yield made


def test_the_page_is_served_with_headers_that_forbid_everything_else(played: Playing) -> None:
    played.push_to("FCM", "one", "gone-two")
    reply = urllib3.request("GET", f"{played.devices}/?token=gone-two")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert "script" not in reply.headers["content-security-policy"]
    text = Read(reply.data.decode()).text
    assert "gone-two" in text
    assert "one" not in text.replace("gone-two", "").replace("gone", "").split()


def test_the_page_with_the_form_is_served_where_it_is_asked_for(played: Playing) -> None:
    assert b"<form" in urllib3.request("GET", f"{played.devices}/?live=0&token=x").data
    assert b"<form" not in urllib3.request("GET", f"{played.devices}/?token=x").data


def test_pushes_are_an_array_oldest_first_narrowed_by_device_and_sending(played: Playing) -> None:
    played.push_to("FCM", "one", "two")
    assert [each["token"] for each in urllib3.request("GET", f"{played.devices}/pushes").json()] == ["one", "two"]
    assert [each["token"] for each in urllib3.request("GET", f"{played.devices}/pushes?token=two").json()] == ["two"]
    assert urllib3.request("GET", f"{played.devices}/pushes?sending=1").json() == []
    assert urllib3.request("GET", f"{played.devices}/pushes?sending=x").status == 400


def test_all_is_forgotten_when_told_to(played: Playing) -> None:
    played.push_to("FCM", "one", "two")
    assert urllib3.request("DELETE", f"{played.devices}/pushes").json() == {"cleared": 2}
    assert urllib3.request("GET", f"{played.devices}/pushes").json() == []


@pytest.mark.parametrize(
    "body", [b"", b"x", b"[]", b"{}", b'{"word":7}', b'{"word":"a/b"}', json.dumps({"word": "a" * 65}).encode(), b"[" * 100_000]
)
def test_a_word_that_fits_no_endpoint_is_refused(played: Playing, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    assert urllib3.request("POST", f"{played.devices}/browsers", body=body, headers=headers).status == 400


def test_a_page_of_another_origin_can_neither_read_nor_change_anything(played: Playing) -> None:
    assert urllib3.request("POST", f"{played.devices}/browsers", fields={"word": "a"}).status == 415
    assert urllib3.request("GET", f"{played.devices}/pushes", headers={"host": "evil.example"}).status == 421
    assert "access-control-allow-origin" not in urllib3.request("GET", f"{played.devices}/pushes").headers
