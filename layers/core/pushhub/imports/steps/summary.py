"""What does `report.json` hold: how a job stands, and how many of its rows have which result?"""

import json
from collections.abc import Mapping

from pushhub.imports.job import ChunkProgress, Job, RowResult, Tally
from pushhub.imports.keys import REPORT, report_key
from pushhub.imports.port import FileStore
from pushhub.moments import iso_seconds


def summary_of(job: Job, tally: Tally) -> Mapping[str, object]:
    """Return what `report.json` holds: reasons with their counts, the most frequent first; times in ISO 8601 UTC or null."""
    return {
        "job": job.id,
        "status": str(job.status),
        "reason": job.reason,
        "rows": tally.rows,
        **{str(result): tally[result] for result in RowResult},
        "reasons": dict(sorted(tally.reasons.items(), key=lambda counted: (-counted[1], counted[0]))),
        "started": iso_seconds(job.started),
        "ended": None if job.ended is None else iso_seconds(job.ended),
    }


def write_summary(files: FileStore, job: Job, progress: Mapping[int, ChunkProgress]) -> None:
    """Write `report.json` of a job from the progress of its chunks."""
    tally = sum((chunk.tally for chunk in progress.values()), Tally())
    content = json.dumps(summary_of(job, tally), ensure_ascii=False, indent=2).encode()
    files.put(report_key(job.id, REPORT), content, "application/json")
