"""The template, the function folders, the golden events and the settings agree."""

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pushhub.adapters.clients import PATIENCE
from pushhub.adapters.dynamodb.schema.audience import REACH, profile_item, reach_key, reached_profile_of
from pushhub.audience.model import Address, Origin, Profile, ProfileId
from pushhub.audience.port import ReachedProfile
from pushhub.catalog.model import DatabaseId
from pushhub.catalog.providers import Provider, PushToken
from pushhub.console.local.routes import Route
from pushhub.dialects.altcraft.subscribe.endpoint import SECONDS_TO_LAST_CALL
from pushhub.dialects.devtodev.push.endpoint import SECONDS_TO_LOOK_UP
from pushhub.dialects.pushexpress.sdk.requests import SECONDS_TO_LAST_STORE_CALL
from pushhub.dialects.pushexpress.server.endpoints.creating import SECONDS_TO_WRITE
from pushhub.dialects.pushexpress.server.endpoints.query import SECONDS_TO_LAST_READ
from pushhub.edge.wiring.pushing import FUNCTION_SECONDS
from pushhub.events.intake import SECONDS_TO_LAST_REPORT
from pushhub.imports.keys import DONE, FAILED, INBOX, REPORTS, WORK
from pushhub.moments import SECONDS_PER_DAY, Seconds
from pushhub.outgoing.calls import SECONDS_TO_ANSWER
from pushhub.races import MAX_RACE_SECONDS
from pushhub.sends.handling import BATCH_BEGIN_SECONDS, LEASE_MARGIN_SECONDS, PUSH_SECONDS
from pushhub.sends.lanes import SLICE_SECONDS
from tests.doubles.functions import all_functions, settings_of
from tests.template import expanded_template
from tests.wire.golden import cases

ROOT = Path(__file__).parents[2]
TEMPLATE = expanded_template()
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
INDEXES = {"Audience": [REACH]}
A_PROFILE = Profile(
    id=ProfileId("ann"),
    origin=Origin.ID,
    fields={"city": "Riga"},
    keys=frozenset(),
    live={Address(Provider("ios-apns"), PushToken("a")).ref: Seconds(10)},
    cancelled={},
    created=Seconds(10),
    updated=Seconds(10),
    happened={"reg": Seconds(10)},
)
READ_BY_LIBRARIES = re.compile(r"(POWERTOOLS|AWS)_")


def of_type(kind: str) -> dict[str, Any]:
    return {name: resource for name, resource in RESOURCES.items() if resource["Type"] == kind}


def triggers(function: str, kind: str) -> list[dict[str, Any]]:
    """Return what makes a function run, of one kind."""
    events = FUNCTIONS[function]["Properties"].get("Events", {}).values()
    return [event["Properties"] for event in events if event["Type"] == kind]


FUNCTIONS = of_type("AWS::Serverless::Function")
QUEUES = of_type("AWS::SQS::Queue")
HTTP_FUNCTIONS = [name for name in FUNCTIONS if triggers(name, "HttpApi")]
ROUTES = [Route(one["Method"], one["Path"]) for name in HTTP_FUNCTIONS for one in triggers(name, "HttpApi")]
VARIABLE_OF_A_PATH = re.compile(r"\{[^}]+\}")
QUEUE_FUNCTIONS = [name for name in FUNCTIONS if triggers(name, "SQS")]
TOLD_FUNCTIONS = [name for name in FUNCTIONS if triggers(name, "EventBridgeRule")]
SWEEPS = [name for name in FUNCTIONS if triggers(name, "Schedule") and name not in TOLD_FUNCTIONS]
PUSHING_FUNCTIONS = ["SendsLane", "SendsDeliver"]
"""Those that queues feed; `PushSend` pushes while a caller waits."""
by_function = pytest.mark.parametrize("name", FUNCTIONS)
by_http_function = pytest.mark.parametrize("name", HTTP_FUNCTIONS)
by_queue_function = pytest.mark.parametrize("name", QUEUE_FUNCTIONS)
by_told_function = pytest.mark.parametrize("name", TOLD_FUNCTIONS)
by_queue = pytest.mark.parametrize("name", QUEUES)


STEPS = [
    name
    for name in FUNCTIONS
    if {"Fn::GetAtt": [name, "Arn"]} in RESOURCES["Imports"]["Properties"]["DefinitionSubstitutions"].values()
]


