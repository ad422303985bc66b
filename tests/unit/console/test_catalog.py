"""The catalog commands."""

import json
import re
import shlex
from io import StringIO
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

import pushhub.console.catalog as commands
from pushhub.audience.changes import Change, ProfileCreation
from pushhub.audience.model import Origin, Profile, ProfileId
from pushhub.catalog.app_secrets import AppSecrets
from pushhub.catalog.document import MAX_DOCUMENT_BYTES
from pushhub.catalog.file import parse_catalog, read_catalog_file
from pushhub.catalog.model import Catalog, DatabaseId, ResourceId
from pushhub.catalog.port import CatalogChangedError, StoredCatalog
from pushhub.catalog.secrets import Secrets, StoredSecrets
from pushhub.catalog.sections.apps.keys import throw_away_p256_key, throw_away_rsa_key
from pushhub.console.catalog import DEMO_CATALOG, apply_catalog, apply_demo_catalog, catalog, demo_curl, read_catalog
from pushhub.console.connection import Connection, Stack
from pushhub.console.failure import ConsoleError
from pushhub.console.stores import Stores
from pushhub.faults import UnavailableError
from pushhub.moments import Seconds
from tests.doubles.audience import MemoryAudience
from tests.doubles.catalog import MemoryCatalog
from tests.doubles.credentials import der, p256_key, pem
from tests.doubles.secrets import MemoryAppSecrets, MemorySecrets

TOKEN = "3LXP2FRcRxJ-7b14db88ec937f14"
SHOP = f"""
databases: [{{id: 17, name: customers, fields: {{number: integer, nick: text}}, match: [number]}}]
resources: [{{id: 5, name: shop app, token: {TOKEN}, databases: [17]}}]
"""

FORWARDING = """
api_tokens: [{name: gateway, token: abcdefghijklmnqrstuvwxyz, rights: [events]}]
upstreams: [{name: altcraft, kind: altcraft, url: "https://example.com", token: their-token}]
"""


class Hub:
    """A hub in memory, and a file to apply to it."""

    def __init__(self, file: Path) -> None:
        self.catalog = MemoryCatalog()
        self.audience = MemoryAudience()
        self.secrets = MemorySecrets()
        self.app_secrets = MemoryAppSecrets()
        self.base_url = "https://hub.example"
        self.local_upstreams = True
        self.file = file
        self.stacks: list[Stack | None] = []

    def open(self, stack: Stack | None) -> Stores:
        self.stacks.append(stack)
        return Stores(
            self.catalog, self.audience, self.secrets, self.app_secrets, self.base_url, local_upstreams=self.local_upstreams
        )

    def run(self, *words: str) -> Result:
        return CliRunner(mix_stderr=False).invoke(catalog, words)

    def apply(self, text: str, *options: str) -> Result:
        self.file.write_text(text, encoding="utf-8")
        return self.run("apply", str(self.file), *options)

    def hold_a_profile(self, database: int) -> None:
        profile = Profile(ProfileId("ann"), Origin.ID, {}, frozenset(), {}, {}, Seconds(1), Seconds(1))
        self.audience.commit(DatabaseId(database), Change(profiles=(ProfileCreation(profile),)))


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    made = Hub(tmp_path / "catalog.yaml")
    monkeypatch.setattr(commands, "open_stores", made.open)
    monkeypatch.setattr(commands, "stores_of", lambda _: made.open(None))
    return made


def test_applying_shows_what_changes_and_when(hub: Hub) -> None:
    result = hub.apply(SHOP, "--stack", "ours")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == ["+ database 17 customers", "+ resource 5 shop app", "in effect within 60 s"]
    assert result.stderr == ""
    assert hub.catalog.catalog == parse_catalog(SHOP, "", {}).catalog
    assert hub.stacks == [Stack("ours")]


def test_applying_again_changes_nothing(hub: Hub) -> None:
    hub.apply(SHOP)
    assert hub.apply(SHOP).stdout == "nothing to change\n"
    assert hub.catalog.version == 1


def test_a_dry_run_shows_the_same_and_writes_nothing(hub: Hub) -> None:
    result = hub.apply(SHOP, "--dry-run")
    assert result.stdout.splitlines() == ["+ database 17 customers", "+ resource 5 shop app", "dry run: nothing was changed"]
    assert hub.catalog.version == 0


