"""By what two pushes are one."""

import re
import uuid

from hypothesis import given
from hypothesis import strategies as st

from pushhub.sends.push_ids import header_id, push_ids, short_id

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=64)


def test_a_push_that_is_sent_again_has_the_same_ids() -> None:
    assert push_ids("17", "ia0123") == push_ids("17", "ia0123")
    assert push_ids("17", "ia0123").collapse == "e95qnuwTZA5fjMP1oRyNuQ"
    assert push_ids("17", "ia0123").apns == "abb55575-56ed-5675-bf0b-f4fd21ad0d93"


@given(texts, texts, texts)
def test_two_recipients_and_two_sendings_have_ids_of_their_own(sending: str, one: str, other: str) -> None:
    if one != other:
        assert push_ids(sending, one) != push_ids(sending, other)
        assert push_ids(one, sending) != push_ids(other, sending)


@given(texts, texts)
def test_ids_have_the_forms_that_the_providers_take(sending: str, reference: str) -> None:
    ids = push_ids(sending, reference)
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", ids.collapse)
    assert str(uuid.UUID(ids.apns)) == ids.apns


@given(texts)
def test_a_callers_collapse_key_becomes_what_a_header_may_hold(collapse_key: str) -> None:
    assert re.fullmatch(r"[!-~]([ -~]*[!-~])?", header_id(collapse_key))
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", short_id(collapse_key))


def test_a_collapse_key_that_a_header_may_hold_stays_as_it_is() -> None:
    assert header_id("score of the match") == "score of the match"
    assert header_id("счёт") == short_id("счёт")
    assert header_id("a\r\nb") == short_id("a\r\nb")
