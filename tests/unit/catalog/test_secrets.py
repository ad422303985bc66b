"""The secret of a stack: its link keys come, go out of use, and are never another's again."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.secrets import MAX_LINK_KEY_ID, LinkKeyId, Secrets, read_secrets, write_secrets

FIRST = Secrets({LinkKeyId(1): "the first"}, {"altcraft": "a token"})
STORED = '{"v": 1, "upstream_tokens": {"altcraft": "a token"}, "link_key_2": "new", "revoked_link_key_1": "leaked"}'
REVOKED = Secrets({LinkKeyId(2): "new"}, {"altcraft": "a token"}, {LinkKeyId(1): "leaked"})


def test_revoked_keys_are_written_under_names_that_an_earlier_release_passes_over() -> None:
    assert write_secrets(REVOKED) == STORED
    assert read_secrets(STORED) == REVOKED


def test_a_document_of_an_earlier_release_has_no_revoked_key() -> None:
    assert read_secrets('{"v": 1, "upstream_tokens": {}, "link_key_1": "k"}') == Secrets({LinkKeyId(1): "k"}, {})


@pytest.mark.parametrize("part", [{"revoked_link_key_1": 5}, {"revoked_link_key_256": "k"}])
def test_a_document_with_a_revoked_key_that_is_none_is_not_ours(part: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a document of this hub"):
        read_secrets(json.dumps(json.loads(STORED) | part))


def test_a_revoked_key_is_shown_to_nobody_by_accident() -> None:
    assert "leaked" not in repr(REVOKED)


@given(st.lists(st.integers(0, 12), max_size=30))
def test_whatever_is_added_and_revoked_one_key_mints_and_no_id_is_ever_another_keys(steps: list[int]) -> None:
    secrets, ever = FIRST, {LinkKeyId(1): "the first"}
    for number, step in enumerate(steps):
        if step == 0:
            secrets = secrets.with_link_key(f"key of step {number}")
            added = max(secrets.link_keys)
            assert added not in ever
            ever[added] = f"key of step {number}"
        else:
            before, revoked = secrets, LinkKeyId(step)
            try:
                secrets = secrets.without_link_key(revoked)
            except ValueError:
                assert revoked == before.minting_link_key or revoked not in before.link_keys
        assert {**secrets.link_keys, **secrets.revoked_link_keys} == ever
        assert not set(secrets.link_keys) & set(secrets.revoked_link_keys)
        assert secrets.minting_link_key == max(ever)
        assert secrets.upstream_tokens == FIRST.upstream_tokens
        assert read_secrets(write_secrets(secrets)) == secrets


def test_a_revoked_key_gives_no_number_back() -> None:
    secrets = Secrets({LinkKeyId(MAX_LINK_KEY_ID - 1): "old", LinkKeyId(MAX_LINK_KEY_ID): "last"}, {})
    with pytest.raises(ValueError, match="there are 255 link keys already"):
        secrets.without_link_key(LinkKeyId(MAX_LINK_KEY_ID - 1)).with_link_key("one too many")
