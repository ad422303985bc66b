"""Reading catalog files."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.document import read_document, write_document
from pushhub.catalog.file import MAX_FILE_BYTES, CatalogFileError, parse_catalog, read_catalog_file
from pushhub.catalog.model import (
    ApiCaller,
    Catalog,
    Database,
    DatabaseId,
    FieldType,
    PushTokenConflict,
    ReportedEvent,
    Resource,
    ResourceId,
    Right,
    Upstream,
    UpstreamKind,
    WayOfMatching,
    digest_of,
)
from pushhub.catalog.providers import PROVIDER_CODES, Provider
from pushhub.catalog.sections.file_values import MAX_ID
from pushhub.catalog.whole import WholeCatalog
from pushhub.text import holds_invisible

TOKEN = "3LXP2FRcRxJ-7b14db88ec937f14"

SECTIONS = "databases, resources, api_tokens, upstreams, apps, app_groups, audience_groups, events"
A_URL = "an absolute http or https URL is expected: a host, perhaps a port and a path, but no user, query or fragment"
AN_UPSTREAM_TOKEN = "an upstream's token is 1 to 1024 printable ASCII characters without spaces"
A_NAME = "a name here is 1 to 64 characters of A-Z a-z 0-9 _ -, the first one a letter or digit"

CUSTOMERS = "databases: [{id: 17, name: customers, fields: {number: integer, nick: text, ok: bool}, match: [number]}]\n"


def problems(text: str, **environment: str) -> list[str]:
    """Give what is wrong with a file, without the file's name."""
    with pytest.raises(CatalogFileError) as caught:
        parse_catalog(text, "catalog.yaml", environment)
    told = caught.value.problems
    assert all(problem.startswith("catalog.yaml: ") and "\n" not in problem for problem in told)
    return [problem.removeprefix("catalog.yaml: ") for problem in told]


def of_database(entry: str) -> list[str]:
    return problems(f"databases: [{{{entry}}}]")


def of_resource(entry: str, **environment: str) -> list[str]:
    return problems(f"{CUSTOMERS}resources: [{{id: 5, name: shop, {entry}}}]", **environment)


def of_api_token(entry: str, **environment: str) -> list[str]:
    return problems(f"api_tokens: [{{{entry}}}]", **environment)


def of_upstream(entry: str, **environment: str) -> list[str]:
    return problems(f"upstreams: [{{{entry}}}]", **environment)


def declared(text: str, **environment: str) -> Catalog:
    """Give the catalog of a file, without the tokens of its upstreams."""
    return parse_catalog(text, "catalog.yaml", environment).catalog


def test_a_file_declares_databases_and_resources() -> None:
    catalog = declared(CUSTOMERS + f"resources: [{{id: 5, name: shop app, token: {TOKEN}, databases: [17]}}]")
    fields = {"number": FieldType.INTEGER, "nick": FieldType.TEXT, "ok": FieldType.BOOL}
    shop = Resource(
        ResourceId(5), "shop app", frozenset({digest_of(TOKEN)}), (DatabaseId(17),), PushTokenConflict.REJECT, providers=None
    )
    assert catalog == Catalog({DatabaseId(17): Database(DatabaseId(17), "customers", fields, ("number",))}, {ResourceId(5): shop})


def test_a_resource_may_have_two_tokens_fewer_providers_and_moving_tokens() -> None:
    catalog = declared(
        f"resources: [{{id: 5, name: s, tokens: [{TOKEN}, 12345abc], databases: [], token_conflict: move, providers: [Firefox]}}]"
    )
    shop = catalog.resources[ResourceId(5)]
    assert shop.bearer_token_digests == {digest_of(TOKEN), digest_of("12345abc")}
    assert shop.push_token_conflict is PushTokenConflict.MOVE
    assert shop.providers == frozenset({Provider("Firefox")})


@pytest.mark.parametrize(
    ("declared_as", "ways"),
    [
        ("matching: [token]", ["token"]),
        ("matching: [custom, id]", ["id", "custom"]),
        ("matching: [custom, id, token]", ["token", "id", "custom"]),
        ('matching: ["${WAY}"]', ["id"]),
    ],
)
def test_a_resource_may_match_in_fewer_ways(declared_as: str, ways: list[str]) -> None:
    text = f"resources: [{{id: 5, name: s, token: {TOKEN}, databases: [], {declared_as}}}]"
    assert declared(text, WAY="id").resources[ResourceId(5)].ways_of_matching == tuple(map(WayOfMatching, ways))


