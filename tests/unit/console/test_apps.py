"""The commands of apps."""

import json

import pytest
from click.testing import CliRunner, Result

import pushhub.console.apps as commands
from pushhub.catalog.app_secrets import AppSecrets
from pushhub.catalog.file import parse_catalog
from pushhub.catalog.model import Catalog
from pushhub.catalog.whole import WholeCatalog
from pushhub.console.stores import Stores
from tests.doubles.audience import MemoryAudience
from tests.doubles.catalog import MemoryCatalog
from tests.doubles.credentials import p256_key, pem, service_account
from tests.doubles.secrets import MemoryAppSecrets, MemorySecrets
from tests.doubles.transport import BEARER_URL, WNS_BEARER_URL, FakeTransport, answered

STAND_INS = "http://127.0.0.1:9"
FILE = """
databases: [{id: 17, name: customers}]
resources: [{id: 5, name: shop, token: abcdefgh, databases: [17]}]
api_tokens: [{name: crm, token: 12345abc, rights: [send]}, {name: ads, token: 12345abcd, rights: [send]}]
apps:
  - {id: b, name: store, database: 17, enabled: false}
  - id: a
    name: "[red]shop"
    database: 17
    resource: 5
    callers: [crm, ads]
    apns: {key: "${P8}", key_id: ABC1234567, team_id: DEF1234567, topic: com.example.shop}
    web_push: stand-in
"""


def run(monkeypatch: pytest.MonkeyPatch, catalog: Catalog, *options: str) -> Result:
    return run_with(monkeypatch, WholeCatalog(catalog), "list", *options)


def run_with(monkeypatch: pytest.MonkeyPatch, whole: WholeCatalog, *words: str, stand_ins_url: str = STAND_INS) -> Result:
    app_secrets = MemoryAppSecrets()
    app_secrets.secrets = AppSecrets(whole.app_credentials)
    catalog, secrets = MemoryCatalog(whole.catalog), MemorySecrets()
    stores = Stores(catalog, MemoryAudience(), secrets, app_secrets, "https://hub.example", stand_ins_url=stand_ins_url)
    monkeypatch.setattr(commands, "open_stores", lambda _: stores)
    return CliRunner(mix_stderr=False).invoke(commands.apps, words)


@pytest.fixture
def catalog() -> Catalog:
    return parse_catalog(FILE, "catalog.yaml", {"P8": pem(p256_key())}).catalog


def test_apps_are_listed_in_a_table(monkeypatch: pytest.MonkeyPatch, catalog: Catalog) -> None:
    assert run(monkeypatch, catalog).stdout.splitlines() == [
        "ID  NAME       DATABASE  RESOURCE  PROVIDERS                  CALLERS   STATE",
        "b   store            17         -  -                          -         disabled",
        "a   [red]shop        17         5  apns, web_push (stand-in)  ads, crm  enabled",
    ]


def test_apps_are_listed_for_programs_as_a_file_has_them(monkeypatch: pytest.MonkeyPatch, catalog: Catalog) -> None:
    listed = json.loads(run(monkeypatch, catalog, "--json").stdout)
    assert [each["id"] for each in listed] == ["b", "a"]
    assert listed[1]["apns"] == {"topic": "com.example.shop", "environment": "production"}
    assert listed[1]["web_push"] == "stand-in"


def test_a_hub_without_apps_has_an_empty_list(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, Catalog({}, {}), "--json").stdout == "[]\n"
    assert len(run(monkeypatch, Catalog({}, {})).stdout.splitlines()) == 1


# Are credentials accepted?

ACCOUNT = """
databases: [{id: 17, name: customers}]
resources: []
apps:
  - id: a
    name: shop
    database: 17
    firebase: {service_account: "${ACCOUNT}"}
    apns: {key: "${P8}", key_id: ABC1234567, team_id: DEF1234567, topic: com.example.shop}
  - {id: b, name: other, database: 17, firebase: stand-in, web_push: stand-in}
  - {id: w, name: windows, database: 17, wns: {package_sid: ms-app://s-1-15-2-1, secret: "${WNS}"}}
"""
SIGNS = "the key signs; the provider cannot be asked without sending"