def test_json_stands_alone_on_stdout(hub: Hub) -> None:
    hub.apply(SHOP)
    result = hub.apply(SHOP.replace("17", "18"), "--json")
    assert json.loads(result.stdout) == {
        "applied": True,
        "changes": [
            {"action": "add", "kind": "database", "id": 18, "name": "customers", "details": []},
            {"action": "change", "kind": "resource", "id": 5, "name": "shop app", "details": ["databases [17] → [18]"]},
        ],
        "kept": [
            {
                "action": "keep",
                "kind": "database",
                "id": 17,
                "name": "customers",
                "details": ["not in the file, kept (--prune deletes it)"],
            }
        ],
    }
    assert "in effect within 60 s" in result.stderr


def test_json_says_so_when_nothing_changes(hub: Hub) -> None:
    result = hub.apply("databases: []", "--json")
    assert json.loads(result.stdout) == {"applied": False, "changes": [], "kept": []}


def test_json_has_no_id_of_what_goes_by_its_name(hub: Hub) -> None:
    assert json.loads(hub.apply(FORWARDING, "--json").stdout)["changes"] == [
        {"action": "add", "kind": "api token", "id": None, "name": "gateway", "details": []},
        {"action": "add", "kind": "upstream", "id": None, "name": "altcraft", "details": []},
    ]


def test_the_token_of_an_upstream_is_kept_with_the_secrets_and_shown_nowhere(hub: Hub) -> None:
    added = hub.apply(FORWARDING)
    assert added.stdout.splitlines() == ["+ api token gateway", "+ upstream altcraft", "in effect within 60 s"]
    assert hub.secrets.secrets.upstream_tokens == {"altcraft": "their-token"}
    changed = hub.apply(FORWARDING.replace("their-token", "a-newer-one"))
    assert changed.stdout.splitlines() == ["~ upstream altcraft: token changed", "in effect within 60 s"]
    assert hub.secrets.secrets.upstream_tokens == {"altcraft": "a-newer-one"}
    assert hub.secrets.secrets.link_keys == {1: "a-link-key"}
    assert "their-token" not in hub.run("show").stdout + hub.run("show", "--json").stdout


def test_a_secret_in_which_nothing_changes_is_not_written(hub: Hub) -> None:
    hub.apply(FORWARDING)
    assert hub.secrets.writes == 1
    hub.apply(FORWARDING.replace("https://example.com", "https://example.org"))
    hub.apply(SHOP)
    assert hub.secrets.writes == 1
    assert hub.catalog.version == 3


def test_a_dry_run_writes_no_secret(hub: Hub) -> None:
    hub.apply(FORWARDING, "--dry-run")
    assert (hub.catalog.version, hub.secrets.writes) == (0, 0)


