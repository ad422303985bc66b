"""What bounds traffic and its cost (limits of routes, of executions, of write units), and the alarms that ring near a bound."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from pushhub.audience.instances import Instances, ReportInstance
from pushhub.audience.model import ProfileId
from pushhub.moments import Seconds
from tests.doubles.audience import MemoryAudience
from tests.doubles.instances import APP_DOOR, INSTALLS, token
from tests.shape.test_template import (
    FUNCTIONS,
    HTTP_FUNCTIONS,
    OF_ONE_DIALECT,
    RESOURCES,
    ROOT,
    ROUTES,
    STEPS,
    TEMPLATE,
    by_http_function,
    listed,
    metrics_of,
    of_type,
    referred,
    statistics_of,
)

API = RESOURCES["Api"]["Properties"]
LINKS = "GET /api/v1.1/pushes/crypto_post_events"
README = (ROOT / "README.md").read_text(encoding="utf-8")
WRITTEN_BY_FUNCTIONS = ("Audience", "Ledger")
WRITES = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"}


def default_of(parameter: str) -> int:
    default: int = TEMPLATE["Parameters"][parameter]["Default"]
    return default


def limit_of(rate: str, burst: str) -> dict[str, Any]:
    return {"ThrottlingRateLimit": {"Ref": rate}, "ThrottlingBurstLimit": {"Ref": burst}}


DEVICES = [route.key for route in ROUTES if route.path.startswith("/api/r/v2/")]
"""Calls of push.express's SDKs, which anybody may send as well as links."""
NAMELESS = [key for key in DEVICES if key.endswith("+}")]
"""Calls of no SDK."""
OPEN = dict.fromkeys([LINKS], "LinkRequestsPerSecond") | dict.fromkeys(DEVICES, "DeviceRequestsPerSecond")


def test_every_route_that_anybody_may_call_has_a_limit_of_its_own() -> None:
    assert API["DefaultRouteSettings"] == limit_of("MaxRequestsPerSecond", "MaxRequestBurst")
    assert len(DEVICES) - len(NAMELESS) == 5
    few = {"ThrottlingRateLimit": 100, "ThrottlingBurstLimit": 100}
    assert API["RouteSettings"] == {
        key: few if key in NAMELESS else limit_of(parameter, parameter) for key, parameter in OPEN.items()
    }


@pytest.mark.parametrize("parameter", sorted(set(OPEN.values())))
def test_a_flood_of_a_route_that_anybody_may_call_leaves_half_to_the_others(parameter: str) -> None:
    assert 2 * default_of(parameter) == default_of("MaxRequestsPerSecond")


def test_no_limit_of_a_route_is_above_what_an_account_has() -> None:
    assert (default_of("MaxRequestsPerSecond"), default_of("MaxRequestBurst")) == (10_000, 5_000)
    for parameter in OPEN.values():
        assert default_of(parameter) <= default_of("MaxRequestBurst")


def test_settings_of_routes_are_of_routes_that_there_are() -> None:
    """Whoever names another fails to deploy."""
    assert set(API["RouteSettings"]) <= {route.key for route in ROUTES}


def cap(parameter: str) -> dict[str, Any]:
    """Return a reservation, and none where the parameter is -1."""
    return {"Fn::If": [f"Has{parameter}", {"Ref": parameter}, {"Ref": "AWS::NoValue"}]}


CAPS = dict.fromkeys(HTTP_FUNCTIONS, "ReservedConcurrency") | dict.fromkeys(STEPS, "ImportReservedConcurrency")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_public_function_and_each_step_of_imports_can_be_capped(name: str) -> None:
    expected = cap(CAPS[name]) if name in CAPS else None
    assert FUNCTIONS[name]["Properties"].get("ReservedConcurrentExecutions") == expected


