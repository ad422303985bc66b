"""Writing one document for many."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pushhub.sends.json_template import JsonTemplate, quoted, slot

texts = st.text(st.characters(exclude_categories=["Cs"]))
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner)
)


@given(texts)
def test_a_text_is_read_back_as_it_was(text: str) -> None:
    assert json.loads(quoted(text)) == text


@given(documents, texts, texts)
def test_a_filled_document_is_the_one_with_the_values_in_it(document: Any, first: str, second: str) -> None:
    template = JsonTemplate({"before": document, "one": slot("one"), "inside": [{"two": slot("two")}], "behind": document})
    filled = json.loads(template.filled({"one": quoted(first), "two": quoted(second)}))
    assert filled == {"before": document, "one": first, "inside": [{"two": second}], "behind": document}


def test_a_slot_is_filled_as_often_as_it_stands_there() -> None:
    assert JsonTemplate([slot("a"), slot("b"), slot("a")]).filled({"a": "1", "b": '{"c":2}'}) == b'[1,{"c":2},1]'
