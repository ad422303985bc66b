"""Every golden event of forward_events through the handler, with upstreams that answer as they are told to."""

import json

import pytest

from tests.wire.golden import Case, assert_became, cases
from tests.wire.serving import what_forward_events_does

by_name = pytest.mark.parametrize("case", cases("forward_events"), ids=lambda case: case.name)


@by_name
def test_what_the_handler_does_is_golden(monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    assert_became(case, what_forward_events_does(monkeypatch, case))


@by_name
def test_no_uid_no_token_and_no_link_is_ever_logged(
    monkeypatch: pytest.MonkeyPatch, case: Case, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    what_forward_events_does(monkeypatch, case)
    written = capsys.readouterr()
    logged = written.out + written.err + "".join(str(vars(record)) for record in caplog.records)
    assert '"_aws"' in logged
    for secret in ("w4HFn8RPDFUi", "subscriptionid", "2ab9162159", "token-of-", "what is this?"):
        assert secret not in logged


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        ("accepted-special", {"ForwardsAccepted": 1}),
        ("refused-400", {"ForwardsRefused": 1}),
        ("retried-500", {"ForwardsFailed": 1}),
        ("not-before-in-the-future", {"ForwardsPutOff": 1}),
        ("given-up-after-72-hours", {"ForwardsFailed": 1, "ForwardsGivenUp": 1}),
        ("poison-not-json", {"ForwardsUnreadable": 1}),
        ("relay-dropped-404", {"RelaysDropped": 1}),
        ("relay-retried-500", {"ForwardsFailed": 1}),
        ("relay-given-up-after-an-hour", {"RelaysDropped": 1}),
        ("relay-of-an-unknown-upstream", {"RelaysDropped": 1}),
        ("queue-does-not-take-what-is-put-off", {"ForwardsAccepted": 1, "ForwardsFailed": 1, "ForwardsUndone": 1}),
    ],
)
def test_what_came_of_forwards_is_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, counted: dict[str, int]
) -> None:
    what_forward_events_does(monkeypatch, Case("forward_events", name))
    metrics = json.loads(capsys.readouterr().out)
    found = {name: sum(value) for name, value in metrics.items() if name.startswith(("Forwards", "Relays"))}
    assert {name: value for name, value in found.items() if value} == counted


@pytest.mark.parametrize(("name", "ages"), [("retried-500", 1), ("relay-retried-500", 0), ("relay-just-before-an-hour", 0)])
def test_an_event_that_waits_has_an_age_that_may_wake_somebody_and_a_link_has_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, ages: int
) -> None:
    what_forward_events_does(monkeypatch, Case("forward_events", name))
    assert capsys.readouterr().out.count('"ForwardAge":[') == ages


@pytest.mark.parametrize(
    ("name", "came"),
    [
        ("not-success-warning-before-json", "text/html, 86 bytes: <br />"),
        ("not-success-quotes-a-token", 'application/json, 56 bytes: {"error":17,"error_text":"… is unknown"}'),
    ],
)
def test_what_came_instead_of_success_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str, came: str
) -> None:
    what_forward_events_does(monkeypatch, Case("forward_events", name))
    reasons = [str(vars(record).get("reason")) for record in caplog.records]
    assert any(f"HTTP 200 without the answer of success, but {came}" in reason for reason in reasons)


def test_the_bodies_that_go_out_are_as_short_as_they_can_be_and_utf8(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case("forward_events", "accepted-fields-as-they-came")
    (sent,) = what_forward_events_does(monkeypatch, case)["sent"]
    (record,) = case.event["Records"]
    assert sent["body"] == {"token": "token-of-altcraft", **json.loads(record["body"])["what"]}
