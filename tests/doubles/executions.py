"""Runs of a state machine that does nothing."""

from pushhub.imports.job import JobId


class MemoryExecutions:
    """Executions for tests: `calls` are those to start one, `outcomes` how attempts ended, which a test says."""

    def __init__(self) -> None:
        self.calls: list[tuple[JobId, int]] = []
        self.outcomes: dict[tuple[JobId, int], str] = {}

    @property
    def started(self) -> set[tuple[JobId, int]]:
        return set(self.calls)

    def start(self, job: JobId, attempt: int) -> None:
        self.calls.append((job, attempt))

    def ended(self, job: JobId, attempt: int) -> str | None:
        return self.outcomes.get((job, attempt))
