"""The events commands."""

import json
from collections.abc import Sequence
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

import pushhub.console.events as commands
from pushhub.adapters.dynamodb.ledger import DynamoLedger
from pushhub.catalog.providers import PushToken
from pushhub.console.connection import Connection, Stack
from pushhub.console.events import events, plot, ranked, statistics_lines
from pushhub.events.command import Happening, PlainForm, RecordEvent
from pushhub.events.ledger import Counts, FirstSeen, LaunchStatistics, Ledger, Repeated, ReportMark, SentCounts
from pushhub.events.messages import Receipt
from pushhub.events.uid import Launch, Recipient, mint_uid
from pushhub.faults import UnavailableError
from pushhub.moments import Milliseconds
from tests.conftest import Hub
from tests.doubles.ledger import MemoryLedger

BOTH = Happening.DELIVERED | Happening.OPENED
NONE = Happening(0)
NOON = Milliseconds(1_700_000_000_123)
SENT = 1_699_999_999_000_000_000
PERSON = Recipient(17, "59db33d269d426509e9c4bf9", "019ae3a5", "android-firebase")
UID = mint_uid(Launch(3, 40, SENT), SENT, PERSON)
LAUNCH = UID.split("|")[1]


def report(number: int, at: int = NOON) -> ReportMark:
    return ReportMark(Receipt(f"{number:032x}"), Milliseconds(at))


def record(ledger: Ledger, event: RecordEvent, number: int, at: int = NOON) -> None:
    """Write down the first report of an event."""
    counts = Counts(event.launch, event.provider, event.happening, event.happening)
    ledger.commit(FirstSeen(event, report(number, at), event.happening, counts))


def repeat(ledger: Ledger, event: RecordEvent, number: int) -> None:
    ledger.commit(Repeated(report(number), Counts(event.launch, event.provider, NONE, event.happening)))


def row(launch: str, provider: str, delivered: tuple[int, int], opened: tuple[int, int]) -> LaunchStatistics:
    unique, total = ({Happening.DELIVERED: delivered[at], Happening.OPENED: opened[at]} for at in (0, 1))
    return LaunchStatistics(launch, provider, unique, total)


class Ledgers:
    """A hub with a ledger in memory."""

    def __init__(self) -> None:
        self.ledger = MemoryLedger()
        self.stacks: list[Stack | None] = []

    def open(self, stack: Stack | None) -> MemoryLedger:
        self.stacks.append(stack)
        return self.ledger


def run(*words: str) -> Result:
    return CliRunner(mix_stderr=False).invoke(events, words)


@pytest.fixture
def ledgers(monkeypatch: pytest.MonkeyPatch) -> Ledgers:
    made = Ledgers()
    monkeypatch.setattr(commands, "open_ledger", made.open)
    return made


@pytest.fixture
def ledger(ledgers: Ledgers) -> MemoryLedger:
    return ledgers.ledger


def test_every_event_of_a_uid_is_shown_with_what_the_uid_says(ledger: MemoryLedger) -> None:
    record(ledger, RecordEvent(Happening.OPENED, UID), 2, NOON + 1000)
    record(ledger, RecordEvent(BOTH, UID, PlainForm(77, "ios-apns", PushToken("a-push-token"))), 1)
    record(ledger, RecordEvent(BOTH, "another uid"), 3)
    result = run("show", "--uid", UID)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        f"uid {UID}",
        "  sent                  2023-11-14T22:13:19.000Z",
        "  database              17",
        "  profile               59db33d269d426509e9c4bf9",
        "  subscription_hash_id  019ae3a5",
        "event of the plain form, launch 77, provider ios-apns",
        f"  delivered  2023-11-14T22:13:20.123Z  receipt {1:032x}",
        f"  opened     2023-11-14T22:13:20.123Z  receipt {1:032x}",
        f"event of the special form, launch {LAUNCH}, provider android-firebase",
        "  delivered  not reported",
        f"  opened     2023-11-14T22:13:21.123Z  receipt {2:032x}",
    ]


