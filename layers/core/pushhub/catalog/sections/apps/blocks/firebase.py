"""The block `firebase`: a service account for Firebase Cloud Messaging, as its console hands it out."""

import json
import re
from dataclasses import dataclass
from typing import Annotated, Final, Self

from pydantic import PlainValidator, model_validator

from pushhub.catalog.sections.apps.blocks.file_block import FileBlock, Url, one_of, parsed_by, read_and_parsed_by
from pushhub.catalog.sections.apps.keys import TriedKey, throw_away_rsa_key, try_rsa_key
from pushhub.catalog.sections.apps.section import STAND_IN
from pushhub.outgoing.addresses import normal_url

_USUAL_AUTH_URL: Final = "https://oauth2.googleapis.com/token"
_FORMS: Final = {
    "project_id": re.compile(r"[a-z0-9](?:[a-z0-9.:-]{0,62}[a-z0-9])?"),
    "private_key_id": re.compile(r"[!-~]{1,256}"),
    "client_email": re.compile(r"[!-?A-~]+@[!-?A-~]+"),
    "private_key": re.compile(r".+", re.DOTALL),
    "token_uri": re.compile(r".+"),
}
"""Members of a service account that the hub needs, and how they look; the project becomes a part of a path."""


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A service account of Google, with a key that was tried."""

    project: str
    email: str
    key: TriedKey
    key_id: str
    auth_url: str


def parse_service_account(text: str) -> ServiceAccount:
    """Return the service account of a JSON text.

    Raises:
        ValueError: it is none, or its key does not sign; the error names the member and holds nothing of it.
    """
    members = _members(text)
    try:
        key = try_rsa_key(members["private_key"])
    except ValueError as error:
        raise ValueError(f"private_key: {error}") from None
    try:
        auth_url = normal_url(members["token_uri"])
    except ValueError as error:
        raise ValueError(f"token_uri: {error}") from None
    return ServiceAccount(members["project_id"], members["client_email"], key, members["private_key_id"], auth_url)


def _members(text: str) -> dict[str, str]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("not JSON; the whole file of a service account is expected") from None
    if not isinstance(content, dict) or content.get("type") != "service_account":
        raise ValueError("no service account; the file that Firebase's console makes has type: service_account")
    members = {"token_uri": _USUAL_AUTH_URL} | content
    for name, form in _FORMS.items():
        if not isinstance(member := members.get(name), str) or not form.fullmatch(member):
            raise ValueError(f"{name} is missing or malformed")
    return {name: members[name] for name in _FORMS}


class FirebaseFileBlock(FileBlock):
    """Credentials for FCM; `service_account` is the text of the file that `service_account_file` names."""

    service_account: Annotated[ServiceAccount, PlainValidator(parsed_by(parse_service_account))] | None = None
    service_account_file: Annotated[ServiceAccount, PlainValidator(read_and_parsed_by(parse_service_account))] | None = None
    auth_url: Url | None = None
    """Where bearer tokens are fetched in the place of the service account's `token_uri`."""

    @model_validator(mode="after")
    def _one_account(self) -> Self:
        self._account()
        return self

    def _account(self) -> ServiceAccount:
        return one_of(self.service_account, self.service_account_file, "service_account or service_account_file")

    def own_settings(self) -> dict[str, str]:
        """Return the project, and where bearer tokens are fetched if that is not the usual place."""
        account = self._account()
        auth_url = self.auth_url or account.auth_url
        return {"project": account.project} | ({} if auth_url == _USUAL_AUTH_URL else {"auth_url": auth_url})

    def credentials(self) -> dict[str, str]:
        """Return the account and its key."""
        account = self._account()
        return {"email": account.email, "key": account.key.der, "key_id": account.key_id}

    @classmethod
    def made_up(cls) -> "FirebaseFileBlock":
        """Return a block with a throw-away key."""
        account = ServiceAccount(STAND_IN, f"{STAND_IN}@example.com", throw_away_rsa_key(), STAND_IN, _USUAL_AUTH_URL)
        return cls.model_construct(service_account=account)
