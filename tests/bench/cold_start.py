"""How long does each function take to load, compared with the client it cannot do without?"""

import statistics
import subprocess
import tempfile
from pathlib import Path

from tests.bench.table import Table
from tests.doubles.functions import all_functions
from tests.lambda_environment import ROOT, SETTINGS, function_environment, make_interpreter

ROUNDS = 15

CORE = ROOT / "layers" / "core"
TIMED = "import sys, time; sys.path[:0] = sys.argv[1:]; started = time.perf_counter(); {}; print(time.perf_counter() - started)"
OF_SDKS = ("pushexpress_instances", "pushexpress_device_events")
SENDING = ("sends_lane", "sends_deliver", "sends_sweep", "push_send")
CLIENT_OF = (
    {"push_subscribe": "dynamodb"}
    | dict.fromkeys(("post_events", "crypto_post_events", "record_events", "forward_events"), "sqs")
    | dict.fromkeys((*SENDING, *OF_SDKS), "dynamodb")
)
"""Those that somebody waits for have a budget; for the steps of an import, a second is nothing."""
BUDGETS = dict.fromkeys(CLIENT_OF, 1.7) | dict.fromkeys(SENDING, 1.6) | dict.fromkeys(OF_SDKS, 1.5)
"""At most so many times what the client costs."""


def measure() -> Table:
    """Import in fresh interpreters, turn by turn; compiled bytecode is present."""
    with tempfile.TemporaryDirectory() as folder:
        interpreter = make_interpreter(Path(folder), with_layer=True)
        seconds: dict[str, list[float]] = {name: [] for name in (*sorted(set(CLIENT_OF.values())), *SETTINGS)}
        for _ in range(ROUNDS + 1):
            for name, values in seconds.items():
                values.append(_time(interpreter, name))
    medians = {name: statistics.median(values[1:]) for name, values in seconds.items()}
    rows = [(f'boto3.client("{name}")', f"{medians[name] * 1000:.0f}", "") for name in sorted(set(CLIENT_OF.values()))]
    ratios = {name: medians[name] / medians[client] for name, client in CLIENT_OF.items()}
    shown = {name: f"{ratio:.2f} of {CLIENT_OF[name]} (at most {BUDGETS[name]})" for name, ratio in ratios.items()}
    rows += [(f"import of {name}", f"{medians[name] * 1000:.0f}", shown.get(name, "")) for name in SETTINGS]
    missed = tuple(name for name, ratio in ratios.items() if ratio > BUDGETS[name])
    title = f"Cold start, medians of {ROUNDS} fresh interpreters"
    return Table(title, ("what", "ms", "ratio"), rows, missed)


def _time(interpreter: Path, name: str) -> float:
    of_a_function = name in SETTINGS
    snippet = "import handler" if of_a_function else f"import boto3; boto3.client({name!r})"
    folders = [all_functions()[name], CORE] if of_a_function else [CORE]
    done = subprocess.run(
        [interpreter, "-c", TIMED.format(snippet), *map(str, folders)],
        env=function_environment(name if of_a_function else "push_subscribe"),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)
