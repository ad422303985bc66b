"""Apps in a catalog file."""

import json
from pathlib import Path

import pytest

from pushhub.catalog.file import CatalogFileError, parse_catalog, read_catalog_file
from pushhub.catalog.model import App, AppId, DatabaseId, ProviderBlock, ResourceId
from pushhub.catalog.providers import Provider
from pushhub.catalog.sections.apps.section import MAX_APPS
from pushhub.catalog.sections.file_sections import FILE_SECTIONS
from pushhub.catalog.whole import WholeCatalog
from tests.doubles.credentials import der, p256_key, pem, rsa_key, service_account, vapid_text

REST = """
databases: [{id: 17, name: customers}, {id: 18, name: others}]
resources: [{id: 5, name: shop, token: abcdefgh, databases: [17]}]
api_tokens:
  - {name: crm, token: 12345abc, rights: [send, events]}
  - {name: gateway, token: 12345abcd, rights: [events]}
"""
ENVIRONMENT = {
    "FIREBASE": service_account(),
    "P8": pem(p256_key()),
    "VAPID": vapid_text(p256_key()),
    "RSA": pem(rsa_key()),
    "WEAK": service_account(private_key=pem(rsa_key(1024))),
    "EC_ACCOUNT": service_account(private_key=pem(p256_key())),
    "NO_KEY": service_account(private_key=None),
    "NO_PROJECT": service_account(project_id="../../other"),
    "BAD_EMAIL": service_account(client_email="nobody"),
    "BAD_URI": service_account(token_uri="ftp://example.com"),
    "LOCAL_ACCOUNT": service_account(token_uri="http://127.0.0.1:9/token"),
    "USER_ACCOUNT": service_account(type="authorized_user"),
    "THE_WORD": "stand-in",
    "WNS": "Xk5yTbM3Qv/8sA+0pL2nUw==",
    "SHORT": "abc",
}
APNS = 'key: "${P8}", key_id: ABC1234567, team_id: DEF1234567, topic: com.example.shop'
WNS = 'package_sid: "ms-app://s-1-15-2-2972962901-2322836549-3722629029", secret: "${WNS}"'
WEB_PUSH = 'private_key: "${VAPID}", subject: "mailto:push@example.com"'


def read(apps: str, folder: Path = Path()) -> WholeCatalog:
    return parse_catalog(f"{REST}apps: [{apps}]", "catalog.yaml", ENVIRONMENT, folder)


def app(entry: str, folder: Path = Path()) -> App:
    (only,) = read(f"{{id: a, name: shop, database: 17, {entry}}}", folder).catalog.apps.values()
    return only


def problems(entry: str, folder: Path = Path()) -> list[str]:
    with pytest.raises(CatalogFileError) as caught:
        read(f"{{{entry}}}", folder)
    told = [problem.removeprefix("catalog.yaml: ") for problem in caught.value.problems]
    for secret in ENVIRONMENT.values():
        assert len(secret) < 20 or not any(secret in problem for problem in told)
    return told


def of_block(block: str, entry: str, folder: Path = Path()) -> list[str]:
    told = problems(f"id: a, name: shop, database: 17, {block}: {entry}", folder)
    return [problem.removeprefix(f"apps[0].{block}") for problem in told]


def test_a_file_declares_an_app_with_all_its_providers() -> None:
    whole = read(
        f"""{{
  id: 01234567-89ab-4cde-8f01-23456789abcd, name: "Shop & more", callers: [crm], database: 17, resource: 5,
  enabled: false, tracking: false, prefer: [ios-firebase, ios-apns],
  firebase: {{service_account: "${{FIREBASE}}", url: "https://fcm.example.com/", auth_url: "https://auth.example.com"}},
  apns: {{{APNS}, environment: sandbox}},
  web_push: {{{WEB_PUSH}}},
  wns: {{{WNS}, auth_url: "https://login.example.com/token"}}
}}"""
    )
    id_ = AppId("01234567-89ab-4cde-8f01-23456789abcd")
    declared = whole.catalog.apps[id_]
    point = declared.blocks["web_push"].settings["public_key"]
    assert declared == App(
        id_,
        "Shop & more",
        frozenset({"crm"}),
        DatabaseId(17),
        ResourceId(5),
        enabled=False,
        tracking=False,
        prefer=(Provider("ios-firebase"), Provider("ios-apns")),
        blocks={
            "firebase": ProviderBlock(
                {"project": "my-project", "auth_url": "https://auth.example.com", "url": "https://fcm.example.com"}
            ),
            "apns": ProviderBlock({"topic": "com.example.shop", "environment": "sandbox"}),
            "web_push": ProviderBlock({"subject": "mailto:push@example.com", "public_key": point}),
            "wns": ProviderBlock({"auth_url": "https://login.example.com/token"}),
        },
    )
    assert whole.app_credentials == {
        id_: {
            "firebase": {"email": "push@my-project.iam.gserviceaccount.com", "key": der(rsa_key()), "key_id": "0123abcd"},
            "apns": {"key": der(p256_key()), "key_id": "ABC1234567", "team_id": "DEF1234567"},
            "web_push": {"private_key": der(p256_key())},
            "wns": {"package_sid": "ms-app://s-1-15-2-2972962901-2322836549-3722629029", "secret": ENVIRONMENT["WNS"]},
        }
    }
    assert der(p256_key()) not in repr(whole)


