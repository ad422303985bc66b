"""How do people read in a browser what the devices got?

Pure: texts in, HTML out. The page has no script and loads nothing; a header of the page itself has the browser read it again. That
would empty a form that is being filled in, so the form stands on a page of its own, which stays. What stands in a push is never
markup here, and a link of it is one only if it is http or https.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import urlencode, urlsplit

from pushhub.console.stand_ins.arrivals import object_of
from pushhub.console.stand_ins.record import PushFilter

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECONDS_BETWEEN_READS: Final = 3
MOST_CARDS: Final = 100
_MOST_BARS: Final = 12
_BAR_WIDTH: Final = 480
_COLORS: Final[Mapping[str, str]] = {
    "accepted": "#2e9e5b",
    "later": "#7bc8a4",
    "gone": "#8d99ae",
    "wrong_target": "#e0a030",
    "message_bad": "#d1495b",
    "retry": "#5b8def",
    "credentials_bad": "#a23b72",
    "unknown": "#5c4d7d",
    "expired": "#b8b8b8",
}
_OTHER_COLOR: Final = "#333333"
_STYLE: Final = """
:root { color-scheme: light dark }
body { font: 15px/1.4 system-ui, sans-serif; margin: 0 auto; max-width: 46rem; padding: 1rem; background: #eef1f5; color: #1c2430 }
h1 { font-size: 1.2rem } h2 { font-size: 1rem; margin: 1.2rem 0 .4rem }
form { display: flex; gap: .5rem; flex-wrap: wrap; margin: .6rem 0 }
input, button { font: inherit; padding: .25rem .5rem }
article { background: #fff; border-radius: .9rem; padding: .7rem 1rem; margin: .6rem 0; overflow-wrap: anywhere }
article header, footer { display: flex; justify-content: space-between; gap: .8rem; font-size: .8rem; color: #5a6472 }
article p { margin: .2rem 0; white-space: pre-line } .title { font-weight: 600 }
table { border-collapse: collapse } td { padding: .15rem .6rem .15rem 0; vertical-align: middle }
dl { display: grid; grid-template-columns: max-content auto; gap: 0 .6rem; margin: .3rem 0; font-size: .85rem } dd { margin: 0 }
@media (prefers-color-scheme: dark) { body { background: #12161c; color: #e4e8ee } article { background: #1e252e } }
"""


@dataclass(frozen=True, slots=True)
class PageContent:
    """What a page shows: the newest pushes, newest first, and how many of each sending had which verdict.

    `live`: the browser reads it again and again; else it has the form.
    """

    only: PushFilter
    newest: Sequence[Mapping[str, object]]
    verdicts: Mapping[int | None, Mapping[str, int]]
    live: bool = True


def devices_page(content: PageContent) -> str:
    """Return the page."""
    number = sum(sum(counts.values()) for counts in content.verdicts.values())
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Devices</title>',
            f'<meta http-equiv="refresh" content="{SECONDS_BETWEEN_READS}">' if content.live else "",
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<style>{_STYLE}</style></head><body><h1>Devices: {number} pushes</h1>",
            _filter_shown(content.only) if content.live else _filter_form(content.only),
            *_chart(content.verdicts),
            *(map(_card, content.newest) if content.newest else ["<p>No pushes yet.</p>"]),
            _note(number, len(content.newest)),
            "</body></html>",
        )
    )


def _filter_shown(only: PushFilter) -> str:
    named = {name: value for name, value in _filter_texts(only).items() if value}
    shown = "".join(f"{name} {escape(value)} · " for name, value in named.items())
    every = ' · <a href="/">all</a>' if named else ""
    return f'<p>{shown}<a href="/?{escape(urlencode({**named, "live": 0}, errors="replace"))}">filter</a>{every}</p>'


def _filter_form(only: PushFilter) -> str:
    texts = _filter_texts(only)
    return (
        '<form action="/" method="get">'
        f'<input name="token" placeholder="token" aria-label="token" value="{escape(texts["token"])}">'
        f'<input name="sending" placeholder="sending" aria-label="sending" inputmode="numeric" value="{escape(texts["sending"])}">'
        '<button>Show</button> <a href="/">all</a></form>'
    )


def _filter_texts(only: PushFilter) -> dict[str, str]:
    """Return the parts of a filter as its form has them."""
    return {"token": only.push_token or "", "sending": "" if only.sending is None else str(only.sending)}


def _chart(verdicts: Mapping[int | None, Mapping[str, int]]) -> Iterator[str]:
    if not verdicts:
        return
    shown = list(verdicts.items())[:_MOST_BARS]
    most = max(sum(counts.values()) for _, counts in shown)
    yield "<h2>Pushes of each sending, by verdict</h2><p>A device that was pushed to again has a verdict for each push.</p><table>"
    for sending, counts in shown:
        name = "no sending" if sending is None else f'<a href="/?{urlencode({"sending": sending})}">{sending}</a>'
        summary = ", ".join(f"{number} {verdict}" for verdict, number in counts.items())
        yield f"<tr><td>{name}</td><td>{_bar(counts, most, summary)}<br><small>{escape(summary)}</small></td></tr>"
    yield "</table>"


def _bar(counts: Mapping[str, int], most: int, summary: str) -> str:
    parts, left = [], 0.0
    for verdict, number in counts.items():
        width = number / most * _BAR_WIDTH
        color = _COLORS.get(verdict, _OTHER_COLOR)
        parts.append(f'<rect x="{left:.1f}" y="0" width="{width:.1f}" height="14" fill="{color}"/>')
        left += width
    return f'<svg width="{_BAR_WIDTH}" height="14" role="img" aria-label="{escape(summary)}">{"".join(parts)}</svg>'


def _card(entry: Mapping[str, object]) -> str:
    shown = object_of(entry["shown"])
    verdict, authorization = str(entry["verdict"]), str(entry["authorization"])
    color = _COLORS.get(verdict, _OTHER_COLOR)
    data = "".join(f"<dt>{escape(str(key))}</dt><dd>{escape(str(value))}</dd>" for key, value in object_of(shown["data"]).items())
    sending = "" if entry["sending"] is None else f"sending {entry['sending']}"
    return (
        f"<article><header><span>{escape(str(entry['provider']))}</span><time>{escape(str(entry['at']))}</time></header>"
        f"{_line('title', shown['title'])}{_line('text', shown['text'])}{_link(shown['link'])}"
        f"{f'<dl>{data}</dl>' if data else ''}"
        f"<footer><span>{escape(str(entry['token']))}</span><span>{escape(sending)}</span>"
        f"<span>{'' if authorization == 'ok' else escape(authorization)}</span>"
        f'<svg width="8" height="8" aria-hidden="true"><circle cx="4" cy="4" r="4" fill="{color}"/></svg><b>{escape(verdict)}</b>'
        "</footer></article>"
    )


def _line(kind: str, text: object) -> str:
    return "" if text is None else f'<p class="{kind}">{escape(str(text))}</p>'


def _link(link: object) -> str:
    if link is None:
        return ""
    text = escape(str(link))
    return f'<p><a href="{text}" rel="noopener noreferrer">{text}</a></p>' if _is_web_address(str(link)) else f"<p>{text}</p>"


def _is_web_address(text: str) -> bool:
    try:
        return urlsplit(text).scheme in ("http", "https") and text.lower().startswith(("http://", "https://"))
    except ValueError:
        return False


def _note(number: int, shown: int) -> str:
    return f"<p>The newest {shown} of {number} are shown.</p>" if shown < number else ""
