"""The block `apns`: a key for Apple's push service, as its developer account hands it out."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, PlainValidator, model_validator

from pushhub.catalog.sections.apps.blocks.file_block import FileBlock, one_of, parsed_by, read_and_parsed_by, text_like
from pushhub.catalog.sections.apps.keys import TriedKey, throw_away_p256_key, try_p256_key
from pushhub.catalog.sections.apps.section import STAND_IN
from pushhub.catalog.sections.file_values import Text, filled_in, known


class ApnsEnvironment(StrEnum):
    """Which of Apple's two services an app's devices are registered with."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"


_AppleId = Annotated[Text, text_like(r"[A-Z0-9]{10}", "an id of Apple, 10 characters of A-Z 0-9,")]
_Topic = Annotated[Text, text_like(r"[A-Za-z0-9.-]{1,155}", "a bundle id, 1 to 155 characters of A-Z a-z 0-9 . -,")]
_Environment = Annotated[ApnsEnvironment, BeforeValidator(known(ApnsEnvironment, "environment")), BeforeValidator(filled_in)]


class ApnsFileBlock(FileBlock):
    """Credentials for APNs; `key` is the text of the .p8 file that `key_file` names."""

    key: Annotated[TriedKey, PlainValidator(parsed_by(try_p256_key))] | None = None
    key_file: Annotated[TriedKey, PlainValidator(read_and_parsed_by(try_p256_key))] | None = None
    key_id: _AppleId
    team_id: _AppleId
    topic: _Topic
    environment: _Environment = ApnsEnvironment.PRODUCTION

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        self._key()
        return self

    def _key(self) -> TriedKey:
        return one_of(self.key, self.key_file, "key or key_file")

    def own_settings(self) -> dict[str, str]:
        """Return the topic and the environment."""
        return {"topic": self.topic, "environment": str(self.environment)}

    def credentials(self) -> dict[str, str]:
        """Return the key with its id and its team's, which stand in what it signs."""
        return {"key": self._key().der, "key_id": self.key_id, "team_id": self.team_id}

    @classmethod
    def made_up(cls) -> "ApnsFileBlock":
        """Return a block with a throw-away key."""
        return cls.model_construct(key=throw_away_p256_key(), key_id="STANDIN000", team_id="STANDIN000", topic=STAND_IN)