def test_a_section_that_is_left_out_is_empty() -> None:
    assert parse_catalog("databases: []", "catalog.yaml", {}) == WholeCatalog(Catalog({}, {}), {})


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_bytes(b"\xef\xbb\xbf" + CUSTOMERS.encode())
    assert list(read_catalog_file(tmp_path / "c.yaml", {}).catalog.databases) == [17]


def test_a_file_declares_who_may_call_and_where_events_go() -> None:
    read = parse_catalog(
        """
api_tokens:
  - {name: gateway, token: abcdefghijklmnqrstuvwxyz, rights: [events]}
  - {name: 2nd_gate-way, tokens: [old-token, new-token], rights: [events]}
upstreams:
  - {name: altcraft, kind: altcraft, url: "https://example.com", token: "${ALTCRAFT}", relay_links: true, events: [opened]}
  - {name: second, kind: altcraft, url: "HTTP://Example.com:8080/Base/", token: s}
""",
        "catalog.yaml",
        {"ALTCRAFT": "$ecret"},
    )
    assert read.catalog.api_tokens == {
        "gateway": ApiCaller("gateway", frozenset({digest_of("abcdefghijklmnqrstuvwxyz")}), frozenset({Right.EVENTS})),
        "2nd_gate-way": ApiCaller(
            "2nd_gate-way", frozenset({digest_of("old-token"), digest_of("new-token")}), frozenset({Right.EVENTS})
        ),
    }
    opened, both = frozenset({ReportedEvent.OPENED}), frozenset(ReportedEvent)
    assert read.catalog.upstreams == {
        "altcraft": Upstream("altcraft", UpstreamKind.ALTCRAFT, "https://example.com", relay_links=True, events=opened),
        "second": Upstream("second", UpstreamKind.ALTCRAFT, "http://example.com:8080/Base", relay_links=False, events=both),
    }
    assert read.upstream_tokens == {"altcraft": "$ecret", "second": "s"}


def test_what_a_file_declares_is_shown_to_nobody_by_accident() -> None:
    read = parse_catalog("upstreams: [{name: a, kind: altcraft, url: 'https://a', token: very-secret}]", "catalog.yaml", {})
    assert "very-secret" not in repr(read)


def test_variables_of_the_environment_stand_in_for_any_text() -> None:
    environment = {"A": "a", "B": "${A}", "TYPE": "integer", "FIELD": "number", "TOKEN": TOKEN, "C": "move", "P": "ios-apns"}
    catalog = declared(
        """
databases: [{id: 1, name: "${A}-${B}", fields: {number: "${TYPE}", nick: text}, match: ["${FIELD}"]}]
resources: [{id: 5, name: s, token: "${TOKEN}", databases: [1], token_conflict: "${C}", providers: ["${P}"]}]
api_tokens: [{name: "${A}", token: "${A}-token-of-a-gateway", rights: ["${RIGHT}"]}]
upstreams: [{name: "${A}", kind: "${KIND}", url: "https://${HOST}", token: "${TOKEN}", events: ["${EVENT}"]}]
""",
        **environment,
        RIGHT="events",
        KIND="altcraft",
        HOST="a.example",
        EVENT="opened",
    )
    assert catalog.api_caller_of("a-token-of-a-gateway") == catalog.api_tokens["a"]
    assert catalog.upstreams["a"].url == "https://a.example"
    assert catalog.databases[DatabaseId(1)] == Database(
        DatabaseId(1), "a-${A}", {"number": FieldType.INTEGER, "nick": FieldType.TEXT}, ("number",)
    )
    assert catalog.resource_opened_by(TOKEN) == Resource(
        ResourceId(5),
        "s",
        frozenset({digest_of(TOKEN)}),
        (DatabaseId(1),),
        PushTokenConflict.MOVE,
        frozenset({Provider("ios-apns")}),
    )


