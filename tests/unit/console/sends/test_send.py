"""The command send: what is wrong is named before anything is written, and what was written is followed to its end."""

import json

import pytest

from pushhub.console.sends.content import parse_due
from pushhub.faults import UnavailableError
from pushhub.moments import Seconds
from pushhub.sends.filters import Choice, Filters
from pushhub.sends.outcomes import Outcome
from pushhub.sends.sending import (
    ANY_PROVIDER,
    Everyone,
    Filtered,
    Named,
    NamedField,
    NamedProfile,
    NamedPushToken,
    OutcomeCounts,
    SendingId,
    SendingStatus,
)
from pushhub.sends.store import KnownSendingError
from tests.doubles.send_hub import ANDROID, APNS, APNS_TOKEN, FCM_TOKEN, NOON, FakeHub, run
from tests.doubles.sending import CHANNEL, browser

TEXTS = ("--title", "Sale", "--text", "Today")
SEND = ("send", "--app", "shop", *TEXTS)
KEYS = [
    "id",
    "app",
    "caller",
    "tag",
    "name",
    "status",
    "due",
    "begun",
    "ended",
    "audience",
    "counts",
    "delivered",
    "opened",
    "examples",
    "launch",
    "stopped",
    "filters",
    "parts",
    "also_in",
    "push",
    "expired_without_push",
]


@pytest.fixture
def hub_(monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    return FakeHub(monkeypatch)


# What is wrong


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((), "--id, --field and --token, any of them several times, or else by --filters or --all"),
        (("--all", "--filters", "{}"), "--filters says whom it is for: leave out --all, --id, --field and --token"),
        (("--id", "p", "--filters", "{}"), "--filters says whom it is for"),
        (("--filters", "{}"), "--filters: the object is empty; --all is for everybody"),
        (("--filters", ""), "--filters: a JSON object is expected"),
        (("--filters", '["PT"]'), "--filters: a JSON object is expected"),
        (("--filters", "[" * 100_000), "--filters: a JSON object is expected"),
        (("--all", "--id", "p"), "--all is for everybody: leave out --id, --field and --token"),
        (("--id", "p") * 1001, "1001 are given; at most 1000"),
        (("--id", "a b"), "--id: 1 to 64 characters"),
        (("--field", "number"), "--field: NAME=VALUE is expected"),
        (("--token", "x"), "--token: PROVIDER:TOKEN is expected"),
        (("--token", "nobody:x"), '--token: unknown provider "nobody"'),
        (("--all", "--data", "k"), "--data: KEY=VALUE is expected"),
        (("--all", "--data", "k=1", "--data", "k=2"), '--data: the key "k" is given twice'),
        (("--all", "--expire", "0"), "'--expire'"),
        (("--all", "--expire", "2419201"), "'--expire'"),
        (("--all", "--at", "tomorrow"), "--at: a time in ISO 8601"),
        (("--all", "--at", "2027-01-15T07:58:59Z"), "--at: this time has passed"),
        (("--all", "--at", "2027-02-14T08:00:01Z"), "--at: at most 30 days ahead"),
        (("--all", "--name", "n" * 257), "'--name'"),
        (("--all", "--tag", "t" * 257), "'--tag'"),
        (("--all", "--title", "\udcff"), "--title: it is not valid Unicode"),
        (("--all", "--title", ""), "--title: it is empty; leave the option out"),
        (("--all", "--text", ""), "--text: it is empty; leave the option out"),
    ],
)
def test_an_option_that_is_no_use_is_named(hub_: FakeHub, words: tuple[str, ...], text: str) -> None:
    result = run(*SEND, *words)
    assert (result.exit_code, result.stdout, hub_.made, hub_.stacks) == (2, "", [], [])
    assert text in result.stderr


