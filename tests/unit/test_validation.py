"""What pydantic finds wrong, as those read it who have words of their own."""

from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pushhub.validation import Misfit, first_misfit, misfits


class Inner(BaseModel):
    model_config = ConfigDict(strict=True)

    name: Annotated[str, Field(max_length=3)]


class Outer(BaseModel):
    model_config = ConfigDict(strict=True)

    number: int
    several: list[Inner] = []


def error_of(document: object) -> ValidationError:
    with pytest.raises(ValidationError) as raised:
        Outer.model_validate(document)
    return raised.value


def test_misfits_come_in_the_order_of_the_fields_whatever_the_order_of_the_input() -> None:
    assert list(misfits(error_of({"several": [{"name": "fits"}, {}], "number": "1"}))) == [
        Misfit(("number",), "int_type", {}),
        Misfit(("several", 0, "name"), "string_too_long", {"max_length": 3}),
        Misfit(("several", 1, "name"), "missing", {}),
    ]


def test_the_first_is_the_first_of_all() -> None:
    assert first_misfit(error_of({"several": 1})) == Misfit(("number",), "missing", {})


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ((), ""),
        (("a",), "a"),
        (("a", 0, "b"), "a[0].b"),
        ((2, "a"), "[2].a"),
        (("a", "b", 1), "a.b[1]"),
        (("a", "b c"), "a['b c']"),
        (("a", "b", "[key]"), "a.b"),
    ],
)
def test_a_path_is_written_as_in_code(location: tuple[int | str, ...], path: str) -> None:
    assert Misfit(location, "missing", {}).path == path


def test_no_value_is_told() -> None:
    (misfit,) = misfits(error_of({"number": "a secret"}))
    assert "secret" not in str(misfit)


def test_it_is_told_whether_the_value_is_null() -> None:
    assert [misfit.null for misfit in misfits(error_of({"number": None}))] == [True]
    assert [misfit.null for misfit in misfits(error_of({"number": ""}))] == [False]
