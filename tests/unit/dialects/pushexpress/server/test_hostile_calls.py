"""Whatever callers send, a function of the back-end API answers in the form of the dialect, and a refused call leaves nothing."""

import json
from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from random import Random
from typing import Any

import pytest

from pushhub.dialects.http import Answer, HttpRequest
from pushhub.dialects.pushexpress.server.endpoints import paths
from tests.doubles.push_express_account import TIME
from tests.doubles.server_api import AGENCY, CRM, ServerHub

CALLS = 1_500
"""Of each seed."""
PUSH: Mapping[str, Any] = {
    "default_lang": "en",
    "translations": [{"language": "en", "title": "Sale", "text": "Today"}, {"language": "iw", "title": "Sale", "text": "Today"}],
}
FILTERS: Mapping[str, Any] = {
    "app_ids_include": [16183],
    "app_groups_include": [7],
    "app_ids_exclude": [],
    "countries_include": ["PT"],
    "languages_exclude": ["pt"],
    "audiences_include": ["vip"],
    "audience_groups_include": [3],
    "event_include": "install",
    "event_exclude": ["reg"],
}
QUERY: Mapping[str, Any] = {"app_ids_include": [16183], "external_user_id": ["ana"], "page": 1, "per_page": 50}
BODIES: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    paths.SEND_INSTANT: ({"name": "Sale", "filters": FILTERS, "push": PUSH},),
    paths.CREATE_PUSH: (PUSH,),
    paths.CREATE_ONESEND: (
        {"name": "Later", **TIME, "date": "2026-12-24", **FILTERS},
        {"name": "Later", "date": "2026-12-24", "time": "09:00", "local_time": True, "app_ids_include": [16183]},
    ),
    paths.BIND_PUSHES: ({"push_ids": []},),
    paths.QUERY_INSTANCES: (QUERY, {"cursor": "", "limit": 5}, {}),
}
ALL_BODIES = tuple(body for bodies in BODIES.values() for body in bodies)
VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        16183,
        20523,
        2**53,
        10**400,
        0.5,
        1e308,
        "",
        " ",
        "\0",
        "a" * 5_000,
        "é" * 300,
        "\u200b",
        "\ufeff",
    ),
    *("16183", "install", "reg", "2026-02-30", "24:00", "+14:00", "-99:99", "PT", "pt-BR", "iw", "a,b", "javascript:1", "https://"),
    *([], {}, [None], [[]], [16183, 16183], ["vip", "vip "], {"a": {}}, [{"language": "en"}]),
)
RAW = (
    b"",
    b" ",
    b"null",
    b"[]",
    b"{",
    b"\xff\xfe",
    b"[" * 5_000,
    b'{"a":' * 5_000,
    b'{"a":1,"a":2}',
    b'{"name":"\\ud800"}',
    b"\x1f\x8b",
)
STRANGE_KEYS = (f"Bearer {AGENCY}", "Bearer nobody", "Basic abc", "", "Bearer ", "Bearer \u00e9")
IDEMPOTENCY_KEYS = ("order-1", "order-2", "", "a" * 255, "a" * 256, "é", "\n")
URL_QUERIES = ("", "", "archived=true", "archived=", "page=2&per_page=1", "page=-1", "cursor=%", "limit=x", "&&=", "%ff")
SHOWING = (paths.LIST_APPS, paths.SHOW_APP, paths.LIST_GROUPS, paths.SHOW_GROUP, paths.LIST_EVENTS, paths.SHOW_EVENT)
OTHERS = (
    *(*paths.WRITE_CATALOG, *paths.CHANGE_PUSH, *paths.OTHER_SCHEDULERS),
    *("GET /api/b/v2/nothing", "PATCH /api/b/v2/send/instant", "GET /api/b/v2/", "POST /api/b/v2//pushes"),
)


