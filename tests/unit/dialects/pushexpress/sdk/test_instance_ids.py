"""Which instance ids open, and what do they say?"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.audience.model import ProfileId
from pushhub.catalog.model import AppId
from pushhub.catalog.secrets import LinkKeyId, Secrets
from pushhub.dialects.pushexpress.sdk.instance_ids import (
    INSTANCE_ID_CHARACTERS,
    instance_key,
    mint_instance_id,
    open_instance_id,
    profile_of,
)
from pushhub.faults import UnavailableError
from tests.doubles.push_express import SECRETS, STACK

KEY = instance_key(SECRETS, STACK)
PROFILE = ProfileId("00f1e2d3c4b5a69788796a5b")
ID = mint_instance_id(KEY, 16183, PROFILE)
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PX_IDS = st.integers(1, 2**31 - 1)
PROFILES = st.binary(min_size=12, max_size=12).map(lambda raw: ProfileId(raw.hex()))
TEXTS = st.text(st.characters(codec="utf-8"))
MADE_BY_THE_FIRST_RELEASE = "000gHj9efTaZ5x5o3BzR7qTOKxOue5W4EqM"


@given(PX_IDS, PROFILES)
def test_an_id_opens_to_what_it_was_made_of(px_id: int, profile: ProfileId) -> None:
    minted = mint_instance_id(KEY, px_id, profile)
    assert open_instance_id(KEY, minted) == (px_id, profile)
    assert len(minted) == INSTANCE_ID_CHARACTERS
    assert set(minted) <= set(DIGITS)


def test_an_id_is_the_same_for_ever() -> None:
    """Clients keep their ids: one that no release opens any more strands its device."""
    assert mint_instance_id(instance_key(Secrets({LinkKeyId(1): "a" * 32}, {}), "hub"), 16183, PROFILE) == MADE_BY_THE_FIRST_RELEASE


@given(PX_IDS, PROFILES, st.data())
def test_no_altered_id_opens(px_id: int, profile: ProfileId, data: st.DataObject) -> None:
    minted = mint_instance_id(KEY, px_id, profile)
    at = data.draw(st.integers(0, len(minted) - 1))
    other = data.draw(st.sampled_from(DIGITS).filter(lambda digit: digit != minted[at]))
    assert open_instance_id(KEY, minted[:at] + other + minted[at + 1 :]) is None


@given(st.text(st.sampled_from(DIGITS), min_size=INSTANCE_ID_CHARACTERS, max_size=INSTANCE_ID_CHARACTERS) | TEXTS)
def test_no_id_can_be_made_up(text: str) -> None:
    assert open_instance_id(KEY, text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        ID[:-1],
        ID[1:],
        f"0{ID}",
        f"{ID}0",
        f" {ID[1:]}",
        f"{ID}\n",
        ID.swapcase(),
        "z" * INSTANCE_ID_CHARACTERS,
        "0" * INSTANCE_ID_CHARACTERS,
        "\N{ARABIC-INDIC DIGIT ONE}" * INSTANCE_ID_CHARACTERS,
        PROFILE,
    ],
)
def test_what_is_cut_short_or_longer_or_no_id_does_not_open(text: str) -> None:
    assert open_instance_id(KEY, text) is None


def test_an_id_of_another_stack_or_another_secret_does_not_open() -> None:
    assert open_instance_id(instance_key(SECRETS, "another-stack"), ID) is None
    assert open_instance_id(instance_key(Secrets({LinkKeyId(1): "another-key"}, {}), STACK), ID) is None


def test_link_keys_that_are_added_and_revoked_change_nothing() -> None:
    rotated = SECRETS.with_link_key("a-third-link-key")
    assert instance_key(rotated, STACK) == instance_key(rotated.without_link_key(LinkKeyId(1)), STACK) == KEY


def test_without_the_first_link_key_there_is_no_key() -> None:
    with pytest.raises(UnavailableError):
        instance_key(replace(SECRETS, link_keys={LinkKeyId(2): "the-second-link-key"}), STACK)


IDENTITIES = st.tuples(TEXTS.map(AppId), TEXTS, TEXTS)


@given(IDENTITIES, IDENTITIES)
def test_two_installations_and_users_are_two_profiles(first: tuple[AppId, str, str], second: tuple[AppId, str, str]) -> None:
    assert (profile_of(*first) == profile_of(*second)) is (first == second)
    assert len(bytes.fromhex(profile_of(*first))) == 12


def test_the_parts_of_an_identity_do_not_run_together() -> None:
    assert len({profile_of(AppId("a"), "bc", ""), profile_of(AppId("a"), "b", "c"), profile_of(AppId("ab"), "c", "")}) == 3