def test_every_unset_variable_is_named_with_its_place() -> None:
    assert of_resource('token: "${ONE}${TWO}${ONE}${SET}", databases: [17]', SET="1") == [
        "resources[0].token: environment variable not set: ONE, TWO"
    ]


def test_a_variable_that_is_set_to_a_bad_token_is_not_shown() -> None:
    told = of_resource('token: "${ONE}", databases: [17]', ONE="secret with spaces")
    assert told == ["resources[0].token: a token is 8 to 256 printable ASCII characters without spaces"]
    told = of_upstream('name: a, kind: altcraft, url: "https://${ONE}", token: "${ONE}"', ONE="us:secret@with spaces")
    assert told == [f"upstreams[0].url: {A_URL}", f"upstreams[0].token: {AN_UPSTREAM_TOKEN}"]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("id: 0, name: a", "databases[0].id: an integer from 1 to 2147483647 is expected"),
        (f"id: {MAX_ID + 1}, name: a", "databases[0].id: an integer from 1 to 2147483647 is expected"),
        ("id: true, name: a", "databases[0].id: an integer from 1 to 2147483647 is expected"),
        ("id: 1.0, name: a", "databases[0].id: an integer from 1 to 2147483647 is expected"),
        ("name: a", "databases[0].id: required"),
        ("id: 1", "databases[0].name: required"),
        ("id: 1, name: ' '", "databases[0].name: a text of one line that is not empty is expected"),
        ('id: 1, name: "a\\nb"', "databases[0].name: a text of one line that is not empty is expected"),
        ('id: 1, name: "\\ud800"', "databases[0].name: a text of one line that is not empty is expected"),
        ("id: 1, name: 5", "databases[0].name: a text is expected; put it in quotes"),
        ("id: 1, name: ", "databases[0].name: a text is expected"),
        ("id: 1, name: a, fields: [a]", "databases[0].fields: a mapping is expected"),
        ("id: 1, name: a, fields: {5: text}", "databases[0].fields[5]: a text is expected; put it in quotes"),
        ("id: 1, name: a, fields: {'a#b': text}", "databases[0].fields['a#b']: a field's name is 1 to 64 letters, digits, _ and -"),
        (
            "id: 1, name: a, fields: {nick\u3164: text}",
            "databases[0].fields.nick\u3164: a field's name is 1 to 64 letters, digits, _ and -",
        ),
        ("id: 1, name: a, fields: {'': text}", "databases[0].fields['']: a field's name is 1 to 64 letters, digits, _ and -"),
        (
            "id: 1, name: a, fields: {nick: txt}",
            'databases[0].fields.nick: unknown type "txt"; one of integer, decimal, text, bool, date, datetime, email, phone, ip',
        ),
        ("id: 1, name: a, match: [nick]", 'databases[0].match[0]: "nick" is not one of the fields'),
        ("id: 1, name: a, fields: {n: text}, match: [n, n]", 'databases[0].match[1]: "n" stands in the list already'),
        ("id: 1, name: a, fields: {n: bool}, match: [n]", "databases[0].match[0]: n is a bool, by which nobody can be found"),
        ("id: 1, name: a, match: n", "databases[0].match: a list is expected"),
        ("id: 1, name: a, matches: []", "databases[0].matches: unknown key; the keys are id, name, fields, match"),
    ],
)
def test_what_is_wrong_with_a_database_is_told_with_its_place(entry: str, problem: str) -> None:
    assert of_database(entry) == [problem]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("databases: [17]", "resources[0]: either token or tokens is required, not both"),
        ("token: abcdefgh, tokens: [12345abc], databases: []", "resources[0]: either token or tokens is required, not both"),
        ("tokens: [], databases: []", "resources[0].tokens: at least one token is required"),
        ("token: 12345678, databases: []", "resources[0].token: a text is expected; put it in quotes"),
        ("token: abcdefg, databases: []", "resources[0].token: a token is 8 to 256 printable ASCII characters without spaces"),
        (
            "tokens: [abcdefgé], databases: []",
            "resources[0].tokens[0]: a token is 8 to 256 printable ASCII characters without spaces",
        ),
        (
            f"tokens: [abcdefgh, {'x' * 257}], databases: []",
            "resources[0].tokens[1]: a token is 8 to 256 printable ASCII characters without spaces",
        ),
        ("tokens: [abcdefgh, abcdefgh], databases: []", "resources[0].tokens[1]: the same token as resources[0].tokens[0]"),
        ("token: abcdefgh", "resources[0].databases: required"),
        (
            "token: $SHOP_TOKEN, databases: []",
            "resources[0].token: a token does not begin with $; an environment variable is written ${NAME}",
        ),
        ('token: "${SHOP_TOKEN", databases: []', "resources[0].token: a ${ without its }"),
        ("token: abcdefgh, databases: [18]", "resources[0].databases[0]: the file has no database 18"),
        ("token: abcdefgh, databases: [17, 17]", "resources[0].databases[1]: 17 stands in the list already"),
        (
            "token: abcdefgh, databases: [], token_conflict: x",
            'resources[0].token_conflict: unknown token_conflict "x"; one of reject, move',
        ),
        (
            "token: abcdefgh, databases: [], providers: []",
            "resources[0].providers: at least one provider is required; leave the key out to allow all",
        ),
        (
            "token: abcdefgh, databases: [], providers: [firefox]",
            f'resources[0].providers[0]: unknown provider "firefox"; one of {", ".join(PROVIDER_CODES)}',
        ),
        (
            "token: abcdefgh, databases: [], matching: []",
            "resources[0].matching: at least one way of matching is required; leave the key out to allow all",
        ),
        (
            "token: abcdefgh, databases: [], matching: [token, profile_id]",
            'resources[0].matching[1]: unknown way of matching "profile_id"; one of token, id, custom',
        ),
        (
            "token: abcdefgh, databases: [], matching: [Token]",
            'resources[0].matching[0]: unknown way of matching "Token"; one of token, id, custom',
        ),
        (
            "token: abcdefgh, databases: [], matching: [id, token, id]",
            'resources[0].matching[2]: "id" stands in the list already',
        ),
        ("token: abcdefgh, databases: [], matching: ", "resources[0].matching: a list is expected"),
        ("token: abcdefgh, databases: [], matching: token", "resources[0].matching: a list is expected"),
    ],
)
def test_what_is_wrong_with_a_resource_is_told_with_its_place(entry: str, problem: str) -> None:
    assert of_resource(entry) == [problem]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("token: abcdefgh, rights: [events]", "api_tokens[0].name: required"),
        ("name: -a, token: abcdefgh, rights: [events]", f"api_tokens[0].name: {A_NAME}"),
        ("name: a.b, token: abcdefgh, rights: [events]", f"api_tokens[0].name: {A_NAME}"),
        ("name: é, token: abcdefgh, rights: [events]", f"api_tokens[0].name: {A_NAME}"),
        (f"name: {'n' * 65}, token: abcdefgh, rights: [events]", f"api_tokens[0].name: {A_NAME}"),
        ('name: "a\\n", token: abcdefgh, rights: [events]', f"api_tokens[0].name: {A_NAME}"),
        ("name: 5, token: abcdefgh, rights: [events]", "api_tokens[0].name: a text is expected; put it in quotes"),
        ("name: a, rights: [events]", "api_tokens[0]: either token or tokens is required, not both"),
        ("name: a, tokens: [], rights: [events]", "api_tokens[0].tokens: at least one token is required"),
        (
            "name: a, token: abcdefg, rights: [events]",
            "api_tokens[0].token: a token is 8 to 256 printable ASCII characters without spaces",
        ),
        (
            "name: a, token: $TOKEN_HERE, rights: [events]",
            "api_tokens[0].token: a token does not begin with $; an environment variable is written ${NAME}",
        ),
        (
            "name: a, tokens: [abcdefgh, abcdefgh], rights: [events]",
            "api_tokens[0].tokens[1]: the same token as api_tokens[0].tokens[0]",
        ),
        ("name: a, token: abcdefgh", "api_tokens[0].rights: required"),
        ("name: a, token: abcdefgh, rights: events", "api_tokens[0].rights: a list is expected"),
        ("name: a, token: abcdefgh, rights: []", "api_tokens[0].rights: at least one right is required"),
        ("name: a, token: abcdefgh, rights: [all]", 'api_tokens[0].rights[0]: unknown right "all"; one of events, send'),
        ("name: a, token: abcdefgh, rights: [events, events]", 'api_tokens[0].rights[1]: "events" stands in the list already'),
        (
            "name: a, token: abcdefgh, rights: [events], id: 5",
            "api_tokens[0].id: unknown key; the keys are name, token, tokens, rights, suspended",
        ),
    ],
)
def test_what_is_wrong_with_an_api_token_is_told_with_its_place(entry: str, problem: str) -> None:
    assert of_api_token(entry) == [problem]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("kind: altcraft, url: 'https://a', token: t", "upstreams[0].name: required"),
        ("name: a b, kind: altcraft, url: 'https://a', token: t", f"upstreams[0].name: {A_NAME}"),
        ("name: a, url: 'https://a', token: t", "upstreams[0].kind: required"),
        ("name: a, kind: smtp, url: 'https://a', token: t", 'upstreams[0].kind: unknown kind "smtp"; one of altcraft'),
        ("name: a, kind: altcraft, token: t", "upstreams[0].url: required"),
        ("name: a, kind: altcraft, url: a.example, token: t", f"upstreams[0].url: {A_URL}"),
        ("name: a, kind: altcraft, url: 'https://a'", "upstreams[0].token: required"),
        ("name: a, kind: altcraft, url: 'https://a', token: ''", f"upstreams[0].token: {AN_UPSTREAM_TOKEN}"),
        ("name: a, kind: altcraft, url: 'https://a', token: a b", f"upstreams[0].token: {AN_UPSTREAM_TOKEN}"),
        (f"name: a, kind: altcraft, url: 'https://a', token: {'t' * 1025}", f"upstreams[0].token: {AN_UPSTREAM_TOKEN}"),
        (
            "name: a, kind: altcraft, url: 'https://a', token: $TOKEN",
            "upstreams[0].token: a token does not begin with $; an environment variable is written ${NAME}",
        ),
        (
            "name: a, kind: altcraft, url: 'https://a', token: t, relay_links: 'yes'",
            "upstreams[0].relay_links: true or false is expected",
        ),
        ("name: a, kind: altcraft, url: 'https://a', token: t, events: ", "upstreams[0].events: a list is expected"),
        (
            "name: a, kind: altcraft, url: 'https://a', token: t, events: []",
            "upstreams[0].events: at least one event is required; leave the key out for all",
        ),
        (
            "name: a, kind: altcraft, url: 'https://a', token: t, events: [clicked]",
            'upstreams[0].events[0]: unknown event "clicked"; one of delivered, opened',
        ),
        (
            "name: a, kind: altcraft, url: 'https://a', token: t, events: [opened, delivered, opened]",
            'upstreams[0].events[2]: "opened" stands in the list already',
        ),
        (
            "name: a, kind: altcraft, url: 'https://a', tokens: [t], token: t",
            "upstreams[0].tokens: unknown key; the keys are name, kind, url, token, relay_links, events",
        ),
    ],
)
def test_what_is_wrong_with_an_upstream_is_told_with_its_place(entry: str, problem: str) -> None:
    assert of_upstream(entry) == [problem]