def test_a_push_that_says_nothing_is_refused_before_anything_is_read(hub_: FakeHub) -> None:
    result = run("send", "--app", "a", "--all")
    assert (result.exit_code, hub_.stacks) == (2, [])
    assert "say what is pushed: by --title, --text, or both" in result.stderr


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--app", "nobody", "--all"), '--app: the catalog has no app with the id or name "nobody"; there is shop (a), twin (b)'),
        (("--app", "twin", "--all"), '--app: several apps are named "twin"; name one by its id: b, c'),
        (("--app", "off", "--all"), "--app: the app off is disabled"),
        (("--app", "bare", "--all"), "--app: the app bare has no credentials"),
        (("--field", "nick=x"), "--field: nick is not a match field of database 17; there is number, email"),
        (("--field", "who=x"), '--field: database 17 has no field "who"'),
        (("--field", "number=x"), "--field: number: "),
        (("--app", "b", "--token", "android-firebase:x"), "--token: the app b has no credentials for android-firebase"),
        (("--token", "windows-wns:x"), "--token: the app a has no credentials for windows-wns"),
        (("--filters", '{"countries": ["PT"]}'), "Error: --filters.countries is no field of this call"),
        (("--filters", '{"countries_include": ["PX"]}'), "Error: --filters.countries_include[0] must be a country code"),
        (("--filters", '{"event_include": "bought"}'), "Error: --filters.event_include is no event code of the catalog"),
        (("--filters", '{"audience_groups_include": [8]}'), "Error: --filters.audience_groups_include[0] is no audience group"),
        (("--filters", '{"all_apps": true}'), "Error: --filters.all_apps: --app says for which app it is; leave this out"),
        (
            ("--app", "apart", "--filters", '{"countries_exclude": ["PT"]}'),
            "Error: --filters: countries stand in the field country; database 18 does not declare it as text",
        ),
        (("--all", "--link", "ftp://x"), "--link: an http or https URL"),
        (("--all", "--image", "x"), "--image: an http or https URL"),
        (("--all", "--data", "uid=1"), "--data: a key is one that the hub writes itself"),
        (("--all", "--data", "from=1"), "android-firebase would refuse it: --data: FCM keeps the keys"),
        (("--app", "b", "--all", "--data", "aps=1"), "ios-apns would refuse it: --data: the key aps is Apple's own"),
        (("--app", "b", "--all", "--text", "x" * 3100), "--title, --text and --data: the message takes 3144 bytes of an APNs"),
        (
            ("--all", "--text", "x" * 2000),
            "Firefox would refuse it: --title, --text and --data: the message takes 2026 bytes of a web push",
        ),
    ],
)
def test_what_the_hub_cannot_do_is_named_with_its_option(hub_: FakeHub, words: tuple[str, ...], text: str) -> None:
    result = run(*SEND, *words)
    assert (result.exit_code, result.stdout, hub_.made, hub_.queue.envelopes) == (1, "", [], [])
    assert text in result.stderr


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_more_identifiers_than_one_sending_holds_are_named_with_their_options(hub_: FakeHub, dry: tuple[str, ...]) -> None:
    tokens = [word for n in range(30) for word in ("--token", f"ios-apns:{n:04}{'я' * 2000}")]
    result = run(*SEND, *tokens, *dry)
    assert (result.exit_code, result.stdout, hub_.made, hub_.queue.envelopes) == (1, "", [], [])
    assert result.stderr.startswith("Error: --id, --field and --token: they take, with the message, 121,")
    assert "at most 100,000" in result.stderr


def test_as_many_identifiers_as_the_store_takes_are_sent(hub_: FakeHub) -> None:
    tokens = [word for n in range(24) for word in ("--token", f"ios-apns:{n:04}{'a' * 4000}")]
    assert run(*SEND, *tokens).exit_code == 0


def test_a_message_that_is_too_large_for_a_tracked_app_may_fit_one_without_tracking(hub_: FakeHub) -> None:
    assert run(*SEND, "--app", "quiet", "--all", "--text", "x" * 3100).exit_code == 0
    assert hub_.only.messages[ANY_PROVIDER].hub_keys == {}


