"""What does a stack keep secret, and how is it written down?

A stack has two secrets, each a JSON document. The one here has the keys of links and the tokens of upstreams; CloudFormation writes
the first one, with the first link key. The other, in :mod:`pushhub.catalog.app_secrets`, has the credentials of apps.

Documents are read by hand: link keys stand flat in them, since CloudFormation can make no other form, so a model would need as many
lines, and importing pydantic's `TypeAdapter` alone takes 3 ms at a cold start.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import chain
from typing import Final, NewType, Protocol

from pushhub.cached import Cached

LinkKeyId = NewType("LinkKeyId", int)
"""Number of a link key, from 1 to :data:`MAX_LINK_KEY_ID`; a newer key has a higher one."""

MAX_LINK_KEY_ID: Final = 255
SECRET_FORMAT: Final = 1
_LINK_KEY: Final = re.compile(r"link_key_(\d{1,3})")
_REVOKED_LINK_KEY: Final = re.compile(rf"revoked_{_LINK_KEY.pattern}")
_NOT_OURS: Final = "the stack's secret is not a document of this hub"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a stack keeps secret apart from its apps' credentials.

    `link_keys` are random texts, from which the keys of links are derived. The one with the highest id makes new links; every link
    opens with the one that made it. `revoked_link_keys` open no link any more. They are kept to tell their links from those of
    others, whose keys may have the same ids. Each further field has a secret for each entry of a section of the catalog, by the
    entry's key: `upstream_tokens` are what upstreams ask for.
    """

    link_keys: Mapping[LinkKeyId, str] = field(repr=False)
    upstream_tokens: Mapping[str, str] = field(repr=False)
    revoked_link_keys: Mapping[LinkKeyId, str] = field(default_factory=dict, repr=False)

    @property
    def minting_link_key(self) -> LinkKeyId | None:
        """The id of the link key that makes new links; None where there is no key."""
        return max(self.link_keys, default=None)

    def with_link_key(self, key: str) -> "Secrets":
        """Return the same with a newer link key.

        Raises:
            ValueError: there are :data:`MAX_LINK_KEY_ID` already.
        """
        newest = max(self.link_keys, default=0)
        if newest >= MAX_LINK_KEY_ID:
            raise ValueError(f"there are {MAX_LINK_KEY_ID} link keys already")
        return replace(self, link_keys={**self.link_keys, LinkKeyId(newest + 1): key})

    def without_link_key(self, revoked: LinkKeyId) -> "Secrets":
        """Return the same with a link key revoked; no later key gets its id, since the newest key cannot be revoked.

        Raises:
            ValueError: there is no such key, or it is revoked already, or it makes new links; the text says what to do.
        """
        if revoked in self.revoked_link_keys:
            raise ValueError(f"link key {revoked} is revoked already")
        if revoked not in self.link_keys:
            raise ValueError(f"there is no link key {revoked}; the keys are {', '.join(map(str, sorted(self.link_keys)))}")
        if revoked == self.minting_link_key:
            raise ValueError(f"link key {revoked} makes new links: add a newer one first (links rotate), then revoke it")
        kept = {id_: key for id_, key in self.link_keys.items() if id_ != revoked}
        return replace(self, link_keys=kept, revoked_link_keys={**self.revoked_link_keys, revoked: self.link_keys[revoked]})

    def of_entries(self, name: str) -> Mapping[str, str]:
        """Return the secrets of a section's entries: the field that has this name."""
        secrets: Mapping[str, str] = getattr(self, name)
        return secrets


_FIELDS_OF_ENTRIES: Final = tuple(each.name for each in fields(Secrets) if not each.name.endswith("link_keys"))
"""Fields that have a secret for each entry of a section; each is a key of the document."""


@dataclass(frozen=True, slots=True)
class StoredSecrets[Content]:
    """What a secret of the stack held when it was read; each state of it has another `version`."""

    secrets: Content
    version: str


class SecretsChangedError(Exception):
    """Someone else replaced the secret since it was read; nothing was written."""


class SecretStore[Content](Protocol):
    """One secret of a stack, read and replaced as a whole."""

    def load(self) -> StoredSecrets[Content]:
        """Return what it holds now.

        Raises:
            UnavailableError: it cannot be read.
        """

    def replace(self, secrets: Content, version: str) -> None:
        """Put this in the place of what was read with `version`.

        Raises:
            SecretsChangedError: it no longer holds what was read.
            UnavailableError: it cannot be written.
        """


@dataclass(frozen=True, slots=True)
class SecretFormat[Content]:
    """How the content of a secret is written down and read back; `read` raises `ValueError` and quotes nothing."""

    write: Callable[[Content], str]
    read: Callable[[str], Content]


class CachedSecrets(Cached[Secrets]):
    """The secrets, kept in the process as long as :mod:`pushhub.cached` says."""


def write_secrets(secrets: Secrets) -> str:
    """Return the secrets as JSON."""
    of_entries = {name: dict(sorted(secrets.of_entries(name).items())) for name in _FIELDS_OF_ENTRIES}
    keys = {f"link_key_{id_}": key for id_, key in sorted(secrets.link_keys.items())}
    # A release that does not know revoked keys passes over them, as over keys that are gone.
    revoked = {f"revoked_link_key_{id_}": key for id_, key in sorted(secrets.revoked_link_keys.items())}
    return json.dumps({"v": SECRET_FORMAT, **of_entries, **keys, **revoked})


def read_secrets(document: str) -> Secrets:
    """Read back what :func:`write_secrets` or CloudFormation wrote.

    Raises:
        ValueError: it is neither; the text holds nothing of it.
    """
    try:
        content = json.loads(document)
        version = content["v"]
        of_entries = {name: dict(content[name]) for name in _FIELDS_OF_ENTRIES if name in content}
        keys, revoked = _link_keys(content, _LINK_KEY), _link_keys(content, _REVOKED_LINK_KEY)
        secrets = Secrets(keys, **of_entries, revoked_link_keys=revoked)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(_NOT_OURS) from None
    if version != SECRET_FORMAT:
        raise ValueError(f"the stack's secret has format {version}; this version reads {SECRET_FORMAT}")
    texts = chain(keys.values(), revoked.values(), *(of_entry.values() for of_entry in of_entries.values()))
    if not all(isinstance(text, str) for text in texts) or max((*keys, *revoked), default=0) > MAX_LINK_KEY_ID:
        raise ValueError(_NOT_OURS)
    return secrets


def _link_keys(content: Mapping[str, str], form: re.Pattern[str]) -> dict[LinkKeyId, str]:
    """Return the link keys whose names in the document are of this form."""
    return {LinkKeyId(int(found[1])): key for name, key in content.items() if (found := form.fullmatch(name))}


SECRETS_FORMAT: Final = SecretFormat(write_secrets, read_secrets)
"""The document of the stack's first secret."""
