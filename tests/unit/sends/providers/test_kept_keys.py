"""Which keys of the data a provider keeps for itself."""

import pytest

from pushhub.sends.providers.kept_keys import is_kept_by_apns, is_kept_by_fcm


@pytest.mark.parametrize("key", ["from", "gcm", "gcm.notification.title", "message_type", "google", "google.c.a.e", "googlex"])
def test_fcm_refuses_its_own_keys(key: str) -> None:
    assert is_kept_by_fcm(key)


@pytest.mark.parametrize("key", ["", "fromage", "from.me", "gcmx", "message_types", "my_google", "From", "aps"])
def test_fcm_takes_every_other(key: str) -> None:
    assert not is_kept_by_fcm(key)


def test_apple_reads_one_key() -> None:
    assert [key for key in ("aps", "APS", "aps2", "") if is_kept_by_apns(key)] == ["aps"]
