"""The links commands."""

import json
import string
from dataclasses import dataclass, field

import click
import pytest
from click.testing import CliRunner, Result

import pushhub.console.links as commands
from pushhub.catalog.secrets import MAX_LINK_KEY_ID, LinkKeyId, Secrets
from pushhub.console.connection import Connection, Stack
from pushhub.console.links import links, stack_name
from pushhub.console.local.deployment import STACK
from pushhub.console.stores import Stores, stores_of
from pushhub.events.command import LINK_PATH, Happening, RecordEvent
from pushhub.events.links import MAX_UID_BYTES, open_link
from pushhub.faults import UnavailableError
from tests.conftest import Hub
from tests.doubles.audience import MemoryAudience
from tests.doubles.catalog import MemoryCatalog
from tests.doubles.secrets import MemoryAppSecrets, MemorySecrets

URL = "https://push.example.com"
UID = "a uid|ü"


@dataclass(frozen=True, slots=True)
class _Connection:
    outputs: dict[str, str] = field(default_factory=lambda: {"Url": URL})


class FakeHub:
    """A hub in memory."""

    def __init__(self) -> None:
        self.secrets = MemorySecrets()
        self.stacks: list[Stack | None] = []

    def connect(self, stack: Stack | None) -> _Connection:
        self.stacks.append(stack)
        return _Connection()

    def stores(self, connection: object = None) -> Stores:
        return Stores(MemoryCatalog(), MemoryAudience(), self.secrets, MemoryAppSecrets(), "https://hub.example")

    def open(self, stack: Stack | None) -> Stores:
        self.stacks.append(stack)
        return self.stores()

    def run(self, *words: str, typed: str | None = None) -> Result:
        return CliRunner(mix_stderr=False).invoke(links, words, input=typed)

    def opened(self, url: str, stack: str = STACK) -> RecordEvent | None:
        return open_link(url.removeprefix(URL + LINK_PATH), stack, self.secrets.secrets.link_keys.get)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    made = FakeHub()
    monkeypatch.setattr(commands, "connect", made.connect)
    monkeypatch.setattr(commands, "stores_of", made.stores)
    monkeypatch.setattr(commands, "open_stores", made.open)
    return made


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_the_links_of_a_push_are_json_with_or_without_being_asked_for(fake: FakeHub, flags: tuple[str, ...]) -> None:
    result = fake.run("mint", "--uid", UID, *flags)
    printed = json.loads(result.stdout)
    assert (result.exit_code, result.stderr, list(printed)) == (0, "", ["ack", "open"])
    assert fake.opened(printed["ack"]) == RecordEvent(Happening.DELIVERED, UID)
    assert fake.opened(printed["open"]) == RecordEvent(Happening.OPENED, UID)


def test_links_name_the_launch_they_are_told(fake: FakeHub) -> None:
    printed = json.loads(fake.run("mint", "--uid", UID, "--launch", "spring").stdout)
    assert fake.opened(printed["ack"]) == RecordEvent(Happening.DELIVERED, UID, launch_of_link="spring")


@pytest.mark.parametrize("named", ["staging", "arn:aws:cloudformation:eu-west-1:123456789012:stack/staging/0f6d5b50-5e1c"])
def test_links_of_a_deployed_hub_are_bound_to_the_name_of_its_stack(fake: FakeHub, named: str) -> None:
    printed = json.loads(fake.run("mint", "--uid", UID, "--stack", named).stdout)
    assert fake.opened(printed["ack"], "staging") == RecordEvent(Happening.DELIVERED, UID)
    assert (fake.opened(printed["ack"]), fake.stacks) == (None, [Stack(named)])


