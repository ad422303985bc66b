"""A queue in memory."""

from collections.abc import Sequence

from pushhub.outgoing.queues import Envelope


class MemoryQueue:
    """A queue for tests: `envelopes` are what it has taken, `puts` counts calls. It takes no message that holds `refused`."""

    def __init__(self, refused: str = "") -> None:
        self.envelopes: list[Envelope] = []
        self.refused = refused
        self.puts = 0

    def put(self, envelopes: Sequence[Envelope]) -> frozenset[int]:
        self.puts += 1
        refused = {n for n, envelope in enumerate(envelopes) if self.refused and self.refused in envelope.body}
        self.envelopes += (envelope for n, envelope in enumerate(envelopes) if n not in refused)
        return frozenset(refused)