def folder_of(function: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", function).lower()


def test_the_top_level_holds_what_it_is_meant_to_hold() -> None:
    visible = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - {"uv.lock"}
    fixed = {"template.yaml", "pyproject.toml", "README.md", "functions", "layers", "tests", "events", "Makefile", "samconfig.toml"}
    assert fixed <= visible <= fixed | {"LICENSE", "CHANGELOG.md"}


def test_sam_is_told_of_the_loops_in_the_template_and_of_nothing_else() -> None:
    told = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    assert told == {"version": 0.1, "default": {"global": {"parameters": {"language_extensions": True}}}}


def test_only_the_runtime_layer_has_packages_and_sam_installs_none_by_itself() -> None:
    # sam's own installer takes wheels for another processor than its own without looking at the hashes.
    assert [
        str(path.relative_to(ROOT)) for room in ("functions", "layers") for path in (ROOT / room).rglob("requirements*.txt")
    ] == ["layers/runtime/requirements.txt"]
    assert RESOURCES["RuntimeLayer"]["Metadata"]["BuildMethod"] == "makefile"


def cost(function: str) -> int:
    """Return how many lines of the template are a function's own: itself, its role, the texts of its alarms."""
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    own = re.finditer(rf"^( +){function}(Role|Logs|Errors|Throttles)?:\n(\1 .*\n)+", template, re.MULTILINE)
    return sum(block[0].count("\n") for block in own)


COSTS = dict.fromkeys(HTTP_FUNCTIONS, 40) | {"ImportsStart": 48, "ImportsReport": 57}
"""Bounds of :func:`cost`. One that answers requests has three to five rights; one of imports has up to nine, and two triggers."""


def test_a_function_costs_about_forty_lines_of_the_template_with_its_role_and_alarms() -> None:
    costs = {name: cost(name) for name in FUNCTIONS}
    for name, lines in costs.items():
        assert lines <= COSTS.get(name, 45), name
    assert sum(costs.values()) <= 42 * len(costs)


def test_every_function_has_a_folder_and_golden_events_and_the_other_way_round() -> None:
    in_template = {folder_of(name) for name in FUNCTIONS}
    assert in_template == set(all_functions())
    assert in_template == {path.name for path in (ROOT / "events").iterdir() if path.is_dir()}
    for folder in in_template:
        assert cases(folder)


@by_function
def test_a_function_stands_in_the_folder_of_its_name(name: str) -> None:
    assert ROOT / FUNCTIONS[name]["Properties"]["CodeUri"] == all_functions()[folder_of(name)]


@by_function
def test_a_handler_decodes_calls_and_encodes_and_does_nothing_else(name: str) -> None:
    handler = all_functions()[folder_of(name)] / "handler.py"
    lines = handler.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 40
    assert not any("boto3" in line for line in lines)


@by_function
def test_the_settings_of_a_function_are_its_environment(name: str) -> None:
    given = set(FUNCTIONS[name]["Properties"]["Environment"]["Variables"])
    read = {field.variable for field in settings_of(folder_of(name)).fields().values()}
    assert {variable for variable in given if not READ_BY_LIBRARIES.match(variable)} == read


def test_a_function_answers_requests_or_empties_a_queue_or_is_told_by_eventbridge_or_is_a_step_or_a_sweep() -> None:
    assert sorted(HTTP_FUNCTIONS + QUEUE_FUNCTIONS + TOLD_FUNCTIONS + STEPS + SWEEPS) == sorted(FUNCTIONS)


@by_told_function
def test_what_eventbridge_may_lose_is_found_by_a_sweep(name: str) -> None:
    (schedule,) = triggers(name, "Schedule")
    assert schedule["Schedule"] == "rate(15 minutes)"
    for trigger in (schedule, *triggers(name, "EventBridgeRule")):
        assert trigger["RetryPolicy"] == {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 20}


def test_sendings_are_swept_every_minute_and_a_sweep_that_failed_is_soon_dropped() -> None:
    assert SWEEPS == ["SendsSweep"]
    (schedule,) = triggers("SendsSweep", "Schedule")
    assert schedule == {
        "Schedule": "rate(1 minute)",
        "RetryPolicy": {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 20},
    }


@by_http_function
def test_every_case_of_an_http_function_has_an_event_and_a_reply(name: str) -> None:
    routes = {f"{route['Method']} {route['Path']}" for route in triggers(name, "HttpApi")}
    assert {case.event["routeKey"] for case in cases(folder_of(name))} == routes
    for case in cases(folder_of(name)):
        event = case.event
        assert event["version"] == "2.0"
        assert event["requestContext"]["requestId"] == case.name
        assert event["routeKey"] == event["requestContext"]["routeKey"]
        assert event["rawPath"] == event["requestContext"]["http"]["path"]
        assert Route(*event["routeKey"].split(" ")).takes(event["requestContext"]["http"]["method"], event["rawPath"])
        assert {"status", "body"} <= set(case.reply) <= {"status", "body", "headers", "queued", "relays", "profiles"} | OF_SENDINGS


OF_EVENTS = {"batchItemFailures", "sent", "forwards", "retries", "relays", "dead_letters", "counters"}
OF_SENDINGS = {"batchItemFailures", "pushed", "sends", "deliveries", "dead_letters", "sendings", "retired"}
"""What golden replies of queue functions have."""


@by_queue_function
def test_every_case_of_a_queue_function_has_a_batch_and_what_comes_of_it(name: str) -> None:
    for case in cases(folder_of(name)):
        ids = [record["messageId"] for record in case.event["Records"]]
        assert len(set(ids)) == len(ids) <= 10
        for record in case.event["Records"]:
            assert record["eventSource"] == "aws:sqs"
            assert record["md5OfBody"] == hashlib.md5(record["body"].encode()).hexdigest()
            assert {"receiptHandle", "attributes", "messageAttributes", "eventSourceARN", "awsRegion"} <= set(record)
        assert {failure["itemIdentifier"] for failure in case.reply["batchItemFailures"]} <= set(ids)
        assert set(case.reply) <= OF_EVENTS | OF_SENDINGS


@by_told_function
def test_every_case_of_a_function_that_eventbridge_tells_matches_one_of_its_rules(name: str) -> None:
    of_rules = {kind for trigger in triggers(name, "EventBridgeRule") for kind in trigger["Pattern"]["detail-type"]}
    told = {case.event["detail-type"] for case in cases(folder_of(name))}
    assert told == of_rules | {"Scheduled Event"}
    for case in cases(folder_of(name)):
        assert {"version", "id", "source", "account", "time", "region", "resources", "detail"} <= set(case.event)
        for trigger in triggers(name, "EventBridgeRule"):
            if case.event["detail-type"] in trigger["Pattern"]["detail-type"]:
                assert case.event["source"] in trigger["Pattern"]["source"]


def test_every_reply_and_every_given_belongs_to_a_case() -> None:
    for path in (ROOT / "events").rglob("*.json"):
        assert path.with_name(path.name.split(".")[0] + ".json").exists()


def test_nothing_has_a_name_that_two_stacks_would_share() -> None:
    for name, resource in RESOURCES.items():
        for key, value in resource["Properties"].items():
            if key.endswith("Name") and key not in {"MetricName", "DomainName", "PolicyName"} and name != "DomainRecord":
                assert "${AWS::StackName}" in str(value), f"{name}.{key}"


PARTS_OF_A_RESOURCE = (
    re.compile(r"\$\{\w+\.Arn\}/[a-z]+/\*"),
    re.compile(r"\$\{\w+\.Arn\}/index/\w+"),
    re.compile(r"arn:\$\{AWS::Partition\}:states:\$\{AWS::Region\}:\$\{AWS::AccountId\}:execution:\$\{\w+\.Name\}(/\w+)?:\*"),
)
"""Objects under a prefix of a bucket, indexes of a table, executions of a state machine: nobody knows their names beforehand."""
WITHOUT_RESOURCE = {
    *(
        "logs:CreateLogDelivery",
        "logs:GetLogDelivery",
        "logs:UpdateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:ListLogDeliveries",
    ),
    *("logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
}
"""Actions that IAM grants on everything or not at all; a state machine that logs needs them."""


def test_no_role_has_a_wildcard_but_for_parts_of_a_resource_and_for_actions_that_know_none() -> None:
    roles = of_type("AWS::IAM::Role")
    of_roles = [policy for role in roles.values() for policy in role["Properties"]["Policies"]]
    for policy in (*of_roles, *(policy["Properties"] for policy in of_type("AWS::IAM::Policy").values())):
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            assert "*" not in str(statement["Action"])
            for resource in listed(statement["Resource"]):
                _assert_narrow(resource, statement["Action"])
    assert not any("ManagedPolicyArns" in role["Properties"] for role in roles.values())


def _assert_narrow(resource: Any, actions: Any) -> None:
    if resource == "*":
        assert set(actions) <= WITHOUT_RESOURCE
        return
    assert isinstance(resource, dict), "a resource of this template, by Ref, GetAtt, or Sub for a part of it"
    if text := resource.get("Fn::Sub"):
        assert any(pattern.fullmatch(text) for pattern in PARTS_OF_A_RESOURCE), text
    else:
        assert "*" not in str(resource)


WITH_ONE_ALARM = dict.fromkeys((*PUSHING_FUNCTIONS, *SWEEPS), "SendsErrors")
"""Functions that share an alarm: what one of them leaves undone waits, and the others' alarms tell of that too."""
OF_ONE_DIALECT = [name for name in HTTP_FUNCTIONS if name.startswith("Pushexpress")]
"""Functions that share an alarm of errors and one of throttles: an alarm takes ten metrics at most."""


@by_function
def test_every_function_has_a_role_and_a_log_group_of_its_own(name: str) -> None:
    properties = FUNCTIONS[name]["Properties"]
    assert properties["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}
    assert properties["LoggingConfig"]["LogGroup"] == {"Ref": f"{name}Logs"}


def metrics_of(alarm: str) -> list[dict[str, Any]]:
    """Return the metrics that an alarm looks at: its own, or those that its expression is of."""
    return [one.get("Metric", one) for one in statistics_of(alarm)]


def statistics_of(alarm: str) -> list[dict[str, Any]]:
    """Return what says how each metric of an alarm is counted: the alarm itself, or the terms of its expression."""
    properties = RESOURCES[alarm]["Properties"]
    return [one["MetricStat"] for one in properties.get("Metrics", []) if "MetricStat" in one] or [properties]


@pytest.mark.parametrize(("name", "alarm"), WITH_ONE_ALARM.items())
def test_errors_and_throttles_of_functions_of_sendings_have_one_alarm(name: str, alarm: str) -> None:
    dimension = [{"Name": "FunctionName", "Value": {"Ref": name}}]
    of_function = [one["MetricName"] for one in metrics_of(alarm) if one["Dimensions"] == dimension]
    assert sorted(of_function) == ["Errors", "Throttles"]


@pytest.mark.parametrize("name", [name for name, one in RESOURCES.items() if "Metrics" in one["Properties"]])
def test_an_alarm_of_an_expression_is_made_where_there_are_such_alarms_and_looks_at_all_of_its_metrics(name: str) -> None:
    alarm = RESOURCES[name]
    assert alarm["Condition"] == "HasAlarmsOfExpressions"
    (expression, *of) = alarm["Properties"]["Metrics"]
    assert expression["Expression"] in {"SUM(METRICS())", "MAX(METRICS())"}
    assert expression["ReturnData"] is True
    assert all(one["ReturnData"] is False and one["MetricStat"] for one in of)
    assert len({one["MetricStat"]["Period"] for one in of}) == 1
    (statistic,) = {one["MetricStat"]["Stat"] for one in of}
    assert statistic == {"SUM(METRICS())": "Sum", "MAX(METRICS())": "Maximum"}[expression["Expression"]]


def test_the_alarms_of_expressions_are_left_out_on_a_laptop_alone() -> None:
    assert TEMPLATE["Conditions"]["HasAlarmsOfExpressions"] == {"Fn::Equals": [{"Ref": "AllowLocalUpstreams"}, "false"]}


def test_sendings_have_five_alarms() -> None:
    own = {name for name in of_type("AWS::CloudWatch::Alarm") if name.startswith(("Sends", "Sending", "Credentials"))}
    assert own == {"SendsErrors", "SendsWaiting", "SendsDeadLettersHeld", "SendingStandstill", "CredentialsRefused"}


@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_the_functions_of_a_dialect_with_many_calls_have_an_alarm_of_each_kind(metric: str) -> None:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-limits.html
    looked_at = metrics_of(f"Pushexpress{metric}")
    assert {one["MetricName"] for one in looked_at} == {metric}
    assert [one["Dimensions"] for one in looked_at] == [
        [{"Name": "FunctionName", "Value": {"Ref": name}}] for name in OF_ONE_DIALECT
    ]
    assert len(looked_at) <= 10


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in (*WITH_ONE_ALARM, *OF_ONE_DIALECT)])
def test_every_other_function_has_alarms_of_its_own(name: str) -> None:
    for alarm, metric in ((f"{name}Errors", "Errors"), (f"{name}Throttles", "Throttles")):
        assert RESOURCES[alarm]["Properties"]["MetricName"] == metric
        assert RESOURCES[alarm]["Properties"]["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": name}}]


