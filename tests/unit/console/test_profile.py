"""The profile commands."""

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import click
import pytest
from click.testing import CliRunner, Result

import pushhub.console.profile as commands
from pushhub.audience.changes import Change, KeyClaim, ProfileCreation, SubscriptionPut
from pushhub.audience.command import ByField, ById
from pushhub.audience.model import (
    Address,
    MatchKey,
    OffsetBefore,
    Origin,
    Profile,
    ProfileId,
    Retirement,
    Subscription,
    SubscriptionState,
)
from pushhub.audience.port import Snapshot, SnapshotQuery
from pushhub.catalog.file import parse_catalog
from pushhub.catalog.model import DatabaseId, FieldType, ResourceId
from pushhub.catalog.providers import Provider, PushToken
from pushhub.console.connection import Stack
from pushhub.console.profile import find, parse_selector, profile, profile_entry, profile_lines
from pushhub.console.stores import Stores
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Seconds
from tests.doubles.audience import MemoryAudience
from tests.doubles.catalog import MemoryCatalog
from tests.doubles.secrets import MemoryAppSecrets, MemorySecrets

CATALOG = """
databases:
  - {id: 17, name: customers, fields: {email: email, number: integer, nick: text}, match: [email, number]}
  - {id: 2, name: nobody}
"""
ANN = ProfileId("0123456789abcdef01234567")
JOIN = Seconds(1_700_000_000)
LATER = Seconds(1_700_003_600)
PHONE = Address(Provider("ios-apns"), PushToken("a:b:c"))
TABLET = Address(Provider("Firefox"), PushToken("https://push.example/x"))
BY_EMAIL = MatchKey("email", FieldType.EMAIL, "ann@example.com")

LINES = """\
profile 0123456789abcdef01234567 of database 17
  origin   field
  created  2023-11-14T22:13:20Z
  updated  2023-11-14T23:13:20Z
  fields
    email = ann@example.com
    nick = "\\u001b[2J"
  match keys
    email = ann@example.com (email)
  2 subscriptions
    ios-apns a:b:c
      resource 5: active since 2023-11-14T22:13:20Z
      resource 9: cancelled since 2023-11-14T23:13:20Z
      created 2023-11-14T22:13:20Z, last seen 2023-11-14T23:13:20Z
    Firefox https://push.example/x
      resource 5: cancelled since 2023-11-14T23:13:20Z
      created 2023-11-14T22:13:20Z, last seen 2023-11-14T23:13:20Z
"""


def subscription(address: Address, **states: SubscriptionState) -> Subscription:
    resources = {
        ResourceId(int(name.removeprefix("r"))): (state, JOIN if state is SubscriptionState.ACTIVE else LATER)
        for name, state in states.items()
    }
    return Subscription(address, ANN, resources, owner_may_be_anonymous=False, created=JOIN, seen=LATER, version=1)


def with_ann() -> MemoryAudience:
    """Give an audience that holds one profile with two subscriptions."""
    ann = Profile(
        id=ANN,
        origin=Origin.FIELD,
        fields={"email": "ann@example.com", "nick": "\x1b[2J"},
        keys=frozenset({BY_EMAIL}),
        live={PHONE.ref: JOIN},
        cancelled={TABLET.ref: LATER},
        created=JOIN,
        updated=LATER,
    )
    puts = (
        SubscriptionPut(subscription(PHONE, r9=SubscriptionState.CANCELLED, r5=SubscriptionState.ACTIVE)),
        SubscriptionPut(subscription(TABLET, r5=SubscriptionState.CANCELLED)),
    )
    audience = MemoryAudience()
    audience.commit(DatabaseId(17), Change((ProfileCreation(ann),), (KeyClaim(BY_EMAIL, ANN),), puts))
    return audience


class Hub:
    """A hub in memory."""

    def __init__(self) -> None:
        self.catalog = MemoryCatalog(parse_catalog(CATALOG, "", {}).catalog)
        self.audience = with_ann()
        self.opened = 0

    def open(self, stack: Stack | None) -> Stores:
        self.opened += 1
        return Stores(self.catalog, self.audience, MemorySecrets(), MemoryAppSecrets(), "https://hub.example")

    def run(self, *words: str, typed: str | None = None) -> Result:
        return CliRunner(mix_stderr=False).invoke(profile, words, input=typed)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    made = Hub()
    monkeypatch.setattr(commands, "open_stores", made.open)
    return made


SELECTORS = [
    ("--id", ANN),
    ("--field", "email= Ann@Example.COM "),
    ("--token", "ios-apns:a:b:c"),
    ("--token", f"Firefox:{TABLET.push_token}"),
]


