"""Does `pushhub up` run the whole template, keep its word about data, and stop cleanly?"""

import gzip
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import urllib3
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from pushhub.adapters.dynamodb.jobs import DynamoJobs
from pushhub.console.connection import Connection
from pushhub.imports.job import JobStatus, RowResult, S3Object, Tally, job_of
from tests.conftest import ALLOWED_ORIGIN, Hub
from tests.running_hub import Up, running

_ITEM = {"pk": {"S": "kept"}, "sk": {"S": "kept"}}


def _write_an_item(up: Up) -> None:
    connection = up.connection()
    connection.client("dynamodb").put_item(TableName=connection.outputs["AudienceTable"], Item=_ITEM)


def _has_the_item(up: Up) -> bool:
    connection = up.connection()
    return "Item" in connection.client("dynamodb").get_item(TableName=connection.outputs["AudienceTable"], Key=_ITEM)


def _eventually(found: Callable[[], object]) -> None:
    retry(retry=retry_if_result(lambda result: not result), stop=stop_after_delay(60), wait=wait_fixed(0.2))(found)()


def test_a_documented_path_reaches_its_function(hub: Hub) -> None:
    reply = urllib3.request("POST", f"{hub.url}/push_subscribe", json={}, timeout=60)
    assert reply.headers["apigw-requestid"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/push_subscribe"),
        ("OPTIONS", "/push_subscribe"),
        ("POST", "/push_subscribe/"),
        ("GET", "/"),
        ("GET", "/health"),
        ("GET", "/_localstack/health"),
        ("GET", "/_ministack/health"),
        ("POST", "/_ministack/reset"),
        ("GET", "//_ministack/health"),
        ("GET", "/%5Fministack/health"),
    ],
)
def test_what_has_no_route_is_not_found_as_at_api_gateway(hub: Hub, method: str, path: str) -> None:
    reply = urllib3.request(method, hub.url + path, timeout=60)
    assert (reply.status, reply.data) == (404, b'{"message":"Not Found"}')


def _told_to_browsers(reply: urllib3.BaseHTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in reply.headers.items() if name.lower().startswith("access-control-")}


