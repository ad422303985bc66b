"""What does EventBridge tell the steps of an import?

| `detail-type`                             | what has happened                         | who is told          |
|-------------------------------------------|-------------------------------------------|----------------------|
| `Object Created`                          | a file was dropped into the inbox         | `imports_start`      |
| `Step Functions Execution Status Change`  | an execution has ended                    | `imports_report`     |
| `Scheduled Event`                         | nothing: it is time for a sweep           | both                 |
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from pushhub.imports.job import JOB_ID, JobId
from pushhub.imports.steps.start import Notice

_DROPPED: Final = "Object Created"
_ENDED: Final = "Step Functions Execution Status Change"


def dropped_file(event: Mapping[str, Any]) -> Notice | None:
    """Return the notice of a dropped file, or None for the event of a schedule."""
    if event["detail-type"] != _DROPPED:
        return None
    dropped = event["detail"]["object"]
    return Notice(dropped["key"], dropped.get("version-id", ""))


def is_execution_end(event: Mapping[str, Any]) -> bool:
    """Say whether an event is the notice of an ended execution; any other event comes from a schedule."""
    return bool(event["detail-type"] == _ENDED)


def ended_job(event: Mapping[str, Any]) -> JobId | None:
    """Return the job of an ended execution, or None where the execution belongs to no job: people may start one by hand."""
    try:
        given = json.loads(event["detail"].get("input") or "")
    except (ValueError, RecursionError):
        return None
    job = given.get("job") if isinstance(given, dict) else None
    return JobId(job) if isinstance(job, str) and JOB_ID.fullmatch(job) else None
