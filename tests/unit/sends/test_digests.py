"""What several texts have together."""

from hypothesis import given
from hypothesis import strategies as st

from pushhub.sends.digests import joint_digest

several = st.lists(st.text(st.characters(), max_size=4), max_size=4)


@given(several, several)
def test_different_texts_have_different_digests_however_they_are_split(first: list[str], second: list[str]) -> None:
    assert (joint_digest(*first) == joint_digest(*second)) == (first == second)


def test_a_text_need_not_be_unicode() -> None:
    assert len(joint_digest("\ud800", "ab")) == 64
    assert joint_digest("a", "b") != joint_digest("ab", "") != joint_digest("", "ab")
