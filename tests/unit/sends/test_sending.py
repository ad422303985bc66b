"""A sending, its launch, and back."""

from hypothesis import given
from hypothesis import strategies as st

from pushhub.events.uid import Launch
from pushhub.moments import Milliseconds
from pushhub.sends.sending import launch_of, mint_sending_id, sending_of_launch


@given(st.integers(0, 2**41 - 1), st.floats(0, 1), st.integers(0, 2**40))
def test_a_launch_leads_back_to_its_sending(now: int, chance: float, account: int) -> None:
    sending = mint_sending_id(Milliseconds(now), chance)
    assert sending_of_launch(launch_of(sending, account)) == sending


@given(st.builds(Launch, st.integers(0), st.integers(0, 3), st.integers(0, 2**90)))
def test_a_launch_that_is_no_sendings_own_leads_to_none_or_to_one_that_has_it(launch: Launch) -> None:
    sending = sending_of_launch(launch)
    assert sending is None or (launch_of(sending, launch.account) == launch and sending < 2**53)
