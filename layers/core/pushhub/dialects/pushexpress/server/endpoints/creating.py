"""How are the calls answered that create something?

Without `Idempotency-Key` each request creates something. With it, a repeat is answered with the reply of the first, and another
request with the key of this one is refused: see :mod:`pushhub.sends.pushes`.
"""

import hashlib
from collections.abc import Callable, Mapping
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
"""Nothing is written where the reads before took longer: the write, and the read that settles it, need the rest."""
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
        begin: has a sending begin that is due soon, at a moment of the clock. It raises nothing: a sweep begins what does not.
        clock: time and chance.
    """

    pushes: Pushes
    begin: Callable[[Sending, Seconds], None]
    clock: Clock

    def __call__(self, call: ServerCall, creation_of: Callable[[Mapping[str, Any]], Creation]) -> Answer:
        """Answer one call; `creation_of` gives what its body asks for, or refuses it."""
        begun = self.clock.elapsed()
        body = read_server_body(call.request)
        key = _request_key(call)
        digest = hashlib.sha256(call.request.body).hexdigest()
        try:
            if key and (given := self.pushes.answered(key, digest)):
                return _replayed(given)
            creation = creation_of(body)
            kept = KeptReply(key, digest, _CREATED, write_object(creation.reply), Seconds(self.now + KEPT_SECONDS)) if key else None
            self.require_time(begun)
            if given := self._written(creation, kept):
                return _replayed(given)
        except OtherRequestError:
            raise RefusedError(PushExpressRefusal.IDEMPOTENCY_KEY_REUSED) from None
        if creation.sending:
            self.begin(creation.sending, self.now)
        return Answer(HttpReply(_CREATED, write_object(creation.reply)), counts=_counts(creation))

    def require_time(self, begun: float) -> None:
        """Refuse to write where too much time has passed since a moment of the clock.

        Raises:
            UnavailableError: it has.
        """
        if self.clock.elapsed() - begun > SECONDS_TO_WRITE:
            raise UnavailableError("the reads took too long to write anything within the request")

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

    def _written(self, creation: Creation, kept: KeptReply | None) -> KeptReply | None:
        """Write what is created; return the reply to the same request that was faster, where one was."""
        try:
            if creation.sending:
                push = replace(creation.push, bound=creation.sending.id) if creation.push else None
                return self.pushes.create_sending(creation.sending, push, kept)
            return self.pushes.create_push(creation.push, kept) if creation.push else None
        except (KnownSendingError, KnownPushError) as known:
            raise LostRaceError("another request of the same millisecond has the same id") from known
        except (SendingTooLargeError, PushTooLargeError) as misfit:
            raise RefusedError(PushExpressRefusal.SENDING_TOO_LARGE, misfit=misfit) from None


def translations_shown(push: StoredPush) -> list[Mapping[str, object]]:
    """Return the translations of a push as replies name them, in the order in which they came."""
    return [{"id": each.id, "language": each.language} for each in push.translations]


def _request_key(call: ServerCall) -> RequestKey | None:
    key = idempotency_key_of(call.request)
    return RequestKey(call.account.caller.name, call.request.path, key) if key else None


def _replayed(given: KeptReply) -> Answer:
    return Answer(HttpReply(given.status, given.reply, REPLAYED), counts={"RequestsReplayed": 1})


def _counts(creation: Creation) -> Mapping[str, int]:
    return {"PushesCreated": int(creation.push is not None), "SendingsCreated": int(creation.sending is not None)}