@pytest.fixture
def whole() -> WholeCatalog:
    return parse_catalog(
        ACCOUNT, "catalog.yaml", {"P8": pem(p256_key()), "ACCOUNT": service_account(), "WNS": "a-secret-of-the-store"}
    )


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> FakeTransport:
    made = FakeTransport()
    monkeypatch.setattr(commands, "Http2Transport", lambda **_: made)
    return made


def test_credentials_are_asked_about_without_a_push(
    monkeypatch: pytest.MonkeyPatch, whole: WholeCatalog, transport: FakeTransport
) -> None:
    result = run_with(monkeypatch, whole, "check", "shop", "--json")
    firebase, apns = json.loads(result.stdout)
    assert (result.exit_code, firebase["app"], firebase["block"], firebase["ok"]) == (0, "a", "firebase", True)
    assert apns == {"app": "a", "block": "apns", "ok": True, "reason": SIGNS}
    ((request,),) = transport.batches
    assert request.url == BEARER_URL


def test_credentials_that_are_refused_are_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, whole: WholeCatalog, transport: FakeTransport
) -> None:
    transport.answers = {BEARER_URL: [answered(400, {"error": "invalid_grant"})]}
    result = run_with(monkeypatch, whole, "check", "a")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "APP  BLOCK     STATE  WHY",
        "a    firebase  bad    invalid_grant: Google refuses the service account",
        f"a    apns      ok     {SIGNS}",
    ]
    for credentials in whole.app_credentials["a"].values():
        assert credentials["key"] not in result.output


def test_a_secret_of_windows_is_tried_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, whole: WholeCatalog, transport: FakeTransport
) -> None:
    (good,) = json.loads(run_with(monkeypatch, whole, "check", "windows", "--json").stdout)
    assert (good["block"], good["ok"]) == ("wns", True)
    assert good["reason"].startswith("Microsoft gave a bearer for the package SID")
    transport.answers = {WNS_BEARER_URL: [answered(400, {"error": "invalid_client"})]}
    result = run_with(monkeypatch, whole, "check", "w")
    assert "invalid_client: Microsoft refuses the package SID, or its secret" in result.stdout
    assert (result.exit_code, "a-secret" in result.output) == (1, False)


def test_stand_ins_are_asked_where_they_are(monkeypatch: pytest.MonkeyPatch, whole: WholeCatalog, transport: FakeTransport) -> None:
    transport.answers = {STAND_INS: [answered(200, {"access_token": "x", "expires_in": 3600})]}
    assert run_with(monkeypatch, whole, "check", "b").exit_code == 0
    ((request,),) = transport.batches
    assert request.url.startswith(STAND_INS)
    missing = run_with(monkeypatch, whole, "check", "b", stand_ins_url="")
    assert (missing.exit_code, "this stack has none" in missing.stdout) == (1, True)


def test_an_app_whose_secret_is_missing_is_bad(
    monkeypatch: pytest.MonkeyPatch, whole: WholeCatalog, transport: FakeTransport
) -> None:
    result = run_with(monkeypatch, WholeCatalog(whole.catalog), "check", "a")
    assert (result.exit_code, result.stdout.count("has no credentials of it yet"), transport.batches) == (1, 2, [])


def test_an_app_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, whole: WholeCatalog) -> None:
    result = run_with(monkeypatch, whole, "check", "nobody")
    assert (result.exit_code, result.stderr) == (
        1,
        'Error: APP: the catalog has no app with the id or name "nobody"; there is shop (a), other (b), windows (w)\n',
    )


def test_without_apps_there_is_nothing_to_check(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_with(monkeypatch, WholeCatalog(Catalog({}, {})), "check")
    assert (result.exit_code, result.stdout) == (0, "no credentials to check\n")