def test_a_page_of_an_allowed_origin_may_subscribe(hub: Hub) -> None:
    page = {"origin": ALLOWED_ORIGIN}
    asking = page | {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    preflight = urllib3.request("OPTIONS", f"{hub.url}/push_subscribe", headers=asking, timeout=60)
    assert (preflight.status, preflight.data) == (204, b"")
    assert _told_to_browsers(preflight) == {
        "access-control-allow-origin": ALLOWED_ORIGIN,
        "access-control-allow-methods": "GET,POST,PUT",
        "access-control-allow-headers": "authorization,content-encoding,content-type",
        "access-control-max-age": "7200",
    }
    reply = urllib3.request("POST", f"{hub.url}/push_subscribe", headers=page, json={}, timeout=60)
    assert reply.headers["x-request-id"]
    assert _told_to_browsers(reply) == {
        "access-control-allow-origin": ALLOWED_ORIGIN,
        "access-control-expose-headers": "retry-after,x-request-id",
    }


def test_a_page_of_another_origin_is_told_nothing(hub: Hub) -> None:
    page = {"origin": "https://evil.example"}
    asking = page | {"access-control-request-method": "POST"}
    assert not _told_to_browsers(urllib3.request("OPTIONS", f"{hub.url}/push_subscribe", headers=asking, timeout=60))
    assert not _told_to_browsers(urllib3.request("POST", f"{hub.url}/push_subscribe", headers=page, json={}, timeout=60))


@pytest.mark.parametrize("kind", [None, "application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded"])
def test_a_packed_body_reaches_its_function_whole_whatever_its_type(hub: Hub, kind: str | None) -> None:
    headers = {"content-encoding": "gzip"} | ({"content-type": kind} if kind else {})
    packed = gzip.compress(b'{"resource_token": "nobodys"}')
    reply = urllib3.request("POST", f"{hub.url}/push_subscribe", body=packed, headers=headers, timeout=60)
    assert reply.json()["error_text"] == "resource_token is unknown"


def test_a_broken_catalog_ends_the_start_before_anyone_is_let_in(tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.yaml"
    catalog.write_text("databases: [{id: nonsense}]")
    with running(tmp_path, "--ephemeral", "--catalog", str(catalog)) as up:
        assert up.process.wait(timeout=60) == 1
    assert "Error: " in up.said
    assert "Traceback" not in up.said
    assert not (tmp_path / "hub.json").exists()


def test_a_burst_waits_and_does_not_fail(hub: Hub) -> None:
    def post(_: int) -> int:
        return urllib3.request("POST", f"{hub.url}/push_subscribe", json={}, timeout=60).status

    with ThreadPoolExecutor(40) as threads:
        assert set(threads.map(post, range(40))) == {post(0)}


def test_commands_find_the_hub_and_its_tables(hub: Hub) -> None:
    assert hub.connection.outputs["Url"] == hub.url
    dynamodb = hub.connection.client("dynamodb")
    for output in ("AudienceTable", "CatalogTable", "LedgerTable"):
        table = dynamodb.describe_table(TableName=hub.connection.outputs[output])["Table"]
        assert table["TableStatus"] == "ACTIVE"


def test_the_ledger_forgets_expired_items(hub: Hub) -> None:
    answer = hub.connection.client("dynamodb").describe_time_to_live(TableName=hub.connection.outputs["LedgerTable"])
    assert answer["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}


def test_functions_see_nothing_of_the_users_environment(hub: Hub) -> None:
    # Functions inherit the engine's environment.
    environment = psutil.Process(hub.up.note.engine.pid).environ()
    assert not {"SECRET_OF_THE_USER", "AWS_PROFILE", "PYTHONPATH", "AWS_REGION"} & environment.keys()
    assert environment["AWS_ENDPOINT_URL"] == hub.up.note.endpoint


def test_a_second_hub_in_the_same_folder_is_refused(hub: Hub, tmp_path: Path) -> None:
    with running(tmp_path, environment={"PUSHHUB_HOME": str(hub.up.home)}) as second:
        assert second.process.wait(timeout=60) == 1
    assert second.said == f"Error: a hub already runs here: {hub.url} (pid {hub.up.process.pid})\n"


def test_a_port_in_use_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with running(tmp_path, "--port", str(port)) as up:
            assert up.process.wait(timeout=60) == 1
    assert up.said == f"Error: port {port} is in use; choose another one with --port\n"


def test_data_outlives_a_clean_stop(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        first = up.note
        _write_an_item(up)
        # By SIGTERM in the next test.
        assert up.end(signal.SIGINT) == 0, up.said
    assert first.engine.find() is None
    assert not (tmp_path / "hub.json").exists()
    with running(tmp_path) as up:
        assert up.note.endpoint == first.endpoint
        assert _has_the_item(up)
        assert urllib3.request("POST", f"{up.note.url}/push_subscribe", json={}, timeout=60).headers["apigw-requestid"]


def test_an_import_that_a_stop_cuts_short_goes_on_at_the_next_start(tmp_path: Path) -> None:
    count = 3000
    rows = "".join(f"a-token-of-an-app-{number:08d},{number}\n" for number in range(count))
    with running(tmp_path) as up:
        connection = up.connection()
        bucket, jobs = connection.outputs["ImportsBucket"], imports_of(connection)
        key = "inbox/5/ios-apns/token/many.csv"
        put = connection.client("s3").put_object(Bucket=bucket, Key=key, Body=f"subscription_id,CustomNumber1\n{rows}".encode())
        job = job_of(S3Object(bucket, key, put["VersionId"]))
        _eventually(lambda: sum(chunk.tally.rows for chunk in jobs.progress(job).values()) >= 1000)
        stopping = time.monotonic()
        assert up.end(signal.SIGTERM) == 0, up.said
        assert time.monotonic() - stopping < 30
        assert "lost" not in up.said
    with running(tmp_path) as up:
        assert f"import {job} goes on" in up.said
        jobs = imports_of(up.connection())
        _eventually(lambda: jobs.load(job).status is JobStatus.DONE)
        assert sum((chunk.tally for chunk in jobs.progress(job).values()), Tally())[RowResult.SUBSCRIBED] == count


def imports_of(connection: Connection) -> DynamoJobs:
    return DynamoJobs(connection.client("dynamodb"), connection.outputs["LedgerTable"])


def test_a_run_that_was_lost_is_told_at_the_next_start(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        assert urllib3.request("POST", f"{up.note.url}/push_subscribe", body=b"{}", timeout=60).status == 401
        functions = psutil.Process(up.note.engine.pid).children(recursive=True)
        for note in (up.note.process, up.note.engine):
            psutil.Process(note.pid).kill()
        up.process.wait(timeout=30)
    assert functions
    with running(tmp_path) as up:
        assert "the last run did not stop cleanly" in up.said
        assert not [function for function in functions if function.is_running()], "they would go on in the new engine"


def test_data_outlives_a_killed_hub(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        engine = up.note.engine
        _write_an_item(up)
        up.end(signal.SIGKILL)
    assert engine.find()
    with running(tmp_path) as up:
        assert engine.find() is None
        assert _has_the_item(up)


def test_what_a_killed_ephemeral_hub_left_behind_is_removed(tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environment = {"TMPDIR": str(temporary)}
    with running(tmp_path / "home", "--ephemeral", environment=environment) as up:
        (left,) = temporary.glob("pushhub-*")
        up.end(signal.SIGKILL)
    with running(tmp_path / "home", "--ephemeral", environment=environment):
        assert not left.exists()


def test_a_template_without_a_route_any_more_does_not_serve_it_any_more(tmp_path: Path, own_checkout: Path) -> None:
    environment = {"PYTHONPATH": str(own_checkout / "layers" / "core")}
    with running(tmp_path / "home", environment=environment) as up:
        assert urllib3.request("POST", f"{up.note.url}/push_subscribe", timeout=60).status != 404
    template = own_checkout / "template.yaml"
    template.write_text(template.read_text().replace("Path: /push_subscribe}", "Path: /renamed}"))
    with running(tmp_path / "home", environment=environment) as up:
        assert urllib3.request("POST", f"{up.note.url}/push_subscribe", timeout=60).status == 404
        assert urllib3.request("POST", f"{up.note.url}/renamed", timeout=60).headers["apigw-requestid"]


def test_a_deployment_that_fails_says_which_resource_and_why(tmp_path: Path, own_checkout: Path) -> None:
    template = own_checkout / "template.yaml"
    nothing = "arn:aws:lambda:eu-central-1:000000000000:function:nothing"
    broken = f"\nResources:\n  Bad: {{Type: Custom::Thing, Properties: {{ServiceToken: '{nothing}'}}}}"
    template.write_text(template.read_text().replace("\nResources:", broken))
    with running(tmp_path / "home", environment={"PYTHONPATH": str(own_checkout / "layers" / "core")}) as up:
        assert up.process.wait(timeout=60) == 1
    assert up.said.splitlines()[-1].startswith("Error: the template could not be deployed: Bad: Custom resource ServiceToken")


def test_the_page_of_devices_is_where_up_says_and_an_ephemeral_hub_leaves_nothing_behind(tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    with running(tmp_path / "home", "--ephemeral", environment={"TMPDIR": str(temporary)}) as up:
        assert list(temporary.glob("pushhub-*"))
        note = up.note
        reply = urllib3.request("GET", note.devices, timeout=60)
        assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert up.process.stdout is not None
        assert [up.process.stdout.readline() for _ in range(2)][1].strip() == f"Devices: {note.devices}"
        assert up.end(signal.SIGINT) == 0, up.said
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(note.devices.rpartition(":")[2]))) != 0
    assert not list(temporary.glob("pushhub-*"))
    assert not (tmp_path / "home" / "engine").exists()


def test_the_hub_ends_with_one_line_if_its_engine_does(tmp_path: Path) -> None:
    with running(tmp_path, "--ephemeral") as up:
        psutil.Process(up.note.engine.pid).kill()
        assert up.process.wait(timeout=60) == 1
    assert "Traceback" not in up.said
    assert up.said.splitlines()[-1].startswith("Error: the local engine has ended by itself")


def test_the_hub_ends_with_one_line_if_its_stand_ins_do(tmp_path: Path) -> None:
    with running(tmp_path, "--ephemeral") as up:
        (stand_ins,) = (child for child in psutil.Process(up.note.process.pid).children() if "--folder" in child.cmdline())
        stand_ins.kill()
        assert up.process.wait(timeout=60) == 1
    assert "Traceback" not in up.said
    assert up.said.splitlines()[-1].startswith("Error: the stand-ins of providers have ended by themselves")


def test_nothing_listens_beyond_this_machine(hub: Hub) -> None:
    hub.post("/push_subscribe", b"{}")
    processes = [psutil.Process(hub.up.process.pid), *psutil.Process(hub.up.process.pid).children(recursive=True)]
    listening = {
        connection.laddr.ip
        for process in processes
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}
