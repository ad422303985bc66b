"""What commands print on stdout: lines for a person, or JSON."""

import json

import pytest

from pushhub.console.printing import object_or_array, print_done, print_found


def test_what_was_found_is_lines_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_found({"name": "Zoë"}, ["name Zoë", "and more"], as_json=False)
    assert capsys.readouterr() == ("name Zoë\nand more\n", "")
    print_found({"name": "Zoë"}, ["name Zoë"], as_json=True)
    assert capsys.readouterr() == ('{\n  "name": "Zoë"\n}\n', "")


def test_what_was_done_is_told_beside_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    print_done({"erased": True}, ["erased it"], as_json=False)
    assert capsys.readouterr() == ("erased it\n", "")
    print_done({"erased": True}, ["erased it"], as_json=True)
    printed = capsys.readouterr()
    assert (json.loads(printed.out), printed.err) == ({"erased": True}, "erased it\n")


def test_one_thing_is_an_object_and_several_are_an_array() -> None:
    assert object_or_array([{"id": 1}]) == {"id": 1}
    assert object_or_array([{"id": 1}, {"id": 2}]) == [{"id": 1}, {"id": 2}]