# botocore's Config sets its attributes by name at run time.
_patience: Any = PATIENCE
LONGEST_CALL = _patience.retries["total_max_attempts"] * (_patience.connect_timeout + _patience.read_timeout)
"""Seconds that one call of AWS may hang."""
LONGEST_WORK = {
    "PushSubscribe": SECONDS_TO_LAST_CALL + LONGEST_CALL,
    "PostEvents": 2 * LONGEST_CALL,
    "CryptoPostEvents": 3 * LONGEST_CALL,
    # The last look-up; the claim of a pack id, and the read that settles it.
    "PushSend": SECONDS_TO_LOOK_UP + 2 * LONGEST_CALL,
    # The write, and the read that settles it; what cannot be put into the queue by then, a sweep puts there.
    **dict.fromkeys(("PushexpressInstant", "PushexpressPushes"), SECONDS_TO_WRITE + 2 * LONGEST_CALL),
    "PushexpressQuery": SECONDS_TO_LAST_READ + LONGEST_CALL,
    "PushexpressCatalog": LONGEST_CALL,
    **dict.fromkeys(("PushexpressInstances", "PushexpressDeviceEvents"), SECONDS_TO_LAST_STORE_CALL + LONGEST_CALL),
    # The catalog; the last report, whose last try may begin after 8 s; a call of each queue.
    "RecordEvents": LONGEST_CALL + SECONDS_TO_LAST_REPORT + MAX_RACE_SECONDS + LONGEST_CALL + 2 * LONGEST_CALL,
    # The catalog and the secret; the upstreams; a call of each queue.
    "ForwardEvents": 2 * LONGEST_CALL + SECONDS_TO_ANSWER + 2 * LONGEST_CALL,
    # The last step is begun at the end of the slice; four of its calls: read, claim, record, the lane's message.
    "SendsLane": SLICE_SECONDS + PUSH_SECONDS + 4 * LONGEST_CALL,
    # The last deferral is begun at the end of its time; five of its calls: two reads, claim, message, settle.
    "SendsDeliver": BATCH_BEGIN_SECONDS + PUSH_SECONDS + 5 * LONGEST_CALL,
}
"""Seconds that a function takes at the longest while AWS hangs; further calls, each of which hangs, come on top."""
AS_LONG_AS_IT_TAKES = {"ImportsStart", "ImportsPlan", "ImportsChunk", "ImportsReport", "SendsSweep"}
"""Functions for whose answer nobody waits, and which are run again, from where they were, when their time is over."""


