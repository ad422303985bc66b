"""Every golden event of push_send through its handler, with everything that it touches in memory."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from pushhub.catalog.model import DatabaseId
from tests.doubles.confidential import Confidential
from tests.doubles.functions import Context, load_handler, wiring_of
from tests.doubles.push_send import PushSendWorld
from tests.wire.golden import Case, cases, with_forms
from tests.wire.push_sending import push_send_world_of, what_becomes_of_a_request

Handler = Callable[[dict[str, Any], Context], dict[str, Any]]
by_case = pytest.mark.parametrize("case", cases("push_send"), ids=lambda case: case.name)


def run(case: Case, monkeypatch: pytest.MonkeyPatch) -> tuple[PushSendWorld, dict[str, Any]]:
    """Return the world of a case after its event, and what the handler has answered."""
    world = push_send_world_of(case)
    monkeypatch.setattr(wiring_of("push_send"), "endpoint", lambda: world.endpoint)
    handler: Handler = load_handler("push_send").handler
    return world, handler(case.event, Context(28_000))


@by_case
def test_an_event_gives_the_golden_reply(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    world, answer = run(case, monkeypatch)
    assert with_forms(what_becomes_of_a_request(world, answer), case.reply) == case.reply
    assert answer["headers"]["x-request-id"] == case.name


@by_case
def test_nothing_confidential_is_ever_logged_or_queued(
    case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    world, _ = run(case, monkeypatch)
    written = capsys.readouterr()
    logged = written.out + written.err + "".join(str(vars(record)) for record in caplog.records)
    assert '"_aws"' in logged
    confidential = Confidential()
    confidential.add("the user token of the body", "x" * 32)
    confidential.add("the user token of the URL", case.event["rawQueryString"].partition("=")[2])
    confidential.add("what was sent", case.event["body"])
    for subscription in world.audience.content(DatabaseId(17)).subscriptions.values():
        confidential.add_push_token(subscription.address.push_token)
    for secrets in ("token-of-the-leaver-5f0c2e91", "token-of-the-gateway-5f0c2e91", "token-of-nobody-5f0c2e91", "Hello world!"):
        confidential.add("a token or a text", secrets)
    confidential.add_requests(world.transport.requests)
    queued = json.dumps([envelope.body for envelope in world.deliveries.envelopes])
    confidential.assert_absent(logged=logged, queued=queued, sendings=repr(world.sendings), faults=repr(world.faults))


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        ("example", {"Requests": 1, "PushesAccepted": 2, "SendingsEnded": 1}),
        ("dead-token", {"Requests": 1, "PushesAccepted": 1, "PushesGone": 1, "SendingsEnded": 1}),
        ("asked-to-retry", {"Requests": 1, "PushesAccepted": 1, "PushesRetried": 1}),
        ("credentials-refused", {"Requests": 1, "PushesCredentialsBad": 1, "CredentialsRefused": 1, "SendingsEnded": 1}),
        ("unknown-options-are-ignored", {"Requests": 1, "PushesAccepted": 1, "OptionsIgnored": 3, "SendingsEnded": 1}),
        ("nobody-found", {"Requests": 1, "RequestsRefused": 1}),
    ],
)
def test_what_came_of_a_request_is_counted(
    name: str, counted: dict[str, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(Case("push_send", name), monkeypatch)
    metrics = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert metrics["caller"] == "crm"
    assert {name: sum(value) for name, value in metrics.items() if isinstance(value, list) and sum(value)} == counted
