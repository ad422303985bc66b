"""Getting what lets an app send through FCM."""

import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from pushhub.moments import Seconds
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.port import MaybeSent, NotSent, ProviderReply
from pushhub.sends.providers.bearer import Bearer
from tests.doubles.sending import NOW, fcm_account, from_base64url
from tests.unit.sends.providers.golden import JUNK, in_short, reply

GRANTED = {"access_token": "ya29.c.b0Aaek", "expires_in": 3599, "token_type": "Bearer"}


def refusal(answer: Any) -> RecipientOutcome:
    outcome = fcm_account().read_bearer(answer, NOW)
    assert isinstance(outcome, RecipientOutcome)
    return outcome


def test_a_whole_request() -> None:
    request = fcm_account().bearer_request(NOW)
    assert request.url == "https://oauth2.googleapis.com/token"
    assert request.headers == {"content-type": "application/x-www-form-urlencoded"}
    form = parse_qs(request.body.decode(), strict_parsing=True)
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    header, claims, _ = form["assertion"][0].split(".")
    assert json.loads(from_base64url(header)) == {"alg": "RS256", "typ": "JWT", "kid": "0f1e2d3c"}
    assert json.loads(from_base64url(claims)) == {
        "iss": "sender@shop-1.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/firebase.messaging",
        "aud": "https://oauth2.googleapis.com/token",
        "iat": NOW - 60,
        "exp": NOW + 3540,
    }


def test_a_bearer_is_used_until_a_minute_before_its_end() -> None:
    assert fcm_account().read_bearer(reply(200, GRANTED), NOW) == Bearer("ya29.c.b0Aaek", Seconds(NOW + 3539))


@pytest.mark.parametrize(
    "change",
    [
        {"access_token": ""},
        {"access_token": 7},
        {"access_token": "a\r\nx: y"},
        {"access_token": "я"},
        {"access_token": "a b"},
        {"expires_in": "3599"},
        {"expires_in": True},
        {"expires_in": 60},
        {"expires_in": -1},
    ],
)
def test_what_is_no_bearer_is_asked_for_again(change: dict[str, object]) -> None:
    assert in_short(refusal(reply(200, GRANTED | change))) == "retry"


@pytest.mark.parametrize("body", JUNK)
def test_a_200_without_a_bearer_is_asked_for_again(body: bytes) -> None:
    assert in_short(refusal(reply(200, body))) == "retry"


ROWS = [
    (reply(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}), "credentials_bad", "invalid_grant"),
    (reply(400, {"error": "invalid_scope"}), "credentials_bad", "invalid_scope"),
    (reply(401, {"error": "invalid_client"}), "credentials_bad", "invalid_client"),
    (reply(403, {"error": "access_denied"}), "credentials_bad", "access_denied"),
    (reply(404, b"<html>"), "credentials_bad", "404"),
    (reply(429, b"", {"retry-after": "30"}), "retry after 30 throttled", "429"),
    (reply(500, {"error": "internal_failure"}), "retry", "internal_failure"),
    (reply(502, b""), "retry", "502"),
    (reply(503, b""), "retry", "503"),
    (reply(302, b""), "retry", "302"),
    (reply(204, b""), "retry", "204"),
]


@pytest.mark.parametrize(("answer", "expected", "code"), ROWS, ids=[f"{row[0].status} {row[2]}" for row in ROWS])
def test_a_refusal_is_the_accounts_or_of_the_moment(answer: ProviderReply, expected: str, code: str) -> None:
    outcome = refusal(answer)
    assert (in_short(outcome), outcome.code) == (expected, code)


def test_an_answer_that_does_not_come_is_asked_for_again_since_nothing_was_pushed() -> None:
    assert refusal(NotSent("no connection")).outcome == Outcome.RETRY
    assert refusal(MaybeSent("no answer")).outcome == Outcome.RETRY


def test_no_credential_is_shown() -> None:
    shown = repr((fcm_account(), fcm_account().bearer_request(NOW), fcm_account().read_bearer(reply(200, GRANTED), NOW)))
    assert "ya29" not in shown
    assert "RsaKey" not in shown