# What is written, and followed


def test_a_sending_to_everybody_is_written_put_into_the_queue_and_followed_to_its_end(hub_: FakeHub) -> None:
    result = run(*SEND, "--all", "--data", "k=v", "--link", "https://x.example", "--name", "One", "--tag", "spring", "--json")
    entry = json.loads(result.stdout)
    assert (result.exit_code, [*entry]) == (0, KEYS)
    sending = hub_.only
    assert (sending.selection, sending.caller, sending.dialect, sending.due) == (Everyone(), "console", "console", NOON)
    assert (entry["id"], entry["app"], entry["status"], entry["audience"]) == (sending.id, "a", "complete", 1204)
    assert (entry["name"], entry["tag"], entry["begun"], entry["ended"]) == (
        "One",
        "spring",
        "2027-01-15T08:00:00Z",
        "2027-01-15T08:00:05Z",
    )
    assert entry["counts"][ANDROID] == {str(outcome): 0 for outcome in Outcome} | {"accepted": 1200, "gone": 3}
    assert len(hub_.queue.envelopes) == 16
    message = sending.messages[ANY_PROVIDER]
    assert (message.title, message.text, message.data, message.link) == ("Sale", "Today", {"k": "v"}, "https://x.example")
    assert f"sending {sending.id}; Ctrl-C does not stop it" in result.stderr


def test_selectors_of_all_kinds_may_be_mixed_and_repeated(hub_: FakeHub) -> None:
    words = ("--id", "p", "--id", "q", "--field", "email=a@b.example", "--token", f"ios-apns:{APNS_TOKEN}")
    assert run(*SEND, *words).exit_code == 0
    named = (NamedProfile("p"), NamedProfile("q"), NamedField("email", "a@b.example"), NamedPushToken(APNS, APNS_TOKEN))
    assert hub_.only.selection == Named(named)
    assert len(hub_.queue.envelopes) == 1


def test_filters_choose_whom_a_sending_is_for(hub_: FakeHub) -> None:
    filters = '{"countries_include": ["pt"], "audience_groups_exclude": [7], "event_exclude": "dep", "languages_include": null}'
    result = run(*SEND, "--filters", filters, "--json")
    assert (result.exit_code, result.stderr.splitlines()[0]) == (0, f"sending {hub_.only.id}; Ctrl-C does not stop it")
    expected = Filters(
        Choice(frozenset({"PT"})), audiences=Choice(None, frozenset({"vip", "new"})), events=Choice(None, frozenset({"dep"}))
    )
    assert hub_.only.selection == Filtered(expected)
    assert json.loads(result.stdout)["filters"] == {
        "countries_include": ["PT"],
        "audiences_exclude": ["new", "vip"],
        "event_exclude": ["dep"],
    }


def test_an_app_is_named_by_its_id_too_which_wins(hub_: FakeHub) -> None:
    assert run(*SEND, "--app", "b", "--all").exit_code == 0
    assert hub_.only.app == "b"


def test_a_person_reads_a_table_of_providers_and_outcomes(hub_: FakeHub) -> None:
    assert run(*SEND, "--all").stdout.splitlines()[-4:] == [
        "  provider          recipients  accepted  gone",
        "  android-firebase       1,203     1,200     3",
        "  ios-apns                   1         1     0",
        "  total                  1,204     1,201     3",
    ]


@pytest.mark.parametrize(
    ("expire", "of_message", "of_hub"),
    [((), 2_419_200, 14_400), (("--expire", "60"), 60, 60), (("--expire", "86400"), 86_400, 14_400)],
)
def test_a_push_expires_at_its_provider_and_the_hub_tries_for_four_hours_at_most(
    hub_: FakeHub, expire: tuple[str, ...], of_message: int, of_hub: int
) -> None:
    run(*SEND, "--all", *expire)
    assert (hub_.only.messages[ANY_PROVIDER].expire, hub_.only.expire) == (of_message, of_hub)