def test_an_app_may_leave_out_all_but_its_id_name_and_database() -> None:
    assert app("") == App(AppId("a"), "shop", frozenset(), DatabaseId(17), None, True, True, (), {})
    assert read("{id: a, name: shop, database: 17}").app_credentials == {"a": {}}


def test_credentials_may_stand_in_files_beside_the_catalog_file(tmp_path: Path) -> None:
    (tmp_path / "account.json").write_text("\ufeff" + service_account(), encoding="utf-8")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "AuthKey.p8").write_text(pem(p256_key()), encoding="utf-8")
    by_file = "key_file: keys/AuthKey.p8, " + APNS.partition(", ")[2]
    entry = f"{{id: a, name: shop, database: 17, firebase: {{service_account_file: account.json}}, apns: {{{by_file}}}}}"
    by_text = f'{{id: a, name: shop, database: 17, firebase: {{service_account: "${{FIREBASE}}"}}, apns: {{{APNS}}}}}'
    (tmp_path / "catalog.yaml").write_text(f"{REST}apps: [{entry}]", encoding="utf-8")
    assert read_catalog_file(tmp_path / "catalog.yaml", {}) == read(by_text)


def test_where_a_service_account_has_its_tokens_elsewhere_that_is_a_setting() -> None:
    elsewhere = app('firebase: {service_account: "${LOCAL_ACCOUNT}"}')
    assert elsewhere.blocks["firebase"].settings["auth_url"] == "http://127.0.0.1:9/token"
    assert "auth_url" not in app('firebase: {service_account: "${FIREBASE}"}').blocks["firebase"].settings


@pytest.mark.parametrize("word", ["stand-in", '"${THE_WORD}"'])
def test_each_block_may_be_a_stand_in_with_throw_away_keys(word: str) -> None:
    whole = read(f"{{id: a, name: shop, database: 17, firebase: {word}, apns: {word}, web_push: {word}, wns: {word}}}")
    blocks, credentials = whole.catalog.apps[AppId("a")].blocks, whole.app_credentials["a"]
    assert all(block.stand_in for block in blocks.values())
    assert credentials.keys() == blocks.keys() == {"firebase", "apns", "web_push", "wns"}
    real = app(f'firebase: {{service_account: "${{FIREBASE}}"}}, apns: {{{APNS}}}, web_push: {{{WEB_PUSH}}}, wns: {{{WNS}}}')
    assert {name: block.settings.keys() for name, block in blocks.items()} == {
        name: block.settings.keys() for name, block in real.blocks.items()
    }
    assert der(p256_key()) not in json.dumps(credentials)


