"""What a step as a whole says of its recipients."""

from pushhub.sends.outcomes import Outcome, RecipientOutcome, with_message_proven

ACCEPTED = RecipientOutcome(Outcome.ACCEPTED, "200")
DEAD_OR_BAD = RecipientOutcome(Outcome.WRONG_TARGET, "INVALID_ARGUMENT", gone_if_message_good=True)
ELSEWHERE = RecipientOutcome(Outcome.WRONG_TARGET, "SENDER_ID_MISMATCH")


def test_a_push_token_is_gone_once_the_same_message_was_accepted_for_another() -> None:
    assert with_message_proven([DEAD_OR_BAD, ACCEPTED, ELSEWHERE]) == [
        RecipientOutcome(Outcome.GONE, "INVALID_ARGUMENT"),
        ACCEPTED,
        ELSEWHERE,
    ]


def test_nothing_is_gone_while_the_message_may_be_what_is_bad() -> None:
    outcomes = [DEAD_OR_BAD, RecipientOutcome(Outcome.LATER), RecipientOutcome(Outcome.UNKNOWN), ELSEWHERE]
    assert with_message_proven(outcomes) == outcomes
    assert with_message_proven([]) == []