def test_json_of_a_uid_stands_alone_on_stdout(ledger: MemoryLedger) -> None:
    record(ledger, RecordEvent(Happening.DELIVERED, UID), 1)
    result = run("show", "--uid", UID, "--json")
    assert result.stderr == ""
    assert json.loads(result.stdout) == {
        "uid": UID,
        "says": {
            "sent": "2023-11-14T22:13:19.000Z",
            "database": 17,
            "profile": "59db33d269d426509e9c4bf9",
            "subscription_hash_id": "019ae3a5",
        },
        "events": [
            {
                "launch": LAUNCH,
                "provider": "android-firebase",
                "form": "special",
                "delivered": {"at": "2023-11-14T22:13:20.123Z", "receipt": f"{1:032x}"},
                "opened": None,
            }
        ],
    }


def test_a_uid_of_no_known_form_is_shown_so_that_it_cannot_steer_the_terminal(ledger: MemoryLedger) -> None:
    record(ledger, RecordEvent(BOTH, "\x1b[2Jü", PlainForm("a\nb", "\x9b", PushToken("token"))), 1)
    lines = run("show", "--uid", "\x1b[2Jü").stdout.splitlines()
    assert lines[:3] == [
        r'uid "\u001b[2J\u00fc"',
        "  is opaque: it says nothing of its push",
        r'event of the plain form, launch "a\nb", provider "\u009b"',
    ]
    assert json.loads(run("show", "--uid", "\x1b[2Jü", "--json").stdout)["says"] is None


def test_a_uid_that_nothing_is_known_of_is_told_in_one_line(ledger: MemoryLedger) -> None:
    told = "Error: nothing is known of this uid: "
    result = run("show", "--uid", UID, "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(told)
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [("show",), ("show", "--uid", ""), ("show", "--uid", "\udcff"), ("stats", "--launch", "\udcff"), ("stats", "--launch", "")],
)
def test_wrong_use_exits_with_2_before_the_hub_is_asked(ledgers: Ledgers, words: Sequence[str]) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout, ledgers.stacks) == (2, "", [])


def test_a_deployed_hub_is_asked_by_its_name(ledgers: Ledgers) -> None:
    run("stats", "--stack", "staging")
    run("show", "--uid", "u")
    assert ledgers.stacks == [Stack("staging"), None]


def counted(ledger: MemoryLedger) -> None:
    """Count three reports of a small launch, and two pushes of a big one, one of them reported twice."""
    record(ledger, RecordEvent(BOTH, "u1", PlainForm("small", "ios-apns", PushToken("t1"))), 1)
    record(ledger, RecordEvent(Happening.DELIVERED, "u2", PlainForm("big", "ios-apns", PushToken("t2"))), 2)
    again = RecordEvent(BOTH, "u3", PlainForm("big", "Firefox", PushToken("t3")))
    record(ledger, again, 3)
    repeat(ledger, again, 4)


def test_statistics_are_a_table_with_the_busiest_first(ledger: MemoryLedger) -> None:
    counted(ledger)
    result = run("stats")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "launch  provider  delivered  total  opened  total",
        "big     Firefox           1      2       1      2",
        "big     ios-apns          1      1       0      0",
        "small   ios-apns          1      1       1      1",
        "total                     3      4       2      3",
    ]


def test_a_launch_of_which_nothing_was_reported_is_not_in_the_statistics_of_events(ledger: MemoryLedger) -> None:
    ledger.sent = {("sent", "ios-apns"): SentCounts(accepted=7)}
    assert "sent" in ledger.launches()
    launches = json.loads(run("stats", "--json").stdout)["launches"]
    assert {each["launch"] for each in launches} == set(ledger.launches()) - {"sent"}
    assert run("stats", "--launch", "sent").exit_code == run("stats", "--launch", "other").exit_code


def test_statistics_of_one_launch_leave_out_all_others(ledger: MemoryLedger) -> None:
    counted(ledger)
    result = run("stats", "--launch", "small", "--json")
    assert result.stderr == ""
    one = {"delivered": {"unique": 1, "total": 1}, "opened": {"unique": 1, "total": 1}}
    assert json.loads(result.stdout) == {"launches": [{"launch": "small", "provider": "ios-apns", **one}], "totals": one}


