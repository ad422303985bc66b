"""The template, the function folders, the golden events and the settings agree."""

import re
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from pushhub.dialects.altcraft.push_subscribe import SECONDS_TO_LAST_CALL
from pushhub.edge.settings import PushSubscribeSettings, Settings
from pushhub.edge.wiring import PATIENCE
from tests.wire.golden import cases

ROOT = Path(__file__).parents[2]
TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
SETTINGS: dict[str, type[Settings]] = {"PushSubscribe": PushSubscribeSettings}
READ_BY_LIBRARIES = re.compile(r"(POWERTOOLS|AWS)_")


def of_type(kind: str) -> dict[str, Any]:
    return {name: resource for name, resource in RESOURCES.items() if resource["Type"] == kind}


FUNCTIONS = of_type("AWS::Serverless::Function")
by_function = pytest.mark.parametrize("name", FUNCTIONS)


def folder_of(function: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", function).lower()


def test_the_top_level_holds_what_it_is_meant_to_hold() -> None:
    visible = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - {"uv.lock", "samconfig.toml"}
    fixed = {"template.yaml", "pyproject.toml", "README.md", "functions", "layers", "tests", "events"}
    assert fixed <= visible <= fixed | {"LICENSE", "CHANGELOG.md"}


def test_every_function_has_a_folder_and_golden_events_and_the_other_way_round() -> None:
    in_template = {folder_of(name) for name in FUNCTIONS}
    assert in_template == {path.name for path in (ROOT / "functions").iterdir() if path.is_dir()}
    assert in_template == {path.name for path in (ROOT / "events").iterdir() if path.is_dir()}
    for folder in in_template:
        assert cases(folder)


@by_function
def test_a_function_stands_in_the_folder_of_its_name(name: str) -> None:
    assert FUNCTIONS[name]["Properties"]["CodeUri"] == f"functions/{folder_of(name)}"


@by_function
def test_a_handler_decodes_calls_and_encodes_and_does_nothing_else(name: str) -> None:
    handler = ROOT / "functions" / folder_of(name) / "handler.py"
    lines = handler.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 40
    assert not any("boto3" in line for line in lines)


@by_function
def test_the_settings_of_a_function_are_its_environment(name: str) -> None:
    given = set(FUNCTIONS[name]["Properties"]["Environment"]["Variables"])
    read = {field.alias for field in SETTINGS[name].model_fields.values()}
    assert {variable for variable in given if not READ_BY_LIBRARIES.match(variable)} == read


@by_function
def test_every_case_of_a_function_has_an_event_and_a_reply(name: str) -> None:
    for case in cases(folder_of(name)):
        assert case.event["version"] == "2.0"
        assert case.event["requestContext"]["requestId"] == case.name
        assert set(case.reply) == {"status", "body"}


def test_every_reply_and_every_given_belongs_to_a_case() -> None:
    for path in (ROOT / "events").rglob("*.json"):
        assert path.with_name(path.name.split(".")[0] + ".json").exists()


def test_nothing_has_a_name_that_two_stacks_would_share() -> None:
    for name, resource in RESOURCES.items():
        for key, value in resource["Properties"].items():
            if key.endswith("Name") and key not in {"MetricName", "DomainName"} and name != "DomainRecord":
                assert "${AWS::StackName}" in str(value), f"{name}.{key}"


def test_no_role_has_a_wildcard() -> None:
    for role in of_type("AWS::IAM::Role").values():
        for policy in role["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                assert "*" not in str(statement["Action"])
                assert "*" not in str(statement["Resource"])
        assert "ManagedPolicyArns" not in role["Properties"]


@by_function
def test_every_function_has_a_role_a_log_group_and_alarms_of_its_own(name: str) -> None:
    properties = FUNCTIONS[name]["Properties"]
    assert properties["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}
    assert properties["LoggingConfig"]["LogGroup"] == {"Ref": f"{name}Logs"}
    for alarm, metric in ((f"{name}Errors", "Errors"), (f"{name}Throttles", "Throttles")):
        assert RESOURCES[alarm]["Properties"]["MetricName"] == metric
        assert RESOURCES[alarm]["Properties"]["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": name}}]


@by_function
def test_a_function_ends_before_its_caller_gives_up_and_after_its_last_try(name: str) -> None:
    # botocore's Config sets its attributes by name at run time.
    patience: Any = PATIENCE
    longest_call = patience.retries["total_max_attempts"] * (patience.connect_timeout + patience.read_timeout)
    assert SECONDS_TO_LAST_CALL + longest_call < FUNCTIONS[name]["Properties"]["Timeout"] < 30


@pytest.mark.parametrize("name", of_type("AWS::DynamoDB::Table"))
def test_every_table_is_on_demand_encrypted_recoverable_and_protected(name: str) -> None:
    table = RESOURCES[name]
    properties = table["Properties"]
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert "TableName" not in properties
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert [key["AttributeName"] for key in properties["KeySchema"]] == ["pk", "sk"]
    assert not {"GlobalSecondaryIndexes", "LocalSecondaryIndexes"} & set(properties)


def test_access_logs_hold_no_query_string() -> None:
    logged = RESOURCES["Api"]["Properties"]["AccessLogSettings"]["Format"]
    assert not re.search(r"\$context\.(path|rawPath|.*[qQ]uery)", logged)
    assert "$context.requestId" in logged


def test_every_alarm_notifies_and_is_explained_in_the_readme() -> None:
    explained = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, alarm in of_type("AWS::CloudWatch::Alarm").items():
        assert alarm["Properties"]["AlarmActions"], name
        assert f"`{name}`" in explained


def test_every_parameter_is_described_in_the_template() -> None:
    for name, parameter in TEMPLATE["Parameters"].items():
        assert parameter["Description"], name
