"""The commands of sendings: what came of them is seen, running ones are cancelled, and it is counted whom one would reach."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.model import AppId
from pushhub.console.failure import ConsoleError
from pushhub.console.reading import AT_ONCE
from pushhub.console.sends.content import MAX_AHEAD_DAYS
from pushhub.console.sends.listing import due_lately, newest
from pushhub.console.sends.report import part_state
from pushhub.console.sends.standing import SendingStanding, standing_of
from pushhub.console.sends.watch import UNBEGUN_SECONDS, SendingPace, SendingWatch
from pushhub.events.command import Happening, RecordEvent
from pushhub.events.ledger import Counts, FirstSeen, LaunchStatistics, ReportMark, SentCounts
from pushhub.events.messages import Receipt
from pushhub.moments import SECONDS_PER_DAY, Milliseconds, Seconds
from pushhub.sends.filters import Choice, Filters
from pushhub.sends.message import Message, Translation
from pushhub.sends.outcomes import Outcome
from pushhub.sends.sending import (
    ANY_PROVIDER,
    INDEX_LANES,
    NAMED_LANE,
    Claim,
    DeferralKey,
    Everyone,
    Example,
    Filtered,
    LaneKey,
    LaneName,
    Named,
    NamedProfile,
    OutcomeCounts,
    Part,
    Place,
    ProviderStop,
    RunId,
    Selection,
    Sending,
    SendingId,
    SendingStatus,
    launch_of,
    mint_sending_id,
)
from pushhub.sends.store import LaneUpdate, NewDeferral, RecordedStep
from tests.doubles.send_hub import APNS, APNS_TOKEN, NOON, FakeHub, run
from tests.doubles.sendings import MemorySendings

RUN = RunId("run")
EVERYONE = Everyone()
LAST = "f" * 16


@pytest.fixture
def hub_(monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    return FakeHub(monkeypatch)


def sending_of(
    at: int = NOON, *, app: str = "a", tag: str = "", selection: Selection = EVERYONE, dialect: str = "console"
) -> Sending:
    id_ = mint_sending_id(Milliseconds(at * 1000), 0.5)
    return Sending(
        id=id_,
        app=AppId(app),
        caller="crm",
        dialect=dialect,
        name="One",
        tag=tag,
        launch=launch_of(id_, 17),
        selection=selection,
        messages={ANY_PROVIDER: Message(title="Sale")},
        parts=(Part(0, AppId(app), Seconds(at)),),
    )


def ahead(days: int, sending: Sending) -> Sending:
    """Return a sending as if it had been made so many days before it is due."""
    return replace(sending, id=mint_sending_id(Milliseconds((sending.due - days * SECONDS_PER_DAY) * 1000), 0.5))


def made(hub: FakeHub, sending: Sending) -> Sending:
    hub.sendings.create(sending)
    return sending


def ended(
    hub: FakeHub, sending: Sending, counts: OutcomeCounts | None = None, status: SendingStatus = SendingStatus.COMPLETE
) -> Sending:
    made(hub, sending)
    hub.sendings.begin(sending.id, NOON)
    hub.sendings.end(sending.id, status, counts or OutcomeCounts.of(APNS, Outcome.ACCEPTED, 2), Seconds(NOON + 5))
    return sending


def step(hub: FakeHub, sending: Sending, lane: LaneName, place: str, waiting: int = 0) -> None:
    """Have a lane record a step of ten accepted recipients and some that wait; behind the last place it is finished."""
    key, claim = LaneKey(sending.id, 0, lane), Claim(Place(place), {APNS: 10 + waiting})
    hub.sendings.begin(sending.id, NOON)
    hub.sendings.take_lane(key, RUN, NOON, Seconds(NOON + 60))
    hub.sendings.update_lane(key, LaneUpdate(RUN, None, None, claim, Seconds(NOON + 60)))
    deferrals = (NewDeferral(DeferralKey(key, Place(place)), {APNS: waiting}),) if waiting else ()
    recorded = RecordedStep(Place(place), OutcomeCounts.of(APNS, Outcome.ACCEPTED, 10), deferrals)
    hub.sendings.update_lane(key, LaneUpdate(RUN, claim, recorded, None, Seconds(0), finished=place == LAST))


def opened(hub: FakeHub, sending: Sending, number: int = 1) -> None:
    """Have a device report that it got and opened a push."""
    both = Happening.DELIVERED | Happening.OPENED
    event = RecordEvent(both, f"uid-{number}")
    report = ReportMark(Receipt(f"{number:032x}"), Milliseconds(NOON * 1000))
    hub.ledger.commit(FirstSeen(event, report, both, Counts(sending.launch.text, APNS, both, both)))


# One


def test_a_sending_that_ended_shows_its_counts_and_what_was_reported_of_its_launch(hub_: FakeHub) -> None:
    sending = ended(hub_, sending_of(tag="spring"))
    opened(hub_, sending)
    hub_.sendings.add_example(sending.id, Example(APNS, Outcome.WRONG_TARGET, "BadTopic", "it is of another app", "00aa…bb"))
    entry = json.loads(run("sendings", "show", str(sending.id), "--json").stdout)
    assert entry == {
        "id": sending.id,
        "app": "a",
        "caller": "crm",
        "tag": "spring",
        "name": "One",
        "status": "complete",
        "due": "2027-01-15T08:00:00Z",
        "begun": "2027-01-15T08:00:00Z",
        "ended": "2027-01-15T08:00:05Z",
        "audience": 2,
        "counts": {"ios-apns": {str(outcome): 0 for outcome in Outcome} | {"accepted": 2}},
        "delivered": 1,
        "opened": 1,
        "examples": [
            {
                "provider": "ios-apns",
                "outcome": "wrong_target",
                "code": "BadTopic",
                "reason": "it is of another app",
                "token": "00aa…bb",
            }
        ],
        "launch": sending.launch.text,
        "stopped": [],
        "filters": None,
        "parts": [{"app": "a", "due": "2027-01-15T08:00:00Z", "offset": None, "dropped": False, "state": "over"}],
        "also_in": [],
        "push": None,
        "expired_without_push": False,
    }


def of_two_hours() -> Sending:
    """Return a sending at a local hour in two time zones, for two apps."""
    parts = (
        Part(0, AppId("a"), Seconds(NOON), 3 * 3600),
        Part(1, AppId("b"), Seconds(NOON), 3 * 3600),
        Part(2, AppId("a"), Seconds(NOON + 23_400), -(3 * 3600 + 1800)),
        Part(3, AppId("b"), Seconds(NOON + 23_400), -(3 * 3600 + 1800)),
    )
    filters = Filters(Choice(frozenset({"PT", "BR"})), audiences=Choice(None, frozenset(f"a{n:02}" for n in range(12))))
    translations = {"pt": Translation("Promoção"), "de": Translation("Verkauf")}
    return replace(sending_of(selection=Filtered(filters)), parts=parts, translations=translations, push=77, dropped=frozenset({1}))


def test_of_several_parts_each_is_shown_with_its_moment_and_its_offset(hub_: FakeHub) -> None:
    sending = made(hub_, of_two_hours())
    entry = json.loads(run("sendings", "show", str(sending.id), "--json").stdout)
    assert entry["parts"] == [
        {"app": "a", "due": "2027-01-15T08:00:00Z", "offset": "+03:00", "dropped": False, "state": "due"},
        {"app": "b", "due": "2027-01-15T08:00:00Z", "offset": "+03:00", "dropped": True, "state": "dropped"},
        {"app": "a", "due": "2027-01-15T14:30:00Z", "offset": "-03:30", "dropped": False, "state": "to come"},
        {"app": "b", "due": "2027-01-15T14:30:00Z", "offset": "-03:30", "dropped": False, "state": "to come"},
    ]
    assert (entry["app"], entry["also_in"], entry["push"]) == ("a", ["de", "pt"], 77)
    assert entry["filters"] == {"countries_include": ["BR", "PT"], "audiences_exclude": [f"a{n:02}" for n in range(12)]}


def test_a_person_reads_parts_filters_and_languages(hub_: FakeHub) -> None:
    sending = made(hub_, of_two_hours())
    lines = [line.split() for line in run("sendings", "show", str(sending.id)).stdout.splitlines()]
    assert ["app", "shop", "(a),", "twin", "(b)"] in lines
    assert ["push", "77"] in lines
    assert ["also", "in", "de,", "pt"] in lines
    assert ["countries_include", "BR,", "PT"] in lines
    assert ["audiences_exclude", *(f"a{n:02}," for n in range(9)), "a09", "and", "2", "more"] in lines
    assert ["part", "for", "due", "local", "offset", "state"] in lines
    assert ["a", "2027-01-15T14:30:00Z", "-03:30", "to", "come"] in lines
    dropped = [
        "b",
        "2027-01-15T08:00:00Z",
        "+03:00",
        "dropped:",
        "the",
        "app",
        "is",
        "disabled,",
        "or",
        "not",
        "in",
        "the",
        "catalog",
    ]
    assert dropped in lines


def test_a_sending_that_waits_for_its_push_says_what_comes_of_it_without_one(hub_: FakeHub) -> None:
    sending = made(hub_, replace(sending_of(NOON + 60), messages={}))
    shown = run("sendings", "show", str(sending.id)).stdout
    assert "no push is bound to it: it expires where none is when it is due" in shown
    assert "not begun" in shown
    assert "no recipients" not in shown


def test_a_sending_that_expired_without_a_push_says_so_afterwards(hub_: FakeHub) -> None:
    sending = made(hub_, replace(sending_of(NOON), messages={}))
    hub_.sendings.expire(sending.id, Seconds(NOON + 1))
    shown = run("sendings", "show", str(sending.id)).stdout
    assert "no push was bound to it when it was due: nothing was sent" in shown
    assert json.loads(run("sendings", "show", str(sending.id), "--json").stdout)["expired_without_push"] is True


def test_parts_that_are_over_running_and_to_come_are_told_apart() -> None:
    sending = replace(of_two_hours(), status=SendingStatus.RUNNING, begun=NOON)
    standing = SendingStanding(sending, OutcomeCounts(), over=frozenset({0}))

    def states(of: SendingStanding, now: int) -> list[str]:
        return [part_state(part, of, Seconds(now)) for part in sending.parts]

    assert states(standing, NOON + 1) == ["over", "dropped", "to come", "to come"]
    assert states(standing, NOON + 23_400) == ["over", "dropped", "running", "running"]
    scheduled = replace(standing, sending=replace(sending, status=SendingStatus.SCHEDULED, begun=None), over=frozenset())
    assert states(scheduled, NOON) == ["due", "dropped", "to come", "to come"]
    cancelled = replace(standing, sending=replace(sending, status=SendingStatus.CANCELLED, ended=Seconds(NOON + 5)))
    assert states(cancelled, NOON + 9) == ["over", "dropped", "not begun", "not begun"]


def test_parts_that_are_not_due_are_not_looked_at(hub_: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    sending, asked = made(hub_, of_two_hours()), list[int]()
    hub_.sendings.begin(sending.id, NOON)

    def lanes(_: SendingId, part: int) -> tuple[()]:
        asked.append(part)
        return ()

    monkeypatch.setattr(hub_.sendings, "lanes", lanes)
    assert run("sendings", "show", str(sending.id)).exit_code == 0
    assert asked == [0, 1]


def test_a_sending_of_several_apps_is_one_of_each(hub_: FakeHub) -> None:
    sending = made(hub_, of_two_hours())
    for app in ("a", "b"):
        assert [entry["id"] for entry in json.loads(run("sendings", "list", "--app", app, "--json").stdout)] == [sending.id]
    assert json.loads(run("sendings", "list", "--app", "c", "--json").stdout) == []
    assert "a and 1 more" in run("sendings", "list").stdout


def test_a_running_sending_counts_its_lanes_and_those_that_wait(hub_: FakeHub) -> None:
    sending = made(hub_, sending_of())
    step(hub_, sending, INDEX_LANES[0], "8" + "0" * 15, waiting=3)
    step(hub_, sending, INDEX_LANES[1], LAST)
    entry = json.loads(run("sendings", "show", str(sending.id), "--json").stdout)
    assert (entry["status"], entry["audience"]) == ("running", 23)
    assert (entry["counts"]["ios-apns"]["accepted"], entry["counts"]["ios-apns"]["retry"]) == (20, 3)
    assert standing_of(hub_.sendings, hub_.only, NOON).share == pytest.approx(1.5 / 16)


def test_a_person_reads_why_a_provider_was_stopped_and_an_example(hub_: FakeHub) -> None:
    sending = ended(hub_, sending_of())
    hub_.sendings.stop_provider(sending.id, sending.app, APNS, ProviderStop(Outcome.CREDENTIALS_BAD, "the key is not of the team"))
    hub_.sendings.add_example(sending.id, Example(APNS, Outcome.GONE, "Unregistered", "dead\x1b[2J", "00aa…bb"))
    lines = run("sendings", "show", str(sending.id)).stdout.splitlines()
    assert lines[0] == f"sending {sending.id}: complete"
    assert "  app        shop (a)" in lines
    assert lines[-2:] == [
        "  ios-apns was stopped: credentials_bad, the key is not of the team",
        '  ios-apns gone, such as 00aa…bb: "Unregistered: dead\\u001b[2J"',
    ]


@pytest.mark.parametrize("words", [("show",), ("cancel",)])
def test_a_sending_that_is_not_there_is_said(hub_: FakeHub, words: tuple[str, ...]) -> None:
    result = run("sendings", *words, "7")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: there is no sending 7")
    assert hub_.stacks == [None]


@pytest.mark.parametrize(
    ("dialect", "begun", "status"),
    [("devtodev", NOON - 61, "interrupted"), ("devtodev", NOON - 60, "running"), ("console", NOON - 61, "running")],
)
def test_a_direct_sending_whose_request_must_have_died_is_shown_as_interrupted(
    hub_: FakeHub, dialect: str, begun: int, status: str
) -> None:
    sending = made(hub_, sending_of(begun, selection=Named((NamedProfile("p"),)), dialect=dialect))
    hub_.sendings.begin(sending.id, Seconds(begun))
    assert json.loads(run("sendings", "show", str(sending.id), "--json").stdout)["status"] == status
    step(hub_, sending, NAMED_LANE, "00000000")
    assert json.loads(run("sendings", "show", str(sending.id), "--json").stdout)["status"] == "running"


def test_one_with_a_pack_id_whose_request_must_have_died_is_shown_as_interrupted(hub_: FakeHub) -> None:
    sending = replace(sending_of(NOON - 61, selection=Named(()), dialect="devtodev"), begun=Seconds(NOON - 61))
    hub_.sendings.start(sending)
    assert json.loads(run("sendings", "show", str(sending.id), "--json").stdout)["status"] == "interrupted"


# Cancel


def test_a_sending_that_is_not_due_yet_is_cancelled_at_once_and_may_be_so_again(hub_: FakeHub) -> None:
    sending = made(hub_, sending_of())
    for _ in range(2):
        result = run("sendings", "cancel", str(sending.id), "--json")
        assert (result.exit_code, json.loads(result.stdout)["status"]) == (0, "cancelled")


def test_a_running_sending_is_being_cancelled(hub_: FakeHub) -> None:
    sending = made(hub_, sending_of())
    hub_.sendings.begin(sending.id, NOON)
    result = run("sendings", "cancel", str(sending.id))
    assert (result.exit_code, hub_.only.cancelling) == (0, True)
    assert result.stdout.startswith(f"sending {sending.id}: running, being cancelled\n")


def test_a_complete_sending_cannot_be_cancelled(hub_: FakeHub) -> None:
    sending = ended(hub_, sending_of())
    result = run("sendings", "cancel", str(sending.id))
    assert (result.exit_code, result.stderr) == (1, f"Error: sending {sending.id} has ended already: it is complete\n")


# Many


def test_the_newest_sendings_are_listed_first_back_to_the_retention(hub_: FakeHub) -> None:
    days = (0, 1, 29, 30)
    of_days = [ended(hub_, sending_of(NOON - day * SECONDS_PER_DAY)) for day in days]
    entries = json.loads(run("sendings", "list", "--json").stdout)
    assert [entry["id"] for entry in entries] == [sending.id for sending in of_days[:3]]
    assert [entry["id"] for entry in json.loads(run("sendings", "list", "--limit", "1", "--json").stdout)] == [of_days[0].id]


def test_the_sending_that_was_made_last_is_listed_first_whenever_it_is_due(hub_: FakeHub) -> None:
    days = {0: 5, -20: 20, 29: 30, 1: 0, 30: 0}
    of_days = [made(hub_, ahead(before, sending_of(NOON - day * SECONDS_PER_DAY))) for day, before in days.items()]
    # The last one is older than what is kept.
    expected = [of_days[position].id for position in (1, 3, 0, 2)]
    assert [entry["id"] for entry in json.loads(run("sendings", "list", "--json").stdout)] == expected
    assert [entry["id"] for entry in json.loads(run("sendings", "list", "--limit", "2", "--json").stdout)] == expected[:2]


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, MAX_AHEAD_DAYS), st.integers(0, 86_399)), max_size=12, unique=True),
    st.integers(1, 5),
    st.integers(1, 12),
)
def test_those_made_last_are_found_of_those_due_lately_and_no_others(
    of_days: list[tuple[int, int, int]], days: int, limit: int
) -> None:
    store = MemorySendings()
    midnight = NOON - NOON % SECONDS_PER_DAY
    for number, (made_back, made_ahead, second) in enumerate(of_days):
        at = midnight - made_back * SECONDS_PER_DAY + second
        id_ = SendingId(mint_sending_id(Milliseconds(at * 1000), 0) + number)
        due = Seconds(at + made_ahead * SECONDS_PER_DAY)
        store.create(replace(sending_of(), id=id_, parts=(Part(0, AppId("a"), due),)))
    earliest = midnight - (days - 1) * SECONDS_PER_DAY
    expected = sorted((each.id for each in store._sendings.values() if each.due >= earliest), reverse=True)
    assert [each.id for each in newest(store, days, NOON, lambda _: True, limit)] == expected[:limit]
    assert [each.id for each in due_lately(store, days, NOON, lambda _: True)] == expected


def test_how_far_a_listed_sending_has_come_is_said_as_of_one_alone(hub_: FakeHub) -> None:
    sending = made(hub_, sending_of(NOON - 61, selection=Named((NamedProfile("p"),)), dialect="devtodev"))
    hub_.sendings.begin(sending.id, Seconds(NOON - 61))
    (entry,) = json.loads(run("sendings", "list", "--json").stdout)
    assert entry == json.loads(run("sendings", "show", str(sending.id), "--json").stdout)
    assert entry["status"] == "interrupted"


def test_sendings_of_one_app_are_listed(hub_: FakeHub) -> None:
    ended(hub_, sending_of(NOON - 1))
    other = ended(hub_, sending_of(app="b"))
    assert [entry["id"] for entry in json.loads(run("sendings", "list", "--app", "b", "--json").stdout)] == [other.id]
    assert run("sendings", "list", "--app", "twin").exit_code == 1


def test_a_table_of_sendings_says_how_many_were_accepted(hub_: FakeHub) -> None:
    sending = ended(hub_, sending_of(tag="spring"), OutcomeCounts({APNS: {Outcome.ACCEPTED: 1200, Outcome.GONE: 7}}))
    assert run("sendings", "list").stdout.splitlines() == [
        "sending           status    due                   app  tag     name  recipients  accepted  waiting  other",
        f"{sending.id}  complete  2027-01-15T08:00:00Z  a    spring  One        1,207     1,200        0      7",
    ]


def test_a_hub_without_sendings_says_so(hub_: FakeHub) -> None:
    assert run("sendings", "list").stdout == "no sendings\n"
    assert run("sendings", "list", "--json").stdout == run("sendings", "stats", "--json").stdout == "[]\n"
    assert len(hub_.stacks) == 3


@pytest.mark.parametrize("limit", ["0", "1001"])
def test_at_most_a_thousand_sendings_are_listed(hub_: FakeHub, limit: str) -> None:
    assert run("sendings", "list", "--limit", limit).exit_code == 2
    assert hub_.stacks == []


def test_days_that_nobody_needs_are_not_all_read(hub_: FakeHub) -> None:
    ended(hub_, sending_of())
    assert len(newest(hub_.sendings, 3650, NOON, lambda _: True, 1)) == 1
    assert hub_.sendings.calls["listed"] <= AT_ONCE


# Count


def test_those_whom_a_sending_would_reach_are_counted(hub_: FakeHub) -> None:
    hub_.three_devices()
    hub_.subscribes("q", apns="ff" * 32)
    counted = json.loads(run("sendings", "count", "--app", "shop", "--all", "--json").stdout)
    assert counted == {"profiles": 2, "pushes": {"android-firebase": 1, "ios-apns": 2, "web-push": 1}}
    named = ("--id", "p", "--token", f"ios-apns:{APNS_TOKEN}", "--json")
    assert json.loads(run("sendings", "count", "--app", "b", *named).stdout) == {"profiles": 1, "pushes": {"ios-apns": 1}}


def test_those_whom_filters_choose_are_counted(hub_: FakeHub) -> None:
    hub_.three_devices()
    hub_.subscribes("q", apns="ff" * 32)
    hub_.tells("q", country="pt", language="pt-BR")
    for filters, expected in {
        '{"countries_include": ["PT"]}': {"profiles": 1, "pushes": {"ios-apns": 1}},
        '{"languages_exclude": ["pt"], "all_countries": true}': {
            "profiles": 1,
            "pushes": {"android-firebase": 1, "ios-apns": 1, "web-push": 1},
        },
        '{"event_include": "dep"}': {"profiles": 0, "pushes": {}},
        '{"event_include": "install"}': {"profiles": 2, "pushes": {"android-firebase": 1, "ios-apns": 2, "web-push": 1}},
    }.items():
        assert json.loads(run("sendings", "count", "--app", "shop", "--filters", filters, "--json").stdout) == expected


def test_nobody_is_counted_as_nobody(hub_: FakeHub) -> None:
    assert run("sendings", "count", "--app", "shop", "--all").stdout.splitlines() == ["profiles  0", "pushes    0"]
    assert hub_.made == []


def test_whom_to_count_is_checked_as_whom_to_send_to(hub_: FakeHub) -> None:
    assert run("sendings", "count", "--app", "shop").exit_code == 2
    assert "--field: nick is not a match field" in run("sendings", "count", "--app", "shop", "--field", "nick=x").stderr
    assert hub_.reach.calls == 0


# Statistics


def test_a_campaign_counts_when_it_runs_and_not_when_it_was_made(hub_: FakeHub) -> None:
    ended(hub_, ahead(10, sending_of(NOON - SECONDS_PER_DAY, tag="spring")))
    assert [each["tag"] for each in json.loads(run("sendings", "stats", "--json").stdout)] == ["spring"]


def test_a_campaign_that_is_called_as_none_is_counted_with_those_without_a_tag(hub_: FakeHub) -> None:
    first = ended(hub_, sending_of(tag="-"))
    ended(hub_, replace(sending_of(NOON - 1), launch=first.launch))
    for asked in ([], ["--tag", "-"]):
        found = json.loads(run("sendings", "stats", *asked, "--json").stdout)
        assert [(each["tag"], each["sendings"]) for each in found] == [("", 2)]


def test_campaigns_are_counted_by_tag(hub_: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = ended(hub_, sending_of(tag="spring")), ended(hub_, sending_of(NOON - 1))
    shared = ended(hub_, replace(sending_of(NOON - 2, tag="spring"), launch=first.launch))
    old = ended(hub_, sending_of(NOON - 7 * SECONDS_PER_DAY, tag="old"))
    rows = {
        first.launch.text: (SentCounts(100, 5, 1), 80, 20),
        second.launch.text: (SentCounts(3, 0, 0), 0, 0),
        old.launch.text: (SentCounts(999, 0, 0), 0, 0),
    }

    def statistics(launch: str) -> tuple[LaunchStatistics, ...]:
        sent, delivered, opened_ = rows[launch]
        unique = {Happening.DELIVERED: delivered, Happening.OPENED: opened_}
        return (LaunchStatistics(launch, APNS, unique, unique, sent),)

    monkeypatch.setattr(hub_.ledger, "statistics", statistics)
    assert json.loads(run("sendings", "stats", "--json").stdout) == [
        {"tag": "spring", "sendings": 2, "accepted": 100, "erroneous": 5, "unknown": 1, "delivered": 80, "opened": 20},
        {"tag": "", "sendings": 1, "accepted": 3, "erroneous": 0, "unknown": 0, "delivered": 0, "opened": 0},
    ]
    assert [each["tag"] for each in json.loads(run("sendings", "stats", "--tag", "spring", "--json").stdout)] == ["spring"]
    assert [each["tag"] for each in json.loads(run("sendings", "stats", "--days", "8", "--json").stdout)] == ["old", "spring", ""]
    assert json.loads(run("sendings", "stats", "--app", "b", "--json").stdout) == []
    monkeypatch.setattr("pushhub.console.sends.commands.stdout_is_a_terminal", lambda: True)
    assert run("sendings", "stats", "--tag", "spring").stdout.splitlines() == [
        "tag     sendings  accepted  erroneous  unknown  delivered  opened  delivered of accepted      opened of delivered",
        "spring         2       100          5        1         80      20  ################.... 80 %  #####............... 25 %",
    ]
    assert shared.launch == first.launch


# Following


class Times:
    """A clock that a test turns by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_sending_that_the_hub_does_not_begin_is_not_waited_for_for_ever(hub_: FakeHub) -> None:
    sending, times = made(hub_, sending_of()), Times()
    with pytest.raises(ConsoleError, match="has not begun sending"):
        SendingWatch(hub_.sendings, lambda: times.now, times.sleep).until_ended(sending.id)
    assert UNBEGUN_SECONDS < times.now <= UNBEGUN_SECONDS + 1


def test_the_share_that_is_done_gives_the_time_left(hub_: FakeHub) -> None:
    sending = made(hub_, sending_of(selection=Named(tuple(NamedProfile(f"p{n}") for n in range(4)))))
    pace = SendingPace()
    pace.add(0, before := standing_of(hub_.sendings, hub_.only, NOON))
    assert pace.text(before) == "waiting for the hub to begin"
    step(hub_, sending, NAMED_LANE, "00000000", waiting=2)
    pace.add(10, now := standing_of(hub_.sendings, hub_.only, NOON))
    assert now.share == pytest.approx(0.25)
    assert pace.text(now) == "10 accepted, 0 other, 2 waiting, 1/s, 0:30 left"


@pytest.mark.parametrize("word", ["show", "cancel"])
@pytest.mark.parametrize("id_", ["abc", "18446744073709551616", "9007199254740992"])
def test_ids_are_numbers_of_53_bits(hub_: FakeHub, word: str, id_: str) -> None:
    result = run("sendings", word, id_)
    assert (result.exit_code, result.stdout, hub_.stacks) == (2, "", [])
    assert "'ID': " in result.stderr
    assert run("sendings", word, "9007199254740991").exit_code == 1
    assert SendingId(1) not in hub_.made