def test_a_catalog_has_at_most_20_upstreams() -> None:
    def with_upstreams(count: int) -> str:
        entries = (f"\n  - {{name: u{n}, kind: altcraft, url: 'https://a', token: t}}" for n in range(count))
        return f"upstreams:{''.join(entries)}\n"

    assert len(declared(with_upstreams(20)).upstreams) == 20
    assert problems(with_upstreams(21)) == ["upstreams: at most 20 upstreams"]


def test_a_database_has_at_most_8_match_fields() -> None:
    def with_match_fields(count: int) -> str:
        names = [f"f{n}" for n in range(count)]
        fields = ", ".join(f"{name}: text" for name in (*names, "nick"))
        return f"databases: [{{id: 1, name: a, fields: {{{fields}}}, match: [{', '.join(names)}]}}]"

    (database,) = declared(with_match_fields(8)).databases.values()
    assert len(database.match) == 8
    assert problems(with_match_fields(9)) == ["databases[0].match: at most 8 match fields"]


def test_a_database_has_at_most_256_fields() -> None:
    def with_fields(count: int) -> str:
        return f"databases: [{{id: 1, name: a, fields: {{{', '.join(f'f{n}: text' for n in range(count))}}}}}]"

    (database,) = declared(with_fields(256)).databases.values()
    assert len(database.fields) == 256
    assert problems(with_fields(257)) == ["databases[0].fields: at most 256 fields"]


