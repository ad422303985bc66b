"""How is the secret of a stack read, and replaced unless somebody else has replaced it meanwhile?"""

import uuid
from typing import TYPE_CHECKING, Final

from pushhub.adapters.faults import calling
from pushhub.catalog.secrets import Secrets, SecretsChangedError, StoredSecrets, read_secrets, write_secrets
from pushhub.faults import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_SERVICE: Final = "Secrets Manager"
_CURRENT: Final = "AWSCURRENT"
"""Stage of the version in force."""
_PROPOSED: Final = "PUSHHUB_PROPOSED"
"""Stage of a version that is not in force yet."""


class SecretsManagerSecrets:
    """The secret of a stack."""

    def __init__(self, client: "SecretsManagerClient", arn: str) -> None:
        """Use one secret through a client."""
        self._client = client
        self._arn = arn

    def load(self) -> StoredSecrets:
        """See :meth:`pushhub.catalog.secrets.SecretStore.load`; one call."""
        with calling(_SERVICE):
            answer = self._client.get_secret_value(SecretId=self._arn)
        try:
            return StoredSecrets(read_secrets(answer["SecretString"]), answer["VersionId"])
        except ValueError as fault:
            raise UnavailableError(str(fault)) from None

    def replace(self, secrets: Secrets, version: str) -> None:
        """See :meth:`pushhub.catalog.secrets.SecretStore.replace`.

        Two calls. The first writes a version that is not in force. The second moves the stage of the version in force to it, and
        Secrets Manager refuses that where the stage is no longer at the version that was read.
        """
        proposed = str(uuid.uuid4())
        with calling(_SERVICE):
            self._client.put_secret_value(
                SecretId=self._arn, ClientRequestToken=proposed, SecretString=write_secrets(secrets), VersionStages=[_PROPOSED]
            )
        with calling(_SERVICE, {"InvalidParameterException": SecretsChangedError}):
            self._client.update_secret_version_stage(
                SecretId=self._arn, VersionStage=_CURRENT, MoveToVersionId=proposed, RemoveFromVersionId=version
            )
