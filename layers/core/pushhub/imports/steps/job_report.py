"""What does a report say of an import?"""

import json
from collections.abc import Mapping

from pushhub.imports.job import ChunkProgress, Job, RowResult, Tally
from pushhub.imports.keys import REPORT, report_key
from pushhub.imports.port import FileStore
from pushhub.moments import iso_seconds


def report_of(job: Job, tally: Tally) -> Mapping[str, object]:
    """Return what `report.json` holds: reasons with how often, the most frequent first; times in ISO 8601 UTC or null."""
    return {
        "job": job.id,
        "status": str(job.status),
        "reason": job.reason,
        "rows": tally.rows,
        **{str(kind): tally[kind] for kind in RowResult},
        "reasons": dict(sorted(tally.reasons.items(), key=lambda counted: (-counted[1], counted[0]))),
        "started": iso_seconds(job.started),
        "ended": None if job.ended is None else iso_seconds(job.ended),
    }


def write_report(files: FileStore, bucket: str, job: Job, progress: Mapping[int, ChunkProgress]) -> None:
    """Write `report.json` of a job by how far its chunks have come."""
    tally = sum((chunk.tally for chunk in progress.values()), Tally())
    content = json.dumps(report_of(job, tally), ensure_ascii=False, indent=2).encode()
    files.put(bucket, report_key(job.id, REPORT), content, "application/json")
