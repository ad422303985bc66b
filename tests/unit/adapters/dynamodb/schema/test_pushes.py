"""Pushes and kept replies as items."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.adapters.dynamodb.schema import items
from pushhub.adapters.dynamodb.schema.pushes import push_item, push_of, reply_item, reply_of
from pushhub.moments import Seconds
from pushhub.sends.message import Translation
from pushhub.sends.pushes import MAX_STORED_PUSH_BYTES, KeptReply, PushId, PushTooLargeError, RequestKey, StoredPush
from pushhub.sends.sending import SendingId

texts = st.text(max_size=8)
translations = st.lists(st.tuples(texts, st.builds(Translation, texts, texts, texts, texts, texts)), min_size=1, max_size=3)
made = st.builds(StoredPush.of, st.integers(0, 2**53 - 1).map(PushId), texts, texts, translations)
pushes = st.builds(lambda push, bound: replace(push, bound=bound), made, st.none() | st.integers(0, 2**53 - 1).map(SendingId))
keys = st.builds(RequestKey, texts, texts, texts)


@given(pushes)
def test_a_push_is_read_back_as_it_was_written(push: StoredPush) -> None:
    assert push_of(items.from_wire(items.to_wire(push_item(push, 5)))) == push


@given(keys, texts, st.integers(200, 299), texts)
def test_a_reply_is_read_back_as_it_was_written(key: RequestKey, body: str, status: int, text: str) -> None:
    kept = KeptReply(key, body, status, text.encode(), Seconds(1_900_000_000))
    assert reply_of(key, items.from_wire(items.to_wire(reply_item(kept)))) == kept


def test_items_are_written_as_before() -> None:
    push = StoredPush.of(PushId(7), "crm", "en", [("en", Translation("Sale", link="https://a")), ("de", Translation("é"))])
    assert push_item(replace(push, bound=SendingId(9)), 5) == {
        "pk": "U#7",
        "sk": "U",
        "v": 1,
        "caller": "crm",
        "default": "en",
        "content": '[{"id":8,"language":"en","title":"Sale","link":"https://a"},{"id":9,"language":"de","title":"é"}]',
        "expires": 5,
        "bound": 9,
    }
    assert "bound" not in push_item(push, 5)
    key = RequestKey("crm", "/pushes", "order-7")
    assert reply_item(KeptReply(key, "digest", 201, b'{"id": 7}', Seconds(100))) == {
        "pk": f"I#{key.digest}",
        "sk": "I",
        "v": 1,
        "body": "digest",
        "status": 201,
        "reply": '{"id": 7}',
        "until": 100,
        "expires": 86_500,
    }


def test_a_push_that_is_too_large_is_told_with_both_sizes() -> None:
    push = StoredPush.of(PushId(7), "crm", "en", [("en", Translation("x" * MAX_STORED_PUSH_BYTES))])
    with pytest.raises(PushTooLargeError, match=r"^the push has 100037 bytes of translations; at most 100000 fit$"):
        push_item(push, 5)
