"""What does EventBridge tell the steps of an import: of a dropped file, of an ended execution, or that it is time to look?"""

import json
from collections.abc import Mapping
from typing import Any, Final

from pushhub.imports.job import JOB_ID, JobId
from pushhub.imports.steps.start import Notice

_DROPPED: Final = "Object Created"
_ENDED: Final = "Step Functions Execution Status Change"


def dropped_file(event: Mapping[str, Any]) -> Notice | None:
    """Return the file that an event tells of, or None where it tells of none: a schedule's."""
    if event["detail-type"] != _DROPPED:
        return None
    told = event["detail"]["object"]
    return Notice(told["key"], told.get("version-id", ""))


def tells_of_an_end(event: Mapping[str, Any]) -> bool:
    """Say whether an event tells of an execution that has ended; otherwise it is a schedule's."""
    return bool(event["detail-type"] == _ENDED)


def ended_job(event: Mapping[str, Any]) -> JobId | None:
    """Return the job whose execution has ended, as an event tells, or None where it is no job's: anybody may start one by hand."""
    try:
        given = json.loads(event["detail"].get("input") or "")
    except (ValueError, RecursionError):
        return None
    job = given.get("job") if isinstance(given, dict) else None
    return JobId(job) if isinstance(job, str) and JOB_ID.fullmatch(job) else None
