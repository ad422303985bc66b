"""Where do people and commands learn what the devices got?

====================  ====================================================================================
request               answer
====================  ====================================================================================
`GET /`               the page, which the browser reads again and again; `?live=0` has the form that narrows it
`GET /pushes`         a JSON array, oldest first; `?token=` and `?sending=` narrow both
`DELETE /pushes`      forgets all: `{"cleared": n}`
`POST /browsers`      `{"word": text}`: the PushSubscription of a new browser
====================  ====================================================================================
"""

import json
import re
import socket
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import hdrs, web

from pushhub.console.stand_ins.browsers import Browsers, device_named
from pushhub.console.stand_ins.page import CONTENT_SECURITY_POLICY, MOST_CARDS, PageContent, devices_page
from pushhub.console.stand_ins.record import PushFilter, PushRecord
from pushhub.console.terse_log import terse_logger

WORD: Final = re.compile(r"[A-Za-z0-9_-]{0,64}", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,19}", re.ASCII)
_OWN_NAMES: Final = {"127.0.0.1", "localhost"}
_NEWLINE: Final = b"\n"


class DevicesSite:
    """Answers about what the devices got."""

    def __init__(self, record: PushRecord, browsers: Browsers, clear: Callable[[], int]) -> None:
        """Answer from a record; `clear` forgets all, and returns how many there were."""
        self._record = record
        self._browsers = browsers
        self._clear = clear
        self._runner: web.AppRunner | None = None

    async def start(self, listener: socket.socket) -> None:
        """Listen on a bound socket."""
        application = web.Application(middlewares=[_refuse_other_names])
        application.add_routes(
            [
                web.get("/", self._page),
                web.get("/pushes", self._pushes),
                web.delete("/pushes", self._forget),
                web.post("/browsers", self._add_browser),
            ]
        )
        self._runner = web.AppRunner(application, access_log=None, logger=terse_logger("the page of devices"))
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner:
            await self._runner.cleanup()

    async def _page(self, request: web.Request) -> web.Response:
        only = _filter_of(request)
        content = PageContent(
            only, self._record.newest(only, MOST_CARDS), self._record.verdicts(only), request.query.get("live") != "0"
        )
        headers = {
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            hdrs.CACHE_CONTROL: "no-store",
        }
        # Half of a surrogate pair is a text of JSON, and no Unicode.
        body = devices_page(content).encode(errors="replace")
        return web.Response(body=body, content_type="text/html", charset="utf-8", headers=headers)

    async def _pushes(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "application/json", hdrs.CACHE_CONTROL: "no-store"})
        lines = list(self._record.json_lines(_filter_of(request)))
        await response.prepare(request)
        await response.write(b"[")
        for index, line in enumerate(lines):
            await response.write((b"," if index else b"") + _NEWLINE + line.encode())
        await response.write(b"]")
        return response

    async def _forget(self, _request: web.Request) -> web.Response:
        return web.json_response({"cleared": self._clear()})

    async def _add_browser(self, request: web.Request) -> web.Response:
        # A page of another origin may send a form, but no JSON, without being only for leave.
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        try:
            word = (await request.json())["word"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise web.HTTPBadRequest from None
        if not isinstance(word, str) or not WORD.fullmatch(word):
            raise web.HTTPBadRequest
        return web.Response(body=json.dumps(self._browsers.add(word)).encode(), content_type="application/json")


@web.middleware
async def _refuse_other_names(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse a request that names another host than this machine: a page whose own name leads here may not read what comes."""
    if request.url.host not in _OWN_NAMES:
        raise web.HTTPMisdirectedRequest
    return await handler(request)


def _filter_of(request: web.Request) -> PushFilter:
    named, sending = request.query.get("token") or None, request.query.get("sending") or None
    if sending is not None and not _NUMBER.fullmatch(sending):
        raise web.HTTPBadRequest(text="sending: a number is expected")
    return PushFilter(None if named is None else device_named(named), None if sending is None else int(sending))
