"""How is a secret of a stack read, and replaced unless somebody else has replaced it meanwhile?"""

import uuid
from typing import TYPE_CHECKING, Final

from pushhub.adapters.faults import calling
from pushhub.catalog.secrets import SecretFormat, SecretsChangedError, StoredSecrets
from pushhub.faults import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_SERVICE: Final = "Secrets Manager"
_CURRENT: Final = "AWSCURRENT"
"""Stage of the version in force."""
_PROPOSED: Final = "PUSHHUB_PROPOSED"
"""Stage of a version that is not in force yet."""


class SecretsManagerSecret[Content]:
    """One secret of a stack."""

    def __init__(self, client: "SecretsManagerClient", arn: str, written_as: SecretFormat[Content]) -> None:
        """Use one secret through a client; `written_as` says what its document holds."""
        self._client = client
        self._arn = arn
        self._format = written_as

    def load(self) -> StoredSecrets[Content]:
        """See :meth:`pushhub.catalog.secrets.SecretStore.load`; one call."""
        with calling(_SERVICE):
            answer = self._client.get_secret_value(SecretId=self._arn)
        try:
            return StoredSecrets(self._format.read(answer["SecretString"]), answer["VersionId"])
        except ValueError as fault:
            raise UnavailableError(str(fault)) from None

    def replace(self, secrets: Content, version: str) -> None:
        """See :meth:`pushhub.catalog.secrets.SecretStore.replace`.

        Two calls. The first writes a version that is not in force. The second moves the stage of the version in force to it, and
        Secrets Manager refuses that where the stage is no longer at the version that was read.
        """
        proposed, document = str(uuid.uuid4()), self._format.write(secrets)
        with calling(_SERVICE):
            self._client.put_secret_value(
                SecretId=self._arn, ClientRequestToken=proposed, SecretString=document, VersionStages=[_PROPOSED]
            )
        with calling(_SERVICE, {"InvalidParameterException": SecretsChangedError}):
            self._client.update_secret_version_stage(
                SecretId=self._arn, VersionStage=_CURRENT, MoveToVersionId=proposed, RemoveFromVersionId=version
            )
