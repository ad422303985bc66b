"""How do functions read the credentials of apps?"""

from functools import cache

from pushhub.adapters import clients
from pushhub.adapters.secrets_manager import SecretsManagerSecret
from pushhub.catalog.app_secrets import APP_SECRETS_FORMAT, CachedAppSecrets
from pushhub.edge.observing.output import stale_app_secrets


def cached_app_secrets(arn: str) -> CachedAppSecrets:
    """Return the credentials of a stack's apps, kept in the process; that old ones stay in use is logged."""
    # Made when it is first read: the client costs a cold start 5 ms, and not every invocation pushes.
    stored = cache(lambda: SecretsManagerSecret(clients.secretsmanager(), arn, APP_SECRETS_FORMAT))
    return CachedAppSecrets(lambda: stored().load().secrets, on_stale=stale_app_secrets)