def test_it_is_known_how_long_each_function_takes() -> None:
    assert LONGEST_WORK.keys() | AS_LONG_AS_IT_TAKES == FUNCTIONS.keys()


@pytest.mark.parametrize("name", LONGEST_WORK)
def test_a_function_ends_after_its_last_try(name: str) -> None:
    assert LONGEST_WORK[name] < FUNCTIONS[name]["Properties"]["Timeout"]


@pytest.mark.parametrize("name", PUSHING_FUNCTIONS)
def test_a_lease_outlives_its_worker_and_a_message_comes_again_after_the_lease(name: str) -> None:
    assert FUNCTIONS[name]["Properties"]["Timeout"] == FUNCTION_SECONDS
    (trigger,) = triggers(name, "SQS")
    hidden = QUEUES[referred(trigger["Queue"])]["Properties"]["VisibilityTimeout"]
    assert hidden > FUNCTION_SECONDS + LEASE_MARGIN_SECONDS


@by_http_function
def test_a_function_answers_before_its_caller_gives_up(name: str) -> None:
    assert FUNCTIONS[name]["Properties"]["Timeout"] < 30


@by_queue_function
def test_a_queue_holds_a_message_back_for_six_times_as_long_as_its_function_may_take(name: str) -> None:
    for trigger in triggers(name, "SQS"):
        queue = QUEUES[referred(trigger["Queue"])]["Properties"]
        assert queue["VisibilityTimeout"] >= 6 * FUNCTIONS[name]["Properties"]["Timeout"]