def test_a_stack_is_called_by_its_name_however_it_is_given() -> None:
    assert stack_name(None) == STACK
    assert stack_name(Stack("arn")) == "arn"
    assert stack_name(Stack("arn:aws-cn:cloudformation:cn-north-1:123456789012:stack/a-b/c")) == "a-b"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--uid", ""), "uid has 0 bytes; 1 to 200 are expected"),
        (("--uid", "u" * (MAX_UID_BYTES + 1)), "uid has 201 bytes; 1 to 200 are expected"),
        (("--uid", "\udcff"), "uid is not valid Unicode"),
        (("--uid", "u", "--launch", ""), "launch has 0 bytes; 1 to 100 are expected"),
    ],
)
def test_what_no_link_can_carry_is_told_in_one_line(fake: FakeHub, words: tuple[str, ...], problem: str) -> None:
    result = fake.run("mint", *words)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"Error: {problem}\n")


def test_a_uid_has_to_be_given(fake: FakeHub) -> None:
    assert (fake.run("mint").exit_code, fake.stacks) == (2, [])


def test_rotating_adds_a_key_that_makes_new_links_and_leaves_old_ones_valid(fake: FakeHub) -> None:
    before = json.loads(fake.run("mint", "--uid", UID).stdout)
    result = fake.run("rotate", "--yes")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "added link key 2: old links stay valid, and new ones open within 5 s\n"
    after = json.loads(fake.run("mint", "--uid", UID).stdout)
    assert before["ack"] != after["ack"]
    assert fake.opened(before["ack"]) == fake.opened(after["ack"]) == RecordEvent(Happening.DELIVERED, UID)


def test_a_key_is_long_random_and_never_printed(fake: FakeHub) -> None:
    printed = [fake.run("rotate", "--yes", *flags).output for flags in ((), ("--json",))]
    keys = fake.secrets.secrets.link_keys
    assert list(keys) == [1, 2, 3]
    assert keys[LinkKeyId(2)] != keys[LinkKeyId(3)]
    for id_ in (LinkKeyId(2), LinkKeyId(3)):
        assert len(keys[id_]) == 86
        assert set(keys[id_]) <= set(string.ascii_letters + string.digits)
        assert not any(keys[id_] in text for text in printed)


def test_rotating_keeps_the_tokens_of_upstreams(fake: FakeHub) -> None:
    fake.secrets.secrets = Secrets({LinkKeyId(1): "k"}, {"altcraft": "t"})
    fake.run("rotate", "--yes")
    assert fake.secrets.secrets.upstream_tokens == {"altcraft": "t"}


def test_rotating_prints_json_alone_on_stdout(fake: FakeHub) -> None:
    result = fake.run("rotate", "--yes", "--json")
    assert json.loads(result.stdout) == {"rotated": True, "link_key": 2}
    assert result.stderr.startswith("added link key 2")


def test_rotating_asks_nobody_without_a_terminal(fake: FakeHub) -> None:
    result = fake.run("rotate", typed="y\n")
    assert (result.exit_code, result.stdout, fake.secrets.writes) == (2, "", 0)
    assert "say --yes" in result.stderr


@pytest.mark.parametrize(("typed", "exit_code", "writes"), [("y\n", 0, 1), ("n\n", 1, 0), ("\n", 1, 0)])
def test_rotating_asks_on_a_terminal(
    fake: FakeHub, monkeypatch: pytest.MonkeyPatch, typed: str, exit_code: int, writes: int
) -> None:
    monkeypatch.setattr(commands, "stdin_is_a_terminal", lambda: True)
    result = fake.run("rotate", typed=typed)
    assert (result.exit_code, fake.secrets.writes) == (exit_code, writes)
    assert result.stderr.startswith("Make links with a new key from now on? [y/N]")


def test_a_revoked_key_opens_its_links_no_more_and_the_others_stay(fake: FakeHub) -> None:
    leaked = json.loads(fake.run("mint", "--uid", UID).stdout)
    fake.run("rotate", "--yes")
    kept = json.loads(fake.run("mint", "--uid", UID).stdout)
    result = fake.run("revoke", "1", "--yes")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "revoked link key 1: its links are refused within 60 s\n", "")
    assert (fake.opened(leaked["ack"]), fake.opened(kept["ack"])) == (None, RecordEvent(Happening.DELIVERED, UID))
    assert json.loads(fake.run("mint", "--uid", UID).stdout) == kept


