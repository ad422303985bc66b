"""The secrets of a stack in memory."""

from threading import Lock

from pushhub.catalog.app_secrets import APP_SECRETS_FORMAT, AppSecrets
from pushhub.catalog.secrets import SECRETS_FORMAT, LinkKeyId, SecretFormat, Secrets, SecretsChangedError, StoredSecrets


class MemorySecret[Content]:
    """A secret store for tests; `writes` counts the writes."""

    def __init__(self, secrets: Content, written_as: SecretFormat[Content]) -> None:
        self.secrets = secrets
        self.writes = 0
        self._format = written_as
        self._writing = Lock()

    def load(self) -> StoredSecrets[Content]:
        return StoredSecrets(self.secrets, f"version-{self.writes}")

    def replace(self, secrets: Content, version: str) -> None:
        with self._writing:
            if version != f"version-{self.writes}":
                raise SecretsChangedError
            self.secrets = self._format.read(self._format.write(secrets))
            self.writes += 1


class MemorySecrets(MemorySecret[Secrets]):
    """The secret with link keys and upstream tokens."""

    def __init__(self, secrets: Secrets | None = None) -> None:
        super().__init__(secrets or Secrets({LinkKeyId(1): "a-link-key"}, {}), SECRETS_FORMAT)


class MemoryAppSecrets(MemorySecret[AppSecrets]):
    """The secret with the credentials of apps."""

    def __init__(self) -> None:
        super().__init__(AppSecrets(), APP_SECRETS_FORMAT)