@pytest.mark.parametrize("name", sorted(set(CAPS.values())))
def test_a_cap_reserves_nothing_unless_asked_since_a_new_account_may_not(name: str) -> None:
    assert (default_of(name), TEMPLATE["Parameters"][name]["MinValue"]) == (-1, -1)
    assert TEMPLATE["Conditions"][f"Has{name}"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": name}, -1]}]}


@by_http_function
def test_a_refused_execution_of_a_public_function_rings_within_a_minute(name: str) -> None:
    name = "PushexpressThrottles" if name in OF_ONE_DIALECT else f"{name}Throttles"
    alarm, (metric, *_) = RESOURCES[name]["Properties"], statistics_of(name)
    assert (metric["Period"], alarm["EvaluationPeriods"], alarm["Threshold"]) == (60, 1, 0)


def bounds(table: Mapping[str, Any]) -> Iterator[object]:
    """Return what a table and each of its indexes take at most."""
    for one in (table, *table.get("GlobalSecondaryIndexes", [])):
        yield one.get("OnDemandThroughput")


def test_an_index_has_a_bound_too() -> None:
    assert list(bounds({"OnDemandThroughput": "a", "GlobalSecondaryIndexes": [{"OnDemandThroughput": "b"}, {}]})) == [
        "a",
        "b",
        None,
    ]


@pytest.mark.parametrize("name", WRITTEN_BY_FUNCTIONS)
def test_what_requests_and_files_write_is_bounded(name: str) -> None:
    assert set(map(str, bounds(RESOURCES[name]["Properties"]))) == {str({"MaxWriteRequestUnits": {"Ref": "MaxWriteUnits"}})}


def test_no_function_writes_another_table() -> None:
    written = {
        referred(table)
        for role in of_type("AWS::IAM::Role").values()
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if WRITES & set(listed(statement["Action"]))
        for table in listed(statement["Resource"])
    }
    assert written == set(WRITTEN_BY_FUNCTIONS)


@pytest.mark.parametrize("text", [TEMPLATE["Parameters"]["MaxWriteUnits"]["Description"], README])
def test_what_the_bound_costs_an_hour_stands_beside_it(text: str) -> None:
    dollars = default_of("MaxWriteUnits") * 3600 * 0.625 / 1_000_000
    assert f"{dollars:.0f} dollars an hour" in text


def test_the_readme_says_what_an_instance_costs_that_writes_with_each_report() -> None:
    """The items of a transaction cost two units each, and the profile's place in the index one."""
    audience = MemoryAudience()
    with_tokens = (
        ReportInstance(APP_DOOR, INSTALLS, ProfileId("ann"), {}, token(f"token-{number % 2}-of-the-phone")) for number in range(9)
    )
    reported = [Instances(audience, now=lambda: Seconds(1000)).report(one).stored for one in with_tokens]
    assert reported == [True] * len(reported)
    stored = audience.content(INSTALLS.id).profiles[ProfileId("ann")]
    units = 2 * (1 + len(stored.live) + len(stored.cancelled)) + 1
    dollars = units * default_of("DeviceRequestsPerSecond") * 3600 * 0.625 / 1_000_000
    assert f"write seven units each, {dollars:.0f} dollars an hour" in README
    assert units == 7


def of_function(name: str) -> dict[str, Any]:
    return {"Name": "FunctionName", "Value": {"Ref": name}}


def of_queue(name: str) -> dict[str, Any]:
    return {"Name": "QueueName", "Value": {"Fn::GetAtt": [name, "QueueName"]}}


def of_table(name: str) -> dict[str, Any]:
    return {"Name": "TableName", "Value": {"Ref": name}}


OF_API = {"Name": "ApiId", "Value": {"Ref": "Api"}}
TEN_DAYS = 864_000
ALARMS = {
    "RequestsNearLimit": (OF_API, "Count", "Sum", 120, 1, "notBreaching"),
    "LinksNearLimit": (of_function("CryptoPostEvents"), "Invocations", "Sum", 120, 1, "notBreaching"),
    "InstancesNearLimit": (of_function("PushexpressInstances"), "Invocations", "Sum", 120, 1, "notBreaching"),
    "DeviceEventsNearLimit": (of_function("PushexpressDeviceEvents"), "Invocations", "Sum", 120, 1, "notBreaching"),
    "ApiRefusals": (OF_API, "4xx", "Average", 60, 3, "notBreaching"),
    "ManyApiRefusals": (OF_API, "4xx", "Sum", 60, 1, "notBreaching"),
    **{
        f"{table}WritesNearLimit": (of_table(table), "ConsumedWriteCapacityUnits", "Sum", 120, 3, "notBreaching")
        for table in WRITTEN_BY_FUNCTIONS
    },
    **{
        f"{name}InvocationsDropped": (of_function(name), "RecursiveInvocationsDropped", "Sum", 60, 1, "notBreaching")
        for name in ("RecordEvents", "ForwardEvents")
    },
    **{
        f"{queue}Expiring": (of_queue(queue), "ApproximateAgeOfOldestMessage", "Maximum", 300, 1, "ignore")
        for queue in ("EventsDeadLetters", "ForwardsDeadLetters")
    },
    "SendsDeadLettersHeld": (of_queue("SendsDeadLetters"), "ApproximateNumberOfMessagesVisible", "Maximum", 60, 1, "ignore"),
    "SendingStandstill": ({"Name": "service", "Value": "sends_sweep"}, "SendingStandstill", "Maximum", 120, 1, "notBreaching"),
    "RelaysWaiting": (of_queue("RelaysQueue"), "ApproximateAgeOfOldestMessage", "Maximum", 60, 1, "notBreaching"),
}
"""What each counts, how, in how many seconds, how many times running, and what no data mean."""
THRESHOLDS = {"ApiRefusals": 0.1, "ManyApiRefusals": 1000, "EventsDeadLettersExpiring": TEN_DAYS, "RelaysWaiting": 1800} | {
    "SendsDeadLettersHeld": 0,
    "SendingStandstill": 600,
}


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_counts_what_it_is_named_after(name: str) -> None:
    alarm = RESOURCES[name]["Properties"]
    settings = ("MetricName", "Statistic", "Period", "EvaluationPeriods", "TreatMissingData")
    assert (*alarm["Dimensions"], *(alarm[setting] for setting in settings)) == ALARMS[name]
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    assert alarm["Threshold"] == THRESHOLDS.get(name, alarm["Threshold"])


ALARMS_OF_EXPRESSIONS = {
    "SendsErrors": ("SUM(METRICS())", 300, 0),
    "PushexpressErrors": ("SUM(METRICS())", 60, 0),
    "PushexpressThrottles": ("SUM(METRICS())", 60, 0),
    "SendsWaiting": ("MAX(METRICS())", 60, 1800),
    "CredentialsRefused": ("SUM(METRICS())", 60, 0),
}
"""The expression of each, in how many seconds it counts, and beyond what it rings."""


@pytest.mark.parametrize("name", ALARMS_OF_EXPRESSIONS)
def test_an_alarm_of_an_expression_rings_beyond_its_bound(name: str) -> None:
    alarm = RESOURCES[name]["Properties"]
    expression, first, *_ = alarm["Metrics"]
    assert (expression["Expression"], first["MetricStat"]["Period"], alarm["Threshold"]) == ALARMS_OF_EXPRESSIONS[name]
    assert (alarm["ComparisonOperator"], alarm["EvaluationPeriods"]) == ("GreaterThanThreshold", 1)
    assert alarm["TreatMissingData"] == "notBreaching"


NEAR_LIMITS = {
    "RequestsNearLimit": ("MaxRequestsPerSecond", "Count"),
    "LinksNearLimit": ("LinkRequestsPerSecond", "Invocations"),
    "InstancesNearLimit": ("DeviceRequestsPerSecond", "Invocations"),
    "DeviceEventsNearLimit": ("DeviceRequestsPerSecond", "Invocations"),
    "AudienceWritesNearLimit": ("MaxWriteUnits", "ConsumedWriteCapacityUnits"),
    "LedgerWritesNearLimit": ("MaxWriteUnits", "ConsumedWriteCapacityUnits"),
}


@pytest.mark.parametrize("name", NEAR_LIMITS)
def test_an_alarm_rings_at_five_sixths_of_a_limit(name: str) -> None:
    parameter, metric = NEAR_LIMITS[name]
    alarm = RESOURCES[name]["Properties"]
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Period"]) == (metric, "Sum", 120)
    assert alarm["Threshold"] in ({"Fn::Sub": f"${{{parameter}}}00"}, {"Fn::Join": ["", [{"Ref": parameter}, "00"]]})
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"


@pytest.mark.parametrize("parameter", ["MaxRequestsPerSecond", *sorted(set(OPEN.values())), "MaxWriteUnits"])
def test_a_limit_with_two_noughts_behind_it_is_five_sixths_of_it_in_two_minutes(parameter: str) -> None:
    limit = default_of(parameter)
    assert int(f"{limit}00") * 6 == limit * 120 * 5


def test_the_readme_counts_the_alarms_and_what_they_cost() -> None:
    alarms = of_type("AWS::CloudWatch::Alarm")
    metrics = sum(len(metrics_of(name)) for name in alarms)
    assert f"{len(alarms)} alarms of {metrics} metrics at 0.10 a month for each metric" in README


def test_nobody_goes_round_a_host_name_of_ones_own() -> None:
    assert API["DisableExecuteApiEndpoint"] == {"Fn::If": ["ClosesApiAddress", True, False]}
    kept = {"Fn::Equals": [{"Ref": "KeepApiAddress"}, "false"]}
    assert TEMPLATE["Conditions"]["ClosesApiAddress"] == {"Fn::And": [{"Condition": "HasDomain"}, kept]}
    assert TEMPLATE["Parameters"]["KeepApiAddress"]["Default"] == "false"
    own, generated = TEMPLATE["Outputs"]["Url"]["Value"]["Fn::If"][1:]
    assert TEMPLATE["Outputs"]["Url"]["Value"]["Fn::If"][0] == "HasDomain"
    assert own == {"Fn::Sub": "https://${DomainName}"}
    assert "execute-api" in generated["Fn::Sub"]
