"""Which hub does a command reach, with which of the user's AWS settings?"""

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError, PartialCredentialsError
from click.testing import CliRunner, Result

from pushhub.console import connection as connections
from pushhub.console.connection import Connection, Stack, connect, connect_to_engine, session_of
from pushhub.console.failure import ConsoleError
from pushhub.console.stores import stack_options

CONFIG = """
[default]
region = eu-west-1
[profile named]
region = eu-west-2
[profile bare]
"""


@pytest.fixture(autouse=True)
def _user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give the user a default profile, two more, and nothing in the environment."""
    (tmp_path / "config").write_text(CONFIG, encoding="utf-8")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("stack", "environment", "region"),
    [
        (Stack("mine"), {}, "eu-west-1"),
        (Stack("mine"), {"AWS_PROFILE": "named"}, "eu-west-2"),
        (Stack("mine", profile="named"), {"AWS_PROFILE": "bare"}, "eu-west-2"),
        (Stack("mine", profile="named"), {"AWS_DEFAULT_REGION": "eu-north-1"}, "eu-north-1"),
        (Stack("mine"), {"AWS_DEFAULT_REGION": "eu-north-1", "AWS_REGION": "eu-south-1"}, "eu-south-1"),
        (Stack("mine"), {"AWS_DEFAULT_REGION": "eu-north-1", "AWS_REGION": ""}, "eu-north-1"),
        (Stack("mine", region="us-east-1", profile="named"), {"AWS_REGION": "eu-south-1"}, "us-east-1"),
    ],
)
def test_the_region_is_found_in_the_order_of_the_aws_command_line(
    monkeypatch: pytest.MonkeyPatch, stack: Stack, environment: dict[str, str], region: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert session_of(stack).region_name == region


def test_a_profile_that_is_named_wins_over_credentials_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "none").write_text("[named]\naws_access_key_id = named\naws_secret_access_key = secret\n", encoding="utf-8")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "environment")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    keys = [session_of(Stack("mine", profile=profile)).get_credentials() for profile in (None, "named")]
    assert [key.access_key for key in keys if key] == ["environment", "named"]


def test_a_stack_without_a_region_says_what_to_set() -> None:
    with pytest.raises(ConsoleError, match=r"specify a region\.; add --region, or set AWS_REGION, or give the profile a region$"):
        connect(Stack("mine", profile="bare"))


def test_a_profile_that_there_is_not_says_where_to_look() -> None:
    with pytest.raises(ConsoleError, match=r"profile \(nobody\) could not be found; take another --profile or AWS_PROFILE; `aws"):
        connect(Stack("mine", profile="nobody"))


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (NoCredentialsError(), "Unable to locate credentials; add --profile, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "),
        (
            PartialCredentialsError(provider="env", cred_var="x"),
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY have to be set together",
        ),
        (EndpointConnectionError(endpoint_url="https://x"), "; check the region and the network"),
        (BotoCoreError(), "An unspecified error occurred"),
    ],
)
def test_a_stack_that_aws_cannot_be_asked_for_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, failure: BotoCoreError, told: str
) -> None:
    monkeypatch.setattr(connections, "stack_outputs", _raising(failure))
    with pytest.raises(ConsoleError) as refused:
        connect(Stack("mine"))
    assert str(refused.value).startswith("the stack mine cannot be read: ")
    assert told in str(refused.value)


def test_a_stack_that_there_is_not_is_told_with_the_region_that_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = ClientError({"Error": {"Code": "ValidationError", "Message": "Stack with id mine does not exist"}}, "DescribeStacks")
    monkeypatch.setattr(connections, "stack_outputs", _raising(missing))
    with pytest.raises(ConsoleError, match=r"^the stack mine cannot be read in eu-west-1: .* Stack with id mine does not exist$"):
        connect(Stack("mine"))


def test_a_stack_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "stack_outputs", lambda *_: {"Url": "https://x"})
    with pytest.raises(ConsoleError, match=r"^the stack mine is not a pushhub: it has no output AudienceTable, "):
        connect(Stack("mine"))


def _raising(failure: Exception) -> Callable[..., object]:
    def fail(*_: object) -> object:
        raise failure

    return fail


def reached(*words: str) -> tuple[Result, list[Stack | None]]:
    """Return what a command with these options does, and which stack it is told."""
    stacks: list[Stack | None] = []

    @click.command
    @stack_options
    def command(*, stack: Stack | None) -> None:
        stacks.append(stack)

    return CliRunner(mix_stderr=False).invoke(command, words), stacks


@pytest.mark.parametrize(
    ("words", "stack"),
    [
        ((), None),
        (("--stack", "mine"), Stack("mine")),
        (("--region", "eu-west-1", "--stack", "mine"), Stack("mine", region="eu-west-1")),
        (("--stack", "mine", "--profile", "named", "--region", "eu-west-1"), Stack("mine", "eu-west-1", "named")),
    ],
)
def test_a_command_reaches_the_stack_that_its_options_name_and_names_it_alike(words: tuple[str, ...], stack: Stack | None) -> None:
    assert reached(*words)[1] == [stack]
    assert stack is None or reached(*stack.options)[1] == [stack]


def test_an_empty_name_is_no_stack() -> None:
    result, stacks = reached("--stack", "")
    assert (result.exit_code, stacks) == (2, [])
    assert result.stderr.endswith("Error: --stack: the name of a stack is expected\n")


@pytest.mark.parametrize("words", [("--region", "eu-west-1"), ("--profile", "named")])
def test_a_region_or_profile_without_a_stack_is_wrong_use(words: tuple[str, ...]) -> None:
    result, stacks = reached(*words)
    assert (result.exit_code, stacks) == (2, [])
    assert result.stderr.endswith("Error: --region and --profile are for a hub in AWS: name it with --stack\n")


def test_without_a_running_hub_a_command_says_how_to_start_one() -> None:
    with pytest.raises(
        ConsoleError, match=r"^no hub is running here: start one with `uv run pushhub up`, or name a deployed one with --stack$"
    ):
        connect(None)


def test_the_local_connection_ignores_the_users_aws_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[default]\nregion = us-west-2\nendpoint_url = http://127.0.0.1:9\n")
    for name, value in {
        "AWS_PROFILE": "no-such-profile",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_REGION": "us-west-2",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    connection: Connection = connect_to_engine("http://127.0.0.1:4566", "eu-central-1")
    client = connection.client("dynamodb")
    assert (client.meta.endpoint_url, client.meta.region_name) == ("http://127.0.0.1:4566", "eu-central-1")
    assert vars(client.meta.config)["_user_provided_options"]["proxies"] == {}
