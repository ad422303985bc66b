"""Every golden event of the functions of sendings through their handlers, with everything that they touch in memory."""

import json

import pytest

from tests.doubles.functions import Context, load_handler, wiring_of
from tests.wire.golden import Case, cases
from tests.wire.sending import sends_world_of, what_becomes_of_sendings

MADE_OF = {"sends_lane": "advance_lane", "sends_deliver": "try_deferral", "sends_sweep": "sweep"}
"""The functions, and what each is made of."""
by_case = pytest.mark.parametrize(
    "case", [case for function in MADE_OF for case in cases(function)], ids=lambda case: f"{case.function}-{case.name}"
)


def run(case: Case, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    world, made = sends_world_of(case), MADE_OF[case.function]
    monkeypatch.setattr(wiring_of(case.function), made, lambda: getattr(world, made))
    handler = load_handler(case.function).handler
    return what_becomes_of_sendings(world, lambda: handler(case.event, Context(90_000)))


@by_case
def test_an_event_gives_the_golden_reply(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(case, monkeypatch) == case.reply


@by_case
def test_no_push_token_and_no_message_is_ever_logged_or_queued(
    case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    became = run(case, monkeypatch)
    written = capsys.readouterr()
    logged = written.out + written.err + "".join(str(vars(record)) for record in caplog.records)
    queued = json.dumps([became.get(queue) for queue in ("sends", "deliveries", "dead_letters")])
    assert ('"_aws"' in logged) is (case.function != "sends_sweep" or bool(case.reply["running"] or case.reply["begun"]))
    for device in case.given_object.get("devices", []):
        assert device["push_token"] not in logged + queued
    for text in ("Today only", "sender@shop-1", "BEGIN PRIVATE KEY", "whatever this is"):
        assert text not in logged


@pytest.mark.parametrize(
    ("function", "name", "counted"),
    [
        ("sends_lane", "everyone", {"PushesAccepted": 2}),
        ("sends_deliver", "accepted", {"PushesAccepted": 1}),
        ("sends_sweep", "forgotten-deferral", {"PushesExpired": 1}),
        (
            "sends_lane",
            "outcomes-of-many-kinds",
            {
                "PushesAccepted": 1,
                "PushesGone": 1,
                "PushesWrongTarget": 1,
                "PushesUnknown": 1,
                "PushesRetried": 1,
                "PushesMessageBad": 1,
            },
        ),
    ],
)
def test_what_came_of_recipients_is_counted(
    function: str, name: str, counted: dict[str, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(Case(function, name), monkeypatch)
    metrics = json.loads(capsys.readouterr().out.splitlines()[-1])
    pushes = {name: sum(value) for name, value in metrics.items() if name.startswith("Pushes")}
    assert {name: value for name, value in pushes.items() if value} == counted


@pytest.mark.parametrize(
    ("function", "name", "counted"),
    [
        ("sends_lane", "credentials-refused", {"CredentialsRefused": 1}),
        ("sends_lane", "named", {"SendingsEnded": 1}),
        ("sends_lane", "unreadable", {"SendsUnreadable": 1}),
        ("sends_lane", "deliveries-queue-does-not-take", {"SendsUndone": 1}),
        ("sends_deliver", "credentials-refused", {"CredentialsRefused": 1, "SendingsEnded": 1}),
        ("sends_sweep", "standstill", {"SendingStandstill": 2840, "LanesPrompted": 1, "SendingsRunning": 1}),
        ("sends_sweep", "due-soon", {"PartsBegun": 1}),
    ],
)
def test_what_happens_to_sendings_is_counted(
    function: str, name: str, counted: dict[str, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(Case(function, name), monkeypatch)
    metrics = json.loads(capsys.readouterr().out.splitlines()[-1])
    numbers = {name: sum(value) for name, value in metrics.items() if isinstance(value, list) and not name.startswith("Pushes")}
    assert {name: value for name, value in numbers.items() if value} == counted
