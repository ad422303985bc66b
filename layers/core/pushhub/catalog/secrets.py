"""What does a stack keep secret, and how is it written down?

One secret holds all of it. CloudFormation makes it with the first link key, so what it writes is a document of this form too.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NewType, Protocol

from pushhub.cached import Cached

LinkKeyId = NewType("LinkKeyId", int)

MAX_LINK_KEY_ID: Final = 255
FORMAT: Final = 1
_LINK_KEY: Final = re.compile(r"link_key_(\d{1,3})")
_NOT_OURS: Final = "the stack's secret is not a document of this hub"


@dataclass(frozen=True, slots=True)
class Secrets:
    """Everything secret of a stack.

    `link_keys` are random texts from which the keys of links are derived: the one with the highest id makes new links, all of them
    open theirs. `upstream_tokens` are what upstreams ask for, by the upstream's name.
    """

    link_keys: Mapping[LinkKeyId, str] = field(repr=False)
    upstream_tokens: Mapping[str, str] = field(repr=False)

    def with_link_key(self, key: str) -> "Secrets":
        """Return the same with a newer link key.

        Raises:
            ValueError: there are :data:`MAX_LINK_KEY_ID` already.
        """
        newest = max(self.link_keys, default=0)
        if newest >= MAX_LINK_KEY_ID:
            raise ValueError(f"there are {MAX_LINK_KEY_ID} link keys already")
        return replace(self, link_keys={**self.link_keys, LinkKeyId(newest + 1): key})


@dataclass(frozen=True, slots=True)
class StoredSecrets:
    """Secrets as they were read; `version` names that state of them."""

    secrets: Secrets
    version: str


class SecretsChangedError(Exception):
    """Someone else replaced the secrets since they were read; nothing was written."""


class SecretStore(Protocol):
    """The one secret of a stack, read and replaced as a whole."""

    def load(self) -> StoredSecrets:
        """Return the secrets as they are now.

        Raises:
            UnavailableError: they cannot be read.
        """

    def replace(self, secrets: Secrets, version: str) -> None:
        """Put these in the place of those that were read with `version`.

        Raises:
            SecretsChangedError: they are no longer those that were read.
            UnavailableError: they cannot be written.
        """


class CachedSecrets(Cached[Secrets]):
    """The secrets, kept in the process as long as :mod:`pushhub.cached` says."""


def write_secrets(secrets: Secrets) -> str:
    """Return the secrets as JSON."""
    keys = {f"link_key_{id_}": key for id_, key in sorted(secrets.link_keys.items())}
    return json.dumps({"v": FORMAT, "upstream_tokens": dict(sorted(secrets.upstream_tokens.items())), **keys})


def read_secrets(document: str) -> Secrets:
    """Read back what :func:`write_secrets` or CloudFormation wrote.

    Raises:
        ValueError: it is neither; the text holds nothing of it.
    """
    try:
        content = json.loads(document)
        version, tokens = content["v"], dict(content["upstream_tokens"])
        keys = {LinkKeyId(int(named[1])): key for name, key in content.items() if (named := _LINK_KEY.fullmatch(name))}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(_NOT_OURS) from None
    if version != FORMAT:
        raise ValueError(f"the stack's secret has format {version}; this version reads {FORMAT}")
    if not all(isinstance(secret, str) for secret in (*keys.values(), *tokens.values())) or max(keys, default=0) > MAX_LINK_KEY_ID:
        raise ValueError(_NOT_OURS)
    return Secrets(keys, tokens)
