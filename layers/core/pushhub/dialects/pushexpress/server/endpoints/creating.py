"""How are the calls answered that create something?

Without `Idempotency-Key` each request creates something. With it, a repeat is answered with the reply of the first, and another
request with the key of this one is refused: see :mod:`pushhub.sends.pushes`.
"""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from pushhub.dialects.http import Answer, HttpReply, RefusedError
from pushhub.dialects.json_body import write_object
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.server.endpoints.calls import ServerCall
from pushhub.dialects.pushexpress.server.pushes import PushContent
from pushhub.dialects.pushexpress.server.requests import idempotency_key_of, read_server_body
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Clock, Seconds
from pushhub.sends.handling import now_of
from pushhub.sends.pushes import (
    KEPT_SECONDS,
    KeptReply,
    KnownPushError,
    OtherRequestError,
    Pushes,
    PushTooLargeError,
    RequestKey,
    StoredPush,
    mint_push_id,
)
from pushhub.sends.sending import Sending, SendingId, mint_sending_id
from pushhub.sends.store import KnownSendingError, SendingTooLargeError

SECONDS_TO_WRITE: Final = 10
"""From when a request comes: nothing is written later, since the write and the read that settles it may hang for 8 s each. Nor is
anything put into the queue later: the sweep does that."""
MAX_MINTS: Final = 3
"""How often ids are minted until no other request of the same millisecond has them."""
REPLAYED: Final = {"idempotent-replayed": "true"}
"""The header of a reply that was given before."""

_CREATED: Final = 201


@dataclass(frozen=True, slots=True)
class Creation:
    """What a request creates: a push, a sending, or a sending with a push that is bound to it; and the reply that says so."""

    reply: Mapping[str, object]
    push: StoredPush | None = None
    sending: Sending | None = None


@dataclass(frozen=True, slots=True)
class Creating:
    """Answers the calls that create something.

    Attributes:
        pushes: writes what is created, once for each idempotency key.
        begin: has a sending begin that is due soon, at a moment of the clock, as long as it is in time. It raises nothing: a sweep
            begins what does not.
        clock: time and chance.
    """

    pushes: Pushes
    begin: Callable[[Sending, Seconds, Callable[[], bool]], None]
    clock: Clock

    def __call__(self, call: ServerCall, creation_of: Callable[[Mapping[str, Any]], Creation]) -> Answer:
        """Answer one call; `creation_of` gives what its body asks for, with new ids each time, or refuses it."""
        body = read_server_body(call.request)
        key = _request_key(call)
        digest, in_time = hashlib.sha256(call.request.body).hexdigest(), self.in_time(call)
        try:
            if key and (given := self.pushes.answered(key, digest)):
                return _replayed(given)
            created = self._created(lambda: creation_of(body), key, digest, in_time)
        except OtherRequestError:
            raise RefusedError(PushExpressRefusal.IDEMPOTENCY_KEY_REUSED) from None
        if isinstance(created, KeptReply):
            return _replayed(created)
        if created.sending and in_time():
            self.begin(created.sending, self.now, in_time)
        return Answer(HttpReply(_CREATED, write_object(created.reply)), counts=_counts(created))

    def in_time(self, call: ServerCall) -> Callable[[], bool]:
        """Return what says whether a call may still begin to write."""
        return lambda: self.clock.elapsed() - call.begun <= SECONDS_TO_WRITE

    @property
    def now(self) -> Seconds:
        """The time of day."""
        return now_of(self.clock)

    def new_id(self) -> SendingId:
        """Return the id of a new sending."""
        return mint_sending_id(self.clock.now(), self.clock.chance())

    def new_push(self, caller: str, content: PushContent) -> StoredPush:
        """Return a new push that is bound to nothing."""
        id_ = mint_push_id(self.clock.now(), self.clock.chance())
        return StoredPush.of(id_, caller, content.default_language, content.translations.items())

    def _created(
        self, mint: Callable[[], Creation], key: RequestKey | None, digest: str, in_time: Callable[[], bool]
    ) -> Creation | KeptReply:
        """Create something; return it, or the reply to the same request that was faster.

        Raises:
            LostRaceError: the ids are taken, each time anew.
        """
        for _ in range(MAX_MINTS):
            creation = mint()
            kept = KeptReply(key, digest, _CREATED, write_object(creation.reply), Seconds(self.now + KEPT_SECONDS)) if key else None
            require_time(in_time)
            with suppress(KnownSendingError, KnownPushError):
                return self._written(creation, kept) or creation
        raise LostRaceError("other requests of the same milliseconds have the same ids")

    def _written(self, creation: Creation, kept: KeptReply | None) -> KeptReply | None:
        """Write what is created; return the reply to the same request that was faster, where one was."""
        try:
            if creation.sending:
                push = replace(creation.push, bound=creation.sending.id) if creation.push else None
                return self.pushes.create_sending(creation.sending, push, kept)
            return self.pushes.create_push(creation.push, kept) if creation.push else None
        except (SendingTooLargeError, PushTooLargeError) as misfit:
            raise RefusedError(PushExpressRefusal.SENDING_TOO_LARGE, misfit=misfit) from None


def require_time(in_time: Callable[[], bool]) -> None:
    """Refuse to write where it is too late.

    Raises:
        UnavailableError: it is.
    """
    if not in_time():
        raise UnavailableError("the reads took too long to write anything within the request")


def translations_shown(push: StoredPush) -> list[Mapping[str, object]]:
    """Return the translations of a push as replies name them, in the order in which they came."""
    return [{"id": each.id, "language": each.language} for each in push.translations]


def _request_key(call: ServerCall) -> RequestKey | None:
    key = idempotency_key_of(call.request)
    return RequestKey(call.account.caller.name, call.path, key) if key else None


def _replayed(given: KeptReply) -> Answer:
    return Answer(HttpReply(given.status, given.reply, REPLAYED), counts={"RequestsReplayed": 1})


def _counts(creation: Creation) -> Mapping[str, int]:
    return {"PushesCreated": int(creation.push is not None), "SendingsCreated": int(creation.sending is not None)}