def test_a_hub_without_upstreams_is_never_asked_for_its_secret(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> StoredSecrets[Secrets]:
        raise AssertionError

    monkeypatch.setattr(hub.secrets, "load", fail)
    assert hub.apply(SHOP + FORWARDING.partition("upstreams")[0]).exit_code == 0
    assert hub.apply("databases: []", "--prune").exit_code == 0


def test_a_pruned_upstream_leaves_no_token_behind(hub: Hub) -> None:
    hub.apply(FORWARDING)
    assert hub.apply("databases: []").stdout.splitlines()[-1] == "nothing to change"
    assert hub.secrets.secrets.upstream_tokens == {"altcraft": "their-token"}
    pruned = hub.apply("databases: []", "--prune")
    assert pruned.stdout.splitlines() == ["- api token gateway", "- upstream altcraft", "in effect within 60 s"]
    assert hub.secrets.secrets.upstream_tokens == {}


def test_at_no_moment_does_the_catalog_name_an_upstream_without_a_token(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_catalog: Catalog, _version: int) -> None:
        tokens = hub.secrets.secrets.upstream_tokens
        moments.append((set(hub.catalog.catalog.upstreams), set(tokens)))
        raise CatalogChangedError

    hub.apply(FORWARDING)
    moments: list[tuple[set[str], set[str]]] = []
    monkeypatch.setattr(hub.catalog, "replace", refuse)
    # Another one comes and the old one goes; the process may end right before or after the catalog is written.
    assert hub.apply(FORWARDING.replace("name: altcraft", "name: another"), "--prune").exit_code == 1
    assert moments == [({"altcraft"}, {"altcraft", "another"})]
    monkeypatch.undo()
    assert hub.secrets.secrets.upstream_tokens.keys() == {"altcraft", "another"}


def test_a_secret_that_someone_else_changed_is_not_overwritten(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = hub.secrets.load()
    hub.secrets.replace(stale.secrets.with_link_key("a newer key"), stale.version)
    monkeypatch.setattr(hub.secrets, "load", lambda: stale)
    result = hub.apply(FORWARDING)
    assert result.exit_code == 1
    assert result.stderr == "Error: the hub's secret was changed by someone else meanwhile; run it again\n"
    assert hub.catalog.version == 0
    assert hub.secrets.secrets.link_keys.keys() == {1, 2}


def test_a_token_stays_that_someone_else_needs_again_meanwhile(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def then_another_adds_it_again(catalog: Catalog, version: int) -> None:
        monkeypatch.setattr(hub.catalog, "replace", really_replace)
        really_replace(catalog, version)
        other = Hub(hub.file.with_name("other.yaml"))
        other.catalog, other.secrets = hub.catalog, hub.secrets
        assert other.apply(FORWARDING).exit_code == 0

    hub.apply(FORWARDING)
    really_replace = hub.catalog.replace
    monkeypatch.setattr(hub.catalog, "replace", then_another_adds_it_again)
    result = hub.apply("databases: []", "--prune")
    assert result.stderr == "Error: the hub's secret was changed by someone else meanwhile; run it again\n"
    assert hub.catalog.catalog.upstreams.keys() == hub.secrets.secrets.upstream_tokens.keys() == {"altcraft"}


def test_a_token_that_was_left_behind_goes_with_the_next_run(hub: Hub) -> None:
    hub.secrets.secrets = Secrets(hub.secrets.secrets.link_keys, {"left behind": "x"})
    hub.apply(FORWARDING)
    assert hub.secrets.secrets.upstream_tokens == {"altcraft": "their-token"}
    hub.secrets.secrets = Secrets(hub.secrets.secrets.link_keys, {"altcraft": "their-token", "left behind": "x"})
    assert hub.apply(FORWARDING).stdout == "nothing to change\n"
    assert hub.secrets.secrets.upstream_tokens == {"altcraft": "their-token"}


def test_an_upstream_whose_token_was_lost_gets_it_again(hub: Hub) -> None:
    hub.apply(FORWARDING)
    hub.secrets.secrets = Secrets(hub.secrets.secrets.link_keys, {})
    assert hub.apply(FORWARDING).stdout.splitlines()[0] == "~ upstream altcraft: token changed"
    assert hub.secrets.secrets.upstream_tokens == {"altcraft": "their-token"}


KEYS = "databases, resources, api_tokens, upstreams, apps, app_groups, audience_groups, events"
APPS = """
databases: [{id: 17, name: customers}]
api_tokens: [{name: crm, token: abcdefgh, rights: [send]}]
apps:
  - {id: a1, name: shop, callers: [crm], database: 17,
     apns: {key_file: AuthKey.p8, key_id: ABC1234567, team_id: DEF1234567, topic: com.example.shop}}
"""
STAND_INS = "databases: [{id: 17, name: a}]\napps: [{id: a1, name: shop, database: 17, firebase: stand-in, web_push: stand-in}]\n"


@pytest.fixture
def _key_file(hub: Hub) -> None:
    hub.file.with_name("AuthKey.p8").write_text(pem(p256_key()), encoding="utf-8")


@pytest.mark.usefixtures("_key_file")
def test_the_credentials_of_an_app_are_kept_in_the_secret_of_apps_and_shown_nowhere(hub: Hub) -> None:
    added = hub.apply(APPS)
    assert added.stdout.splitlines()[-2:] == ["+ app a1 shop", "in effect within 60 s"]
    credentials = {"apns": {"key": der(p256_key()), "key_id": "ABC1234567", "team_id": "DEF1234567"}}
    assert hub.app_secrets.secrets.app_credentials == {"a1": credentials}
    assert (hub.secrets.writes, hub.app_secrets.writes) == (0, 1)
    assert hub.apply(APPS).stdout == "nothing to change\n"
    changed = hub.apply(APPS.replace("ABC1234567", "ABC7654321"), "--json")
    assert json.loads(changed.stdout)["changes"] == [
        {"action": "change", "kind": "app", "id": "a1", "name": "shop", "details": ["credentials of apns changed"]}
    ]
    told = changed.stdout + changed.stderr + hub.run("show").stdout + hub.run("show", "--json").stdout
    assert der(p256_key()) not in told
    assert "ABC7654321" not in told


@pytest.mark.usefixtures("_key_file")
def test_an_app_is_shown_as_a_file_has_it_without_its_key(hub: Hub) -> None:
    hub.apply(APPS.replace("rights: [send]", "rights: [send, events], suspended: true"))
    shown = YAML(typ="safe", pure=True).load(StringIO(hub.run("show").stdout))
    assert shown["apps"] == [
        {
            "id": "a1",
            "name": "shop",
            "callers": ["crm"],
            "database": 17,
            "enabled": True,
            "tracking": True,
            "prefer": [],
            "apns": {"topic": "com.example.shop", "environment": "production"},
        }
    ]
    assert shown["api_tokens"] == [{"name": "crm", "token_sha256": ["9c56cc…"], "rights": ["events", "send"], "suspended": True}]


@pytest.mark.usefixtures("_key_file")
def test_at_no_moment_does_the_catalog_name_an_app_without_credentials(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_catalog: Catalog, _version: int) -> None:
        moments.append((set(hub.catalog.catalog.apps), set(hub.app_secrets.secrets.app_credentials)))
        raise CatalogChangedError

    hub.apply(APPS)
    moments: list[tuple[set[str], set[str]]] = []
    really_replace = hub.catalog.replace
    monkeypatch.setattr(hub.catalog, "replace", refuse)
    assert hub.apply(APPS.replace("id: a1", "id: a2"), "--prune").exit_code == 1
    assert moments == [({"a1"}, {"a1", "a2"})]
    monkeypatch.setattr(hub.catalog, "replace", really_replace)
    assert hub.apply(APPS.replace("id: a1", "id: a2"), "--prune").exit_code == 0
    assert hub.app_secrets.secrets.app_credentials.keys() == hub.catalog.catalog.apps.keys() == {"a2"}


@pytest.mark.usefixtures("_key_file")
def test_an_app_whose_credentials_were_lost_gets_them_again(hub: Hub) -> None:
    hub.apply(APPS)
    hub.app_secrets.secrets = AppSecrets()
    assert hub.apply(APPS).stdout.splitlines()[0] == "~ app a1 shop: credentials of apns added"
    assert hub.app_secrets.secrets.app_credentials.keys() == {"a1"}


def test_a_hub_without_apps_is_never_asked_for_their_secret(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> StoredSecrets[AppSecrets]:
        raise AssertionError

    monkeypatch.setattr(hub.app_secrets, "load", fail)
    assert hub.apply(SHOP + FORWARDING).exit_code == 0
    assert hub.catalog.catalog.base_url is None


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_credentials_that_do_not_fit_the_secret_are_refused_with_their_sizes(hub: Hub, options: tuple[str, ...]) -> None:
    hub.apply(STAND_INS)
    before = hub.app_secrets.secrets
    many = ", ".join(f"{{id: b{number}, name: shop, database: 17, firebase: stand-in}}" for number in range(40))
    result = hub.apply(f"databases: [{{id: 17, name: a}}]\napps: [{many}]", "--prune", *options)
    assert result.exit_code == 1
    told = r"Error: the credentials of apps take \d+ bytes; at most 65536 fit: a1 \d+, b\d+ \d+, .*, and 31 more\n"
    assert re.fullmatch(told, result.stderr)
    assert hub.app_secrets.secrets == before
    assert hub.catalog.catalog.apps.keys() == {"a1"}


def test_stand_ins_keep_their_throw_away_keys(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.apply(STAND_INS)
    first, catalog = hub.app_secrets.secrets, hub.catalog.catalog
    throw_away_rsa_key.cache_clear()
    throw_away_p256_key.cache_clear()
    assert hub.apply(STAND_INS).stdout == "nothing to change\n"
    assert (hub.app_secrets.secrets, hub.catalog.catalog) == (first, catalog)


def test_stand_ins_and_local_addresses_of_apps_are_for_hubs_that_allow_them(hub: Hub) -> None:
    hub.local_upstreams = False
    result = hub.apply(STAND_INS)
    assert result.stderr.splitlines() == [
        'Error: apps "a1": firebase: a stand-in is only for stacks with AllowLocalUpstreams=true',
        'apps "a1": web_push: a stand-in is only for stacks with AllowLocalUpstreams=true',
    ]
    assert (hub.catalog.version, hub.app_secrets.writes) == (0, 0)


def test_a_catalog_with_apps_has_the_address_of_the_hub_and_follows_it(hub: Hub) -> None:
    hub.apply(STAND_INS)
    assert hub.catalog.catalog.base_url == "https://hub.example"
    hub.base_url = "https://push.example.com"
    assert hub.apply(STAND_INS, "--dry-run").stderr == ""
    assert hub.catalog.catalog.base_url == "https://hub.example"
    moved = hub.apply(STAND_INS)
    assert (moved.stdout, moved.stderr) == (
        "nothing to change\n",
        "links of pushes begin with https://push.example.com from now on\n",
    )
    assert hub.catalog.catalog.base_url == "https://push.example.com"
    hub.apply("databases: []", "--prune")
    assert hub.catalog.catalog.base_url is None


def test_a_hub_that_is_started_elsewhere_has_its_new_address_in_the_catalog(hub: Hub) -> None:
    hub.apply(STAND_INS)
    hub.base_url = "http://127.0.0.1:9090"
    assert apply_demo_catalog(local_hub(), demo=read_catalog(DEMO_CATALOG)) == ()
    assert hub.catalog.catalog.base_url == "http://127.0.0.1:9090"
    version = hub.catalog.version
    apply_demo_catalog(local_hub(), demo=read_catalog(DEMO_CATALOG))
    assert hub.catalog.version == version


@pytest.mark.parametrize(("characters", "code"), [(128, 0), (129, 1)])
def test_an_address_that_leaves_no_room_in_a_push_is_refused_where_there_are_apps(hub: Hub, characters: int, code: int) -> None:
    hub.base_url = "https://".ljust(characters, "x")
    result = hub.apply(STAND_INS)
    assert result.exit_code == code
    assert ("the hub's address has 129 characters; with apps, at most 128 leave room in a push" in result.stderr) is bool(code)


LOCAL = """
upstreams:
  - {name: plain, kind: altcraft, url: "http://example.com", token: t}
  - {name: private, kind: altcraft, url: "https://10.0.0.1", token: t}
  - {name: public, kind: altcraft, url: "https://example.com", token: t}
"""


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_http_and_private_addresses_are_for_hubs_that_allow_them(hub: Hub, options: tuple[str, ...]) -> None:
    hub.local_upstreams = False
    result = hub.apply(LOCAL, *options)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        'Error: upstreams "plain": http is only for stacks with AllowLocalUpstreams=true; use https',
        'upstreams "private": 10.0.0.1 is not a public address, and so only for stacks with AllowLocalUpstreams=true',
    ]
    assert (hub.catalog.version, hub.secrets.writes) == (0, 0)
    hub.local_upstreams = True
    assert hub.apply(LOCAL, *options).exit_code == 0


def test_nothing_is_deleted_unless_asked(hub: Hub) -> None:
    hub.apply(SHOP)
    kept = hub.apply("databases: []")
    assert kept.stdout.splitlines()[0] == "= database 17 customers: not in the file, kept (--prune deletes it)"
    assert hub.catalog.catalog.databases
    pruned = hub.apply("databases: []", "--prune")
    assert pruned.stdout.splitlines() == ["- database 17 customers", "- resource 5 shop app", "in effect within 60 s"]
    assert not hub.catalog.catalog.databases


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("databases: []", "removed"),
        (SHOP.replace("match: [number]", "match: [nick]"), "match [number] → [nick]"),
        (SHOP.replace("nick: text", "nick: phone"), "field nick text → phone"),
    ],
)
@pytest.mark.parametrize("option", ["--dry-run", "--json"])
def test_a_database_that_holds_profiles_keeps_what_they_rest_on(hub: Hub, text: str, reason: str, option: str) -> None:
    hub.apply(SHOP)
    hub.hold_a_profile(17)
    result = hub.apply(text, "--prune", option)
    assert result.exit_code == 1
    assert result.stdout == ""
    told = result.stderr.splitlines()
    assert told[0].startswith("looking for profiles in database 17 customers;")
    assert told[1] == f"Error: database 17 customers holds profiles, so this cannot be done: {reason}"
    assert hub.catalog.version == 1


def test_an_empty_database_may_change_in_every_way(hub: Hub) -> None:
    hub.apply(SHOP)
    result = hub.apply("databases: []", "--prune")
    assert result.exit_code == 0
    assert result.stderr.startswith("looking for profiles in database 17")


def test_a_bad_file_is_told_line_by_line_before_the_hub_is_asked(hub: Hub) -> None:
    result = hub.apply("databases: [{id: 0, name: a}]\nresources: [{id: 1, name: b, token: '${UNSET_HERE}', databases: []}]")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"Error: {hub.file}: databases[0].id: an integer from 1 to 2147483647 is expected",
        f"{hub.file}: resources[0].token: environment variable not set: UNSET_HERE",
    ]
    assert hub.stacks == []


def test_a_missing_file_is_told_in_one_line(hub: Hub) -> None:
    result = hub.run("apply", "nowhere.yaml")
    assert (result.exit_code, result.stderr) == (1, "Error: nowhere.yaml: No such file or directory\n")


def test_a_token_of_a_kept_resource_is_refused(hub: Hub) -> None:
    hub.apply(SHOP)
    result = hub.apply(SHOP.replace("id: 5", "id: 6"))
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: resource 6 shop app has a token of resource 5 shop app")


def test_a_catalog_that_someone_else_changed_is_not_overwritten(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub.catalog, "load", lambda: StoredCatalog(hub.catalog.catalog, 7))
    result = hub.apply(SHOP)
    assert result.exit_code == 1
    assert result.stderr == "Error: the catalog was changed by someone else meanwhile; run it again\n"


def test_a_catalog_that_does_not_fit_is_refused_even_by_a_dry_run(hub: Hub) -> None:
    result = hub.apply(f"databases: [{{id: 1, name: {'x' * MAX_DOCUMENT_BYTES}}}]", "--dry-run")
    assert result.exit_code == 1
    assert re.fullmatch(r"Error: the catalog takes \d+ bytes; at most 380000 fit\n", result.stderr)


@pytest.mark.parametrize("words", [["show"], ["apply", str(DEMO_CATALOG)]])
def test_a_hub_that_does_not_answer_is_told_in_one_line(hub: Hub, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    def fail() -> StoredCatalog:
        raise UnavailableError("DynamoDB answered AccessDenied to GetItem")

    monkeypatch.setattr(hub.catalog, "load", fail)
    result = hub.run(*words)
    assert result.exit_code == 1
    assert result.stderr == "Error: the hub's data cannot be used: DynamoDB answered AccessDenied to GetItem; run it again\n"


def test_showing_prints_yaml_without_a_whole_digest(hub: Hub) -> None:
    hub.apply(
        SHOP.replace("databases: [17]", "databases: [17], providers: [ios-apns, Firefox], matching: [custom, token]") + FORWARDING
    )
    shown = hub.run("show")
    assert (
        shown.stdout
        == """\
databases:
- id: 17
  name: customers
  fields: {number: integer, nick: text}
  match: [number]
resources:
- id: 5
  name: shop app
  token_sha256: [c9a113…]
  databases: [17]
  token_conflict: reject
  providers: [Firefox, ios-apns]
  matching: [token, custom]
api_tokens:
- name: gateway
  token_sha256: [c70780…]
  rights: [events]
upstreams:
- name: altcraft
  kind: altcraft
  url: https://example.com
  relay_links: false
  events: [delivered, opened]
apps: []
app_groups: []
audience_groups: []
events: []
"""
    )
    assert json.loads(hub.run("show", "--json").stdout) == YAML(typ="safe", pure=True).load(StringIO(shown.stdout))


def test_showing_an_empty_catalog_prints_empty_lists(hub: Hub) -> None:
    assert hub.run("show").stdout == "".join(f"{key}: []\n" for key in KEYS.split(", "))


def test_what_is_shown_is_a_catalog_file_but_for_the_tokens(hub: Hub) -> None:
    hub.run("apply", str(DEMO_CATALOG))
    shown = hub.run("show").stdout.replace("kind: altcraft", "kind: altcraft\n  token: new-token")
    again = hub.apply(re.sub(r"token_sha256: .*", lambda found: f"token: new-token-{found.start()}", shown))
    told = [line.split(":")[-1].strip() for line in again.stdout.splitlines()[:-1]]
    assert told == ["tokens changed (1 added, 1 removed)"] * 6 + ["token changed"]


def local_hub() -> Connection:
    return Connection(boto3.Session(), None, {"Url": "http://127.0.0.1:8080"})


def test_applying_for_up_is_quiet_when_nothing_changes(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    demo = read_catalog(DEMO_CATALOG)
    assert apply_catalog(local_hub(), desired=demo) == ()
    assert capsys.readouterr().err.splitlines()[0] == "+ database 1 visitors"
    apply_catalog(local_hub(), desired=demo)
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""


def test_a_first_start_gets_the_demo_catalog_and_a_later_one_leaves_it(hub: Hub) -> None:
    demo = read_catalog(DEMO_CATALOG)
    for _ in range(2):
        assert apply_demo_catalog(local_hub(), demo=demo) == (demo_curl("http://127.0.0.1:8080"),)


def test_a_hub_with_a_catalog_of_its_own_keeps_it_and_shows_no_token(hub: Hub) -> None:
    hub.apply("databases: []\nresources: [{id: 9, name: mine, token: my-own-token, databases: []}]\n")
    before = hub.run("show").stdout
    assert apply_demo_catalog(local_hub(), demo=read_catalog(DEMO_CATALOG)) == ()
    assert hub.run("show").stdout == before


def test_reading_a_file_raises_all_problems(hub: Hub) -> None:
    hub.file.write_text("a: 1\nb: 2\n", encoding="utf-8")
    with pytest.raises(ConsoleError) as caught:
        read_catalog(hub.file)
    assert caught.value.message.splitlines() == [
        f"{hub.file}: a: unknown key; the keys are {KEYS}",
        f"{hub.file}: b: unknown key; the keys are {KEYS}",
    ]


def test_the_demo_request_is_one_that_the_demo_catalog_takes() -> None:
    words = shlex.split(demo_curl("http://127.0.0.1:8080"))
    assert words[:3] == ["curl", "http://127.0.0.1:8080/push_subscribe", "-d"]
    resource = read_catalog(DEMO_CATALOG).catalog.resource_opened_by(json.loads(words[3])["resource_token"])
    assert resource is not None
    assert resource.databases == (17,)


def test_the_demo_catalog_has_a_database_without_the_field_of_the_demo_request() -> None:
    demo = read_catalog_file(DEMO_CATALOG, {}).catalog
    doors = [(resource.id, resource.databases) for resource in demo.resources.values()]
    assert doors == [(5, (17,)), (22, (34, 2)), (31, (1, 17)), (41, (40,))]
    assert "CustomNumber1" not in demo.databases[DatabaseId(2)].fields


def test_the_demo_catalog_takes_the_published_example_of_a_server_and_hands_events_to_the_stand_in() -> None:
    demo = read_catalog_file(DEMO_CATALOG, {})
    caller = demo.catalog.api_caller_of("abcdefghijklmnqrstuvwxyz")
    assert caller is not None
    assert caller.rights == {"events"}
    assert [upstream.url for upstream in demo.catalog.upstreams.values()] == ["http://127.0.0.1:8090"]
    assert demo.upstream_tokens == {"stand-in": "token-of-the-stand-in"}


def test_the_demo_catalog_has_an_app_of_push_express_with_groups_and_events() -> None:
    demo = read_catalog_file(DEMO_CATALOG, {}).catalog
    shop = demo.app_of_push_express(16183)
    assert shop is not None
    assert demo.app_of_sdk("16183-2") == shop
    assert (shop.callers, shop.database, shop.resource) == (frozenset({"crm"}), DatabaseId(40), ResourceId(41))
    assert demo.apps_in(demo.app_groups[7]) == (shop,)
    assert demo.audience_groups[3].audiences == ("vip", "sale")
    assert [(event.code, event.name) for event in demo.events.values()] == [("reg", "reg"), ("dep", "Deposit")]
