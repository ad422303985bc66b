"""Which id stands in a path of the API."""

import pytest

from pushhub.dialects.http import RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.server.fields import id_in_path


@pytest.mark.parametrize("text", ["1", "16183", str(2**53 - 1)])
def test_an_id_in_a_path_is_an_integer(text: str) -> None:
    assert id_in_path(text, "sched_id", "one-time sending") == int(text)


@pytest.mark.parametrize("text", ["", "0", "-1", "1.0", "abc", "٣", str(2**53), "9" * 5_000, "1 ", "%31"])
def test_another_text_in_a_path_is_no_id(text: str) -> None:
    with pytest.raises(RefusedError) as error:
        id_in_path(text, "sched_id", "one-time sending")
    assert error.value.refusal is PushExpressRefusal.UNKNOWN
    assert str(error.value) == "not found: sched_id is no one-time sending"
