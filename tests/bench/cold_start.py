"""How long does a function take to load, compared with the client it cannot do without?"""

import statistics
import subprocess
import tempfile
from pathlib import Path

from tests.bench.table import Table
from tests.lambda_environment import ROOT, function_environment, make_interpreter

ROUNDS = 15
BUDGET = 1.7

FOLDERS = (ROOT / "functions" / "push_subscribe", ROOT / "layers" / "core")
TIMED = "import sys, time; sys.path[:0] = sys.argv[1:]; started = time.perf_counter(); {}; print(time.perf_counter() - started)"
SNIPPETS = {
    'boto3.client("dynamodb")': "import boto3; boto3.client('dynamodb')",
    "import of push_subscribe": "import handler",
}


def measure() -> Table:
    """Import in fresh interpreters, turn by turn; compiled bytecode is present."""
    with tempfile.TemporaryDirectory() as folder:
        interpreter = make_interpreter(Path(folder), with_layer=True)
        seconds: dict[str, list[float]] = {name: [] for name in SNIPPETS}
        for _ in range(ROUNDS + 1):
            for name, snippet in SNIPPETS.items():
                seconds[name].append(_time(interpreter, snippet))
    medians = {name: statistics.median(values[1:]) for name, values in seconds.items()}
    base = medians['boto3.client("dynamodb")']
    rows = [(name, f"{median * 1000:.0f}", f"{median / base:.2f}") for name, median in medians.items()]
    return Table(
        f"Cold start, medians of {ROUNDS} fresh interpreters (budget: ratio at most {BUDGET})", ("what", "ms", "ratio"), rows
    )


def _time(interpreter: Path, snippet: str) -> float:
    done = subprocess.run(
        [interpreter, "-c", TIMED.format(snippet), *map(str, FOLDERS)],
        env=function_environment("push_subscribe"),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)
