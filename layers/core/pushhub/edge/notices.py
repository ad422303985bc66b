"""What does EventBridge tell the steps of an import: of a dropped file, of an ended execution, or that it is time to look?"""

import json
from collections.abc import Mapping
from typing import Any, Final

from pushhub.imports.job import JobId
from pushhub.imports.starting import Notice

_DROPPED: Final = "Object Created"
_ENDED: Final = "Step Functions Execution Status Change"


def dropped_file(event: Mapping[str, Any]) -> Notice | None:
    """Return the file that an event tells of, or None where it tells of none: a schedule's."""
    if event["detail-type"] != _DROPPED:
        return None
    told = event["detail"]["object"]
    return Notice(told["key"], told.get("version-id", ""))


def ended_job(event: Mapping[str, Any]) -> JobId | None:
    """Return the job of the execution that an event says has ended, or None where it tells of none: a schedule's."""
    if event["detail-type"] != _ENDED:
        return None
    return JobId(json.loads(event["detail"]["input"])["job"])
