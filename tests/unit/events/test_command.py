"""What a report is, and whose."""

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
