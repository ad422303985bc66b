"""The secret with the credentials of apps."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.app_secrets import MAX_SECRET_BYTES, AppSecrets, AppSecretsTooLargeError, read_app_secrets, write_app_secrets

texts = st.text(max_size=9)
documents = st.dictionaries(texts, st.dictionaries(texts, st.dictionaries(texts, texts, max_size=3), max_size=3), max_size=3)


@given(documents)
def test_credentials_are_read_back_as_they_were_written(apps: dict[str, dict[str, dict[str, str]]]) -> None:
    assert read_app_secrets(write_app_secrets(AppSecrets(apps))) == AppSecrets(apps)


def test_the_document_has_each_block_of_each_app() -> None:
    secrets = AppSecrets({"b": {}, "a": {"apns": {"key": "k"}}})
    assert write_app_secrets(secrets) == '{"v":1,"apps":{"a":{"apns":{"key":"k"}},"b":{}}}'


def test_what_cloudformation_writes_holds_nothing() -> None:
    assert read_app_secrets('{"v": 1, "apps": {}, "unused": "a random text"}') == AppSecrets()


@pytest.mark.parametrize("document", ["", "[]", "{}", '{"v": 1}', '{"v":1,"apps":[]}', '{"v":1,"apps":{"a":{"b":{"c":5}}}}'])
def test_what_is_no_such_document_is_refused_without_being_quoted(document: str) -> None:
    with pytest.raises(ValueError, match=r"^the stack's secret of apps is not a document of this hub$"):
        read_app_secrets(document)


def test_a_document_of_a_later_format_is_refused() -> None:
    with pytest.raises(ValueError, match=r"has format 2; this version reads 1$"):
        read_app_secrets('{"v": 2, "apps": {}}')


def of_size(size: int, count: int = 1) -> AppSecrets:
    each = {"block": {"key": "k" * size}}
    return AppSecrets({f"a{number:02}": each for number in range(count)})


def test_a_secret_holds_64_kib_and_not_a_byte_more() -> None:
    room = MAX_SECRET_BYTES - len(write_app_secrets(of_size(0)))
    assert len(write_app_secrets(of_size(room)).encode()) == MAX_SECRET_BYTES == 64 * 1024
    with pytest.raises(AppSecretsTooLargeError) as caught:
        write_app_secrets(of_size(room + 1))
    assert (
        str(caught.value)
        == f"the credentials of apps take 65537 bytes; at most 65536 fit: a00 {room + 1 + len('{"block":{"key":""}}')}"
    )


def test_the_largest_apps_are_named_where_credentials_do_not_fit() -> None:
    with pytest.raises(AppSecretsTooLargeError, match=r"fit: a11 7020, a10 7020, .*, a02 7020, and 2 more$"):
        write_app_secrets(of_size(7000, count=12))


def test_at_least_24_apps_with_all_their_providers_fit() -> None:
    # A service account's key takes 1,624 characters, a key on P-256 takes 184, and the rest is ids and short tokens.
    full = {"firebase": {"key": "k" * 1624, "email": "e" * 60, "key_id": "i" * 40}, "apns": {"key": "k" * 184}} | {
        "web_push": {"private_key": "k" * 184}
    }
    assert json.loads(write_app_secrets(AppSecrets({str(number) * 18: full for number in range(10, 34)})))


def test_credentials_are_shown_to_nobody_by_accident() -> None:
    assert "kkk" not in repr(of_size(3))