class Caller:
    """Makes up calls, more or less like those that the API has; `ids` are those that replies have named."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.ids: list[int] = [16183, 20523, 7, 8, 1]

    def call(self) -> HttpRequest:
        choose = self.random.choice
        route = choose(self.random.choices((paths.OF_OTHER_FUNCTIONS, SHOWING, OTHERS), (7, 2, 1))[0])
        method, path = route.split(" ")
        path = path.replace("{sched_type}", choose(("onesend", "onesend", "conversion", "é")))
        while "{" in path:
            head, _, rest = path.partition("{")
            path = head + self._segment() + rest.partition("}")[2]
        headers = {"content-type": "application/json"}
        if key := choose(STRANGE_KEYS) if self.random.random() < 0.1 else f"Bearer {CRM}":
            headers["authorization"] = key
        if self.random.random() < 0.2:
            headers["idempotency-key"] = choose(IDEMPOTENCY_KEYS)
        if self.random.random() < 0.02:
            headers["content-encoding"] = choose(("gzip", "br", "?"))
        return HttpRequest("r-1", self._body(route), choose(URL_QUERIES), headers, method, path)

    def _segment(self) -> str:
        return self.random.choice((*map(str, self.ids[-6:]), "0", "-1", "x", "1" * 400, "%2f", "é", " "))

    def _body(self, route: str) -> bytes:
        if self.random.random() < 0.1:
            return self.random.choice(RAW)
        bodies = ALL_BODIES if self.random.random() < 0.1 else BODIES.get(route, ({},))
        body = deepcopy(dict(self.random.choice(bodies)))
        if "push_ids" in body and self.random.random() < 0.7:
            body["push_ids"] = [self.random.choice(self.ids)]
        for _ in range(self.random.choice((0, 0, 1, 1, 2, 4))):
            self._alter(body)
        return json.dumps(body).encode()

    def _alter(self, body: Any) -> None:
        """Put something else in the place of one member, somewhere in the body, or beside it."""
        inner = body
        while self.random.random() < 0.6 and (
            inside := [value for value in _members(inner) if isinstance(value, dict | list) and value]
        ):
            inner = self.random.choice(inside)
        value = deepcopy(self.random.choice(VALUES))
        if isinstance(inner, list):
            inner[self.random.randrange(len(inner))] = value
        else:
            inner[self.random.choice((*inner, "all_apps", "all_languages", "unheard_of", ""))] = value


def _members(inner: Any) -> list[Any]:
    return list(inner.values()) if isinstance(inner, dict) else list(inner)


def assert_answered(answer: Answer) -> Any:
    """Check the form of an answer, and return what stands in its body."""
    reply = answer.reply
    assert answer.fault is None
    assert reply.status in {200, 201, 400, 401, 403, 404, 405, 501}
    assert "content-type" not in reply.headers, "it is JSON without one"
    content = json.loads(reply.body)
    assert (answer.refusal is None) is (reply.status < 300)
    if answer.refusal:
        assert answer.refusal.status == reply.status
        assert content.keys() == {"error", "req_id"}
        assert ": " in content["error"]
        assert len(reply.body) < 1_000
    return content


def kept(hub: ServerHub) -> tuple[object, ...]:
    """Return all that calls have created or changed."""
    sendings = {each.id: each for each in hub.sendings}
    return sendings, dict(hub.pushes.pushes), dict(hub.pushes.replies), len(hub.sends.envelopes)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_callers_are_answered_in_the_form_of_the_dialect_and_what_is_refused_creates_nothing(seed: int) -> None:
    hub, caller, statuses = ServerHub(), Caller(seed), Counter[int]()
    before = kept(hub)
    for _ in range(CALLS):
        request = caller.call()
        answer = hub.family_of(request.path, request.method)(request)
        content = assert_answered(answer)
        statuses[answer.reply.status] += 1
        after = kept(hub)
        if answer.refusal or request.method == "GET":
            assert after == before
        before = after
        caller.ids += [id_ for name in ("sched_id", "push_id", "id") if isinstance(id_ := content.get(name), int)]
    assert min(statuses[status] for status in (200, 201, 400, 401, 404)) > CALLS / 100, statuses