@pytest.mark.parametrize("selector", SELECTORS)
def test_a_profile_is_shown_however_it_is_named(hub: Hub, selector: tuple[str, str]) -> None:
    result = hub.run("show", "--db", "17", *selector)
    assert (result.exit_code, result.stdout, result.stderr) == (0, LINES, "")


def test_json_stands_alone_on_stdout(hub: Hub) -> None:
    result = hub.run("show", "--db", "17", "--id", ANN, "--json")
    assert json.loads(result.stdout) == {
        "id": ANN,
        "database": 17,
        "origin": "field",
        "fields": {"email": "ann@example.com", "nick": "\x1b[2J"},
        "match_keys": [{"field": "email", "type": "email", "value": "ann@example.com"}],
        "created": "2023-11-14T22:13:20Z",
        "updated": "2023-11-14T23:13:20Z",
        "subscriptions": [
            {
                "provider": "ios-apns",
                "token": "a:b:c",
                "live": True,
                "resources": [
                    {"id": 5, "state": "active", "since": "2023-11-14T22:13:20Z"},
                    {"id": 9, "state": "cancelled", "since": "2023-11-14T23:13:20Z"},
                ],
                "created": "2023-11-14T22:13:20Z",
                "last_seen": "2023-11-14T23:13:20Z",
            },
            {
                "provider": "Firefox",
                "token": "https://push.example/x",
                "live": False,
                "resources": [{"id": 5, "state": "cancelled", "since": "2023-11-14T23:13:20Z"}],
                "created": "2023-11-14T22:13:20Z",
                "last_seen": "2023-11-14T23:13:20Z",
            },
        ],
    }


@pytest.mark.parametrize(
    "words",
    [
        ["--db", "17"],
        ["--db", "17", "--id", "a", "--field", "b=c"],
        ["--db", "17", "--field", "b=c", "--token", "ios-apns:a"],
        ["--db", "17", "--id", ""],
        ["--db", "17", "--id", "a b"],
        ["--db", "17", "--id", "x" * 65],
        ["--db", "17", "--field", "email"],
        ["--db", "17", "--field", "=a"],
        ["--db", "17", "--token", "ios-apns"],
        ["--db", "17", "--token", "ios-apns:"],
        ["--db", "17", "--token", "IOS-APNS:a"],
        ["--db", "17", "--token", "ios-apns:\udcff"],
        ["--db", "0", "--id", "a"],
        ["--id", "a"],
    ],
)
@pytest.mark.parametrize("command", ["show", "erase"])
def test_wrong_use_exits_with_2_before_the_hub_is_asked(hub: Hub, command: str, words: list[str]) -> None:
    result = hub.run(command, *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert hub.opened == 0


@pytest.mark.parametrize(
    ("database", "selector", "problem"),
    [
        ("17", ("--id", "nobody"), "database 17 has no such profile"),
        ("17", ("--field", "email=joe@example.com"), "database 17 has no such profile"),
        ("17", ("--token", "ios-apns:other"), "database 17 has no such profile"),
        ("2", ("--id", ANN), "database 2 has no such profile"),
        ("3", ("--field", "email=a"), "there is no database 3; there is 17, 2"),
        ("3", ("--id", ANN), "there is no database 3; there is 17, 2"),
        ("2", ("--field", "email=a"), 'database 2 has no field "email"; there is none at all'),
        ("17", ("--field", "mail=a"), 'database 17 has no field "mail"; there is email, number, nick'),
        ("17", ("--field", "nick=a"), "nick is not a match field of database 17; there is email, number"),
        ("17", ("--field", "email=a"), "email: an email address is expected"),
        (
            "17",
            ("--field", "number=4.47701E+11"),
            "number: digits were lost: the number is shortened with an exponent, as spreadsheets do; give all of them",
        ),
        ("17", ("--field", "email=a\u200bnn@example.com"), "email: an email address is expected"),
        ("17", ("--field", "number="), "number: an integer from -2^63 to 2^63-1 is expected"),
    ],
)
@pytest.mark.parametrize("command", [("show", "--json"), ("erase", "--yes")])
def test_what_cannot_be_found_is_told_in_one_line(
    hub: Hub, command: Sequence[str], database: str, selector: Sequence[str], problem: str
) -> None:
    result = hub.run(*command, "--db", database, *selector)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"Error: {problem}\n")


