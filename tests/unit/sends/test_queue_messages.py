"""What a message of the queues of sendings looks like."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.audience.model import SubscriptionRef
from pushhub.catalog.providers import PROVIDER_CODES
from pushhub.moments import Seconds
from pushhub.sends.queue_messages import (
    DeferralMessage,
    UnreadableMessageError,
    WaitingRecipient,
    read_deferral,
    read_lane,
    write_deferral,
    write_lane,
)
from pushhub.sends.sending import INDEX_LANES, NAMED_LANE, DeferralKey, LaneKey, LaneName, Place, SendingId

LANE = LaneKey(SendingId(7), 3, LaneName("f"))
REFERENCE = SubscriptionRef("ia" + "A" * 22)
MESSAGE = DeferralMessage(DeferralKey(LANE, Place("00000012")), 2, (WaitingRecipient(REFERENCE, Seconds(99)),))

numbers = st.integers(0, 2**53)
lanes = st.builds(LaneKey, numbers, numbers, st.sampled_from((*INDEX_LANES, NAMED_LANE)))
references = st.builds(
    lambda code, rest: SubscriptionRef(code + rest),
    st.sampled_from(sorted(PROVIDER_CODES.values())),
    st.text("ABCxyz019-_", min_size=22, max_size=22),
)
recipients = st.lists(st.builds(WaitingRecipient, references, numbers), min_size=1, max_size=4).map(tuple)
deferrals = st.builds(
    DeferralMessage, st.builds(DeferralKey, lanes, st.text("0123456789abcdef", min_size=1, max_size=16)), numbers, recipients
)


@given(lanes)
def test_a_lane_is_read_as_it_was_written(key: LaneKey) -> None:
    assert read_lane(write_lane(key)) == key


@given(deferrals)
def test_a_deferral_is_read_as_it_was_written(message: DeferralMessage) -> None:
    assert read_deferral(write_deferral(message)) == message


def test_the_form_of_both_is_kept() -> None:
    assert json.loads(write_lane(LANE)) == {"v": 1, "sending": 7, "part": 3, "lane": "f"}
    assert json.loads(write_deferral(MESSAGE)) == {
        "v": 1,
        "sending": 7,
        "part": 3,
        "lane": "f",
        "name": "00000012",
        "tries": 2,
        "recipients": [[REFERENCE, 99]],
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"sending": "7"},
        {"sending": True},
        {"sending": -1},
        {"sending": 1.5},
        {"part": None},
        {"lane": "g"},
        {"lane": 5},
        {"name": "../x"},
        {"name": 3},
        {"tries": -1},
        {"recipients": []},
        {"recipients": {}},
        {"recipients": [[REFERENCE]]},
        {"recipients": [[REFERENCE, 1, 2]]},
        {"recipients": ["secret"]},
        {"recipients": [["zz" + "A" * 22, 1]]},
        {"recipients": [["ia-secret", 1]]},
        {"recipients": [[REFERENCE, 1]] * 101},
        {"v": 3},
        {"v": "secret"},
    ],
    ids=str,
)
def test_a_message_with_a_wrong_part_is_refused_without_quoting_it(changes: dict[str, object]) -> None:
    body = json.dumps({**json.loads(write_deferral(MESSAGE)), **changes})
    with pytest.raises(UnreadableMessageError) as raised:
        read_deferral(body)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("part", ["v", "sending", "part", "lane", "name", "tries", "recipients"])
def test_a_message_with_a_missing_part_is_refused(part: str) -> None:
    entry = json.loads(write_deferral(MESSAGE))
    del entry[part]
    with pytest.raises(UnreadableMessageError):
        read_deferral(json.dumps(entry))


@pytest.mark.parametrize("body", ["", "[]", "null", "{", '{"v":1}'])
def test_a_text_that_is_no_message_is_refused(body: str) -> None:
    with pytest.raises(UnreadableMessageError):
        read_lane(body)


@pytest.mark.parametrize(("now", "delay"), [(0, 99), (98, 1), (99, 0), (500, 0)])
def test_the_queue_holds_a_deferral_back_until_its_first_recipient_is_due(now: int, delay: int) -> None:
    assert MESSAGE.envelope(Seconds(now)).delay == delay


def test_the_queue_holds_nothing_back_for_longer_than_it_can() -> None:
    late = DeferralMessage(MESSAGE.key, 0, (WaitingRecipient(REFERENCE, Seconds(10_000)),))
    assert late.envelope(Seconds(0)).delay == 900
