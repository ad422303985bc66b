"""Every golden event of the steps of an import through their handlers, with everything that they touch in memory."""

import pytest

from tests.doubles.functions import Context, load_handler, wiring_of
from tests.wire.golden import Case, cases
from tests.wire.importing import what_becomes, world_of

STEPS = {
    "imports_start": "start_import",
    "imports_plan": "plan_attempt",
    "imports_chunk": "import_chunk",
    "imports_report": "report_job",
}
"""The steps, and what each is made of."""


@pytest.mark.parametrize("case", [case for step in STEPS for case in cases(step)], ids=lambda case: f"{case.function}-{case.name}")
def test_an_event_gives_the_golden_reply(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    world, made = world_of(case), STEPS[case.function]
    monkeypatch.setattr(wiring_of(case.function), made, lambda: getattr(world, made))
    handler = load_handler(case.function).handler
    context = Context(case.given_object.get("milliseconds_left", 900_000))
    became = what_becomes(world, lambda: handler(case.event, context))
    assert became == case.reply
