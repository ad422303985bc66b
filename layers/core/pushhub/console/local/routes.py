"""Which requests does the deployed HTTP API take, and how does the engine learn of them?

CloudFormation in ministack makes the API but not its routes: it ignores the OpenAPI body, which is where SAM writes them.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

from pushhub.console.connection import Connection
from pushhub.console.failure import ConsoleError
from pushhub.console.local.deployment import STACK

if TYPE_CHECKING:
    from mypy_boto3_apigatewayv2 import ApiGatewayV2Client

DOMAIN = "hub.local"
"""Custom domain by which the engine knows the API; it must have a dot, and nobody has to resolve it."""

_ANY_METHOD = "x-amazon-apigateway-any-method"
_INTEGRATION = "x-amazon-apigateway-integration"
_FUNCTION_IN_URI = re.compile(r"/functions/\$\{(?P<resource>\w+)(\.Arn)?\}/invocations")
_VARIABLE = re.compile(r"(\{[^}]+\})")


@dataclass(frozen=True, slots=True)
class Route:
    """Method and path that lead to a function."""

    method: str
    """`ANY` for all."""
    path: str
    """As in OpenAPI, with `{name}` for one segment and `{name+}` for the rest; `$default` takes what no other route does."""

    @property
    def key(self) -> str:
        """What API Gateway calls the route."""
        return "$default" if self.path == "$default" else f"{self.method} {self.path}"

    def takes(self, method: str, raw_path: str) -> bool:
        """Tell whether a request belongs to this route.

        Args:
            method: of the request.
            raw_path: as it came, percent-encoded, without the query string.
        """
        if self.path == "$default":
            return True
        # API Gateway selects the route of a path with extra leading slashes as if it had one; ministack quotes it so.
        path = "/" + unquote(raw_path).lstrip("/")
        return self.method in ("ANY", method) and _pattern(self.path).fullmatch(path) is not None


@dataclass(frozen=True, slots=True)
class ProcessedTemplate:
    """The stack's template as CloudFormation sees it, and the names it gave to what stands in it."""

    resources: Mapping[str, Mapping[str, object]]
    physical_ids: Mapping[str, str]

    def of_type(self, resource_type: str) -> list[tuple[str, Mapping[str, object]]]:
        """List physical id and properties of the existing resources of one type."""
        return [
            (self.physical_ids[name], cast(Mapping[str, object], resource.get("Properties", {})))
            for name, resource in self.resources.items()
            if resource["Type"] == resource_type and name in self.physical_ids
        ]

    def http_api(self) -> tuple[str, Mapping[str, object]]:
        """Return the physical id and the OpenAPI body of the HTTP API.

        Raises:
            ConsoleError: there is not exactly one.
        """
        apis = [(api, properties["Body"]) for api, properties in self.of_type("AWS::ApiGatewayV2::Api") if "Body" in properties]
        if len(apis) != 1:
            raise ConsoleError(f"the template has {len(apis)} HTTP APIs; the local hub serves exactly one")
        api, body = apis[0]
        return api, cast(Mapping[str, object], body)

    def scheduled_functions(self) -> list[str]:
        """List the physical ids of the functions that schedules run."""
        rules = [properties for _, properties in self.of_type("AWS::Events::Rule") if "ScheduleExpression" in properties]
        targets = [target for rule in rules for target in cast(Sequence[Mapping[str, object]], rule.get("Targets", []))]
        return [self.physical_ids[cast(Mapping[str, Sequence[str]], target["Arn"])["Fn::GetAtt"][0]] for target in targets]


def processed_template(connection: Connection) -> ProcessedTemplate:
    """Read back what the engine made of the template."""
    cloudformation = connection.client("cloudformation")
    body: object = cloudformation.get_template(StackName=STACK, TemplateStage="Processed")["TemplateBody"]
    template = json.loads(body) if isinstance(body, str) else cast(dict[str, Mapping[str, Mapping[str, object]]], body)
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK)
    physical_ids = {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
    }
    return ProcessedTemplate(template["Resources"], physical_ids)


def publish_routes(connection: Connection, template: ProcessedTemplate) -> tuple[Route, ...]:
    """Give the engine's API exactly the routes of the template and make it answer to `DOMAIN`.

    Returns:
        The routes.

    Raises:
        ConsoleError: the template has not exactly one HTTP API, or a route of it leads to no function of the stack.
    """
    api, body = template.http_api()
    functions = _functions_by_route(body, template)
    gateway = connection.client("apigatewayv2")
    _remove_routes(gateway, api)
    for route, function in functions.items():
        integration = gateway.create_integration(
            ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=_arn(connection, function), PayloadFormatVersion="2.0"
        )
        gateway.create_route(ApiId=api, RouteKey=route.key, Target=f"integrations/{integration['IntegrationId']}")
    _map_domain(gateway, api)
    return tuple(functions)


def _functions_by_route(body: Mapping[str, object], template: ProcessedTemplate) -> dict[Route, str]:
    functions = {}
    for path, operations in cast(Mapping[str, Mapping[str, Mapping[str, object]]], body["paths"]).items():
        for method, operation in operations.items():
            integration = operation.get(_INTEGRATION)
            if integration is None:
                continue
            # SAM writes the catch-all route as a path.
            plain_path = "$default" if path.strip("/") == "$default" else path
            route = Route("ANY" if method == _ANY_METHOD else method.upper(), plain_path)
            found = _FUNCTION_IN_URI.search(json.dumps(integration))
            if found is None or found["resource"] not in template.physical_ids:
                raise ConsoleError(f"the route {route.key} leads to no function of the template")
            functions[route] = template.physical_ids[found["resource"]]
    return functions


def _remove_routes(gateway: "ApiGatewayV2Client", api: str) -> None:
    # Nobody is served yet, so replacing all is simpler than finding what changed.
    for route in list(gateway.get_paginator("get_routes").paginate(ApiId=api).search("Items[]")):
        gateway.delete_route(ApiId=api, RouteId=route["RouteId"])
    for integration in list(gateway.get_paginator("get_integrations").paginate(ApiId=api).search("Items[]")):
        gateway.delete_integration(ApiId=api, IntegrationId=integration["IntegrationId"])


def _map_domain(gateway: "ApiGatewayV2Client", api: str) -> None:
    if any(domain["DomainName"] == DOMAIN for domain in gateway.get_domain_names()["Items"]):
        gateway.delete_domain_name(DomainName=DOMAIN)
    gateway.create_domain_name(DomainName=DOMAIN, DomainNameConfigurations=[{"EndpointType": "REGIONAL"}])
    gateway.create_api_mapping(DomainName=DOMAIN, ApiId=api, Stage="$default")


def _arn(connection: Connection, function: str) -> str:
    """Give a function's ARN; an alias has it as its physical id already."""
    if function.startswith("arn:"):
        return function
    return connection.client("lambda").get_function_configuration(FunctionName=function)["FunctionArn"]


def _pattern(path: str) -> re.Pattern[str]:
    parts: Sequence[str] = _VARIABLE.split(path)
    return re.compile(
        "".join((".+" if part.endswith("+}") else "[^/]+") if _VARIABLE.match(part) else re.escape(part) for part in parts)
    )