def test_a_launch_that_nothing_is_counted_for_is_told_in_one_line(ledger: MemoryLedger) -> None:
    result = run("stats", "--launch", "other")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: nothing is counted for this launch:")


def test_a_hub_that_nothing_was_reported_to_is_no_failure(ledger: MemoryLedger) -> None:
    assert (run("stats").exit_code, run("stats").stdout) == (0, "nothing is counted yet\n")
    none = {"unique": 0, "total": 0}
    assert json.loads(run("stats", "--json").stdout) == {"launches": [], "totals": {"delivered": none, "opened": none}}


def test_a_terminal_shows_bars_too(ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    counted(ledger)
    monkeypatch.setattr(commands, "stdout_is_a_terminal", lambda: True)
    assert [line[51:] for line in run("stats").stdout.splitlines()] == [
        "opened of delivered",
        "#################### 100 %",
        ".................... 0 %",
        "#################### 100 %",
        "#############....... 67 %",
    ]


@pytest.mark.parametrize(
    ("delivered", "opened", "drawn"),
    [(0, 5, ""), (2, 5, "#" * 20 + " 250 %"), (3, 1, "#" * 7 + "." * 13 + " 33 %"), (1000, 1, "." * 20 + " 0 %")],
)
def test_a_bar_never_leaves_its_frame(delivered: int, opened: int, drawn: str) -> None:
    assert plot(row("l", "p", (delivered, delivered), (opened, opened))) == drawn


def test_launches_stay_together_however_busy_their_providers_are() -> None:
    rows = [
        row("a", "x", (5, 5), (0, 0)),
        row("b", "x", (1, 1), (0, 0)),
        row("b", "y", (9, 9), (0, 0)),
        row("c", "x", (5, 5), (0, 0)),
    ]
    assert [(one.launch, one.provider) for one in ranked(rows)] == [("b", "y"), ("b", "x"), ("a", "x"), ("c", "x")]


def test_a_launch_of_any_length_leaves_the_table_readable() -> None:
    lines = list(statistics_lines([row("x" * 256, "p\n", (1, 1), (1, 1))], plotted=False))
    assert lines[1].startswith("x" * 48 + r'…  "p\n"')
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize("words", [("show", "--uid", "u"), ("stats",), ("stats", "--launch", "l")])
def test_a_ledger_that_does_not_answer_is_told_in_one_line(
    ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch, words: Sequence[str]
) -> None:
    def fail(*_: object) -> object:
        raise UnavailableError("DynamoDB did not answer: ReadTimeoutError")

    for asked in ("events_of", "launches", "statistics"):
        monkeypatch.setattr(ledger, asked, fail)
    result = run(*words)
    told = "Error: the hub's data cannot be used: DynamoDB did not answer: ReadTimeoutError; run it again\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", told)


def test_what_a_hub_has_recorded_is_read_back(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(stack: Stack | None) -> Connection:
        return hub.connection

    monkeypatch.setattr(commands, "connect", connect)
    ledger = DynamoLedger(hub.connection.client("dynamodb"), hub.connection.outputs["LedgerTable"], retention_days=90)
    launch = f"launch {uuid4()}"
    for number in range(20):
        event = RecordEvent(BOTH, f"{launch} {number}", PlainForm(launch, "Firefox", PushToken("token")))
        record(ledger, event, uuid4().int)
        repeat(ledger, event, uuid4().int)
    counts = {"unique": 20, "total": 40}
    (counted,) = json.loads(run("stats", "--launch", launch, "--json").stdout)["launches"]
    assert counted == {"launch": launch, "provider": "Firefox", "delivered": counts, "opened": counts}
    assert counted in json.loads(run("stats", "--json").stdout)["launches"]
    (shown,) = json.loads(run("show", "--uid", f"{launch} 7", "--json").stdout)["events"]
    assert (shown["launch"], shown["form"], shown["opened"]["at"]) == (launch, "plain", "2023-11-14T22:13:20.123Z")
