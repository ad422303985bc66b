"""Stored callers, as this release and the one before it read them."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.model import ApiCaller, BearerTokenDigest, Right
from pushhub.catalog.sections.api_tokens.section import read, write

callers = st.builds(
    ApiCaller,
    st.just("crm"),
    st.just(frozenset({BearerTokenDigest("a1")})),
    st.frozensets(st.sampled_from(Right)),
    st.booleans(),
)


@given(callers)
def test_a_caller_is_read_back_as_it_was_written(caller: ApiCaller) -> None:
    assert read(json.loads(json.dumps(write(caller)))) == caller


@given(callers)
def test_a_release_that_knows_the_right_to_events_alone_reads_what_the_caller_may_do_now(caller: ApiCaller) -> None:
    assert set(write(caller)["rights"]) == ({"events"} if caller.may(Right.EVENTS) else set())


@given(callers)
def test_a_caller_without_anything_new_is_stored_as_ever(caller: ApiCaller) -> None:
    is_new = caller.suspended or Right.SEND in caller.rights
    assert (write(caller).keys() == {"name", "token_sha256", "rights"}) is not is_new


def test_a_right_that_only_a_later_release_knows_is_passed_over() -> None:
    stored = write(ApiCaller("crm", frozenset(), frozenset(Right)))
    stored["all_rights"] = [*stored["all_rights"], "later"]
    assert read(stored).rights == frozenset(Right)


@given(callers, st.sampled_from(Right))
def test_a_suspended_caller_may_do_nothing(caller: ApiCaller, right: Right) -> None:
    assert caller.may(right) is (right in caller.rights and not caller.suspended)