KEYS = "id, name, callers, database, resource, enabled, tracking, prefer, px, firebase, apns, web_push, wns"
AN_APP_ID = "an app's id is 1 to 64 characters of A-Z a-z 0-9 . _ -, the first one a letter or digit"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("name: a, database: 17", "apps[0].id: required"),
        ("id: a, database: 17", "apps[0].name: required"),
        ("id: a, name: a", "apps[0].database: required"),
        ("id: 5, name: a, database: 17", "apps[0].id: a text is expected; put it in quotes"),
        ("id: a#b, name: a, database: 17", f"apps[0].id: {AN_APP_ID}"),
        ("id: '', name: a, database: 17", f"apps[0].id: {AN_APP_ID}"),
        (f"id: {'x' * 65}, name: a, database: 17", f"apps[0].id: {AN_APP_ID}"),
        ('id: a, name: "a\\nb", database: 17', "apps[0].name: a text of one line that is not empty is expected"),
        ("id: a, name: a, database: 9", "apps[0].database: the file has no database 9"),
        ("id: a, name: a, database: 17, resource: 9", "apps[0].resource: the file has no resource 9"),
        ("id: a, name: a, database: 18, resource: 5", "apps[0].resource: resource 5 does not have database 18"),
        ("id: a, name: a, database: 17, callers: [nobody]", 'apps[0].callers[0]: the file has no api token "nobody"'),
        (
            "id: a, name: a, database: 17, callers: [gateway]",
            'apps[0].callers[0]: the api token "gateway" does not have the right send',
        ),
        ("id: a, name: a, database: 17, callers: [crm, crm]", 'apps[0].callers[1]: "crm" stands in the list already'),
        ("id: a, name: a, database: 17, callers: crm", "apps[0].callers: a list is expected"),
        ("id: a, name: a, database: 17, enabled: 1", "apps[0].enabled: true or false is expected"),
        ("id: a, name: a, database: 17, prefer: [ios-apns, ios-apns]", 'apps[0].prefer[1]: "ios-apns" stands in the list already'),
        ("id: a, name: a, database: 17, huawei: {}", f"apps[0].huawei: unknown key; the keys are {KEYS}"),
        ("id: a, name: a, database: 17, rustore: {}", f"apps[0].rustore: unknown key; the keys are {KEYS}"),
        ("id: a, name: a, database: 17, appmetrica: {}", f"apps[0].appmetrica: unknown key; the keys are {KEYS}"),
    ],
)
def test_what_is_wrong_with_an_app_is_told_with_its_place(entry: str, problem: str) -> None:
    assert problems(entry) == [problem]


def test_an_unknown_preferred_provider_is_told() -> None:
    (told,) = problems("id: a, name: a, database: 17, prefer: [apns]")
    assert told.startswith('apps[0].prefer[0]: unknown provider "apns"; one of android-firebase, ')


A_URL = "an absolute http or https URL is expected: a host, perhaps a port and a path, but no user, query or fragment"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("standin", ": a mapping is expected, or the word stand-in"),
        ("5", ": a mapping is expected"),
        ("{}", ": either service_account or service_account_file is required, not both"),
        (
            '{service_account: "${FIREBASE}", service_account_file: "x"}',
            ".service_account_file: the file cannot be read: No such file or directory",
        ),
        ('{service_account: "${UNSET}"}', ".service_account: environment variable not set: UNSET"),
        ("{service_account: 5}", ".service_account: a text is expected; put it in quotes"),
        ("{service_account: '{'}", ".service_account: not JSON; the whole file of a service account is expected"),
        (
            '{service_account: "${USER_ACCOUNT}"}',
            ".service_account: no service account; the file that Firebase's console makes has type: service_account",
        ),
        ('{service_account: "${NO_KEY}"}', ".service_account: private_key is missing or malformed"),
        ('{service_account: "${NO_PROJECT}"}', ".service_account: project_id is missing or malformed"),
        ('{service_account: "${BAD_EMAIL}"}', ".service_account: client_email is missing or malformed"),
        ('{service_account: "${BAD_URI}"}', f".service_account: token_uri: {A_URL}"),
        ('{service_account: "${EC_ACCOUNT}"}', ".service_account: private_key: the key is no RSA key"),
        (
            '{service_account: "${WEAK}"}',
            ".service_account: private_key: the RSA key has 1024 bits; at least 2048 are expected",
        ),
        ('{service_account: "${FIREBASE}", url: "fcm"}', f".url: {A_URL}"),
        (
            '{service_account: "${FIREBASE}", key: x}',
            ".key: unknown key; the keys are url, service_account, service_account_file, auth_url",
        ),
    ],
)
def test_what_is_wrong_with_firebase_is_told_with_its_place(entry: str, problem: str) -> None:
    assert of_block("firebase", entry) == [problem]


NO_PEM = "no private key, or a damaged one; the text of a PEM file is expected"
AN_APPLE_ID = "an id of Apple, 10 characters of A-Z 0-9, is expected"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (f"{{{APNS.partition(', ')[2]}}}", ": either key or key_file is required, not both"),
        (f"{{{APNS.replace('P8', 'VAPID')}}}", f".key: {NO_PEM}"),
        (f"{{{APNS.replace('P8', 'RSA')}}}", ".key: the key is no key on the curve P-256"),
        (f"{{{APNS.replace('ABC1234567', 'abc1234567')}}}", f".key_id: {AN_APPLE_ID}"),
        (f"{{{APNS.replace('DEF1234567', 'DEF')}}}", f".team_id: {AN_APPLE_ID}"),
        (
            f"{{{APNS.replace('com.example.shop', 'a/b')}}}",
            ".topic: a bundle id, 1 to 155 characters of A-Z a-z 0-9 . -, is expected",
        ),
        (f"{{{APNS}, environment: test}}", '.environment: unknown environment "test"; one of production, sandbox'),
        (
            f"{{{APNS}, auth_url: 'https://a.example'}}",
            ".auth_url: unknown key; the keys are url, key, key_file, key_id, team_id, topic, environment",
        ),
    ],
)
def test_what_is_wrong_with_apns_is_told_with_its_place(entry: str, problem: str) -> None:
    assert of_block("apns", entry) == [problem]


