"""What keys and metadata of dropped files say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.audience.command import Mode
from pushhub.catalog.model import ResourceId
from pushhub.catalog.providers import PROVIDER_CODES, Provider
from pushhub.imports.files.drop import (
    NO_OVERRIDES,
    Drop,
    MatchBy,
    Overrides,
    RowMatching,
    read_key,
    read_overrides,
    write_key,
)
from pushhub.imports.job import UnusableFileError
from pushhub.imports.keys import is_folder_marker

KEY = "inbox/5/ios-apns/token/tokens.csv"
names = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), max_size=20)


@pytest.mark.parametrize(
    ("key", "drop"),
    [
        (KEY, Drop(ResourceId(5), Provider("ios-apns"), RowMatching(MatchBy.PUSH_TOKEN), "tokens.csv", packed=False)),
        (
            "inbox/12/Firefox/profile_id/March 2026.TXT.GZ",
            Drop(ResourceId(12), Provider("Firefox"), RowMatching(MatchBy.PROFILE_ID), "March 2026.TXT.GZ", packed=True),
        ),
        (
            "inbox/5/ios-apns/custom-customer-no/a.csv.gz",
            Drop(ResourceId(5), Provider("ios-apns"), RowMatching(MatchBy.FIELD, "customer-no"), "a.csv.gz", packed=True),
        ),
    ],
)
def test_a_key_says_where_the_rows_go(key: str, drop: Drop) -> None:
    assert read_key(key) == drop


@given(
    st.integers(0, 10**15 - 1),
    st.sampled_from([*PROVIDER_CODES]),
    st.one_of(
        st.sampled_from([RowMatching(MatchBy.PUSH_TOKEN), RowMatching(MatchBy.PROFILE_ID)]),
        names.filter(bool).map(lambda name: RowMatching(MatchBy.FIELD, name)),
    ),
    names,
    st.sampled_from([".csv", ".txt", ".csv.gz", ".txt.gz"]),
)
def test_what_is_written_into_a_key_is_read_from_it(
    resource: int, provider: Provider, matching: RowMatching, name: str, extension: str
) -> None:
    key = write_key(ResourceId(resource), provider, matching, name + extension)
    assert read_key(key) == Drop(ResourceId(resource), provider, matching, name + extension, extension.endswith(".gz"))


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (
            "inbox/tokens.csv",
            "the key has to be inbox/<resource id>/<provider>/<matching>/<name>, where <matching> is .*; this one has 1 part ",
        ),
        (
            "inbox/5/token/b.csv",
            "where <matching> is token, profile_id or custom-<match field>; this one has 3 parts behind inbox/",
        ),
        ("inbox/5/ios-apns/token/a/b.csv", "the key has to be .*; this one has 5 parts behind inbox/, not 4$"),
        ("inbox/5//token/b.csv", "the key has to be .*; this one has no <provider>$"),
        ("outbox/5/ios-apns/token/b.csv", "the key has to be .*; this one does not begin with inbox/$"),
        ("inbox/five/ios-apns/token/b.csv", 'the resource in the key is "five"; a number is expected'),
        ("inbox/\u0665/ios-apns/token/b.csv", "a number is expected"),
        ("inbox/5/apns/token/b.csv", 'the provider in the key, "apns", is unknown; one of android-firebase, '),
        ("inbox/5/ios-apns/email/b.csv", '"email" is no way of matching; token, profile_id or custom-<match field> is expected'),
        ("inbox/5/ios-apns/custom-/b.csv", "is no way of matching"),
        ("inbox/5/ios-apns/field/b.csv", "is no way of matching"),
        ("inbox/5/ios-apns/token/b.xlsx", r"the name of the file ends in none of .csv .txt .csv.gz .txt.gz"),
        ("inbox/5/ios-apns/token/b.zip.gz", "the name of the file ends in none of"),
    ],
)
def test_a_key_that_is_laid_out_in_another_way_makes_the_file_unusable(key: str, says: str) -> None:
    with pytest.raises(UnusableFileError, match=says):
        read_key(key)


@given(st.text())
def test_any_key_is_read_or_refused(key: str) -> None:
    for text in (key, f"inbox/{key}", f"inbox/5/ios-apns/{key}"):
        try:
            said = read_key(text).name
        except UnusableFileError as unusable:
            said = str(unusable)
        assert len(said) < 600 + len(key)


def test_a_name_that_cannot_stand_in_a_key_is_refused_before_it_is_dropped() -> None:
    with pytest.raises(UnusableFileError):
        write_key(ResourceId(5), Provider("ios-apns"), RowMatching(MatchBy.PUSH_TOKEN), "a/b.csv")


def test_a_folder_is_no_file() -> None:
    assert is_folder_marker("inbox/5/")
    assert not is_folder_marker(KEY)


@pytest.mark.parametrize(
    ("metadata", "overrides"),
    [
        ({}, NO_OVERRIDES),
        ({"delimiter": "", "owner": "someone"}, NO_OVERRIDES),
        ({"delimiter": ";"}, Overrides(delimiter=";")),
        ({"delimiter": " Tab "}, Overrides(delimiter="\t")),
        ({"delimiter": "\\t"}, Overrides(delimiter="\t")),
        (
            {"delimiter": "pipe", "encoding": "CP1251", "mode": "Add", "quoted": "TRUE"},
            Overrides("|", "windows-1251", Mode.ADD, True),
        ),
        ({"encoding": "utf-16", "quoted": "false"}, Overrides(encoding="utf-16")),
    ],
)
def test_metadata_override_what_is_recognised(metadata: dict[str, str], overrides: Overrides) -> None:
    assert read_overrides(metadata) == overrides


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ({"delimiter": ":"}, 'metadata say delimiter ":"; one of comma semicolon'),
        ({"encoding": "latin-1"}, 'metadata say encoding "latin-1"; one of utf-8 utf-16'),
        ({"mode": "insert"}, 'metadata say mode "insert"; one of upsert add update is expected'),
        ({"quoted": "maybe" * 100}, 'metadata say quoted "maybe.*…"; one of true false is expected'),
    ],
)
def test_metadata_that_say_something_else_make_the_file_unusable(metadata: dict[str, str], says: str) -> None:
    with pytest.raises(UnusableFileError, match=says):
        read_overrides(metadata)
