"""The forwards commands: dead letters are seen without being taken, and none is lost on its way back."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from click.testing import CliRunner, Result

import pushhub.console.dead_letter_queue as queue_module
import pushhub.console.forwards as commands
from pushhub.adapters.sqs_for_commands import SqsMessages
from pushhub.catalog.providers import PushToken
from pushhub.console.connection import Connection, Stack
from pushhub.console.dead_letter_queue import DeadLetterQueue
from pushhub.console.dead_letters import MOVED_BY_SQS, DeadLetter, QueueName, letter_entry, letter_lines, named
from pushhub.console.forwards import forwards
from pushhub.events.command import Happening, PlainForm, RecordEvent, RelayLink
from pushhub.events.messages import Forward, Receipt, Report, read_forward, write_forward, write_report
from pushhub.moments import Milliseconds
from pushhub.outgoing.queues import REASON
from tests.conftest import Hub

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BOTH = Happening.DELIVERED | Happening.OPENED
NOON = Milliseconds(1_700_000_000_123)
LATER = Milliseconds(1_700_003_600_456)
TOKEN = "a-push-token"
OUTPUTS = ("EventsQueue", "EventsDeadLetters", "ForwardsQueue", "RetriesQueue", "RelaysQueue", "ForwardsDeadLetters")


def report(uid: str = "u1") -> Report:
    return Report(Receipt("0" * 32), NOON, RecordEvent(BOTH, uid, PlainForm(77, "ios-apns", PushToken(TOKEN))))


def forward(upstream: str = "altcraft", uid: str = "u1") -> Forward:
    return Forward(upstream, report(uid), since=NOON, tried=3, waited=5, not_before=LATER)


@dataclass(frozen=True, slots=True)
class Queues:
    """The queues of a hub that has no functions."""

    client: "SQSClient"
    urls: dict[str, str]

    def bury(self, body: str, reason: str | None = "HTTP 400", queue: str = "ForwardsDeadLetters") -> str:
        """Put a dead letter in, and return its id."""
        attributes = {REASON: {"DataType": "String", "StringValue": reason}} if reason is not None else {}
        sent = self.client.send_message(QueueUrl=self.urls[queue], MessageBody=body, MessageAttributes=cast("Any", attributes))
        return sent["MessageId"]

    def visible(self, queue: str) -> list[str]:
        """Take all that can be seen in a queue."""
        bodies: list[str] = []
        while some := self.client.receive_message(QueueUrl=self.urls[queue], MaxNumberOfMessages=10).get("Messages", []):
            bodies += (message["Body"] for message in some)
        return bodies

    def opened(self, client: "SQSClient") -> Callable[[str | None, Sequence[QueueName]], list[DeadLetterQueue]]:
        """Return what opens them through another client."""
        queues = {
            QueueName.EVENTS: ("EventsDeadLetters", "EventsQueue"),
            QueueName.FORWARDS: ("ForwardsDeadLetters", "ForwardsQueue", "RetriesQueue", "RelaysQueue"),
        }
        return lambda _, names: [
            DeadLetterQueue(name, *(SqsMessages(client, self.urls[queue]) for queue in queues[name])) for name in names
        ]


@pytest.fixture
def queues(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queues]:
    client = hub.connection.client("sqs")
    urls = {name: client.create_queue(QueueName=f"{name}-{uuid4()}")["QueueUrl"] for name in OUTPUTS}

    def connect(stack: Stack | None) -> Connection:
        return Connection(hub.connection.session, hub.connection.endpoint_url, urls)

    monkeypatch.setattr(commands, "connect", connect)
    monkeypatch.setattr(queue_module, "_WAIT_SECONDS", 0)
    yield Queues(client, urls)
    for url in urls.values():
        client.delete_queue(QueueUrl=url)


class Failing:
    """A client of which some calls are played."""

    def __init__(self, client: "SQSClient", **played: Callable[..., Any]) -> None:
        self._client = client
        self._played = played

    def __getattr__(self, name: str) -> Any:
        return self._played.get(name) or getattr(self._client, name)


def play(queues: Queues, monkeypatch: pytest.MonkeyPatch, **played: Callable[..., Any]) -> None:
    """Let the commands meet a client of which some calls are played."""
    monkeypatch.setattr(commands, "open_queues", queues.opened(cast("SQSClient", Failing(queues.client, **played))))


def denied(**_: object) -> Any:
    raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Anything")


def run(*words: str) -> Result:
    return CliRunner(mix_stderr=False).invoke(forwards, words)


def listed(*words: str) -> list[dict[str, Any]]:
    result = run("list", "--json", *words)
    assert (result.exit_code, result.stderr) == (0, "")
    letters: list[dict[str, Any]] = json.loads(result.stdout)
    return letters


# What a dead letter says


def letter(
    body: str, queue: QueueName = QueueName.FORWARDS, reason: str | None = "HTTP 400", id_: str = "01234567-89ab"
) -> DeadLetter:
    return DeadLetter(id_, queue, body, LATER, reason)


def test_a_dead_forward_says_what_it_is_why_it_died_and_how_often_it_was_tried() -> None:
    assert list(letter_lines([letter(write_forward(forward()))])) == [
        "01234567  forwards, upstream altcraft",
        "  what   delivered and opened, launch 77, provider ios-apns, uid u1",
        "  why    HTTP 400",
        "  since  dead since 2023-11-14T23:13:20.456Z, accepted 2023-11-14T22:13:20.123Z",
        "  tried  3 times, put off 5 times",
    ]
    assert letter_entry(letter(write_forward(forward()))) == {
        "id": "01234567-89ab",
        "queue": "forwards",
        "upstream": "altcraft",
        "what": {"events": ["delivered", "opened"], "uid": "u1", "launch": "77", "provider": "ios-apns"},
        "why": "HTTP 400",
        "dead_since": "2023-11-14T23:13:20.456Z",
        "queued_since": None,
        "accepted": "2023-11-14T22:13:20.123Z",
        "tried": 3,
        "waited": 5,
        "unreadable": None,
    }


def test_a_letter_that_sqs_moved_says_so_and_since_when_it_was_queued() -> None:
    moved = letter(write_report(report()), QueueName.EVENTS, None)
    assert list(letter_lines([moved])) == [
        "01234567  events",
        "  what   delivered and opened, launch 77, provider ios-apns, uid u1",
        f"  why    {MOVED_BY_SQS}",
        "  since  queued since 2023-11-14T23:13:20.456Z, accepted 2023-11-14T22:13:20.123Z",
        "  tried  20 times",
    ]
    entry = letter_entry(moved)
    assert entry["tried"] == 20
    assert (entry["upstream"], entry["dead_since"], entry["queued_since"]) == (None, None, "2023-11-14T23:13:20.456Z")


def test_of_a_link_only_the_beginning_is_shown() -> None:
    link = Forward("altcraft", Report(Receipt("0" * 32), NOON, RelayLink("abcdefghijklmnopqrst")), since=NOON)
    shown = letter(write_forward(link))
    assert "  what   link abcdefghijkl…" in list(letter_lines([shown]))
    assert letter_entry(shown)["what"] == {"link": "abcdefghijkl…"}


def test_no_push_token_is_shown() -> None:
    shown = letter(write_forward(forward()))
    assert TOKEN not in "".join(letter_lines([shown])) + json.dumps(letter_entry(shown)) + repr(shown)


def test_poison_is_shown_cut_and_cannot_steer_the_terminal() -> None:
    body = "\x1b[2J" + "ü" * 100
    shown = letter(body, reason="not a message of this hub")
    lines = list(letter_lines([shown]))
    assert lines[1] == f"  what   not a message of this hub, 204 bytes: '\\x1b[2J{'ü' * 56}'"
    assert lines[3] == "  since  dead since 2023-11-14T23:13:20.456Z"
    assert letter_entry(shown)["unreadable"] == {"why": "not a message of this hub", "bytes": 204, "beginning": body[:60]}


def test_what_others_wrote_cannot_steer_the_terminal() -> None:
    dangerous = Forward(
        "a\x1b", Report(Receipt("0"), NOON, RecordEvent(BOTH, "\r", PlainForm("\n", "\t", PushToken("t")))), since=NOON
    )
    assert all(line.isprintable() for line in letter_lines([letter(write_forward(dangerous), reason="HTTP 400: \x1b[2J")]))


def test_ids_are_as_long_as_they_must_be() -> None:
    letters = [letter("", id_=id_) for id_ in ("01234567-a", "01234567-b", "89abcdef-a")]
    heads = [line.split()[0] for line in letter_lines(letters) if not line.startswith(" ")]
    assert heads == ["01234567-a", "01234567-b", "89abcdef"]


def test_an_id_means_one_letter_or_is_wrong() -> None:
    letters = [letter("", id_=id_) for id_ in ("01234567-a", "01234567-b", "89abcdef-a")]
    chosen, wrong = named(letters, ["01234567", "89abcdef", "89abcdef-a", "fedcba98"])
    assert chosen == [letters[2]]
    assert {id_: why.split(";")[0] for id_, why in wrong.items()} == {
        "01234567": "2 dead letters begin with 01234567",
        "fedcba98": "no such dead letter can be seen",
    }


def test_sqs_moves_messages_when_the_command_says_it_does() -> None:
    template = (Path(__file__).parents[3] / "template.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"maxReceiveCount: (\d+)", template)) == set(re.findall(r"\d+", MOVED_BY_SQS))


# Looking


def test_letters_of_both_queues_are_listed_and_stay_there_for_all_to_see(queues: Queues) -> None:
    ids = {queues.bury(write_forward(forward(uid=f"u{number}"))) for number in range(23)}
    first = queues.bury(write_report(report()), reason=None, queue="EventsDeadLetters")
    letters = listed()
    assert (letters[0]["id"], letters[0]["why"]) == (first, MOVED_BY_SQS)
    assert {one["id"] for one in letters[1:]} == ids
    assert len(listed()) == 24
    assert len(queues.visible("ForwardsDeadLetters")) == 23
    assert queues.visible("ForwardsQueue") == []


def test_a_queue_and_an_upstream_narrow_the_list(queues: Queues) -> None:
    queues.bury(write_forward(forward()))
    other = queues.bury(write_forward(forward("other")))
    queues.bury("poison")
    report_ = queues.bury(write_report(report()), queue="EventsDeadLetters")
    assert [one["id"] for one in listed("--queue", "events")] == [report_]
    assert len(listed("--queue", "forwards")) == 3
    assert [one["id"] for one in listed("--upstream", "other")] == [other]


def test_what_is_still_on_its_way_is_counted(queues: Queues) -> None:
    for name in ("EventsQueue", "ForwardsQueue", "RetriesQueue", "RelaysQueue"):
        queues.client.send_message(QueueUrl=queues.urls[name], MessageBody="a message", DelaySeconds=5)
    assert run("list").stderr.splitlines() == [
        "events on their way, not given up: about 1",
        "forwards on their way, not given up: about 3",
    ]


def test_no_dead_letters_are_good_news(queues: Queues) -> None:
    result = run("list")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "no dead letters\n", "")
    assert listed() == []


def test_a_limit_stops_reading_and_says_so(queues: Queues) -> None:
    for _ in range(12):
        queues.bury(write_forward(forward()))
    result = run("list", "--json", "--limit", "11")
    assert (result.exit_code, len(json.loads(result.stdout))) == (0, 11)
    assert result.stderr == "read 11 dead letters of forwards and no more; --limit reads more\n"
    assert len(queues.visible("ForwardsDeadLetters")) == 12


@pytest.mark.parametrize(("end", "exit_code"), [(KeyboardInterrupt, 1), (lambda: ReadTimeoutError(endpoint_url="x"), 1)])
def test_letters_can_be_seen_at_once_however_looking_ends(
    queues: Queues, monkeypatch: pytest.MonkeyPatch, end: Callable[[], BaseException], exit_code: int
) -> None:
    queues.bury(write_forward(forward()))
    calls = []

    def receive(**asked: Any) -> Any:
        calls.append(asked)
        if len(calls) == 2:
            raise end()
        return queues.client.receive_message(**asked)

    play(queues, monkeypatch, receive_message=receive)
    result = run("list", "--queue", "forwards")
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert len(queues.visible("ForwardsDeadLetters")) == 1


def test_a_letter_that_comes_twice_is_listed_once_and_ends_the_reading(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    queues.bury(write_forward(forward()))

    def receive(**asked: Any) -> Any:
        return queues.client.receive_message(**asked | {"VisibilityTimeout": 0})

    play(queues, monkeypatch, receive_message=receive)
    assert len(listed()) == 1


def test_one_that_stays_hidden_is_told(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    queues.bury(write_forward(forward()))
    play(queues, monkeypatch, change_message_visibility_batch=denied)
    result = run("list", "--queue", "forwards")
    assert result.exit_code == 0
    told = "some dead letters of forwards stay hidden for up to 60 s: SQS answered AccessDenied to Anything\n"
    assert result.stderr == told


@pytest.mark.parametrize("words", [("list",), ("redrive", "--all"), ("redrive", "01234567")])
@pytest.mark.parametrize("call", ["get_queue_attributes", "receive_message"])
def test_a_queue_that_cannot_be_read_is_told_in_one_line(
    queues: Queues, monkeypatch: pytest.MonkeyPatch, words: Sequence[str], call: str
) -> None:
    play(queues, monkeypatch, **{call: denied})
    result = run(*words)
    assert result.exit_code == 1
    assert result.stderr == "Error: the hub's data cannot be used: SQS answered AccessDenied to Anything; run it again\n"


# Putting back


@pytest.mark.parametrize(
    "words",
    [
        ("redrive",),
        ("redrive", "--all", "--upstream", "a"),
        ("redrive", "--all", "01234567"),
        ("redrive", "--upstream", "a", "01234567"),
        ("redrive", "--upstream", "a", "--queue", "events"),
        ("redrive", "0123456"),
        ("redrive", "0123456*"),
        ("redrive", "--all", "--queue", "others"),
        ("list", "--upstream", "a", "--queue", "events"),
        ("list", "--limit", "0"),
    ],
)
def test_wrong_use_exits_with_2_before_the_hub_is_asked(monkeypatch: pytest.MonkeyPatch, words: Sequence[str]) -> None:
    asked: list[object] = []
    monkeypatch.setattr(commands, "connect", asked.append)
    result = run(*words)
    assert (result.exit_code, result.stdout, asked) == (2, "", [])


def test_a_forward_begins_anew_and_its_receipt_and_tries_are_kept(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "milliseconds_now", lambda: LATER)
    queues.bury(write_forward(forward()))
    result = run("redrive", "--all")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "redriven 1\n", "")
    (body,) = queues.visible("ForwardsQueue")
    assert read_forward(body) == Forward("altcraft", report(), since=LATER, tried=3, waited=0)
    assert queues.visible("ForwardsDeadLetters") == []


def test_a_link_that_is_not_ours_goes_back_where_no_event_waits_behind_it(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "milliseconds_now", lambda: LATER)
    link = Report(Receipt("0" * 32), NOON, RelayLink("f" * 16))
    queues.bury(write_forward(Forward("altcraft", link, since=NOON, tried=3, waited=5)), reason=None)
    queues.bury(write_forward(forward()))
    assert run("redrive", "--all").stdout == "redriven 2\n"
    (body,) = queues.visible("RelaysQueue")
    assert read_forward(body) == Forward("altcraft", link, since=LATER, tried=3, waited=0)
    assert len(queues.visible("ForwardsQueue")) == 1
    assert queues.visible("ForwardsDeadLetters") == []


def test_reports_go_back_as_they_are(queues: Queues) -> None:
    # Not as this version writes it.
    body = json.dumps(json.loads(write_report(report())), indent=1)
    queues.bury(body, queue="EventsDeadLetters")
    assert run("redrive", "--all").exit_code == 0
    assert queues.visible("EventsQueue") == [body]
    assert queues.visible("EventsDeadLetters") == []


def test_however_many_there_are_all_of_them_go_back(queues: Queues) -> None:
    uids = {f"u{number}" for number in range(57)}
    for uid in uids:
        queues.bury(write_forward(forward(uid=uid)))
    assert run("redrive", "--all", "--queue", "forwards").stdout == "redriven 57\n"
    events = [read_forward(body).report.content for body in queues.visible("ForwardsQueue")]
    assert {event.uid for event in events if isinstance(event, RecordEvent)} == uids
    assert (len(events), queues.visible("ForwardsDeadLetters")) == (57, [])


def test_messages_that_are_too_large_together_go_one_by_one(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def send(**asked: Any) -> Any:
        sizes.append(sum(len(entry["MessageBody"]) for entry in asked["Entries"]))
        return queues.client.send_message_batch(**asked)

    play(queues, monkeypatch, send_message_batch=send)
    for _ in range(8):
        queues.bury(write_report(report("\U0001f600" * 4096)), queue="EventsDeadLetters")
    assert run("redrive", "--all").stdout == "redriven 8\n"
    assert max(sizes) <= 256 * 1024 < sum(sizes)
    assert len(sizes) < 8


def test_an_upstream_chooses_its_own_and_all_others_can_be_seen_at_once(queues: Queues) -> None:
    queues.bury(write_forward(forward()))
    queues.bury("poison")
    queues.bury(write_report(report()), queue="EventsDeadLetters")
    chosen = queues.bury(write_forward(forward("other")))
    result = run("redrive", "--upstream", "other", "--json")
    assert json.loads(result.stdout) == {"redriven": [{"id": chosen, "queue": "forwards"}], "left": []}
    assert (result.exit_code, result.stderr) == (0, "redriven 1\n")
    assert len(queues.visible("ForwardsDeadLetters")) == 2
    assert len(queues.visible("EventsDeadLetters")) == 1


def test_poison_is_left_unless_it_is_named(queues: Queues) -> None:
    poison = "not ours \u00fc"
    id_ = queues.bury(poison)
    readable = queues.bury(write_forward(forward()))
    result = run("redrive", "--all", "--json")
    why = "not a message of this hub: it goes back only if you name it by its id"
    assert json.loads(result.stdout) == {
        "redriven": [{"id": readable, "queue": "forwards"}],
        "left": [{"id": id_, "queue": "forwards", "why": why}],
    }
    assert (result.exit_code, result.stderr) == (1, f"redriven 1, left 1 ({why})\n")
    queues.visible("ForwardsQueue")
    assert run("redrive", id_).stdout == "redriven 1\n"
    assert queues.visible("ForwardsQueue") == [poison]
    assert queues.visible("ForwardsDeadLetters") == []


def test_ids_choose_from_both_queues_and_may_be_short(queues: Queues) -> None:
    one = queues.bury(write_forward(forward()))
    two = queues.bury(write_report(report()), queue="EventsDeadLetters")
    queues.bury(write_forward(forward()))
    assert run("redrive", one[:8], two, one).stdout == "redriven 2\n"
    counts = [len(queues.visible(name)) for name in OUTPUTS]
    assert counts == [1, 0, 1, 0, 0, 1]


def test_an_id_that_is_not_there_is_told_and_the_others_go_back(queues: Queues) -> None:
    id_ = queues.bury(write_forward(forward()))
    result = run("redrive", id_, "no-such-letter", "--json")
    printed = json.loads(result.stdout)
    assert (result.exit_code, printed["redriven"]) == (1, [{"id": id_, "queue": "forwards"}])
    assert [(one["id"], one["queue"]) for one in printed["left"]] == [("no-such-letter", None)]
    assert result.stderr.startswith("redriven 1, left 1 (no such dead letter can be seen;")


def test_what_the_queue_does_not_take_stays_a_dead_letter(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [queues.bury(write_forward(forward(uid=f"u{number}"))) for number in range(3)]

    def send(**asked: Any) -> Any:
        taken = [entry for entry in asked["Entries"] if entry["Id"] != ids[1]]
        answer = queues.client.send_message_batch(QueueUrl=asked["QueueUrl"], Entries=taken)
        refused = [
            {"Id": entry["Id"], "Code": "InternalError", "SenderFault": False} for entry in asked["Entries"] if entry not in taken
        ]
        return {**answer, "Failed": refused}

    play(queues, monkeypatch, send_message_batch=send)
    result = run("redrive", *ids)
    assert (result.exit_code, result.stdout) == (1, "redriven 2, left 1 (SQS did not take it: InternalError)\n")
    assert (len(queues.visible("ForwardsQueue")), len(queues.visible("ForwardsDeadLetters"))) == (2, 1)


def test_a_queue_that_takes_nothing_loses_nothing_and_is_not_asked_for_ever(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(15):
        queues.bury(write_forward(forward()))
    asked = []

    def send(**words: Any) -> Any:
        asked.append(words)
        raise ReadTimeoutError(endpoint_url="x")

    play(queues, monkeypatch, send_message_batch=send)
    result = run("redrive", "--all")
    assert (result.exit_code, len(asked)) == (1, 1)
    assert result.stdout == "redriven 0, left 10 (10 of them: SQS did not answer: ReadTimeoutError)\n"
    assert len(queues.visible("ForwardsDeadLetters")) == 15


def fail_to_delete(**asked: Any) -> Any:
    return {"Failed": [{"Id": entry["Id"], "Code": "InternalError", "SenderFault": False} for entry in asked["Entries"]]}


@pytest.mark.parametrize(("delete", "told"), [(fail_to_delete, "InternalError"), (denied, "SQS answered AccessDenied to Anything")])
def test_a_letter_that_cannot_be_deleted_is_there_twice_and_told(
    queues: Queues, monkeypatch: pytest.MonkeyPatch, delete: Callable[..., Any], told: str
) -> None:
    queues.bury(write_forward(forward()))
    play(queues, monkeypatch, delete_message_batch=delete)
    result = run("redrive", "--all")
    assert (result.exit_code, result.stdout) == (1, f"redriven 0, left 1 (put back, but it is still here too: {told})\n")
    assert (len(queues.visible("ForwardsQueue")), len(queues.visible("ForwardsDeadLetters"))) == (1, 1)


def test_what_is_given_up_again_at_once_does_not_go_round_for_ever(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused_at_once(**asked: Any) -> Any:
        for entry in asked["Entries"]:
            queues.bury(entry["MessageBody"])
        return {"Successful": [{"Id": entry["Id"]} for entry in asked["Entries"]]}

    play(queues, monkeypatch, send_message_batch=refused_at_once)
    queues.bury(write_forward(forward()))
    result = run("redrive", "--all")
    assert result.exit_code == 1
    assert result.stdout.startswith("redriven 1, left 1 (put back by this very command and given up again;")
    assert len(queues.visible("ForwardsDeadLetters")) == 1


def test_an_interrupted_redrive_says_how_far_it_came_and_hides_nothing(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(15):
        queues.bury(write_forward(forward()))
    batches = []

    def send(**asked: Any) -> Any:
        batches.append(asked)
        if len(batches) == 2:
            raise KeyboardInterrupt
        return queues.client.send_message_batch(**asked)

    play(queues, monkeypatch, send_message_batch=send)
    result = run("redrive", "--all", "--json")
    assert (result.exit_code, result.stderr.splitlines()) == (1, ["redriven 10", "", "Aborted!"])
    assert len(json.loads(result.stdout)["redriven"]) == 10
    assert (len(queues.visible("ForwardsQueue")), len(queues.visible("ForwardsDeadLetters"))) == (10, 5)