A_PACKAGE_SID = ".package_sid: a package SID, which begins with ms-app://s-1-15-2-, is expected"
A_SUBJECT = (
    ".subject: mailto: and an email address, or an https URL, with a host on the public internet and at most 256 characters,"
    " is expected"
)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ('{subject: "mailto:push@example.com"}', ".private_key: required"),
        ('{private_key: "${VAPID}"}', ".subject: required"),
        (f"{{{WEB_PUSH.replace('${VAPID}', 'a b')}}}", ".private_key: neither PEM nor base64url"),
        (f"{{{WEB_PUSH.replace('VAPID', 'RSA')}}}", ".private_key: the key is no key on the curve P-256"),
        *(
            (f"{{{WEB_PUSH.replace('mailto:push@example.com', subject)}}}", A_SUBJECT)
            for subject in (
                "push@example.com",
                "mailto:push@localhost",
                "https://localhost",
                "http://a.example",
                "mailto:a b@a.example",
            )
        ),
    ],
)
def test_what_is_wrong_with_web_push_is_told_with_its_place(entry: str, problem: str) -> None:
    assert of_block("web_push", entry) == [problem]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (f"{{{WNS.partition(', ')[0]}}}", ".secret: required"),
        (f"{{{WNS.partition(', ')[2]}}}", ".package_sid: required"),
        (f"{{{WNS.replace('WNS', 'SHORT')}}}", ".secret: a secret of 8 to 256 characters without blanks is expected"),
        *(
            (f"{{{WNS.replace('s-1-15-2-2972962901-2322836549-3722629029', sid)}}}", A_PACKAGE_SID)
            for sid in ("", "s-1-15-3-1", "s-1-15-2-a", "s-1-15-2-1/../a")
        ),
        (f"{{{WNS}, key: a}}", ".key: unknown key; the keys are url, package_sid, secret, auth_url"),
    ],
)
def test_what_is_wrong_with_wns_is_told_with_its_place(entry: str, problem: str) -> None:
    assert of_block("wns", entry) == [problem]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("large", b"x" * 65_537, "the file is over 65536 bytes"),
        ("latin", b"\xe9", "the file is not UTF-8 at byte 0"),
        ("text", b"{}", "no service account; the file that Firebase's console makes has type: service_account"),
    ],
)
def test_a_file_with_credentials_that_cannot_be_used_is_told(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    (tmp_path / name).write_bytes(content)
    told = of_block("firebase", f"{{service_account_file: {name}}}", tmp_path)
    assert told == [f".service_account_file: {problem}"]


def test_a_name_that_no_file_can_have_is_told() -> None:
    assert of_block("firebase", '{service_account_file: "a\\0b"}') == [".service_account_file: no name of a file"]


def test_ids_are_unique_and_there_are_at_most_200_apps() -> None:
    def with_apps(count: int) -> str:
        return ", ".join(f"{{id: a{number}, name: shop, database: 17}}" for number in range(count))

    assert len(read(with_apps(MAX_APPS)).catalog.apps) == MAX_APPS == 200
    with pytest.raises(CatalogFileError, match=r"apps: at most 200 apps$"):
        read(with_apps(201))
    with pytest.raises(CatalogFileError, match=r'apps\[1\].id: "a" is the id of apps\[0\] already$'):
        read("{id: a, name: b, database: 17}, {id: a, name: c, database: 17}")


def test_what_only_a_local_hub_may_have_is_told_by_block() -> None:
    (local,) = [each.local for each in FILE_SECTIONS if each.section.name == "apps"]
    ends = "only for stacks with AllowLocalUpstreams=true"
    assert list(local(app("firebase: stand-in"))) == [f"firebase: a stand-in is {ends}"]
    assert list(local(app(f'apns: {{{APNS}, url: "http://10.0.0.1"}}'))) == [
        f"apns.url: http is {ends}; use https",
        f"apns.url: 10.0.0.1 is not a public address, and so {ends}",
    ]
    told, _ = local(app('firebase: {service_account: "${LOCAL_ACCOUNT}"}'))
    assert told.startswith("firebase.auth_url: http is only")
    assert not list(local(app(f'apns: {{{APNS}, url: "https://example.com"}}, firebase: {{service_account: "${{FIREBASE}}"}}')))
