"""Every golden event of the calls of push.express's SDKs through its handler, with everything that it touches in memory."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.doubles.confidential import Confidential
from tests.doubles.functions import Context, load_handler, wiring_of
from tests.doubles.push_express import SdkHub
from tests.wire.golden import Case, cases, with_forms
from tests.wire.sdk_api import FUNCTIONS, sdk_hub_of, what_becomes_of_an_sdk_call

Handler = Callable[[dict[str, Any], Context], dict[str, Any]]
CASES = [case for function in FUNCTIONS for case in cases(function)]
by_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.function}-{case.name}")


def run(case: Case, monkeypatch: pytest.MonkeyPatch) -> tuple[SdkHub, dict[str, Any]]:
    """Return the hub of a case after its event, and what the handler has answered."""
    hub = sdk_hub_of(case)
    endpoint = hub.instances if case.function == "pushexpress_instances" else hub.device_events
    monkeypatch.setattr(wiring_of(case.function), "endpoint", lambda: endpoint)
    handler: Handler = load_handler(case.function).handler
    return hub, handler(case.event, Context(28_000))


@by_case
def test_an_event_gives_the_golden_reply(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    hub, answer = run(case, monkeypatch)
    assert with_forms(what_becomes_of_an_sdk_call(hub, answer), case.reply) == case.reply
    assert answer["headers"]["x-request-id"] == case.name
    if answer["statusCode"] >= 400:
        assert json.loads(answer["body"]).keys() == {"error", "req_id"}


@by_case
def test_nothing_confidential_is_ever_logged(
    case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    hub, _ = run(case, monkeypatch)
    written = capsys.readouterr()
    logged = written.out + written.err + "".join(str(vars(record)) for record in caplog.records)
    assert '"_aws"' in logged
    confidential = Confidential()
    confidential.add("who is logged in", "user-17-of-the-shop")
    for subscription in hub.audience.content(40).subscriptions.values():
        confidential.add_push_token(subscription.address.push_token)
    confidential.assert_absent(logged=logged)
