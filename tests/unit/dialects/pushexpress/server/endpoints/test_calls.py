"""In which order a call of the back-end API is checked, and what one caller learns of another."""

import json
from dataclasses import replace
from typing import Any

import pytest

from pushhub.dialects.http import Answer, HttpRequest
from pushhub.dialects.pushexpress.server.requests import MAX_SERVER_BYTES
from pushhub.faults import UnavailableError
from tests.doubles.server_api import AGENCY, CRM, ServerHub

PUSH = {"default_lang": "en", "translations": [{"language": "en", "title": "Sale", "text": "Now"}]}
INSTANT = {"name": "sale", "filters": {"all_apps": True}, "push": PUSH}
ONESEND = {"name": "sale", "date": "2026-11-22", "time": "10:30", "local_time": False, "timezone": "+01:00", "all_apps": True}


def said(answer: Answer) -> Any:
    return json.loads(answer.reply.body)


@pytest.mark.parametrize(
    ("path", "body", "authorization", "status", "code"),
    [
        ("/api/b/v2/nothing", b"x" * (MAX_SERVER_BYTES + 1), "", 404, "PATH_UNKNOWN"),
        ("/api/b/v2/send/instant", b"x" * (MAX_SERVER_BYTES + 1), "", 400, "BODY_TOO_LARGE"),
        ("/api/b/v2/send/instant", b"{", "", 401, "API_TOKEN_MISSING"),
        ("/api/b/v2/send/instant", b"{", "Bearer nobody", 401, "API_TOKEN_UNKNOWN"),
        ("/api/b/v2/send/instant", b"{", "Bearer key-of-the-leaver-5f0c2e91ab637", 403, "SUSPENDED"),
        ("/api/b/v2/send/instant", b"{", "Bearer key-of-the-gateway-5f0c2e91ab63", 403, "NO_RIGHT"),
        ("/api/b/v2/send/instant", b"{", f"Bearer {CRM}", 400, "BAD_BODY"),
        ("/api/b/v2/send/instant", b"{}", f"Bearer {CRM}", 400, "BAD_IDEMPOTENCY_KEY"),
    ],
)
def test_what_is_wrong_first_is_told(path: str, body: bytes, authorization: str, status: int, code: str) -> None:
    hub = ServerHub()
    headers = {"authorization": authorization, "idempotency-key": ""}
    answer = hub.family_of(path)(HttpRequest("r-1", body, "", headers, "POST", path))
    assert answer.refusal
    assert (answer.reply.status, answer.refusal.code) == (status, code)


def test_a_caller_is_shown_to_the_operator_as_soon_as_it_is_known() -> None:
    hub = ServerHub()
    assert hub.answer("GET /apps", key="nobody").caller is None
    for key in (CRM, "key-of-the-leaver-5f0c2e91ab637"):
        answer = hub.answer("GET /apps", key=key)
        assert answer.caller
        assert answer.caller.label == "caller"


def test_two_tokens_of_a_caller_are_one_caller() -> None:
    hub = ServerHub()
    crm = hub.catalog.api_tokens["crm"]
    both = replace(crm, bearer_token_digests=crm.bearer_token_digests | hub.catalog.api_tokens["agency"].bearer_token_digests)
    hub.catalog = replace(hub.catalog, api_tokens={"crm": both})
    push = said(hub.answer("POST /pushes", PUSH))["id"]
    assert hub.answer(f"GET /pushes/{push}", key=AGENCY).reply.status == 200


def test_what_another_caller_has_is_told_from_nothing_by_nothing() -> None:
    hub = ServerHub()
    push = said(hub.answer("POST /pushes", PUSH))["id"]
    sending = said(hub.answer("POST /sched/onesend", ONESEND))["sched_id"]
    agencys = said(hub.answer("POST /pushes", PUSH, key=AGENCY))["id"]
    for known, unknown, body in (
        ("GET /apps/16183", "GET /apps/99999", None),
        ("GET /app/groups/7", "GET /app/groups/99", None),
        (f"GET /pushes/{push}", "GET /pushes/1", None),
        (f"PUT /sched/onesend/{sending}/pushes", "PUT /sched/onesend/1/pushes", {"push_ids": [agencys]}),
    ):
        answers = [hub.answer(route, body, key=AGENCY).reply for route in (known, unknown)]
        assert answers[0] == answers[1]
        assert answers[0].status == 404
    listed = said(hub.answer("GET /apps", key=AGENCY))["apps"]
    assert {app["id"] for app in listed} == {20523}


@pytest.mark.parametrize(
    "route", ["POST /send/instant", "POST /pushes", "POST /sched/onesend", "GET /apps", "POST /query/app-instances"]
)
def test_a_catalog_that_cannot_be_read_is_answered_with_503(route: str) -> None:
    hub = ServerHub()
    object.__setattr__(hub.cached_catalog, "_load", _fail)
    answer = hub.answer(route, {})
    assert answer.reply.status == 503
    assert answer.reply.headers["retry-after"] == "2"
    assert answer.fault


def _fail() -> Any:
    raise UnavailableError("DynamoDB did not answer")