def test_a_resource_has_at_most_20_databases() -> None:
    def with_databases(count: int) -> str:
        databases = "".join(f"\n  - {{id: {n}, name: one of many}}" for n in range(1, count + 1))
        resource = f"{{id: 5, name: a, token: abcdefgh, databases: {list(range(1, count + 1))}}}"
        return f"databases:{databases}\nresources:\n  - {resource}\n"

    assert len(declared(with_databases(20)).databases) == 20
    assert problems(with_databases(21)) == ["resources[0].databases: at most 20 databases"]


def test_ids_names_and_tokens_are_unique() -> None:
    assert problems(
        """
databases: [{id: 1, name: a}, {id: 1, name: b}]
resources:
  - {id: 1, name: a, token: abcdefgh, databases: []}
  - {id: 1, name: b, tokens: [abcdefgh], databases: []}
api_tokens:
  - {name: a, tokens: [12345abc, abcdefgh], rights: [events]}
  - {name: "${A}", token: 12345abc, rights: [events]}
upstreams:
  - {name: a, kind: altcraft, url: "https://a", token: abcdefgh}
  - {name: a, kind: altcraft, url: "https://a", token: abcdefgh}
""",
        A="a",
    ) == [
        "databases[1].id: 1 is the id of databases[0] already",
        "resources[1].id: 1 is the id of resources[0] already",
        'api_tokens[1].name: "a" is the name of api_tokens[0] already',
        'upstreams[1].name: "a" is the name of upstreams[0] already',
        "resources[1].tokens[0]: the same token as resources[0].token",
        "api_tokens[0].tokens[1]: the same token as resources[0].token",
        "api_tokens[1].token: the same token as api_tokens[0].tokens[0]",
    ]