def test_revoking_keeps_everything_else_that_is_secret(fake: FakeHub) -> None:
    fake.secrets.secrets = Secrets({LinkKeyId(1): "k", LinkKeyId(2): "l", LinkKeyId(3): "m"}, {"altcraft": "t"})
    fake.run("revoke", "2", "--yes")
    assert fake.secrets.secrets == Secrets({LinkKeyId(1): "k", LinkKeyId(3): "m"}, {"altcraft": "t"}, {LinkKeyId(2): "l"})


def test_revoking_prints_json_alone_on_stdout(fake: FakeHub) -> None:
    fake.run("rotate", "--yes")
    result = fake.run("revoke", "1", "--yes", "--json", "--stack", "staging")
    assert json.loads(result.stdout) == {"revoked": True, "link_key": 1}
    assert (result.stderr.startswith("revoked link key 1"), fake.stacks[-1]) == (True, Stack("staging"))


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("4", "link key 4 makes new links: add a newer one first (links rotate), then revoke it"),
        ("2", "link key 2 is revoked already"),
        ("5", "there is no link key 5; the keys are 1, 3, 4"),
        ("0", "there is no link key 0; the keys are 1, 3, 4"),
        ("999", "there is no link key 999; the keys are 1, 3, 4"),
    ],
)
@pytest.mark.parametrize("flags", [("--yes",), ()])
def test_a_key_that_cannot_be_revoked_is_told_before_anybody_is_asked(
    fake: FakeHub, monkeypatch: pytest.MonkeyPatch, key: str, told: str, flags: tuple[str, ...]
) -> None:
    monkeypatch.setattr(commands, "stdin_is_a_terminal", lambda: True)
    keys = {LinkKeyId(number): f"key {number}" for number in (4, 1, 3)}
    fake.secrets.secrets = Secrets(keys, {}, {LinkKeyId(2): "key 2"})
    result = fake.run("revoke", key, *flags)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"Error: {told}\n")
    assert fake.secrets.writes == 0


def test_the_only_key_makes_new_links_and_so_cannot_be_revoked(fake: FakeHub) -> None:
    result = fake.run("revoke", "1", "--yes")
    assert (result.exit_code, fake.secrets.writes) == (1, 0)
    assert "links rotate" in result.stderr


@pytest.mark.parametrize("key", ["one", "1.5", ""])
def test_a_key_is_named_by_its_number(fake: FakeHub, key: str) -> None:
    assert (fake.run("revoke", key, "--yes").exit_code, fake.secrets.writes) == (2, 0)


def test_revoking_asks_nobody_without_a_terminal(fake: FakeHub) -> None:
    fake.run("rotate", "--yes")
    result = fake.run("revoke", "1", typed="y\n")
    assert (result.exit_code, result.stdout, fake.secrets.writes) == (2, "", 1)
    assert "say --yes" in result.stderr


@pytest.mark.parametrize(("typed", "exit_code", "writes"), [("y\n", 0, 2), ("n\n", 1, 1), ("\n", 1, 1)])
def test_revoking_asks_on_a_terminal(
    fake: FakeHub, monkeypatch: pytest.MonkeyPatch, typed: str, exit_code: int, writes: int
) -> None:
    monkeypatch.setattr(commands, "stdin_is_a_terminal", lambda: True)
    fake.run("rotate", "--yes")
    result = fake.run("revoke", "1", typed=typed)
    assert (result.exit_code, fake.secrets.writes) == (exit_code, writes)
    assert result.stderr.startswith("Revoke link key 1, so that its links are refused for good? [y/N]")


def test_what_others_do_while_somebody_is_asked_is_not_undone(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.run("rotate", "--yes")

    def confirm(_: str, *, abort: bool, err: bool) -> bool:
        theirs = fake.secrets.load()
        fake.secrets.replace(theirs.secrets.with_link_key("theirs"), theirs.version)
        return True

    monkeypatch.setattr(commands, "stdin_is_a_terminal", lambda: True)
    monkeypatch.setattr(click, "confirm", confirm)
    result = fake.run("revoke", "1")
    told = "Error: the hub's secret was changed by someone else meanwhile; run it again\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", told)
    assert list(fake.secrets.secrets.link_keys) == [1, 2, 3]


