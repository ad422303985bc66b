"""What does a device report of a push, and when are two reports of the same push?"""

import hashlib
import json
from dataclasses import dataclass
from enum import IntFlag
from typing import Final, NewType

from pushhub.events.uid import parse_uid

Identity = NewType("Identity", str)
"""What tells pushes to devices apart: 64 lower-case hex digits."""

MAX_UID_CHARACTERS: Final = 4096
NO_LAUNCH: Final = "-"
"""The launch of events that name none."""


class Happening(IntFlag):
    """What happened to a push; the bits are the vendor's numbers (seed 000). Opened does not imply delivered."""

    DELIVERED = 1
    OPENED = 2


@dataclass(frozen=True, slots=True)
class PlainForm:
    """The plain form of a report names the push by launch, provider and push token besides the uid; `launch` as its text."""

    launch: str
    provider: str
    token: str


@dataclass(frozen=True, slots=True)
class RecordEvent:
    """Record what happened to a push; `plain` is None in the special form, where the uid alone says which push it is."""

    happening: Happening
    uid: str
    plain: PlainForm | None = None

    @property
    def identity(self) -> Identity:
        """Equal for two reports exactly when they are of the same push to the same device in the same form."""
        parts = [self.uid] if self.plain is None else [self.uid, self.plain.launch, self.plain.provider, self.plain.token]
        return Identity(hashlib.sha256(json.dumps(parts).encode()).hexdigest())

    @property
    def launch(self) -> str:
        """The launch that statistics count the event for."""
        if self.plain:
            return self.plain.launch
        uid = parse_uid(self.uid)
        return uid.launch.text if uid else NO_LAUNCH
