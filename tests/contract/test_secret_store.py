"""What every secret store must do: the one in memory, and the one in Secrets Manager, on moto and on the local engine."""

import json
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pushhub.adapters.secrets_manager import SecretsManagerSecret
from pushhub.catalog.app_secrets import APP_SECRETS_FORMAT, AppSecrets, AppSecretsTooLargeError
from pushhub.catalog.secrets import SECRETS_FORMAT, LinkKeyId, Secrets, SecretsChangedError, SecretStore
from pushhub.console.stores import stores_of
from tests.conftest import Hub
from tests.doubles.secrets import MemoryAppSecrets, MemorySecrets

if TYPE_CHECKING:
    from pushhub.console.connection import Connection

NEW = Secrets({LinkKeyId(1): "a-link-key"}, {})
AS_CLOUDFORMATION_MAKES_IT = json.dumps({"v": 1, "upstream_tokens": {}, "link_key_1": "a-link-key"})


@pytest.fixture(params=["memory", "moto", "engine"])
def store(request: pytest.FixtureRequest) -> SecretStore[Secrets]:
    """Give a store over a secret of its own, so that the hub keeps its secret."""
    if request.param == "memory":
        return MemorySecrets(NEW)
    connection: Connection = request.getfixturevalue(request.param)
    client = connection.client("secretsmanager")
    if request.param == "moto":
        # Where a call names no stage, Secrets Manager reads the version in force, and moto the one that came first.
        client.meta.events.register("before-parameter-build.secretsmanager.GetSecretValue", name_the_stage)
    name = f"secret-{secrets.token_hex(4)}"
    arn = client.create_secret(Name=name, SecretString=AS_CLOUDFORMATION_MAKES_IT)["ARN"]
    return SecretsManagerSecret(client, arn, SECRETS_FORMAT)


def name_the_stage(params: dict[str, object], **_: object) -> None:
    params["VersionStage"] = "AWSCURRENT"


def with_token(content: Secrets, name: str, token: str) -> Secrets:
    return replace(content, upstream_tokens={**content.upstream_tokens, name: token})


def test_a_stack_begins_with_a_link_key_and_no_token(store: SecretStore[Secrets]) -> None:
    assert store.load().secrets == NEW


def test_reading_twice_gives_the_same_version(store: SecretStore[Secrets]) -> None:
    assert store.load() == store.load()


def test_secrets_are_read_back_as_they_were_written(store: SecretStore[Secrets]) -> None:
    written = with_token(NEW.with_link_key("a newer key"), "altcraft", 'a "token" \\ of theirs')
    store.replace(written, store.load().version)
    assert store.load().secrets == written


def test_a_revoked_key_is_read_back_as_one(store: SecretStore[Secrets]) -> None:
    written = NEW.with_link_key("a newer key").without_link_key(LinkKeyId(1))
    store.replace(written, store.load().version)
    assert store.load().secrets == written
    assert (dict(written.link_keys), dict(written.revoked_link_keys)) == ({2: "a newer key"}, {1: "a-link-key"})


def test_each_state_has_a_version_of_its_own(store: SecretStore[Secrets]) -> None:
    versions = [store.load().version]
    for token in ("one", "two", "one"):
        store.replace(with_token(NEW, "altcraft", token), versions[-1])
        versions.append(store.load().version)
    assert len(set(versions)) == 4


def test_what_was_replaced_since_it_was_read_is_not_overwritten(store: SecretStore[Secrets]) -> None:
    first = store.load()
    store.replace(with_token(NEW, "altcraft", "one"), first.version)
    with pytest.raises(SecretsChangedError):
        store.replace(with_token(NEW, "altcraft", "two"), first.version)
    assert store.load().secrets == with_token(NEW, "altcraft", "one")


def test_a_lost_race_does_not_stand_in_the_way_of_the_next_write(store: SecretStore[Secrets]) -> None:
    first = store.load()
    store.replace(with_token(NEW, "altcraft", "one"), first.version)
    with pytest.raises(SecretsChangedError):
        store.replace(with_token(NEW, "altcraft", "two"), first.version)
    again = store.load()
    store.replace(with_token(again.secrets, "other", "two"), again.version)
    assert store.load().secrets.upstream_tokens == {"altcraft": "one", "other": "two"}


def test_writing_the_same_again_makes_a_new_version(store: SecretStore[Secrets]) -> None:
    first = store.load()
    store.replace(first.secrets, first.version)
    with pytest.raises(SecretsChangedError):
        store.replace(NEW, first.version)


def test_of_several_at_once_one_wins(store: SecretStore[Secrets], lacking: Callable[[str, str], None]) -> None:
    lacking("moto", "loses concurrent updates")
    before = store.load()

    def write(number: int) -> bool:
        try:
            store.replace(with_token(NEW, "altcraft", str(number)), before.version)
        except SecretsChangedError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(write, range(4)))
    assert won.count(True) == 1
    assert store.load().secrets == with_token(NEW, "altcraft", str(won.index(True)))


@pytest.fixture(params=["memory", "moto", "engine"])
def app_store(request: pytest.FixtureRequest) -> SecretStore[AppSecrets]:
    """Give a store of credentials over a secret of its own."""
    if request.param == "memory":
        return MemoryAppSecrets()
    connection: Connection = request.getfixturevalue(request.param)
    client = connection.client("secretsmanager")
    if request.param == "moto":
        client.meta.events.register("before-parameter-build.secretsmanager.GetSecretValue", name_the_stage)
    name = f"secret-{secrets.token_hex(4)}"
    arn = client.create_secret(Name=name, SecretString='{"v": 1, "apps": {}, "unused": "random"}')["ARN"]
    return SecretsManagerSecret(client, arn, APP_SECRETS_FORMAT)


def credentials_of(*ids: str, size: int = 9) -> AppSecrets:
    return AppSecrets({id_: {"apns": {"key": "k" * size, "key_id": 'a "b" \\ é'}} for id_ in ids})


def test_the_secret_of_apps_begins_without_any(app_store: SecretStore[AppSecrets]) -> None:
    assert app_store.load().secrets == AppSecrets()


def test_credentials_are_read_back_as_they_were_written(app_store: SecretStore[AppSecrets]) -> None:
    written = credentials_of("a", "b", size=30_000)
    app_store.replace(written, app_store.load().version)
    assert app_store.load().secrets == written


def test_credentials_that_were_replaced_since_they_were_read_are_not_overwritten(app_store: SecretStore[AppSecrets]) -> None:
    first = app_store.load()
    app_store.replace(credentials_of("a"), first.version)
    with pytest.raises(SecretsChangedError):
        app_store.replace(credentials_of("b"), first.version)
    assert app_store.load().secrets == credentials_of("a")


def test_credentials_that_do_not_fit_leave_what_was_stored(app_store: SecretStore[AppSecrets]) -> None:
    app_store.replace(credentials_of("a"), app_store.load().version)
    with pytest.raises(AppSecretsTooLargeError):
        app_store.replace(credentials_of("a", "b", size=40_000), app_store.load().version)
    assert app_store.load().secrets == credentials_of("a")


def test_the_secret_of_apps_that_the_template_makes_is_one(hub: Hub) -> None:
    assert stores_of(hub.connection).app_secrets.load().secrets == AppSecrets()


def test_the_secret_that_the_template_makes_is_one(hub: Hub) -> None:
    made = stores_of(hub.connection).secrets.load().secrets
    assert list(made.link_keys) == [1]
    assert len(made.link_keys[LinkKeyId(1)]) >= 32
