"""A hub for each replay."""

from collections.abc import Iterator

import pytest

from tests.doubles.push_express import SdkHub
from tests.replays.conversation import Conversation, a_hub


@pytest.fixture
def conversation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Conversation]:
    """Give a hub that nobody has talked to."""
    with a_hub(monkeypatch, SdkHub()) as conversation:
        yield conversation
