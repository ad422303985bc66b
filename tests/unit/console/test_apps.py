"""The commands of apps."""

import json

import pytest
from click.testing import CliRunner, Result

import pushhub.console.apps as commands
from pushhub.catalog.file import parse_catalog
from pushhub.catalog.model import Catalog
from pushhub.console.stores import Stores
from tests.doubles.audience import MemoryAudience
from tests.doubles.catalog import MemoryCatalog
from tests.doubles.credentials import p256_key, pem
from tests.doubles.secrets import MemoryAppSecrets, MemorySecrets

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
    stores = Stores(MemoryCatalog(catalog), MemoryAudience(), MemorySecrets(), MemoryAppSecrets(), "https://hub.example")
    monkeypatch.setattr(commands, "open_stores", lambda _: stores)
    return CliRunner(mix_stderr=False).invoke(commands.apps, ["list", *options])


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