@pytest.mark.parametrize("selector", SELECTORS)
def test_erasing_deletes_profile_keys_and_subscriptions(hub: Hub, selector: tuple[str, str]) -> None:
    result = hub.run("erase", "--db", "17", *selector, "--yes")
    assert (result.exit_code, result.stdout) == (0, f"erased profile {ANN} of database 17 with 2 subscriptions\n")
    content = hub.audience.content(17)
    assert (content.profiles, content.keys, content.subscriptions) == ({}, {}, {})


def test_erasing_prints_json_alone_on_stdout(hub: Hub) -> None:
    result = hub.run("erase", "--db", "17", "--id", ANN, "--yes", "--json")
    assert json.loads(result.stdout) == {"erased": True, "database": 17, "profile": ANN, "subscriptions": 2}
    assert result.stderr == f"erased profile {ANN} of database 17 with 2 subscriptions\n"


def test_erasing_asks_nobody_without_a_terminal(hub: Hub) -> None:
    result = hub.run("erase", "--db", "17", "--id", ANN, typed="y\n")
    assert result.exit_code == 2
    assert "say --yes" in result.stderr
    assert (hub.opened, ANN in hub.audience.content(17).profiles) == (0, True)


@pytest.mark.parametrize(("typed", "exit_code", "stays"), [("y\n", 0, False), ("n\n", 1, True), ("\n", 1, True)])
def test_erasing_asks_on_a_terminal(hub: Hub, monkeypatch: pytest.MonkeyPatch, typed: str, exit_code: int, stays: bool) -> None:
    monkeypatch.setattr(commands, "stdin_is_a_terminal", lambda: True)
    result = hub.run("erase", "--db", "17", "--id", ANN, typed=typed)
    assert result.exit_code == exit_code
    assert result.stderr.startswith(f"Erase profile {ANN} of database 17 with 2 subscriptions? [y/N]")
    assert (ANN in hub.audience.content(17).profiles) is stays


