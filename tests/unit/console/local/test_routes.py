"""Are the template's routes read right, and do requests find theirs?"""

import pytest

from pushhub.console.failure import ConsoleError
from pushhub.console.local.routes import ProcessedTemplate, Route, _functions_by_route

_URI = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${%s}/invocations"


def _operation(resource: str) -> dict[str, object]:
    return {"x-amazon-apigateway-integration": {"uri": {"Fn::Sub": _URI % resource}, "payloadFormatVersion": "2.0"}}


def test_routes_are_read_from_the_openapi_body_that_sam_writes() -> None:
    body = {
        "paths": {
            "/push": {"post": _operation("Push.Arn"), "parameters": {}},
            "/any": {"x-amazon-apigateway-any-method": _operation("Alias")},
            "/$default": {"x-amazon-apigateway-any-method": _operation("Push.Arn")},
        }
    }
    template = ProcessedTemplate({}, {"Push": "stack-Push-1", "Alias": "arn:aws:lambda:alias"})
    assert {route.key: function for route, function in _functions_by_route(body, template).items()} == {
        "POST /push": "stack-Push-1",
        "ANY /any": "arn:aws:lambda:alias",
        "$default": "stack-Push-1",
    }


def test_the_functions_that_schedules_run_are_found() -> None:
    rules = {
        "Sweep": {"ScheduleExpression": "rate(1 hour)", "Targets": [{"Arn": {"Fn::GetAtt": ["Report", "Arn"]}, "Id": "report"}]},
        "Told": {"EventPattern": {}, "Targets": [{"Arn": {"Fn::GetAtt": ["Start", "Arn"]}, "Id": "start"}]},
    }
    resources = {name: {"Type": "AWS::Events::Rule", "Properties": rule} for name, rule in rules.items()}
    template = ProcessedTemplate(resources, {name: f"stack-{name}-1" for name in ("Sweep", "Told", "Report", "Start")})
    assert template.scheduled_functions() == ["stack-Report-1"]


def test_a_route_to_nowhere_is_refused() -> None:
    body = {"paths": {"/push": {"post": _operation("Gone.Arn")}}}
    with pytest.raises(ConsoleError, match=r"^the route POST /push leads to no function of the template$"):
        _functions_by_route(body, ProcessedTemplate({}, {}))


@pytest.mark.parametrize(
    ("route", "method", "path", "takes"),
    [
        (Route("POST", "/a"), "POST", "/a", True),
        (Route("POST", "/a"), "GET", "/a", False),
        (Route("POST", "/a"), "POST", "/a/", False),
        (Route("POST", "/a"), "POST", "/A", False),
        (Route("POST", "/a"), "POST", "//a", True),
        (Route("POST", "/a.b"), "POST", "/a-b", False),
        (Route("POST", "/a_b"), "POST", "/a%5Fb", True),
        (Route("ANY", "/a"), "DELETE", "/a", True),
        (Route("GET", "/a/{x}/c"), "GET", "/a/b/c", True),
        (Route("GET", "/a/{x}/c"), "GET", "/a/b/b/c", False),
        (Route("GET", "/a/{x+}"), "GET", "/a/b/c", True),
        (Route("GET", "/a/{x+}"), "GET", "/a/", False),
        (Route("ANY", "/b/v2/{proxy+}"), "PATCH", "/b/v2/apps/7/archive", True),
        (Route("ANY", "/b/v2/{proxy+}"), "GET", "/b/v2//apps", True),
        (Route("ANY", "/b/v2/{proxy+}"), "GET", "/b/v2", False),
        (Route("ANY", "/b/v2/{proxy+}"), "GET", "/b/v2/", False),
        (Route("PUT", "/apps/{app_id}/instances/{ic_id}/info"), "PUT", "/apps/16183-2/instances/0aB/info", True),
        (Route("PUT", "/apps/{app_id}/instances/{ic_id}/info"), "PUT", "/apps/16183%2D2/instances/0aB/info", True),
        (Route("PUT", "/apps/{app_id}/instances/{ic_id}/info"), "PUT", "/apps/16183-2/instances//info", False),
        (Route("ANY", "$default"), "GET", "/whatever", True),
    ],
)
def test_a_request_finds_its_route_as_at_api_gateway(route: Route, method: str, path: str, takes: bool) -> None:
    assert route.takes(method, path) is takes
