"""Settings from the environment."""

import pytest

from pushhub.edge.settings import SettingsError
from pushhub.edge.wiring.forward_events import ForwardEventsSettings
from pushhub.edge.wiring.push_subscribe import PushSubscribeSettings
from pushhub.edge.wiring.record_events import RecordEventsSettings
from tests.doubles.functions import settings_of
from tests.lambda_environment import SETTINGS

MAY_BE_EMPTY = {"MORE_PUSH_HOSTS", "STAND_INS_URL"}
"""Settings that a stack need not have; their variables are there all the same."""
VARIABLES = [(function, variable) for function, environment in SETTINGS.items() for variable in environment]


def test_settings_are_read_from_their_variables() -> None:
    settings = PushSubscribeSettings(SETTINGS["push_subscribe"] | {"AUDIENCE_TABLE": "a", "CATALOG_TABLE": "c", "PATH": "/bin"})
    assert (settings.audience_table, settings.catalog_table) == ("a", "c")


@pytest.mark.parametrize("function", SETTINGS)
def test_every_variable_of_a_function_is_read(function: str) -> None:
    settings = settings_of(function)(SETTINGS[function])
    values = [getattr(settings, name) for name in settings.fields()]
    texts = [",".join(value) if isinstance(value, frozenset) else str(value) for value in values]
    assert {value.lower() for value in texts} == {value.lower() for value in SETTINGS[function].values()}


@pytest.mark.parametrize(("function", "variable"), VARIABLES)
def test_a_missing_or_empty_setting_is_named(function: str, variable: str) -> None:
    missing = {name: value for name, value in SETTINGS[function].items() if name != variable}
    for environment in (missing,) if variable in MAY_BE_EMPTY else (missing, {**missing, variable: ""}):
        with pytest.raises(SettingsError, match=variable):
            settings_of(function)(environment)


@pytest.mark.parametrize(("text", "allowed"), [("true", True), ("false", False)])
def test_the_template_s_true_and_false_are_understood(text: str, allowed: bool) -> None:
    settings = ForwardEventsSettings(SETTINGS["forward_events"] | {"ALLOW_LOCAL_UPSTREAMS": text})
    assert settings.allow_local_upstreams is allowed


@pytest.mark.parametrize(
    ("text", "hosts"),
    [("", set()), ("push.example.com", {"push.example.com"}), ("*.a.example,b.example", {"*.a.example", "b.example"})],
)
def test_hosts_of_push_services_stand_with_commas_between_them(text: str, hosts: set[str]) -> None:
    settings = PushSubscribeSettings(SETTINGS["push_subscribe"] | {"MORE_PUSH_HOSTS": text})
    assert settings.more_push_hosts == hosts


@pytest.mark.parametrize("days", ["0", "-1", "many"])
def test_days_that_are_none_are_refused(days: str) -> None:
    with pytest.raises(SettingsError, match="EVENT_RETENTION_DAYS"):
        RecordEventsSettings(SETTINGS["record_events"] | {"EVENT_RETENTION_DAYS": days})


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(SettingsError, match=r"EVENT_RETENTION_DAYS.*FORWARDS_QUEUE|FORWARDS_QUEUE.*EVENT_RETENTION_DAYS"):
        RecordEventsSettings(SETTINGS["record_events"] | {"EVENT_RETENTION_DAYS": "0", "FORWARDS_QUEUE": ""})


@pytest.mark.parametrize("text", ["", "True", "1", "yes"])
def test_what_the_template_never_says_is_neither_true_nor_false(text: str) -> None:
    with pytest.raises(SettingsError, match="ALLOW_LOCAL_UPSTREAMS"):
        ForwardEventsSettings(SETTINGS["forward_events"] | {"ALLOW_LOCAL_UPSTREAMS": text})


def test_settings_keep_nothing_else_of_the_environment() -> None:
    settings = PushSubscribeSettings(SETTINGS["push_subscribe"] | {"AWS_SESSION_TOKEN": "a session of somebody's"})
    assert settings.environment == SETTINGS["push_subscribe"]


def test_what_is_wrong_is_told_without_what_else_stands_in_the_environment() -> None:
    with pytest.raises(SettingsError) as error:
        PushSubscribeSettings({"AUDIENCE_TABLE": "a", "AWS_SESSION_TOKEN": "a session of somebody's"})
    assert "CATALOG_TABLE" in str(error.value)
    assert "session" not in str(error.value)