def test_a_profile_that_vanishes_while_somebody_is_asked_is_told(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def confirm(*_: object, **__: object) -> bool:
        hub.audience.databases.clear()
        return True

    monkeypatch.setattr(commands, "stdin_is_a_terminal", lambda: True)
    monkeypatch.setattr(click, "confirm", confirm)
    result = hub.run("erase", "--db", "17", "--id", ANN)
    assert (result.exit_code, result.stderr) == (1, f"Error: profile {ANN} of database 17 is gone already\n")


def test_a_hub_that_does_not_answer_is_told_in_one_line(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(wanted: Sequence[SnapshotQuery]) -> Sequence[Snapshot]:
        raise UnavailableError("DynamoDB did not answer: ReadTimeoutError")

    monkeypatch.setattr(hub.audience, "read", fail)
    result = hub.run("show", "--db", "17", "--id", ANN)
    told = "Error: the hub's data cannot be used: DynamoDB did not answer: ReadTimeoutError; run it again\n"
    assert (result.exit_code, result.stderr) == (1, told)


def test_a_profile_that_others_keep_changing_is_told_in_one_line(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(database: DatabaseId, change: Change) -> None:
        raise LostRaceError("guard")

    monkeypatch.setattr(hub.audience, "commit", lose)
    result = hub.run("erase", "--db", "17", "--id", ANN, "--yes")
    assert (result.exit_code, result.stderr) == (1, "Error: others kept changing the same profile; run it again\n")


def test_a_text_that_is_no_push_token_is_looked_for_all_the_same(hub: Hub) -> None:
    """Releases before the rule have stored such texts, and a profile that was made by one is found by nothing else."""
    address = Address(Provider("ios-apns"), PushToken("NULL"))
    held = hub.audience.content(17)
    held.subscriptions[address.ref] = replace(held.subscriptions.pop(PHONE.ref), address=address)
    held.profiles[ANN] = replace(held.profiles[ANN], live={address.ref: JOIN})
    result = hub.run("show", "--db", "17", "--token", "ios-apns:NULL", "--json")
    assert json.loads(result.stdout)["subscriptions"][0]["token"] == "NULL"
    assert hub.run("erase", "--db", "17", "--token", "ios-apns:NULL", "--yes").exit_code == 0
    assert not hub.audience.content(17).profiles


def test_a_profile_is_found_by_any_spelling_of_a_push_token_and_shown_with_the_one_that_came(hub: Hub) -> None:
    address = Address(Provider("ios-apns"), PushToken("<AB CD>"))
    held = hub.audience.content(17)
    phone = held.subscriptions.pop(PHONE.ref)
    held.subscriptions[address.ref] = replace(phone, address=address)
    held.profiles[ANN] = replace(held.profiles[ANN], live={address.ref: JOIN})
    for spelling in ("abcd", "ABCD", "<AB CD>"):
        result = hub.run("show", "--db", "17", "--token", f"ios-apns:{spelling}", "--json")
        assert json.loads(result.stdout)["subscriptions"][0]["token"] == "<AB CD>"


def test_a_retired_subscription_says_when_why_and_by_which_sending(hub: Hub) -> None:
    held = hub.audience.content(17)
    retirement = Retirement(LATER, "UNREGISTERED: not\nregistered", 6_917_529_027_641)
    held.subscriptions[PHONE.ref] = replace(held.subscriptions[PHONE.ref], retired=retirement)
    held.profiles[ANN] = replace(held.profiles[ANN], live={}, cancelled={PHONE.ref: LATER, TABLET.ref: LATER})
    shown = json.loads(hub.run("show", "--db", "17", "--id", ANN, "--json").stdout)["subscriptions"]
    assert shown[0] | {"token": "a:b:c"} == shown[0]
    assert shown[0]["live"] is False
    assert shown[0]["retired"] == {
        "at": "2023-11-14T23:13:20Z",
        "reason": "UNREGISTERED: not\nregistered",
        "sending": 6_917_529_027_641,
    }
    assert shown[0]["resources"][0]["state"] == "active"
    assert "retired" not in shown[1]
    retired = '      retired 2023-11-14T23:13:20Z by sending 6917529027641: "UNREGISTERED: not\\nregistered"'
    assert retired in hub.run("show", "--db", "17", "--id", ANN).stdout.splitlines()


def test_an_instance_says_what_it_has_told(hub: Hub) -> None:
    held = hub.audience.content(17)
    held.subscriptions[PHONE.ref] = replace(held.subscriptions[PHONE.ref], drawn_by_app=True)
    held.profiles[ANN] = replace(
        held.profiles[ANN],
        happened={"dep": LATER, "reg": JOIN, "act": LATER},
        informed=LATER,
        offset_before=OffsetBefore(-3600, JOIN),
    )
    shown = json.loads(hub.run("show", "--db", "17", "--id", ANN, "--json").stdout)
    assert shown["reported"] == "2023-11-14T23:13:20Z"
    assert list(shown["happened"].items()) == [
        ("reg", "2023-11-14T22:13:20Z"),
        ("act", "2023-11-14T23:13:20Z"),
        ("dep", "2023-11-14T23:13:20Z"),
    ]
    assert shown["offset_before"] == {"offset": -3600, "until": "2023-11-14T22:13:20Z"}
    assert [one.get("drawn_by_app") for one in shown["subscriptions"]] == [True, None]
    lines = hub.run("show", "--db", "17", "--id", ANN).stdout.splitlines()
    assert lines[4:10] == [
        "  reported 2023-11-14T23:13:20Z",
        "  local time was -3600 s from UTC until 2023-11-14T22:13:20Z",
        "  events",
        "    reg 2023-11-14T22:13:20Z",
        "    act 2023-11-14T23:13:20Z",
        "    dep 2023-11-14T23:13:20Z",
    ]
    assert lines.count("      the app draws what a push shows") == 1


def test_selectors_are_split_at_their_first_separator() -> None:
    assert parse_selector(None, "a=b=c", None) == ByField("a", "b=c")
    assert parse_selector(None, None, "Firefox:https://x") == Address(Provider("Firefox"), PushToken("https://x"))
    assert parse_selector("x_-9", None, None) == ById(ProfileId("x_-9"))


def test_a_profile_without_anything_says_so() -> None:
    bare = Profile(ANN, Origin.PUSH_TOKEN, {}, frozenset(), {}, {}, JOIN, JOIN)
    found = commands.Found(DatabaseId(17), bare, ())
    assert list(profile_lines(found))[4:] == ["  no fields", "  no match keys", "  no subscriptions"]
    assert profile_entry(found)["subscriptions"] == []


def test_decimals_are_json_numbers_as_long_as_none_of_their_digits_is_lost() -> None:
    long = "0.12345678901234567890123"
    shown = Profile(ANN, Origin.ID, {"a": Decimal("0.1"), "b": Decimal(long), "c": 5, "d": True}, frozenset(), {}, {}, JOIN, JOIN)
    entry = profile_entry(commands.Found(DatabaseId(17), shown, ()))
    assert entry["fields"] == {"a": 0.1, "b": long, "c": 5, "d": True}
    assert json.dumps(entry["fields"])


def test_finding_reads_the_catalog_for_fields_only(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise UnavailableError

    monkeypatch.setattr(hub.catalog, "load", fail)
    assert find(hub.open(None), DatabaseId(17), ById(ANN)).profile.id == ANN
