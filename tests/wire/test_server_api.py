"""Every golden event of push.express's back-end API through its handler, with everything that it touches in memory."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.doubles.confidential import Confidential
from tests.doubles.functions import Context, load_handler, wiring_of
from tests.doubles.server_api import AGENCY, CRM, ServerHub
from tests.wire.golden import Case, cases, with_forms
from tests.wire.server_api import FUNCTIONS, server_hub_of, what_becomes_of_a_call

Handler = Callable[[dict[str, Any], Context], dict[str, Any]]
CASES = [case for function in FUNCTIONS for case in cases(function)]
by_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.function}-{case.name}")


def run(case: Case, monkeypatch: pytest.MonkeyPatch) -> tuple[ServerHub, dict[str, Any]]:
    """Return the hub of a case after its event, and what the handler has answered."""
    hub = server_hub_of(case)
    monkeypatch.setattr(wiring_of(case.function), "endpoint", lambda: hub.families[case.function])
    handler: Handler = load_handler(case.function).handler
    return hub, handler(case.event, Context(28_000))


@by_case
def test_an_event_gives_the_golden_reply(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    hub, answer = run(case, monkeypatch)
    assert with_forms(what_becomes_of_a_call(hub, answer), case.reply) == case.reply
    assert answer["headers"]["x-request-id"] == case.name
    assert answer["headers"]["content-type"].startswith("application/json")


@by_case
def test_a_refusal_has_a_kind_and_the_id_under_which_it_stands_in_the_log(
    case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, answer = run(case, monkeypatch)
    if answer["statusCode"] >= 400:
        body = json.loads(answer["body"])
        assert body.keys() == {"error", "req_id"}
        assert ": " in body["error"]
        assert json.loads(capsys.readouterr().out.splitlines()[-1])["request_id"] == body["req_id"] == case.name


@by_case
def test_a_refused_call_writes_nothing(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    before = server_hub_of(case)
    hub, answer = run(case, monkeypatch)
    if 400 <= answer["statusCode"] < 500:
        assert (hub.sendings, hub.pushes.pushes, hub.pushes.replies) == (
            before.sendings,
            before.pushes.pushes,
            before.pushes.replies,
        )
        assert not hub.sends.envelopes


@by_case
def test_nothing_confidential_is_ever_logged_or_queued(
    case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    hub, answer = run(case, monkeypatch)
    written = capsys.readouterr()
    logged = written.out + written.err + "".join(str(vars(record)) for record in caplog.records)
    assert '"_aws"' in logged
    confidential = Confidential()
    for secret in (CRM, AGENCY, "key-of-the-leaver-5f0c2e91ab637", "key-of-the-gateway-5f0c2e91ab63", "Ends at midnight"):
        confidential.add("an API key or a text", secret)
    for subscription in hub.audience.content(hub.catalog.apps["shop"].database).subscriptions.values():
        confidential.add_push_token(subscription.address.push_token)
    queued = json.dumps([envelope.body for envelope in hub.sends.envelopes])
    replied = answer["body"] if case.event["rawPath"] != "/api/b/v2/pushes" else ""
    confidential.assert_absent(logged=logged, queued=queued, replied=replied.replace("Ends at midnight", ""))


@pytest.mark.parametrize(
    ("function", "name", "counted"),
    [
        ("pushexpress_instant", "example", {"Requests": 1, "SendingsCreated": 1, "PushesCreated": 1}),
        ("pushexpress_instant", "idempotency-key-again", {"Requests": 1, "RequestsReplayed": 1}),
        ("pushexpress_instant", "app-unknown", {"Requests": 1, "RequestsRefused": 1}),
        ("pushexpress_pushes", "push", {"Requests": 1, "PushesCreated": 1}),
        ("pushexpress_pushes", "onesend", {"Requests": 1, "SendingsCreated": 1}),
        ("pushexpress_pushes", "bound", {"Requests": 1, "PushesBound": 1}),
        ("pushexpress_catalog", "path-unknown", {"Requests": 1, "RequestsRefused": 1}),
    ],
)
def test_what_came_of_a_call_is_counted(
    function: str, name: str, counted: dict[str, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(Case(function, name), monkeypatch)
    metrics = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {name: sum(value) for name, value in metrics.items() if isinstance(value, list) and sum(value)} == counted
