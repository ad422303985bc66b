"""What the local hub is deployed with."""

from dataclasses import replace

import pytest
from click.testing import CliRunner

from pushhub.console import cli
from pushhub.console.checkout import find_checkout
from pushhub.console.cli import main
from pushhub.console.local.hub import INSTANT_DELAY_SECONDS, MAX_INSTANT_DELAY_SECONDS, HubOptions, stack_parameters
from tests.template import expanded_template

PARAMETERS = expanded_template()["Parameters"]
OPTIONS = HubOptions(find_checkout(), 8080, keep=True, origins=(), instant_delay=INSTANT_DELAY_SECONDS, prepare=lambda _: ())


def test_every_parameter_is_one_of_the_template() -> None:
    assert stack_parameters(OPTIONS, "http://127.0.0.1:9").keys() <= PARAMETERS.keys()


def test_instant_sendings_are_due_as_the_template_says_unless_an_option_says_otherwise() -> None:
    declared = PARAMETERS["InstantDelaySeconds"]
    assert (declared["Default"], declared["MaxValue"]) == (INSTANT_DELAY_SECONDS, MAX_INSTANT_DELAY_SECONDS)
    assert stack_parameters(replace(OPTIONS, instant_delay=3), "")["InstantDelaySeconds"] == "3"


@pytest.mark.parametrize(("words", "seconds"), [((), 120), (("--instant-delay", "3"), 3), (("--instant-delay", "0"), 0)])
def test_an_option_of_up_says_when_instant_sendings_are_due(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], seconds: int
) -> None:
    asked: list[HubOptions] = []
    monkeypatch.setattr(cli, "run_hub", asked.append)
    assert CliRunner().invoke(main, ["up", *words]).exit_code == 0
    assert [each.instant_delay for each in asked] == [seconds]


@pytest.mark.parametrize("seconds", ["-1", "901", "soon"])
def test_a_delay_that_no_sending_has_is_wrong_use(seconds: str) -> None:
    assert CliRunner().invoke(main, ["up", "--instant-delay", seconds]).exit_code == 2