AT_A_TIME = {
    # Links that anyone can make up get no more than the least.
    "RelaysQueue": 2,
    "SendsQueue": {"Ref": "SendConcurrency"},
    "DeliveriesQueue": {"Ref": "SendConcurrency"},
}
"""Executions that take from a queue at one time, where `QueueConcurrency` does not say."""


@by_queue_function
def test_a_queue_function_says_which_messages_failed_and_leaves_executions_to_others(name: str) -> None:
    for trigger in triggers(name, "SQS"):
        assert trigger["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert trigger["ScalingConfig"] == {
            "MaximumConcurrency": AT_A_TIME.get(referred(trigger["Queue"]), {"Ref": "QueueConcurrency"})
        }
        assert trigger["BatchSize"] <= 10
        assert "MaximumBatchingWindowInSeconds" not in trigger
    for parameter in ("QueueConcurrency", "SendConcurrency"):
        assert (TEMPLATE["Parameters"][parameter]["MinValue"], TEMPLATE["Parameters"][parameter]["MaxValue"]) == (2, 1000), "as SQS"


def test_a_run_of_a_lane_takes_all_the_time_of_its_function() -> None:
    (trigger,) = triggers("SendsLane", "SQS")
    assert trigger["BatchSize"] == 1


@by_queue_function
def test_a_queue_function_may_take_messages_from_its_own_queues_alone(name: str) -> None:
    (policy,) = RESOURCES[f"{name}Role"]["Properties"]["Policies"]
    (taking,) = [one for one in policy["PolicyDocument"]["Statement"] if "sqs:ReceiveMessage" in listed(one["Action"])]
    assert listed(taking["Resource"]) == [trigger["Queue"] for trigger in triggers(name, "SQS")]
    assert set(taking["Action"]) == {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}


@by_queue
def test_every_queue_is_encrypted_keeps_messages_as_long_as_can_be_and_has_no_name(name: str) -> None:
    properties = QUEUES[name]["Properties"]
    assert properties["SqsManagedSseEnabled"] is True
    assert properties["MessageRetentionPeriod"] == 14 * 24 * 60 * 60
    assert "QueueName" not in properties


