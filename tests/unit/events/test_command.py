"""What a report is, and whose."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.providers import PushToken
from pushhub.events.command import Happening, PlainForm, RecordEvent
from tests.doubles.uids import PUBLISHED

texts = st.text("ab|_,\"' é", max_size=4)
reports = st.builds(RecordEvent, st.sampled_from(list(Happening)), texts, st.none() | st.builds(PlainForm, texts, texts, texts))


@given(st.lists(reports, max_size=20))
def test_reports_share_an_identity_exactly_when_they_name_the_same_push(several: list[RecordEvent]) -> None:
    named = {(report.uid, report.plain) for report in several}
    assert len({report.identity for report in several}) == len(named)


def test_what_happened_does_not_change_whom_it_happened_to() -> None:
    assert RecordEvent(Happening.DELIVERED, "u").identity == RecordEvent(Happening.OPENED, "u").identity


def test_three_is_delivered_and_opened() -> None:
    assert Happening(3) == Happening.DELIVERED | Happening.OPENED


def test_the_launch_is_the_named_one_else_the_uids_else_none() -> None:
    assert RecordEvent(Happening.OPENED, PUBLISHED, PlainForm("7", "ios-apns", PushToken("t"))).launch == "7"
    assert RecordEvent(Happening.OPENED, PUBLISHED).launch == PUBLISHED.split("|")[1]
    assert RecordEvent(Happening.OPENED, "of another form").launch == "-"


def test_an_identity_never_changes_from_one_release_to_the_next() -> None:
    assert RecordEvent(Happening.OPENED, "u").identity == "f01deac1ea4e08e3bf26f7b141cc8e8aef19f15d0e3d833d937ffe7501931af5"


def plain(push_token: str, provider: str = "ios-apns") -> RecordEvent:
    return RecordEvent(Happening.DELIVERED, "uid", PlainForm("launch", provider, PushToken(push_token)))


@pytest.mark.parametrize("spelling", ["ab01", "AB01", "<Ab 01>", "a b 0 1"])
def test_spellings_of_a_device_of_apns_are_one_push(spelling: str) -> None:
    assert plain(spelling).identity == plain("ab01").identity
    assert plain(spelling).plain == PlainForm("launch", "ios-apns", PushToken(spelling))


@pytest.mark.parametrize(
    ("one", "other"),
    [(plain("zz"), plain("ZZ")), (plain("ab", "Firefox"), plain("AB", "Firefox")), (plain("ab"), plain("ab", "x"))],
)
def test_what_is_spelled_otherwise_elsewhere_is_another_push(one: RecordEvent, other: RecordEvent) -> None:
    assert one.identity != other.identity


def test_the_identity_of_a_push_is_what_it_was_where_its_push_token_is_its_compared_form() -> None:
    """Events that were recorded before push tokens had a compared form are repeated under it."""
    before = hashlib.sha256(json.dumps(["uid", "launch", "ios-apns", "ab01"]).encode()).hexdigest()
    assert plain("ab01").identity == before
