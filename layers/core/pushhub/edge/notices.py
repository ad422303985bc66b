"""Which notice does EventBridge send to a step of an import: a dropped file, an ended execution, or the time of a schedule?"""

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
