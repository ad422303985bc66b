"""Hosts that answer as a test says."""

from collections.abc import Iterable, Sequence

from pushhub.outgoing.calls import Call, CallReply, NoReply


class ScriptedExchange:
    """Gives the answers that it was made with, one for each request; `calls` are the requests."""

    def __init__(self, answers: Iterable[CallReply | NoReply]) -> None:
        self.answers = list(answers)
        self.calls: list[Call] = []

    def __call__(self, calls: Sequence[Call]) -> Sequence[CallReply | NoReply]:
        self.calls += calls
        return [self.answers.pop(0) for _ in calls]
