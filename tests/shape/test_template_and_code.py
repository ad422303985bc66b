"""The template grants what the functions call and shows what they count: every golden event through each handler as it is wired.

AWS answers from a can: each call is taken down before it is sent, by the operation and what it is made on.
"""

import importlib
import io
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from itertools import combinations, product
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.response import StreamingBody

from pushhub.adapters import clients
from pushhub.adapters.dynamodb.audience import DynamoAudience
from pushhub.adapters.dynamodb.ledger import DynamoLedger
from pushhub.adapters.dynamodb.schema import items
from pushhub.adapters.dynamodb.schema import sendings as sendings_schema
from pushhub.adapters.dynamodb.schema.imports import job_item
from pushhub.audience.changes import Change
from pushhub.audience.port import Snapshot, SnapshotQuery
from pushhub.catalog.app_secrets import AppSecrets, write_app_secrets
from pushhub.catalog.document import write_document
from pushhub.catalog.model import Catalog, DatabaseId
from pushhub.catalog.secrets import Secrets, write_secrets
from pushhub.catalog.whole import WholeCatalog
from pushhub.events.ledger import LedgerEntry
from pushhub.imports.job import Job, JobId, JobStatus, S3Object
from pushhub.moments import Milliseconds, Seconds
from pushhub.sends.sending import Lane, LaneKey, LaneName, RunId, SendingId
from tests.doubles import push_express
from tests.doubles.apps import app_secrets
from tests.doubles.audience import MemoryAudience
from tests.doubles.exchange import ScriptedExchange
from tests.doubles.functions import Context, load_handler, wiring_of
from tests.doubles.ledger import MemoryLedger
from tests.doubles.of_both import (
    ExecutionsOfBoth,
    FilesOfBoth,
    ImportsOfBoth,
    JournalsOfBoth,
    PackIdsOfBoth,
    PushesOfBoth,
    ReachOfBoth,
    SendingsOfBoth,
)
from tests.doubles.reach import MemoryReach
from tests.doubles.server_api import server_catalog
from tests.shape.test_template import FUNCTIONS, RESOURCES, TEMPLATE, by_function, folder_of, metrics_of, of_type, triggers
from tests.wire import sdk_api, server_api
from tests.wire.golden import Case, Given, cases, catalog_of
from tests.wire.importing import world_of
from tests.wire.push_sending import push_send_world_of
from tests.wire.sending import sends_world_of
from tests.wire.serving import SECRETS, Handler, read_answer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Right = tuple[str, str]
"""An action of IAM, and the resource of the template that it is allowed on."""

# What functions do

ANSWERED_JOB = job_item(
    Job(JobId("any"), S3Object("bucket", "key", "version"), S3Object("bucket", "key", "version"), JobStatus.RUNNING, Seconds(0)), 1
)
"""What the Ledger has where a job is looked up."""
ANSWERED_LANE = sendings_schema.lane_item(Lane(LaneKey(SendingId(0), 0, LaneName("0")), RunId("any"), Seconds(0)), 1)
"""What the Ledger answers where a lane is taken."""
ALWAYS_ANSWERED: Mapping[str, Callable[[], dict[str, Any]]] = {
    "Query": lambda: {"Items": []},
    "TransactWriteItems": dict,
    "PutItem": dict,
    "DeleteItem": dict,
    "StartExecution": lambda: {"executionArn": "any", "startDate": datetime.now(UTC)},
    "DescribeExecution": lambda: {"status": "RUNNING"},
    "HeadObject": lambda: {"ContentLength": 0, "Metadata": {}, "ETag": '"any"'},
    "GetObject": lambda: {"Body": StreamingBody(io.BytesIO(), 0), "ContentRange": "bytes 0-0/1"},
    **dict.fromkeys(("PutObject", "CopyObject", "DeleteObject", "AbortMultipartUpload", "ListObjectVersions"), dict),
}
"""Answers that are the same for all who ask."""