HOLDS_WHAT_WAS_ACCEPTED = {"AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret"}
IS_MADE_ANEW = {
    *("AWS::Serverless::Function", "AWS::Serverless::LayerVersion", "AWS::Serverless::HttpApi", "AWS::Serverless::StateMachine"),
    *("AWS::ApiGatewayV2::DomainName", "AWS::ApiGatewayV2::ApiMapping", "AWS::Route53::RecordSet"),
    *("AWS::IAM::Role", "AWS::IAM::Policy", "AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy"),
    *("AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::Logs::LogGroup"),
}
"""Types of which nothing is lost with the stack but logs."""


def test_it_is_known_of_each_type_whether_it_holds_what_was_accepted() -> None:
    assert {resource["Type"] for resource in RESOURCES.values()} == HOLDS_WHAT_WAS_ACCEPTED | IS_MADE_ANEW


@pytest.mark.parametrize("name", [name for name, one in RESOURCES.items() if one["Type"] in HOLDS_WHAT_WAS_ACCEPTED])
def test_what_was_accepted_outlives_its_stack_and_every_replacement(name: str) -> None:
    assert RESOURCES[name]["DeletionPolicy"] == RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


ONLY_OVER_TLS = {"Bool": {"aws:SecureTransport": "false"}}


def test_queues_are_reached_over_tls_alone() -> None:
    (policy,) = of_type("AWS::SQS::QueuePolicy").values()
    assert policy["Properties"]["Queues"] == [{"Ref": name} for name in QUEUES]
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert [statement[part] for part in ("Effect", "Principal", "Action", "Resource")] == ["Deny", "*", "sqs:*", "*"]
    assert statement["Condition"] == ONLY_OVER_TLS


BY_PASSING_THE_ROLE = "lambda.amazonaws.com"
"""A service that takes a role on behalf of functions of the role's own account alone, and names none when it does."""


@pytest.mark.parametrize("name", of_type("AWS::IAM::Role"))
def test_a_role_is_taken_by_one_service_on_behalf_of_this_account_alone(name: str) -> None:
    (statement,) = RESOURCES[name]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    (service,) = statement["Principal"].values()
    if service != BY_PASSING_THE_ROLE:
        condition = statement["Condition"]
        assert condition["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        assert "${AWS::AccountId}" in condition["ArnLike"]["aws:SourceArn"]["Fn::Sub"]


NEVER_REDRIVEN = {"SendsDeadLetters"}
"""Dead letters that are looked at and given up: nobody is pushed to hours late, so none of them is lost by getting old."""


@by_queue
def test_a_queue_has_a_queue_of_dead_letters_with_an_alarm_or_is_one(name: str) -> None:
    redrives = redrive_policies()
    if name in redrives:
        assert redrives[name]["maxReceiveCount"] == 20
        dead_letters = referred(redrives[name]["deadLetterTargetArn"])
        assert dead_letters not in redrives
    else:
        assert name in {referred(redrive["deadLetterTargetArn"]) for redrive in redrives.values()}
        held = RESOURCES[f"{name}Held"]["Properties"]
        assert held["MetricName"] == "ApproximateNumberOfMessagesVisible"
        assert held["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": [name, "QueueName"]}}]
        assert held["Threshold"] == 0
        assert held["TreatMissingData"] == "ignore"
        if name in NEVER_REDRIVEN:
            return
        expiring = RESOURCES[f"{name}Expiring"]["Properties"]
        assert expiring["MetricName"] == "ApproximateAgeOfOldestMessage"
        assert expiring["Dimensions"] == held["Dimensions"]
        assert expiring["TreatMissingData"] == "ignore"
        assert expiring["Threshold"] == 10 * SECONDS_PER_DAY < QUEUES[name]["Properties"]["MessageRetentionPeriod"]


def test_every_queue_is_emptied_by_a_function_or_holds_dead_letters() -> None:
    emptied = [referred(trigger["Queue"]) for name in QUEUE_FUNCTIONS for trigger in triggers(name, "SQS")]
    assert sorted(emptied) == sorted(redrive_policies())


def test_the_secret_has_no_name() -> None:
    for secret in of_type("AWS::SecretsManager::Secret").values():
        assert "Name" not in secret["Properties"]


def test_credentials_of_apps_have_a_secret_of_their_own_that_functions_that_push_may_read_and_no_other() -> None:
    assert of_type("AWS::SecretsManager::Secret").keys() == {"Secret", "AppsSecret"}
    readers = {f"{name}{suffix}" for name in (*PUSHING_FUNCTIONS, "PushSend") for suffix in ("", "Role")}
    of_others = {name: one for name, one in RESOURCES.items() if name not in readers}
    others = [
        one for one in of_others.values() if one["Type"] in {"AWS::IAM::Role", "AWS::IAM::Policy", "AWS::Serverless::Function"}
    ]
    assert "'AppsSecret'" not in str(others)
    for name in readers:
        assert "'AppsSecret'" in str(RESOURCES[name])
    assert TEMPLATE["Outputs"]["AppsSecretArn"]["Value"] == {"Ref": "AppsSecret"}