def test_all_problems_are_told_at_once() -> None:
    assert problems(
        """
databases:
  - {id: 1, name: "", fields: {a: txt}, match: [b]}
  - {id: 1, name: b}
  - 7
resources:
  - {id: 1, name: a, token: short, databases: [1, 2]}
api_tokens:
  - {name: a, token: short, rights: []}
upstreams: {}
applications: []
"""
    ) == [
        f"applications: unknown key; the keys are {SECTIONS}",
        "upstreams: a list is expected",
        "databases[0].name: a text of one line that is not empty is expected",
        'databases[0].fields.a: unknown type "txt"; one of integer, decimal, text, bool, date, datetime, email, phone, ip',
        "databases[2]: a mapping is expected",
        "resources[0].token: a token is 8 to 256 printable ASCII characters without spaces",
        "api_tokens[0].token: a token is 8 to 256 printable ASCII characters without spaces",
        "databases[1].id: 1 is the id of databases[0] already",
        'databases[0].match[0]: "b" is not one of the fields',
        "resources[0].databases[1]: the file has no database 2",
        "api_tokens[0].rights: at least one right is required",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("# nothing but a comment\n", "empty"),
        ("- a", f"a mapping is expected; its keys are {SECTIONS}"),
        ("databases:\n", "databases: a list is expected"),
        ("databases: [1, 2", "line 1, column 17: expected ',' or ']', but got '<stream end>'"),
        ("applications: []", f"applications: unknown key; the keys are {SECTIONS}"),
        ("a: 2001-99-99", "a date or number in it does not exist; put texts in quotes"),
        ("a: \x07", "unacceptable character #x0007: special characters are not allowed"),
        ("databases: &all [*all]", "databases[0]: a mapping is expected"),
        ("{" * 5000, "nested too deeply"),
        ("a: 1\n---\nb: 1", "line 2, column 1: but found another document"),
        (
            "a: !!python/name:os.system x",
            "line 1, column 4: could not determine a constructor for the tag 'tag:yaml.org,2002:python/name:os.system'",
        ),
    ],
)
def test_a_text_that_is_no_catalog_is_refused_in_one_line(text: str, problem: str) -> None:
    assert problems(text) == [problem]


