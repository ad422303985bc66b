"""What do functions keep of the stack's secret?"""

from pushhub.catalog.secrets import CachedSecrets
from pushhub.edge.observing.output import stale_secrets
from pushhub.edge.wiring import aws
from pushhub.store.secrets import SecretsManagerSecrets


def cached_secrets(arn: str) -> CachedSecrets:
    """Return the secrets of a stack, kept in the process."""
    stored = SecretsManagerSecrets(aws.secretsmanager(), arn)
    return CachedSecrets(lambda: stored.load().secrets, on_stale=stale_secrets)
