"""Getting what lets an app send through WNS."""

from urllib.parse import parse_qs

import pytest

from pushhub.moments import Seconds
from pushhub.sends.outcomes import RecipientOutcome
from pushhub.sends.port import ProviderReply
from pushhub.sends.providers.bearer import Bearer
from tests.doubles.sending import NOW, PACKAGE_SID, wns_account
from tests.unit.sends.providers.golden import in_short, reply

GRANTED = {"access_token": "EgAcAQMAAAAALYAAY/c+Huwi3Fv4Ck10UrKNmtxRO6Njk2MgA=", "token_type": "bearer", "expires_in": 86400}


def test_a_whole_request() -> None:
    request = wns_account().bearer_request(NOW)
    assert request.url == "https://login.live.com/accesstoken.srf"
    assert request.headers == {"content-type": "application/x-www-form-urlencoded"}
    assert parse_qs(request.body.decode(), strict_parsing=True) == {
        "grant_type": ["client_credentials"],
        "client_id": [PACKAGE_SID],
        "client_secret": ["a-secret-of-the-store"],
        "scope": ["notify.windows.com"],
    }


def test_characters_of_a_secret_stay_what_they_are() -> None:
    body = wns_account(secret="a+b/c=&client_id=d").bearer_request(NOW).body.decode()
    assert parse_qs(body, strict_parsing=True)["client_secret"] == ["a+b/c=&client_id=d"]


def test_a_bearer_is_used_until_a_minute_before_its_end() -> None:
    assert wns_account().read_bearer(reply(200, GRANTED), NOW) == Bearer(str(GRANTED["access_token"]), Seconds(NOW + 86340))


ROWS = [
    (reply(400, {"error": "invalid_client", "error_description": "Invalid client id"}), "credentials_bad", "invalid_client"),
    (reply(400, {"error": "invalid_request"}), "credentials_bad", "invalid_request"),
    (reply(400, b"<html>"), "credentials_bad", "400"),
    (reply(401), "credentials_bad", "401"),
    (reply(429, b"", {"retry-after": "30"}), "retry after 30 throttled", "429"),
    (reply(500), "retry", "500"),
    (reply(502), "retry", "502"),
    (reply(302), "retry", "302"),
    (reply(200, b"junk"), "retry", "200"),
]


@pytest.mark.parametrize(("answer", "expected", "code"), ROWS, ids=[f"{row[0].status} {row[2]}" for row in ROWS])
def test_a_refusal_is_the_accounts_or_of_the_moment(answer: ProviderReply, expected: str, code: str) -> None:
    outcome = wns_account().read_bearer(answer, NOW)
    assert isinstance(outcome, RecipientOutcome)
    assert (in_short(outcome), outcome.code) == (expected, code)


def test_no_credential_is_shown() -> None:
    shown = repr((wns_account(), wns_account().bearer_request(NOW), wns_account().read_bearer(reply(200, GRANTED), NOW)))
    assert "a-secret" not in shown
    assert "EgAcAQ" not in shown