def test_a_key_that_stands_twice_is_refused_without_its_values() -> None:
    assert problems("resources:\n- token: first-secret\n  token: second-secret") == [
        'line 3, column 3: the key "token" stands twice in one mapping'
    ]


def test_a_variable_without_quotes_inside_braces_is_explained() -> None:
    assert problems("resources: [{token: ${TOKEN}}]") == [
        "line 1, column 22: expected ',' or '}', but got '{'; a text with ${NAME} has to be quoted inside { } and [ ]"
    ]


def test_a_file_that_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    (tmp_path / "latin").write_bytes(b"name: \xe9")
    for name, problem in {
        ".": "Is a directory",
        "missing": "No such file or directory",
        "large": "over 1048576 bytes",
        "latin": "not UTF-8 at byte 6",
    }.items():
        with pytest.raises(CatalogFileError) as caught:
            read_catalog_file(tmp_path / name, {})
        assert caught.value.problems == (f"{tmp_path / name}: {problem}",)


names = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cn", "Co", "Zl", "Zp")), min_size=1, max_size=9).filter(
    lambda text: text.strip() and "${" not in text
)
field_names = st.from_regex(r"[\w-]{1,12}", fullmatch=True).filter(lambda text: not holds_invisible(text))
tokens = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40).filter(
    lambda text: "${" not in text and not text.startswith("$")
)
ids = st.integers(1, MAX_ID)


keys = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,9}", fullmatch=True)


@st.composite
def an_upstream(draw: st.DrawFn, name: str) -> dict[str, object]:
    entry: dict[str, object] = {"name": name, "kind": "altcraft", "url": "https://example.com/base", "token": draw(tokens)}
    return entry | draw(st.sampled_from([{}, {"relay_links": True}, {"relay_links": False, "events": ["opened"]}]))


@st.composite
def files(draw: st.DrawFn) -> dict[str, list[dict[str, object]]]:
    """Draw the content of a valid file."""
    databases: list[dict[str, object]] = []
    for id_ in draw(st.lists(ids, unique=True, max_size=3)):
        fields = draw(st.dictionaries(field_names, st.sampled_from([str(kind) for kind in FieldType]), max_size=4))
        matchable = sorted(name for name, kind in fields.items() if kind != "bool")
        match = draw(st.lists(st.sampled_from(matchable), unique=True)) if matchable else []
        databases.append({"id": id_, "name": draw(names), "fields": fields, "match": match})
    resources: list[dict[str, object]] = []
    unused = draw(st.lists(tokens, unique=True, min_size=6, max_size=6))
    for id_ in draw(st.lists(ids, unique=True, max_size=2)):
        entry: dict[str, object] = {"id": id_, "name": draw(names)}
        entry |= draw(st.sampled_from([{"token": unused.pop()}, {"tokens": [unused.pop()]}]))
        entry["databases"] = draw(st.lists(st.sampled_from([each["id"] for each in databases]), unique=True)) if databases else []
        entry |= draw(
            st.sampled_from([{}, {"token_conflict": "move"}, {"providers": ["ios-apns", "Firefox"]}, {"providers": None}])
        )
        resources.append(entry)
    callers: list[dict[str, object]] = [
        {"name": name, "token": unused.pop(), "rights": ["events"]} for name in draw(st.lists(keys, unique=True, max_size=2))
    ]
    upstreams = [draw(an_upstream(name)) for name in draw(st.lists(keys, unique=True, max_size=2))]
    return {"databases": databases, "resources": resources, "api_tokens": callers, "upstreams": upstreams}


@given(files())
def test_what_a_file_declares_is_stored_and_read_back_unchanged(content: dict[str, list[dict[str, object]]]) -> None:
    # JSON is YAML; the YAML library's own writer leaves some texts unquoted that its reader takes for something else.
    whole = parse_catalog(json.dumps(content, ensure_ascii=False), "catalog.yaml", {})
    catalog = whole.catalog
    sections = (catalog.databases, catalog.resources, catalog.api_tokens, catalog.upstreams)
    assert [len(section) for section in sections] == [len(section) for section in content.values()]
    assert whole.upstream_tokens.keys() == catalog.upstreams.keys()
    assert read_document(write_document(catalog)) == catalog
