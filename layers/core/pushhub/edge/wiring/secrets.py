"""How do functions read the stack's secret?"""

from pushhub.adapters import clients
from pushhub.adapters.secrets_manager import SecretsManagerSecret
from pushhub.catalog.secrets import SECRETS_FORMAT, CachedSecrets
from pushhub.edge.observing.output import stale_secrets


def cached_secrets(arn: str) -> CachedSecrets:
    """Return the secrets of a stack, kept in the process; that old ones stay in use is logged."""
    stored = SecretsManagerSecret(clients.secretsmanager(), arn, SECRETS_FORMAT)
    return CachedSecrets(lambda: stored.load().secrets, on_stale=stale_secrets)
