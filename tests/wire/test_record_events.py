"""Every golden event of record_events through the handler, with the ledger and the queues in memory."""

import json

import pytest

from tests.wire.golden import Case, assert_became, cases
from tests.wire.serving import what_record_events_does

by_name = pytest.mark.parametrize("case", cases("record_events"), ids=lambda case: case.name)


@by_name
def test_what_the_handler_does_is_golden(monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    assert_became(case, what_record_events_does(monkeypatch, case))


@by_name
def test_no_uid_no_token_and_no_link_is_ever_logged(
    monkeypatch: pytest.MonkeyPatch, case: Case, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    what_record_events_does(monkeypatch, case)
    written = capsys.readouterr()
    logged = written.out + written.err + "".join(str(vars(record)) for record in caplog.records)
    assert '"_aws"' in logged
    for secret in ("w4HFn8RPDFUi", "subscriptionid", "2ab9162159", "what is this?", "stubborn"):
        assert secret not in logged


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        ("first-report-special", {"EventsNew": 1}),
        ("repeat", {"EventsRepeated": 1}),
        ("link-goes-to-upstreams-that-relay", {"LinksRelayed": 1}),
        ("poison-not-json", {"EventsGivenUp": 1}),
        ("forwards-queue-does-not-take-one", {"EventsNew": 2, "EventsUndone": 1}),
        ("mixed-batch", {"EventsNew": 2, "EventsRepeated": 1, "LinksRelayed": 1, "EventsGivenUp": 1}),
    ],
)
def test_what_became_of_messages_is_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, counted: dict[str, int]
) -> None:
    what_record_events_does(monkeypatch, Case("record_events", name))
    metrics = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {name: value for name, (value,) in _counts(metrics).items()} == counted


def _counts(metrics: dict[str, list[float]]) -> dict[str, list[float]]:
    return {name: value for name, value in metrics.items() if name.startswith(("Events", "Links"))}
