"""How are the credentials of apps written down?

They have a secret of the stack for themselves, which only functions that send may read. Its document is
`{"v": 1, "apps": {app id: {block: {name: text}}}}`; keys in it are base64 of DER.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pushhub.cached import Cached
from pushhub.catalog.model import AppId
from pushhub.catalog.secrets import SecretFormat
from pushhub.catalog.whole import AppCredentials

MAX_SECRET_BYTES: Final = 65_536
"""Bound that Secrets Manager sets to a secret, in bytes of UTF-8. An app with all its provider blocks takes about 2,200."""

_FORMAT: Final = 1
_LARGEST_NAMED: Final = 10
_NOT_OURS: Final = "the stack's secret of apps is not a document of this hub"


class AppSecretsTooLargeError(Exception):
    """The credentials of all apps together are over :data:`MAX_SECRET_BYTES`; the text says how large those of each are."""


@dataclass(frozen=True, slots=True)
class AppSecrets:
    """The credentials of apps, by the app's id."""

    app_credentials: Mapping[str, AppCredentials] = field(default_factory=dict, repr=False)


def write_app_secrets(secrets: AppSecrets) -> str:
    """Return the credentials as JSON.

    Raises:
        AppSecretsTooLargeError: they are over :data:`MAX_SECRET_BYTES`.
    """
    apps = dict(sorted(secrets.app_credentials.items()))
    document = _json({"v": _FORMAT, "apps": apps})
    if (size := len(document.encode())) > MAX_SECRET_BYTES:
        raise AppSecretsTooLargeError(f"the credentials of apps take {size} bytes; at most {MAX_SECRET_BYTES} fit: {_sizes(apps)}")
    return document


def read_app_secrets(document: str) -> AppSecrets:
    """Read back what :func:`write_app_secrets` or CloudFormation wrote.

    Raises:
        ValueError: it is neither; the text holds nothing of it.
    """
    try:
        content = json.loads(document)
        version = content["v"]
        apps = {str(id_): {str(name): dict(block) for name, block in blocks.items()} for id_, blocks in content["apps"].items()}
        texts = [text for blocks in apps.values() for block in blocks.values() for text in block.values()]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(_NOT_OURS) from None
    if version != _FORMAT:
        raise ValueError(f"the stack's secret of apps has format {version}; this version reads {_FORMAT}")
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(_NOT_OURS)
    return AppSecrets(apps)


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _sizes(apps: Mapping[str, AppCredentials]) -> str:
    sizes = sorted(((len(_json(blocks).encode()), id_) for id_, blocks in apps.items()), reverse=True)
    named = ", ".join(f"{id_} {size}" for size, id_ in sizes[:_LARGEST_NAMED])
    return f"{named}, and {len(sizes) - _LARGEST_NAMED} more" if len(sizes) > _LARGEST_NAMED else named


APP_SECRETS_FORMAT: Final = SecretFormat(write_app_secrets, read_app_secrets)
"""The document of the stack's second secret."""


class CachedAppSecrets(Cached[AppSecrets]):
    """The credentials of apps, kept in the process as long as :mod:`pushhub.cached` says."""

    def credentials_of(self, app: AppId, block: str) -> Mapping[str, str] | None:
        """Return the credentials of an app's block, None where the secret has none.

        Raises:
            UnavailableError: they cannot be read, and are unknown or were last read too long ago.
        """
        return self.find(lambda secrets: secrets.app_credentials.get(app, {}).get(block))