def redrive_policies() -> dict[str, dict[str, Any]]:
    policies = {name: queue["Properties"].get("RedrivePolicy") for name, queue in QUEUES.items()}
    return {name: policy for name, policy in policies.items() if policy}


def listed(one_or_more: Any) -> list[Any]:
    return one_or_more if isinstance(one_or_more, list) else [one_or_more]


def referred(attribute: dict[str, Any]) -> str:
    """Return the name of the resource whose ARN is meant."""
    name, part = attribute["Fn::GetAtt"]
    assert part == "Arn"
    return str(name)


def test_the_bucket_is_versioned_encrypted_private_and_reached_over_tls_alone() -> None:
    properties = RESOURCES["ImportsBucket"]["Properties"]
    assert "BucketName" not in properties
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["BucketEncryption"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    (statement,) = RESOURCES["ImportsBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == ONLY_OVER_TLS


def test_what_holds_tokens_expires_and_what_waits_does_not() -> None:
    rules = {rule["Prefix"]: rule for rule in RESOURCES["ImportsBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]}
    assert set(rules) == {DONE, FAILED, REPORTS, WORK, ""}
    assert {rule["Status"] for rule in rules.values()} == {"Enabled"}
    everything = rules.pop("")
    assert not {"ExpirationInDays", "ExpirationDate"} & set(everything)
    assert everything["NoncurrentVersionExpiration"] == {"NoncurrentDays": {"Ref": "ImportRetentionDays"}}
    assert everything["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert everything["ExpiredObjectDeleteMarker"] is True
    for rule in rules.values():
        assert rule["ExpirationInDays"] == {"Ref": "ImportRetentionDays"}
        assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}


def test_rights_and_notices_of_the_bucket_go_by_the_prefixes_of_keys() -> None:
    statements = [
        statement
        for role in of_type("AWS::IAM::Role").values()
        for policy in role["Properties"].get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    granted = set(re.findall(r"\$\{ImportsBucket\.Arn\}/([^*']*)\*", str(statements)))
    assert granted == {INBOX, DONE, FAILED, WORK, REPORTS}
    (notice,) = (
        trigger["Pattern"]["detail"]["object"]["key"]
        for trigger in triggers("ImportsStart", "EventBridgeRule")
        if "object" in trigger["Pattern"]["detail"]
    )
    assert notice == [{"prefix": INBOX}]


@pytest.mark.parametrize("name", of_type("AWS::DynamoDB::Table"))
def test_every_table_is_on_demand_encrypted_recoverable_and_protected(name: str) -> None:
    properties = RESOURCES[name]["Properties"]
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert "TableName" not in properties
    assert [key["AttributeName"] for key in properties["KeySchema"]] == ["pk", "sk"]
    assert "LocalSecondaryIndexes" not in properties
    assert [index["IndexName"] for index in properties.get("GlobalSecondaryIndexes", [])] == INDEXES.get(name, [])


def test_the_index_of_profiles_has_what_a_sweep_reads() -> None:
    audience = RESOURCES["Audience"]["Properties"]
    (index,) = audience["GlobalSecondaryIndexes"]
    item = profile_item(DatabaseId(17), A_PROFILE)
    keys = [key["AttributeName"] for key in index["KeySchema"]]
    assert keys == list(reach_key(DatabaseId(17), A_PROFILE.id))
    assert {one["AttributeName"]: one["AttributeType"] for one in audience["AttributeDefinitions"]} == dict.fromkeys(
        ["pk", "sk", *keys], "S"
    )
    projection = index["Projection"]
    assert projection["ProjectionType"] == "INCLUDE"
    projected = {"pk", "sk", *keys, *projection["NonKeyAttributes"]}
    assert projected <= item.keys()
    found = reached_profile_of({name: value for name, value in item.items() if name in projected})
    assert found == ReachedProfile(A_PROFILE.id, item["place"], A_PROFILE.fields, frozenset(A_PROFILE.live), A_PROFILE.happened)


def test_access_logs_hold_no_query_string() -> None:
    logged = RESOURCES["Api"]["Properties"]["AccessLogSettings"]["Format"]
    assert not re.search(r"\$context\.(path|rawPath|.*[qQ]uery)", logged)
    assert "$context.requestId" in logged


def test_browsers_are_told_nothing_where_no_origin_is_allowed() -> None:
    condition, configured, otherwise = RESOURCES["Api"]["Properties"]["CorsConfiguration"]["Fn::If"]
    assert TEMPLATE["Conditions"][condition] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AllowedOrigins"}, ""]}]}
    assert configured["AllowOrigins"] == {"Fn::Split": [",", {"Ref": "AllowedOrigins"}]}
    assert otherwise == {"Ref": "AWS::NoValue"}


def test_browsers_may_send_and_read_what_a_function_looks_at_and_says() -> None:
    _, configured, _ = RESOURCES["Api"]["Properties"]["CorsConfiguration"]["Fn::If"]
    # Those of the catch-all routes alone are methods that no function takes.
    assert set(configured["AllowMethods"]) == {route.method for route in ROUTES if not route.path.endswith("+}")}
    assert set(configured["AllowHeaders"]) == {"authorization", "content-encoding", "content-type"}
    assert set(configured["ExposeHeaders"]) == {"retry-after", "x-request-id"}
    assert "AllowCredentials" not in configured


def test_no_route_takes_options_since_api_gateway_would_give_it_preflights() -> None:
    # https://github.com/aws/serverless-application-model/issues/1603
    assert "CorsConfiguration" in RESOURCES["Api"]["Properties"]
    assert not [route.key for route in ROUTES if route.takes("OPTIONS", VARIABLE_OF_A_PATH.sub("x", route.path))]


def test_the_catch_all_routes_take_every_other_method() -> None:
    caught = {route.path: {one.method for one in ROUTES if one.path == route.path} for route in ROUTES if route.path.endswith("+}")}
    methods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}
    assert caught == {"/api/b/v2/{proxy+}": methods, "/api/r/v2/{proxy+}": methods}


def test_every_alarm_notifies_and_is_explained_in_the_readme() -> None:
    explained = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, alarm in of_type("AWS::CloudWatch::Alarm").items():
        assert alarm["Properties"]["AlarmActions"], name
        assert f"`{name}`" in explained


@pytest.mark.parametrize(
    ("alarm", "metric", "threshold"),
    [
        ("ProfileFull", "TooManySubscriptions", 0),
        ("ManyNewProfiles", "ProfilesMade", {"Ref": "NewProfilesPerMinute"}),
        ("ManyNewInstances", "ProfilesMade", {"Ref": "NewProfilesPerMinute"}),
    ],
)
def test_what_a_stranger_with_the_token_of_an_app_does_rings_within_a_minute(alarm: str, metric: str, threshold: object) -> None:
    properties = RESOURCES[alarm]["Properties"]
    assert (properties["MetricName"], properties["Threshold"]) == (metric, threshold)
    service = "pushexpress_instances" if alarm == "ManyNewInstances" else "push_subscribe"
    assert properties["Dimensions"] == [{"Name": "service", "Value": service}]
    assert (properties["Statistic"], properties["Period"], properties["EvaluationPeriods"]) == ("Sum", 60, 1)
    assert (properties["ComparisonOperator"], properties["TreatMissingData"]) == ("GreaterThanThreshold", "notBreaching")


def test_what_a_sweep_tells_an_alarm_of_does_not_come_too_late_for_its_period() -> None:
    (swept_every,) = (
        int(re.findall(r"rate\((\d+) minutes\)", one["Schedule"])[0]) for one in triggers("ImportsReport", "Schedule")
    )
    # A sweep that comes a little late would fall into the next period, and one without any ends the alarm.
    assert RESOURCES["ImportsStuck"]["Properties"]["Period"] >= 2 * 60 * swept_every
    assert RESOURCES["SendingStandstill"]["Properties"]["Period"] >= 2 * 60


def test_stand_ins_are_for_a_laptop() -> None:
    rule = TEMPLATE["Rules"]["StandInsAreLocal"]
    assert rule["RuleCondition"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "StandInsUrl"}, ""]}]}
    assert [one["Assert"] for one in rule["Assertions"]] == [{"Fn::Equals": [{"Ref": "AllowLocalUpstreams"}, "true"]}]


@pytest.mark.parametrize("hosts", ["", "push.example.com", "*.push.example.com", "a.example,*.b-c.example"])
def test_hosts_of_push_services_are_names_with_commas_between_them(hosts: str) -> None:
    assert re.fullmatch(TEMPLATE["Parameters"]["MorePushHosts"]["AllowedPattern"], hosts)


@pytest.mark.parametrize(
    "hosts", ["*", "example", "Push.example.com", "a.example, b.example", "a.*.example", "https://a.example", ","]
)
def test_what_is_no_host_of_a_push_service_is_refused(hosts: str) -> None:
    assert not re.fullmatch(TEMPLATE["Parameters"]["MorePushHosts"]["AllowedPattern"], hosts)


def test_every_parameter_is_described_in_the_template_and_stands_in_one_group() -> None:
    for name, parameter in TEMPLATE["Parameters"].items():
        assert parameter["Description"], name
    groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(TEMPLATE["Parameters"])
