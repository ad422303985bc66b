"""The secret of a stack in memory."""

from threading import Lock

from pushhub.catalog.secrets import LinkKeyId, Secrets, SecretsChangedError, StoredSecrets, read_secrets, write_secrets


class MemorySecrets:
    """A secret store for tests; `writes` counts the writes."""

    def __init__(self, secrets: Secrets | None = None) -> None:
        self.secrets = secrets or Secrets({LinkKeyId(1): "a-link-key"}, {})
        self.writes = 0
        self._writing = Lock()

    def load(self) -> StoredSecrets:
        return StoredSecrets(self.secrets, f"version-{self.writes}")

    def replace(self, secrets: Secrets, version: str) -> None:
        with self._writing:
            if version != f"version-{self.writes}":
                raise SecretsChangedError
            self.secrets = read_secrets(write_secrets(secrets))
            self.writes += 1
