"""The secrets of a stack in AWS Secrets Manager."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from pushhub.catalog.secrets import Secrets, SecretsChangedError, StoredSecrets, read_secrets, write_secrets
from pushhub.faults import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_CURRENT: Final = "AWSCURRENT"
_PROPOSED: Final = "PUSHHUB_PROPOSED"
"""Stage of a version that is written and not yet in force."""


class SecretsManagerSecrets:
    """The secret of a stack."""

    def __init__(self, client: "SecretsManagerClient", arn: str) -> None:
        """Use one secret through a client."""
        self._client = client
        self._arn = arn

    def load(self) -> StoredSecrets:
        """See :meth:`pushhub.catalog.secrets.SecretStore.load`; one call."""
        with _translated():
            answer = self._client.get_secret_value(SecretId=self._arn)
        try:
            return StoredSecrets(read_secrets(answer["SecretString"]), answer["VersionId"])
        except ValueError as fault:
            raise UnavailableError(str(fault)) from None

    def replace(self, secrets: Secrets, version: str) -> None:
        """See :meth:`pushhub.catalog.secrets.SecretStore.replace`.

        Written beside the version in force first: putting it in force fails where that is no longer the one that was read.
        """
        proposed = str(uuid.uuid4())
        with _translated():
            self._client.put_secret_value(
                SecretId=self._arn, ClientRequestToken=proposed, SecretString=write_secrets(secrets), VersionStages=[_PROPOSED]
            )
        try:
            with _translated():
                self._client.update_secret_version_stage(
                    SecretId=self._arn, VersionStage=_CURRENT, MoveToVersionId=proposed, RemoveFromVersionId=version
                )
        except _RefusedError:
            raise SecretsChangedError from None


class _RefusedError(UnavailableError):
    """Secrets Manager did not take the parameters of a call."""


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        kind = _RefusedError if code == "InvalidParameterException" else UnavailableError
        raise kind(f"Secrets Manager answered {code} to {error.operation_name}") from error
    except BotoCoreError as error:
        raise UnavailableError(f"Secrets Manager did not answer: {type(error).__name__}") from error
