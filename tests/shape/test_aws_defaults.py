"""What AWS does by default is written down for every service that the template uses, each fact with where it comes from."""

import re

import pytest

from tests.shape.test_template import FUNCTIONS, RESOURCES, ROOT

PAGE = (ROOT / "functions" / "aws-defaults.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!^## ).*\n)+)", PAGE, re.MULTILINE))
MADE_BY_SAM = {
    "AWS::Serverless::Function": "AWS::Lambda",
    "AWS::Serverless::LayerVersion": "AWS::Lambda",
    "AWS::Serverless::HttpApi": "AWS::ApiGatewayV2",
    "AWS::Serverless::StateMachine": "AWS::StepFunctions",
}
MADE_OF_TRIGGERS = {
    "EventBridgeRule": "AWS::Events",
    "Schedule": "AWS::Events",
    "HttpApi": "AWS::ApiGatewayV2",
    "SQS": "AWS::Lambda",
}


def services() -> set[str]:
    """Return the prefixes of all types that CloudFormation makes out of the template, and its own."""
    types = {resource["Type"] for resource in RESOURCES.values()}
    triggers = {event["Type"] for one in FUNCTIONS.values() for event in one["Properties"].get("Events", {}).values()}
    plain = {"::".join(one.split("::")[:2]) for one in types if not one.startswith("AWS::Serverless::")}
    by_sam = {MADE_BY_SAM[one] for one in types if one.startswith("AWS::Serverless::")}
    return plain | by_sam | {MADE_OF_TRIGGERS[one] for one in triggers} | {"AWS::CloudFormation"}


def test_every_service_that_the_template_uses_has_a_section_and_no_other_has() -> None:
    assert set(re.findall(r"`(AWS::\w+)`", " ".join(SECTIONS))) == services()


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_says_of_each_default_what_it_means_what_is_done_and_who_says_so(section: str) -> None:
    header, line, *rows = [row for row in SECTIONS[section].splitlines() if row]
    assert header == "| AWS by default | for the hub | in the template | source |"
    assert line == "|---|---|---|---|"
    assert rows
    for row in rows:
        default, meaning, done, source = [cell.strip() for cell in row.strip("|").split("|")]
        assert all((default, meaning, done))
        assert re.search(
            r"\[[^]]+\]\(https://docs\.aws\.amazon\.com/[^)]+\)|not confirmed|the same page|seen in the engine", source
        ), row


def test_the_readme_leads_to_the_page() -> None:
    assert "](functions/aws-defaults.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
