"""What an answer means for a report, and when an upstream wants to be asked again."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pushhub.catalog.model import Upstream
from pushhub.catalog.providers import PushToken
from pushhub.events.command import Happening, PlainForm, RecordEvent, RelayLink
from pushhub.events.messages import Forward, Receipt, Report
from pushhub.events.upstreams import Accepted, Discarded, Rejected, Retry, Verdict, verdict
from pushhub.moments import Milliseconds
from pushhub.outgoing.calls import CONTENT_TYPE, DATE, RETRY_AFTER, Call, CallReply, NoReply, seconds_to_wait

NOW = Milliseconds(1_700_000_000_000)
MOMENT = datetime.fromtimestamp(NOW / 1000, UTC)


def _forward(what: RecordEvent | RelayLink) -> Forward:
    return Forward("altcraft", Report(Receipt("r"), NOW, what), NOW)


EVENT, LINK = _forward(RecordEvent(Happening.OPENED, "u")), _forward(RelayLink("f" * 16))


class Api:
    """Takes for success what it is told to."""

    def __init__(self, *, accepts: bool) -> None:
        self.accepts = accepts
        self.asked: list[int] = []

    def call(self, upstream: Upstream, upstream_token: str, forward: Forward) -> Call:
        raise AssertionError

    def accepted(self, forward: Forward, reply: CallReply) -> bool:
        self.asked.append(reply.status)
        return self.accepts


def _seconds(retry_after: str, now: Milliseconds) -> int | None:
    return seconds_to_wait({RETRY_AFTER: retry_after}, now)


def _verdict(forward: Forward, reply: CallReply | NoReply, *, accepts: bool = True) -> Verdict:
    return verdict(Api(accepts=accepts), forward, reply, NOW, "")


REFUSED_EVENTS = {400, 413, 422}
ASKING_FOR_LATER = {408, 425, 429}
KEPT_LINKS = {*range(100, 200), *range(300, 400), *ASKING_FOR_LATER, *range(500, 600)}


@pytest.mark.parametrize("status", range(100, 600))
def test_an_event_is_accepted_by_2xx_and_refused_by_400_413_and_422_and_all_else_is_tried_again(status: int) -> None:
    expected: Verdict = Retry(f"HTTP {status}")
    if status // 100 == 2:
        expected = Accepted()
    elif status in REFUSED_EVENTS:
        expected = Rejected(f"HTTP {status}")
    assert _verdict(EVENT, CallReply(status)) == expected


@pytest.mark.parametrize("status", range(100, 600))
def test_a_link_is_accepted_by_2xx_and_dropped_by_4xx_that_do_not_ask_for_later_and_all_else_is_tried_again(status: int) -> None:
    expected: Verdict = Discarded(f"HTTP {status}")
    if status // 100 == 2:
        expected = Accepted()
    elif status in KEPT_LINKS:
        expected = Retry(f"HTTP {status}")
    assert _verdict(LINK, CallReply(status)) == expected


@pytest.mark.parametrize("status", range(200, 300))
@pytest.mark.parametrize("forward", [EVENT, LINK])
def test_2xx_without_the_answer_of_success_is_tried_again(forward: Forward, status: int) -> None:
    came = "no content type, 0 bytes"
    assert _verdict(forward, CallReply(status), accepts=False) == Retry(f"HTTP {status} without the answer of success, but {came}")


def test_what_came_instead_of_success_is_told_without_the_token_and_without_whom_the_event_is_about() -> None:
    push_token, uid, upstream_token = "a push token of one device", "uid-of-somebody", "the upstream token"
    forward = _forward(RecordEvent(Happening.OPENED, uid, PlainForm(1, "ios-apns", PushToken(push_token))))
    body = f"<p>No {push_token.upper()} of {uid} for {upstream_token}".encode()
    reply = CallReply(200, body, {CONTENT_TYPE: "text/html; charset=utf-8"})
    assert verdict(Api(accepts=False), forward, reply, NOW, upstream_token) == Retry(
        f"HTTP 200 without the answer of success, but text/html, {len(body)} bytes: <p>No … of … for …"
    )


def test_only_of_2xx_the_kind_of_the_upstream_is_asked() -> None:
    api = Api(accepts=True)
    for status in range(100, 600):
        verdict(api, EVENT, CallReply(status), NOW, "")
    assert api.asked == [*range(200, 300)]


@pytest.mark.parametrize("forward", [EVENT, LINK])
@pytest.mark.parametrize("unreachable", [True, False])
def test_without_an_answer_it_is_tried_again(forward: Forward, unreachable: bool) -> None:
    assert _verdict(forward, NoReply("no connection", unreachable)) == Retry("no connection")


@pytest.mark.parametrize("status", [302, 401, 404, 408, 425, 429, 500, 503])
def test_whatever_is_tried_again_may_say_when(status: int) -> None:
    assert _verdict(EVENT, CallReply(status, headers={RETRY_AFTER: "120"})) == Retry(f"HTTP {status}", 120)


@pytest.mark.parametrize(("forward", "status"), [(EVENT, 400), (EVENT, 422), (LINK, 404), (EVENT, 200)])
def test_what_is_not_tried_again_cannot_say_when(forward: Forward, status: int) -> None:
    assert _verdict(forward, CallReply(status, headers={RETRY_AFTER: "120"})) == _verdict(forward, CallReply(status))


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("0", 0),
        ("1", 1),
        ("901", 901),
        ("007", 7),
        (" 5\t", 5),
        ("999999999", 999_999_999),
        ("", None),
        (" ", None),
        ("-1", None),
        ("+1", None),
        ("1.5", None),
        ("1e3", None),
        ("5 s", None),
        ("5, 6", None),
        ("٣", None),
        ("²", None),
        ("soon", None),
        ("Fri, 31 Nov 2023 22:13:20 GMT", None),
        ("Tue, 14 Nov 2023 25:13:20 GMT", None),
        ("2023-11-14T22:13:20Z", None),
        ("Tue, 14 Nov 99999999999 22:13:20 GMT", None),
    ],
)
def test_seconds_are_asked_for_as_digits_alone(retry_after: str, seconds: int | None) -> None:
    assert _seconds(retry_after, NOW) == seconds


@given(st.text("0123456789", min_size=10, max_size=6000))
def test_a_number_of_any_length_is_a_long_time_at_most(digits: str) -> None:
    seconds = _seconds(digits, NOW)
    assert seconds is not None
    assert 0 <= seconds < 10**9


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Set the time zone of the process."""

    def choose(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield choose
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("ahead", [timedelta(seconds=1), timedelta(minutes=15), timedelta(days=9000)])
@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=-9)), timezone(timedelta(hours=14))])
def test_a_date_asks_for_the_time_until_then(ahead: timedelta, zone: timezone) -> None:
    assert _seconds(format_datetime((MOMENT + ahead).astimezone(zone)), NOW) == ahead.total_seconds()