@dataclass
class Can:
    """What AWS holds and answers, and the rights that calls needed, `refused` as for a queue in memory."""

    catalog: Catalog
    secrets: Secrets
    refused: Mapping[str, str] = field(default_factory=dict)
    needed: set[Right] = field(default_factory=set)
    in_ledger: Mapping[str, Any] | None = field(default_factory=lambda: ANSWERED_JOB)
    """The item that is found in the Ledger, whatever is looked up; None where there is none."""
    app_secrets: AppSecrets = field(default_factory=app_secrets)

    def answer(self, operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        self.needed |= set(_rights_for(operation, asked))
        if operation in ALWAYS_ANSWERED:
            return ALWAYS_ANSWERED[operation]()
        match operation:
            case "GetItem" | "UpdateItem":
                return self._answer_of_one_item(operation, asked)
            case "BatchGetItem":
                return {"Responses": {}}
            case "GetSecretValue" if asked["SecretId"] == "AppsSecret":
                return {"SecretString": write_app_secrets(self.app_secrets), "VersionId": "1"}
            case "GetSecretValue":
                return {"SecretString": write_secrets(self.secrets), "VersionId": "1"}
            case "SendMessageBatch":
                refused = self.refused.get(_of_url(asked["QueueUrl"]), "")
                failed = [one["Id"] for one in asked["Entries"] if refused and refused in one["MessageBody"]]
                return {"Failed": [{"Id": id_, "Code": "InternalError", "SenderFault": False} for id_ in failed]}
        raise AssertionError(f"no function calls {operation}; if one does now, say here what is answered")

    def _answer_of_one_item(self, operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        if operation == "UpdateItem":
            of_lane = asked["Key"]["pk"]["S"].startswith("L#")
            return {"Attributes": items.to_wire(ANSWERED_LANE if of_lane else {"run": 1})}
        if asked["TableName"] == "Ledger":
            return {"Item": items.to_wire(self.in_ledger)} if self.in_ledger else {}
        stored = {"v": items.ITEM_FORMAT, "document": write_document(self.catalog), "version": 1}
        return {"Item": items.to_wire(stored)}


def _of_url(url: str) -> str:
    return url.rpartition("/")[2]


def _rights_for(operation: str, asked: Mapping[str, Any]) -> Iterator[Right]:
    """Return what IAM asks for a call: transactions and batches are looked at write by write."""
    match operation:
        case _ if "Bucket" in asked:
            yield from _rights_to_files(operation, asked)
        case _ if "executionArn" in asked or "stateMachineArn" in asked:
            yield from _rights_to_executions(operation, asked)
        case "TransactWriteItems":
            for action in asked["TransactItems"]:
                for verb, write in action.items():
                    name = "ConditionCheckItem" if verb == "ConditionCheck" else f"{verb}Item"
                    yield f"dynamodb:{name}", write["TableName"]
        case "BatchGetItem":
            yield from (("dynamodb:BatchGetItem", table) for table in asked["RequestItems"])
        case "SendMessageBatch":
            yield "sqs:SendMessage", _of_url(asked["QueueUrl"])
        case "GetSecretValue":
            yield "secretsmanager:GetSecretValue", asked["SecretId"]
        case "Query" if "IndexName" in asked:
            yield "dynamodb:Query", f"{asked['TableName']}/index/{asked['IndexName']}"
        case _:
            yield f"dynamodb:{operation}", asked["TableName"]


def _rights_to_executions(operation: str, asked: Mapping[str, Any]) -> Iterator[Right]:
    of_one = f"{asked['executionArn'].partition(':')[0]}:*" if "executionArn" in asked else asked["stateMachineArn"]
    yield f"states:{operation}", of_one


def _rights_to_files(operation: str, asked: Mapping[str, Any]) -> Iterator[Right]:
    match operation:
        case "ListObjectVersions":
            yield "s3:ListBucketVersions", asked["Bucket"]
        case "CopyObject":
            yield from _rights_to_read(asked["CopySource"])
            yield "s3:PutObject", _objects(asked)
        case "HeadObject" | "GetObject":
            yield from _rights_to_read(asked)
        case "DeleteObject":
            yield "s3:DeleteObjectVersion" if "VersionId" in asked else "s3:DeleteObject", _objects(asked)
        case _:
            yield f"s3:{operation}", _objects(asked)


def _rights_to_read(asked: Mapping[str, Any]) -> Iterator[Right]:
    yield "s3:GetObjectVersion" if "VersionId" in asked else "s3:GetObject", _objects(asked)
    # Without it, what is missing may not be read.
    yield "s3:ListBucket", asked["Bucket"]


def _objects(asked: Mapping[str, Any]) -> str:
    """Return a bucket and the first part of a key, as far as rights tell objects apart."""
    return f"{asked['Bucket']}/{asked['Key'].partition('/')[0]}/*"


class AudienceOfBoth(DynamoAudience):
    """Makes the calls, and remembers in memory what was written."""

    def __init__(self, client: "DynamoDBClient", table: str, memory: MemoryAudience | None = None) -> None:
        super().__init__(client, table)
        self.memory = memory or MemoryAudience()

    def read(self, wanted: Sequence[SnapshotQuery], deadline: float = float("inf")) -> Sequence[Snapshot]:
        super().read(wanted, deadline)
        return self.memory.read(wanted, deadline)

    def commit(self, database: DatabaseId, change: Change) -> None:
        super().commit(database, change)
        self.memory.commit(database, change)


class LedgerOfBoth(DynamoLedger):
    """Makes the calls, and remembers in memory what was written."""

    def __init__(self, client: "DynamoDBClient", table: str, retention_days: int) -> None:
        super().__init__(client, table, retention_days)
        self.memory = MemoryLedger()

    def commit(self, entry: LedgerEntry) -> None:
        super().commit(entry)
        self.memory.commit(entry)


@cache
def _client(service: str) -> Any:
    session = boto3.Session(aws_access_key_id="none", aws_secret_access_key="none", region_name="eu-central-1")
    return session.client(service)  # type: ignore[call-overload]


@contextmanager
def _answered_from(patch: pytest.MonkeyPatch, can: Can) -> Iterator[None]:
    """Give the functions clients that answer from a can."""
    with ExitStack() as hooks:
        for service in ("dynamodb", "sqs", "secretsmanager", "s3", "stepfunctions"):
            _hook(_client(service), service, can, hooks)
            patch.setattr(clients, service, partial(_client, service))
        patch.setattr(clients, "dynamodb_of_chunks", partial(_client, "dynamodb"))
        yield


def _hook(client: Any, service: str, can: Can, hooks: ExitStack) -> None:
    asked = threading.local()

    def note(params: Mapping[str, Any], **_: object) -> None:
        # Handlers of botocore's own change them later.
        asked.params = dict(params)

    def answer(model: Any, **_: object) -> tuple[object, dict[str, Any]]:
        return SimpleNamespace(status_code=200), can.answer(model.name, asked.params)

    events = client.meta.events
    for event, hook in ((f"provide-client-params.{service}", note), (f"before-call.{service}", answer)):
        events.register(event, hook)
        hooks.callback(events.unregister, event, hook)


def _environment(name: str) -> Iterator[tuple[str, str]]:
    """Return the environment of a function, where each resource is known by its name in the template."""
    for variable, value in FUNCTIONS[name]["Properties"]["Environment"]["Variables"].items():
        yield variable, _setting(value) if isinstance(value, dict) else value


def _setting(value: Mapping[str, str]) -> str:
    referred = value["Ref"]
    if referred in TEMPLATE["Parameters"]:
        return str(TEMPLATE["Parameters"][referred]["Default"])
    if referred in RESOURCES and RESOURCES[referred]["Type"] == "AWS::SQS::Queue":
        return f"https://sqs.eu-central-1.amazonaws.com/000000000000/{referred}"
    return "pushhub" if referred == "AWS::StackName" else referred


@dataclass(frozen=True, slots=True)
class Deeds:
    """What a function did in all of its golden events: the rights it needed, and the metrics it wrote with their dimensions."""

    needed: frozenset[Right]
    counted: frozenset[tuple[str, tuple[str, ...]]]


@cache
def deeds(name: str) -> Deeds:
    """Run every golden event of a function."""
    needed: set[Right] = set()
    counted: set[tuple[str, tuple[str, ...]]] = set()
    for case in cases(folder_of(name)):
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()) as written:
            needed |= _run(patch, name, case)
        for line in written.getvalue().splitlines():
            if '"_aws"' in line:
                counted |= set(_counted(json.loads(line)))
    return Deeds(frozenset(needed), frozenset(counted))


def _counted(line: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Return the metrics in a line in the embedded metric format that are not zero."""
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for metric, dimensions in product(directive["Metrics"], directive["Dimensions"]):
            if any(line[metric["Name"]]):
                yield metric["Name"], tuple(dimensions)


def _run(patch: pytest.MonkeyPatch, name: str, case: Case) -> set[Right]:
    for variable, value in _environment(name):
        patch.setenv(variable, value)
    run = next((run for names, run in _RUNS if folder_of(name).startswith(names)), _run_of_events)
    return run(patch, name, case)


def _run_of_events(patch: pytest.MonkeyPatch, name: str, case: Case) -> set[Right]:
    if name == "PushSubscribe":
        can = Can(catalog_of("push_subscribe"), SECRETS)
        before = [case.event_with(body) for body in case.given]
        refused: dict[str, str] = {}
    else:
        given = case.circumstances
        whole = case.catalog
        can = Can(whole.catalog, _secrets(whole, given))
        before = [{"Records": [{"messageId": "before", "body": body}]} for body in given.get("before", [])]
        refused = _by_resource(given.get("not_taken", {}))
        if name == "ForwardEvents":
            _let_upstreams_answer(patch, given)
    for module, wired, double in (
        ("push_subscribe", "DynamoAudience", AudienceOfBoth),
        ("record_events", "DynamoLedger", LedgerOfBoth),
    ):
        patch.setattr(wiring_of(module), wired, double)
    with _answered_from(patch, can):
        handler: Handler = load_handler(folder_of(name)).handler
        for event in before:
            handler(event, Context())
        can.refused = refused
        handler(case.event, Context())
    return can.needed


def _run_import(patch: pytest.MonkeyPatch, name: str, case: Case) -> set[Right]:
    world, can = world_of(case), Can(case.catalog.catalog, SECRETS)
    wiring = wiring_of(folder_of(name))
    audience = partial(AudienceOfBoth, memory=world.imports.audience)
    for wired, double in (
        ("S3Files", partial(FilesOfBoth, memory=world.files)),
        ("StepFunctionsExecutions", partial(ExecutionsOfBoth, memory=world.executions)),
        ("DynamoJobs", partial(ImportsOfBoth, memory=world.imports)),
        ("DynamoJournals", partial(JournalsOfBoth, memory=world.imports)),
        ("DynamoAudience", audience),
        ("seconds_now", world.clock),
        ("time", SimpleNamespace(sleep=lambda _: None)),
    ):
        if hasattr(wiring, wired):
            patch.setattr(wiring, wired, double)
    with _answered_from(patch, can):
        load_handler(folder_of(name)).handler(case.event, Context(case.given_object.get("milliseconds_left", 900_000)))
    return can.needed


def _run_sends(patch: pytest.MonkeyPatch, name: str, case: Case) -> set[Right]:
    world = sends_world_of(case)
    can = Can(world.catalog, SECRETS, in_ledger=None)
    can.refused = {
        {"sends": "SendsQueue", "deliveries": "DeliveriesQueue"}[queue]: text
        for queue, text in case.given_object.get("not_taken", {}).items()
    }
    shared = importlib.import_module("pushhub.edge.wiring.sends")
    providers = importlib.import_module("pushhub.edge.wiring.providers")
    patch.setattr(shared, "DynamoSendings", partial(SendingsOfBoth, memory=world.store))
    patch.setattr(shared, "milliseconds_now", lambda: Milliseconds(1000 * world.now))
    patch.setattr(providers, "Http2Transport", lambda **_: world.transport)
    patch.setattr(providers, "DynamoAudience", partial(AudienceOfBoth, memory=world.audience))
    if hasattr(wiring_of(folder_of(name)), "DynamoReach"):
        patch.setattr(wiring_of(folder_of(name)), "DynamoReach", partial(ReachOfBoth, memory=world.reach))
    with _answered_from(patch, can):
        load_handler(folder_of(name)).handler(case.event, Context(90_000))
    return can.needed


def _run_push_send(patch: pytest.MonkeyPatch, name: str, case: Case) -> set[Right]:
    world, wiring = push_send_world_of(case), wiring_of(folder_of(name))
    can = Can(world.catalog, world.secrets, in_ledger=None, app_secrets=world.app_secrets)
    can.refused = {"DeliveriesQueue": case.given_object.get("not_taken", "")}
    shared = importlib.import_module("pushhub.edge.wiring.sends")
    providers = importlib.import_module("pushhub.edge.wiring.providers")
    patch.setattr(shared, "DynamoSendings", partial(SendingsOfBoth, memory=world.store))
    patch.setattr(shared, "milliseconds_now", lambda: Milliseconds(1000 * world.now))
    patch.setattr(wiring, "DynamoPackIds", partial(PackIdsOfBoth, memory=world.pack_ids.store))
    patch.setattr(wiring, "DynamoReach", partial(ReachOfBoth, memory=world.reach))
    patch.setattr(providers, "Http2Transport", lambda **_: world.transport)
    patch.setattr(providers, "DynamoAudience", partial(AudienceOfBoth, memory=world.audience))
    with _answered_from(patch, can):
        load_handler("push_send").handler(case.event, Context(28_000))
    return can.needed


def _run_server_call(patch: pytest.MonkeyPatch, name: str, case: Case) -> set[Right]:
    hub, wiring = server_api.server_hub_of(case), wiring_of(folder_of(name))
    can = Can(hub.catalog, SECRETS, in_ledger=None)
    can.refused = {"SendsQueue": case.given_object.get("not_taken", "")}
    shared = importlib.import_module("pushhub.edge.wiring.sends")
    creating = importlib.import_module("pushhub.edge.wiring.pushexpress_creating")
    patch.setattr(shared, "DynamoSendings", partial(SendingsOfBoth, memory=hub.store))
    patch.setattr(shared, "milliseconds_now", lambda: Milliseconds(1000 * hub.now))
    patch.setattr(creating, "DynamoPushes", partial(PushesOfBoth, memory=hub.pushes))
    if hasattr(wiring, "DynamoReach"):
        patch.setattr(wiring, "DynamoReach", partial(ReachOfBoth, memory=MemoryReach(hub.audience)))
    with _answered_from(patch, can):
        load_handler(folder_of(name)).handler(case.event, Context(28_000))
    return can.needed


def _run_sdk_call(patch: pytest.MonkeyPatch, name: str, case: Case) -> set[Right]:
    hub = sdk_api.sdk_hub_of(case)
    can = Can(server_catalog(), push_express.SECRETS)
    can.refused = {"EventsQueue": hub.queue.refused}
    for module in ("pushexpress_instances", "noting"):
        wiring = importlib.import_module(f"pushhub.edge.wiring.{module}")
        patch.setattr(wiring, "DynamoAudience", partial(AudienceOfBoth, memory=hub.audience))
    with _answered_from(patch, can):
        load_handler(folder_of(name)).handler(case.event, Context(28_000))
    return can.needed


_RUNS: tuple[tuple[tuple[str, ...], Callable[[pytest.MonkeyPatch, str, Case], set[Right]]], ...] = (
    (("imports_",), _run_import),
    (("sends_",), _run_sends),
    (("push_send",), _run_push_send),
    (server_api.FUNCTIONS, _run_server_call),
    (sdk_api.FUNCTIONS, _run_sdk_call),
)
"""How a golden event is run, by what the name of its function begins with."""


def _secrets(whole: WholeCatalog, given: Given) -> Secrets:
    tokens = {name: token for name, token in whole.upstream_tokens.items() if name not in given.get("without_token", ())}
    return Secrets(SECRETS.link_keys, tokens)


def _by_resource(not_taken: Mapping[str, str]) -> dict[str, str]:
    queues = {
        "forwards": ["ForwardsQueue"],
        "retries": ["RetriesQueue"],
        "relays": ["RelaysQueue"],
        "dead_letters": ["EventsDeadLetters", "ForwardsDeadLetters"],
    }
    return {queue: text for name, text in not_taken.items() for queue in queues.get(name, ["EventsQueue"])}


def _let_upstreams_answer(patch: pytest.MonkeyPatch, given: Given) -> None:
    wiring = wiring_of("forward_events")
    exchange = ScriptedExchange(read_answer(answer) for answer in given.get("answers", []))
    patch.setattr(wiring, "CurlExchange", lambda **_: exchange)
    patch.setattr(wiring, "milliseconds_now", lambda: Milliseconds(given["now"]))


# Rights


def _listed(one_or_more: Any) -> list[Any]:
    return one_or_more if isinstance(one_or_more, list) else [one_or_more]


def granted(function: str) -> set[Right]:
    """Return the rights of a function's role, action by action."""
    rights: set[Right] = set()
    for policy in RESOURCES[f"{function}Role"]["Properties"]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            rights |= set(product(_listed(statement["Action"]), map(_with_arn, _listed(statement["Resource"]))))
    return rights


def _with_arn(resource: Mapping[str, Any]) -> str:
    """Return the name of the resource whose ARN stands there, with `*` for its parts; `Ref` is the ARN of few kinds of resource."""
    if "Ref" in resource:
        assert RESOURCES[resource["Ref"]]["Type"] in {"AWS::SecretsManager::Secret", "AWS::Serverless::StateMachine"}
        return str(resource["Ref"])
    if text := resource.get("Fn::Sub"):
        found = re.fullmatch(r"\$\{(?P<bucket>\w+)\.Arn\}(?P<objects>/.+)|.+:execution:\$\{(?P<machine>\w+)\.Name\}:\*", text)
        assert found
        return found["bucket"] + found["objects"] if found["bucket"] else f"{found['machine']}:*"
    name, attribute = resource["Fn::GetAtt"]
    assert attribute == "Arn"
    return str(name)


def _sources(function: str) -> set[str]:
    return {_with_arn(trigger["Queue"]) for trigger in triggers(function, "SQS")}


@by_function
def test_a_function_may_make_the_calls_it_makes_take_its_messages_and_log_and_nothing_else(name: str) -> None:
    taking = set(product(("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"), _sources(name)))
    logging = set(product(("logs:CreateLogStream", "logs:PutLogEvents"), [f"{name}Logs"]))
    assert granted(name) == deeds(name).needed | taking | logging


@by_function
def test_a_function_has_rights_to_what_its_environment_names_its_sources_and_its_logs_and_to_nothing_else(name: str) -> None:
    values = FUNCTIONS[name]["Properties"]["Environment"]["Variables"].values()
    named = {value["Ref"] for value in values if isinstance(value, dict)} & RESOURCES.keys()
    assert {re.split("[/:]", resource)[0] for _, resource in granted(name)} == named | _sources(name) | {f"{name}Logs"}


# What is shown


STACK = "<AWS::StackName>"
STATISTIC = re.compile(r"Sum|Average|Maximum|Minimum|SampleCount|p\d{1,2}(\.\d+)?")
METRICS_OF_AWS = {
    "AWS/SQS": {
        "ApproximateAgeOfOldestMessage",
        "ApproximateNumberOfMessagesDelayed",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesVisible",
        "NumberOfMessagesDeleted",
        "NumberOfMessagesReceived",
        "NumberOfMessagesSent",
    },
    "AWS/Lambda": {"ConcurrentExecutions", "Duration", "Errors", "Invocations", "RecursiveInvocationsDropped", "Throttles"},
    "AWS/DynamoDB": {"ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "ReadThrottleEvents", "WriteThrottleEvents"},
    "AWS/ApiGateway": {"4xx", "5xx", "Count", "DataProcessed", "IntegrationLatency", "Latency"},
}
"""Metrics that AWS keeps with the one dimension of :data:`DIMENSION_OF_AWS`; those of REST APIs are called otherwise."""
DIMENSION_OF_AWS = {
    "AWS/SQS": ("QueueName", "AWS::SQS::Queue", "<{}.QueueName>"),
    "AWS/Lambda": ("FunctionName", "AWS::Serverless::Function", "<{}>"),
    "AWS/DynamoDB": ("TableName", "AWS::DynamoDB::Table", "<{}>"),
    "AWS/ApiGateway": ("ApiId", "AWS::Serverless::HttpApi", "<{}>"),
}
"""The dimension, the type of resource that it names, and how."""


@dataclass(frozen=True, slots=True)
class Named:
    """A metric that somebody is shown or told of."""

    where: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]


def _filled(value: Any) -> str:
    """Return a value of the template, where what CloudFormation fills in is between angle brackets."""
    match value:
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
    assert isinstance(value, str)
    return value


def _dashboard() -> dict[str, Any]:
    (dashboard,) = of_type("AWS::CloudWatch::Dashboard").values()
    filled: dict[str, Any] = json.loads(re.sub(r"\$\{(.+?)\}", r"<\1>", dashboard["Properties"]["DashboardBody"]["Fn::Sub"]))
    return filled


def _named_by_alarms() -> Iterator[Named]:
    for name in of_type("AWS::CloudWatch::Alarm"):
        for metric in metrics_of(name):
            dimensions = {one["Name"]: _filled(one["Value"]) for one in metric["Dimensions"]}
            yield Named(name, _filled(metric["Namespace"]), metric["MetricName"], dimensions)


def _named_by_the_dashboard() -> Iterator[Named]:
    for widget in _dashboard()["widgets"]:
        for metric in widget["properties"]["metrics"]:
            if "expression" in metric[0]:
                continue
            namespace, name, *dimensions = [part for part in metric if isinstance(part, str)]
            pairs = dict(zip(dimensions[::2], dimensions[1::2], strict=True))
            yield Named(f"Dashboard, {widget['properties']['title']}", namespace, name, pairs)


def _named(*, own: bool) -> list[Named]:
    named = [one for one in (*_named_by_alarms(), *_named_by_the_dashboard()) if (one.namespace == STACK) is own]
    assert named
    return named


def test_the_dashboard_is_json_of_metrics_with_fields_that_cloudwatch_knows() -> None:
    dashboard = _dashboard()
    assert dashboard.keys() == {"widgets"}
    assert dashboard["widgets"]
    for widget in dashboard["widgets"]:
        assert widget.keys() == {"type", "x", "y", "width", "height", "properties"}
        assert widget["type"] == "metric"
        properties = widget["properties"]
        assert {"title", "region", "stat", "period", "metrics"} <= properties.keys()
        assert properties.keys() <= {"title", "region", "stat", "period", "metrics", "view", "stacked", "yAxis", "annotations"}
        assert properties["region"] == "<AWS::Region>"
        assert STATISTIC.fullmatch(properties["stat"])
        assert properties["period"] % 60 == 0
        for metric in properties["metrics"]:
            *parts, options = metric if isinstance(metric[-1], dict) else [*metric, {}]
            assert len(parts) == (0 if "expression" in options else 4)
            assert all(isinstance(part, str) for part in parts)
            assert options.keys() <= {"label", "stat", "yAxis", "color", "period", "visible", "id", "expression"}
            assert STATISTIC.fullmatch(options.get("stat", "Sum"))
            assert options.get("yAxis", "left") in {"left", "right"}


def test_the_widgets_of_the_dashboard_stand_in_its_24_columns_and_not_on_each_other() -> None:
    widgets = _dashboard()["widgets"]
    covered = [
        set(product(*(range(one[at], one[at] + one[size]) for at, size in (("x", "width"), ("y", "height"))))) for one in widgets
    ]
    assert all(0 <= column < 24 for cells in covered for column, _ in cells)
    assert not any(one & other for one, other in combinations(covered, 2))


@by_function
def test_a_function_counts_under_its_own_name_in_the_namespace_of_its_stack(name: str) -> None:
    variables = FUNCTIONS[name]["Properties"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_SERVICE_NAME"] == folder_of(name)
    assert _filled(variables["POWERTOOLS_METRICS_NAMESPACE"]) == STACK


def test_a_metric_of_the_stack_that_is_shown_or_told_of_is_one_that_its_function_writes() -> None:
    for named in _named(own=True):
        assert named.dimensions.keys() == {"service"}, named
        (function,) = [name for name in FUNCTIONS if folder_of(name) == named.dimensions["service"]]
        assert (named.metric, ("service",)) in deeds(function).counted, named


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name.startswith("Imports")])
def test_every_metric_of_an_import_is_shown(name: str) -> None:
    shown = {one.metric for one in _named_by_the_dashboard() if one.dimensions.get("service") == folder_of(name)}
    assert {metric for metric, _ in deeds(name).counted} == shown


def test_a_metric_of_aws_that_is_shown_or_told_of_exists_and_is_of_a_resource_of_its_kind() -> None:
    for named in _named(own=False):
        assert named.metric in METRICS_OF_AWS[named.namespace], named
        dimension, kind, written = DIMENSION_OF_AWS[named.namespace]
        assert named.dimensions.keys() == {dimension}, named
        assert named.dimensions[dimension] in {written.format(name) for name in of_type(kind)}, named
