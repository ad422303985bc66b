"""How do functions read the stack's secret?"""

from pushhub.adapters import clients
from pushhub.adapters.secrets_manager import SecretsManagerSecrets
from pushhub.catalog.secrets import CachedSecrets
from pushhub.edge.observing.output import stale_secrets


def cached_secrets(arn: str) -> CachedSecrets:
    """Return the secrets of a stack, kept in the process; that old ones stay in use is logged."""
    stored = SecretsManagerSecrets(clients.secretsmanager(), arn)
    return CachedSecrets(lambda: stored.load().secrets, on_stale=stale_secrets)