@pytest.mark.parametrize("status", [SendingStatus.CANCELLED, SendingStatus.STOPPED, SendingStatus.EXPIRED])
def test_a_sending_that_is_not_complete_exits_with_1(hub_: FakeHub, status: SendingStatus) -> None:
    hub_.queue.status = status
    result = run(*SEND, "--all", "--json")
    assert (result.exit_code, json.loads(result.stdout)["status"]) == (1, status)


def test_a_complete_sending_exits_with_0_whatever_came_of_its_recipients(hub_: FakeHub) -> None:
    hub_.queue.counts = OutcomeCounts.of(APNS, Outcome.GONE)
    assert run(*SEND, "--all").exit_code == 0


def test_ctrl_c_stops_following_and_not_the_sending(hub_: FakeHub) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    hub_.queue.status, hub_.sleep = None, interrupt
    result = run(*SEND, "--all", "--json")
    assert (result.exit_code, result.stdout) == (130, "")
    assert f"sending {hub_.only.id} goes on" in result.stderr
    assert f"pushhub sendings cancel {hub_.only.id}" in result.stderr
    assert hub_.only.status is SendingStatus.SCHEDULED


def test_what_is_due_later_is_not_waited_for(hub_: FakeHub) -> None:
    result = run(*SEND, "--all", "--at", "2027-01-15T13:00:00+03:00", "--json")
    entry = json.loads(result.stdout)
    assert (result.exit_code, entry["status"], entry["due"]) == (0, "scheduled", "2027-01-15T10:00:00Z")
    assert f"pushhub sendings cancel {entry['id']}" in result.stderr
    assert hub_.queue.envelopes == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2027-01-15T08:00:00", 0), ("2027-01-15T07:59:00Z", 0), ("2027-01-15T08:01:00+00:00", 60), ("2027-02-14", 2_563_200)],
)
def test_a_time_is_utc_unless_it_has_an_offset(text: str, seconds: int) -> None:
    assert parse_due(text, NOON) == Seconds(NOON + seconds)


def test_after_a_lost_answer_a_person_is_told_to_look_before_sending_again(hub_: FakeHub) -> None:
    def lose(when: str) -> None:
        if when == "after create":
            raise UnavailableError("DynamoDB: no answer")

    hub_.sendings.interrupt = lose
    result = run(*SEND, "--all")
    assert (result.exit_code, len(hub_.made)) == (1, 1)
    assert f"look with `uv run pushhub sendings show {SendingId(hub_.made[0])}` before you send again" in result.stderr


@pytest.mark.parametrize(("taken", "exit_code"), [(1, 0), (100, 1)])
def test_where_an_id_is_taken_another_one_is_made_a_few_times(hub_: FakeHub, taken: int, exit_code: int) -> None:
    tries = []

    def refuse(when: str) -> None:
        if when == "before create":
            tries.append(when)
            if len(tries) <= taken:
                raise KnownSendingError

    hub_.sendings.interrupt = refuse
    result = run(*SEND, "--all", "--json")
    assert (result.exit_code, len(hub_.made)) == (exit_code, 1 - exit_code)
    assert len(tries) == (2 if exit_code == 0 else 5)
    assert not exit_code or result.stderr == "Error: the ids of 5 sendings were taken; nothing was sent: try again\n"


# What would be sent


def test_a_dry_run_shows_a_request_of_each_provider_and_neither_credentials_nor_whole_push_tokens(hub_: FakeHub) -> None:
    hub_.three_devices()
    result = run(*SEND, "--all", "--dry-run", "--json")
    assert (result.exit_code, hub_.made, hub_.queue.envelopes) == (0, [], [])
    shown = {each["provider"]: each["request"] for each in json.loads(result.stdout)}
    assert sorted(shown) == ["android-firebase", "ios-apns", "web-push"]
    assert {request["method"] for request in shown.values()} == {"POST"}
    assert shown[ANDROID]["url"].endswith("/messages:send")
    assert shown[ANDROID]["body"]["message"]["android"]["notification"]["title"] == "Sale"
    assert shown[APNS]["body"]["aps"]["alert"] == {"title": "Sale", "body": "Today"}
    assert [request["headers"]["authorization"] for _, request in sorted(shown.items())] == ["Bearer …", "bearer …", "vapid …"]
    for secret in (APNS_TOKEN, FCM_TOKEN, "wpush/v2/gAAAAABk", "throw-away", "eyJ"):
        assert secret not in result.stdout


