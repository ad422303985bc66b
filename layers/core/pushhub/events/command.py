"""What does a device report of a push, and when are two reports about the same push?"""

import hashlib
import json
import re
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Final, NewType

from pushhub.catalog.providers import PushToken
from pushhub.catalog.push_tokens import compared_form
from pushhub.events.uid import parse_uid

Identity = NewType("Identity", str)
"""Identifies a push to a device, in one form of report: 64 lower-case hex digits."""

MAX_UID_CHARACTERS: Final = 4096
MAX_LAUNCH_CHARACTERS: Final = 256
MAX_PROVIDER_CHARACTERS: Final = 64
LINK_PATH: Final = "/api/v1.1/pushes/crypto_post_events?/"
"""Path and beginning of the query string of every link: "Event registration" in `dialects/altcraft/sources.md`."""
RELAYED_HEADER: Final = "x-pushhub-relayed"
"""Marks a link that a hub of this kind hands on; one that gets it does not hand it on again, or it would circle between hubs."""
OPAQUE_PART: Final = re.compile(r"[0-9A-Za-z_-]{16,2048}", re.ASCII)
"""The form of what follows :data:`LINK_PATH` in a link, of this hub or another."""
NO_LAUNCH: Final = "-"
"""The launch of events that name none."""
NO_PROVIDER: Final = "-"
"""The provider of events that name none."""


class Happening(IntFlag):
    """What happened to a push; the bits are the numbers of "Add app push events" in `dialects/altcraft/sources.md`.

    Opened does not imply delivered.
    """

    DELIVERED = 1
    OPENED = 2


@dataclass(frozen=True, slots=True)
class PlainForm:
    """The plain form of a report names the push by launch, provider and push token besides the uid.

    `launch` keeps the JSON type it came in, since it is handed on as it came; 1 and "1" are one launch.
    """

    launch: str | int
    provider: str
    push_token: PushToken = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecordEvent:
    """Record what happened to a push.

    `plain` is None in the special form, where the uid alone says which push it is. `launch_of_link` is the launch that a link of
    ours names; it is None for a link that names none and for a report that is no link.
    """

    happening: Happening
    uid: str
    plain: PlainForm | None = None
    launch_of_link: str | None = None

    @property
    def identity(self) -> Identity:
        """Equal for two reports if and only if they are about the same push to the same device and of the same form.

        A report of an APNs device that was recorded before push tokens were compared in one form has the identity of its spelling.
        Where that is another than the compared form, a repeat counts once more.
        """
        plain = self.plain
        parts = [self.uid]
        if plain:
            parts += [str(plain.launch), plain.provider, compared_form(plain.provider, plain.push_token)]
        return Identity(hashlib.sha256(json.dumps(parts).encode()).hexdigest())

    @property
    def launch(self) -> str:
        """The launch that statistics count the event for."""
        if self.plain:
            return str(self.plain.launch)
        if self.launch_of_link:
            return self.launch_of_link
        uid = parse_uid(self.uid)
        return uid.launch.text if uid else NO_LAUNCH

    @property
    def provider(self) -> str:
        """The provider that statistics count the event for."""
        if self.plain:
            return self.plain.provider
        uid = parse_uid(self.uid)
        return uid.provider if uid else NO_PROVIDER


@dataclass(frozen=True, slots=True)
class RelayLink:
    """Hand a link that is not ours on to the upstreams that take such links.

    `opaque` is what follows the slash of the link, unchanged.
    """

    opaque: str = field(repr=False)