@pytest.mark.parametrize(
    "date", ["Tue, 14 Nov 2023 22:14:20 GMT", "Tuesday, 14-Nov-23 22:14:20 GMT", "Tue Nov 14 22:14:20 2023", "14 Nov 2023 22:14:20"]
)
def test_every_form_of_date_that_http_has_is_read_as_utc(date: str, zone: Callable[[str], None]) -> None:
    for name in ("UTC", "Asia/Tokyo", "XYZ+7"):
        zone(name)
        assert _seconds(date, NOW) == 60


@pytest.mark.parametrize(("passed", "seconds"), [(0, 2), (1, 2), (400, 2), (999, 2), (1000, 1), (1999, 1), (2000, 0)])
def test_a_date_is_not_answered_by_a_moment_before_it(passed: int, seconds: int) -> None:
    date = format_datetime(MOMENT + timedelta(seconds=2), usegmt=True)
    assert _seconds(date, Milliseconds(NOW + passed)) == seconds


@pytest.mark.parametrize("date", [MOMENT, MOMENT - timedelta(seconds=1), MOMENT - timedelta(days=9000)])
def test_a_date_that_is_past_asks_for_now(date: datetime) -> None:
    assert _seconds(format_datetime(date, usegmt=True), NOW) == 0


@given(st.text() | st.text("0123456789 ,:-+GMTNov", max_size=40))
@example("Thu, 01 Jan 0001 00:00:00 +2359")
@example("Fri, 31 Dec 9999 23:59:59 -2359")
@example("99999999999999   Nov 99:99:99 06")
@example("\x00")
@example("1 Jan 2023 00:00:00 +99999999999999999999")
def test_whatever_is_asked_for_is_a_time_from_now_or_nothing(text: str) -> None:
    seconds = _seconds(text, NOW)
    assert seconds is None or seconds >= 0


def _seconds_of(date: datetime, answered: str, now: Milliseconds = NOW) -> int | None:
    return seconds_to_wait({RETRY_AFTER: format_datetime(date, usegmt=True), DATE: answered}, now)


@pytest.mark.parametrize(
    "wrong", [timedelta(days=-9000), timedelta(hours=-3), timedelta(0), timedelta(hours=3), timedelta(days=9000)]
)
def test_a_date_is_measured_from_the_date_of_the_answer_however_wrong_the_clock_of_the_upstream_is(wrong: timedelta) -> None:
    there = MOMENT + wrong
    assert _seconds_of(there + timedelta(seconds=90), format_datetime(there, usegmt=True)) == 90


@pytest.mark.parametrize("answered", ["", "yesterday", "1700000000", "\x00"])
def test_a_date_of_an_answer_without_a_date_is_measured_from_now(answered: str) -> None:
    assert _seconds_of(MOMENT + timedelta(seconds=90), answered) == 90


def test_seconds_are_seconds_whatever_the_date_of_the_answer_is() -> None:
    assert seconds_to_wait({RETRY_AFTER: "90", DATE: "Thu, 01 Jan 1970 00:00:00 GMT"}, NOW) == 90
