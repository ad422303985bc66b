"""Which versions of a stored JSON object are read."""

import json

import pytest

from pushhub.versioned import NotVersionedError, OtherVersionError, read_versioned


@pytest.mark.parametrize("version", [6, 7])
def test_the_newest_version_and_the_one_before_are_read_whole(version: int) -> None:
    document = {"v": version, "name": ["é", 1.5, None]}
    assert read_versioned(json.dumps(document), newest=7) == document


@pytest.mark.parametrize("version", [5, 8, 0, -7, 10**40, True, 7.0, "7", None, [7], {"v": 7}])
def test_no_other_version_is_read(version: object) -> None:
    with pytest.raises(OtherVersionError) as error:
        read_versioned(json.dumps({"v": version}), newest=7)
    assert not str(error.value)


@pytest.mark.parametrize("version", ["true", "1.0", "false"])
def test_what_only_equals_a_version_is_none(version: str) -> None:
    with pytest.raises(OtherVersionError):
        read_versioned(f'{{"v":{version}}}', newest=1)


@pytest.mark.parametrize(
    "text", ["", "{", "{}", "[7]", '["v"]', '"v"', "7", "null", "\ufeff{}", '{"V":7}', "[" * 100_000, '{"v":' + "9" * 5000 + "}"]
)
def test_what_is_no_json_object_with_a_version_is_not_read(text: str) -> None:
    with pytest.raises(NotVersionedError) as error:
        read_versioned(text, newest=7)
    assert not str(error.value)
    assert error.value.__cause__ is None