def test_a_dry_run_shows_what_windows_would_get(hub_: FakeHub) -> None:
    hub_.subscribes(uwp=CHANNEL)
    words = ("send", "--app", "windows", "--title", "Sale & more", "--id", "p", "--dry-run")
    (shown,) = json.loads(run(*words, "--json").stdout)
    assert shown["request"]["headers"]["x-wns-type"] == "wns/toast"
    assert "<text>Sale &amp; more</text>" in shown["request"]["body"]
    text = run(*words).stdout
    assert "<text>Sale &amp; more</text>" in text
    assert "authorization: Bearer …" in text
    assert "AwYAAACs" not in text + json.dumps(shown)


def test_what_windows_cannot_show_is_told_before_anything_is_written(hub_: FakeHub) -> None:
    result = run("send", "--app", "windows", "--title", "a\x01", "--all")
    assert (result.exit_code, hub_.made) == (1, [])
    assert result.stderr.startswith("Error: uwp-wns would refuse it: ")


def test_a_dry_run_looks_at_one_page_of_each_lane_however_large_the_audience_is(hub_: FakeHub) -> None:
    # Nobody of them has a browser, so it looks for one in vain.
    for number in range(2_000):
        hub_.subscribes(f"p{number}", apns=f"{number:064x}")
    assert run(*SEND, "--all", "--dry-run", "--json").exit_code == 0
    assert hub_.reach.calls <= 2 * 16


def test_a_dry_run_for_named_people_is_for_them_alone(hub_: FakeHub) -> None:
    hub_.subscribes("p", apns=APNS_TOKEN)
    hub_.subscribes("q", apns="ff" * 32)
    result = run(*SEND, "--token", f"ios-apns:{'ff' * 32}", "--dry-run")
    assert "ios-apns, profile q" in result.stdout
    assert "profile p" not in result.stdout
    assert "authorization: bearer …" in result.stdout
    assert "ff" * 32 not in result.stdout


def test_a_dry_run_for_filters_is_for_those_whom_they_choose(hub_: FakeHub) -> None:
    hub_.subscribes("p", apns=APNS_TOKEN)
    for number in range(300):
        hub_.subscribes(f"q{number}", apns=f"{number:064x}")
        hub_.tells(f"q{number}", country="PT")
    (shown,) = json.loads(run(*SEND, "--filters", '{"countries_include": ["PT"]}', "--dry-run", "--json").stdout)
    assert shown["profile"].startswith("q")
    assert hub_.reach.calls <= 2 * 16
    none = run(*SEND, "--filters", '{"countries_include": ["BR"]}', "--dry-run")
    assert (none.exit_code, none.stderr) == (1, "Error: nobody was found among the first 32,000 profiles who would get it\n")
    assert hub_.made == []


@pytest.mark.parametrize("words", [("--all",), ("--id", "nobody")])
def test_a_dry_run_without_recipients_says_so(hub_: FakeHub, words: tuple[str, ...]) -> None:
    result = run(*SEND, *words, "--dry-run")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: nobody was found")


def test_a_browser_that_cannot_be_sent_to_is_explained(hub_: FakeHub) -> None:
    hub_.subscribes(web=browser().subscription(keys={"p256dh": "BA", "auth": "AA"}))
    (shown,) = json.loads(run(*SEND, "--id", "p", "--dry-run", "--json").stdout)
    assert (shown["request"], shown["outcome"]) == (None, "wrong_target")