def test_no_later_key_gets_the_number_of_a_revoked_one(fake: FakeHub) -> None:
    fake.run("rotate", "--yes")
    fake.run("revoke", "1", "--yes")
    fake.run("rotate", "--yes")
    fake.run("revoke", "2", "--yes")
    assert json.loads(fake.run("rotate", "--yes", "--json").stdout)["link_key"] == 4
    assert (list(fake.secrets.secrets.link_keys), list(fake.secrets.secrets.revoked_link_keys)) == ([3, 4], [1, 2])


def test_the_keys_are_listed_by_number_with_what_becomes_of_their_links(fake: FakeHub) -> None:
    for words in (("rotate",), ("rotate",), ("revoke", "1")):
        fake.run(*words, "--yes")
    assert fake.run("keys").stdout.splitlines() == ["KEY  STATE", "  1  revoked", "  2  old", "  3  minting"]
    assert json.loads(fake.run("keys", "--json", "--stack", "staging").stdout) == [
        {"link_key": 1, "state": "revoked"},
        {"link_key": 2, "state": "old"},
        {"link_key": 3, "state": "minting"},
    ]
    secrets = fake.secrets.secrets
    assert not any(key in fake.run("keys").output for key in (*secrets.link_keys.values(), *secrets.revoked_link_keys.values()))
    assert Stack("staging") in fake.stacks


def test_a_secret_that_others_change_meanwhile_is_left_as_they_made_it(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    load = fake.secrets.load

    def overtaken() -> object:
        stored = load()
        fake.secrets.replace(Secrets({LinkKeyId(1): "theirs"}, {}), stored.version)
        return stored

    monkeypatch.setattr(fake.secrets, "load", overtaken)
    result = fake.run("rotate", "--yes")
    told = "Error: the hub's secret was changed by someone else meanwhile; run it again\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", told)
    assert fake.secrets.secrets.link_keys == {1: "theirs"}


def test_more_keys_than_a_link_can_name_are_refused(fake: FakeHub) -> None:
    fake.secrets.secrets = Secrets({LinkKeyId(MAX_LINK_KEY_ID): "k"}, {})
    result = fake.run("rotate", "--yes")
    assert (result.exit_code, result.stderr) == (1, "Error: there are 255 link keys already\n")


@pytest.mark.parametrize("words", [("mint", "--uid", UID), ("rotate", "--yes"), ("revoke", "1", "--yes"), ("keys",)])
def test_a_secret_that_cannot_be_read_is_told_in_one_line(
    fake: FakeHub, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    def fail() -> object:
        raise UnavailableError("Secrets Manager answered AccessDenied")

    monkeypatch.setattr(fake.secrets, "load", fail)
    result = fake.run(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: the hub's data cannot be used: Secrets Manager answered AccessDenied; run it again\n"


def test_a_running_hub_gives_links_that_it_opens(fake: FakeHub, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(stack: Stack | None) -> Connection:
        return hub.connection

    monkeypatch.setattr(commands, "connect", connect)
    monkeypatch.setattr(commands, "stores_of", stores_of)
    printed = json.loads(fake.run("mint", "--uid", UID).stdout)
    keys = stores_of(hub.connection).secrets.load().secrets.link_keys
    assert printed["ack"].startswith(hub.url + LINK_PATH)
    assert open_link(printed["ack"].split("?/")[1], hub.up.note.stack, keys.get) == RecordEvent(Happening.DELIVERED, UID)


def test_the_question_goes_to_stderr(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def confirm(_: str, *, abort: bool, err: bool) -> bool:
        asked.append(err)
        return True

    monkeypatch.setattr(commands, "stdin_is_a_terminal", lambda: True)
    monkeypatch.setattr(click, "confirm", confirm)
    assert json.loads(fake.run("rotate", "--json").stdout)["rotated"]
    assert asked == [True]
