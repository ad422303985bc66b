"""How is what a request asks for created once, however often the request comes?

Without `Idempotency-Key` each request creates something. With it, the reply is kept with what is created, in one write: the same
request is answered with that reply again, and another one with the key of this is refused.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pushhub.catalog.model import ApiCaller
from pushhub.dialects.http import Answer, HttpReply, RefusedError
from pushhub.dialects.json_body import write_object
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.replies import json_reply
from pushhub.dialects.pushexpress.server.endpoints.calls import ServerCall
from pushhub.dialects.pushexpress.server.pushes import PushContent
from pushhub.dialects.pushexpress.server.requests import idempotency_key_of, read_server_body
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import SECONDS_PER_DAY, Clock, Seconds
from pushhub.sends.handling import now_of
from pushhub.sends.pushes import KeptReply, KnownRequestError, PushId, PushStore, RequestKey, StoredPush, StoredTranslation, TranslationId
from pushhub.sends.sending import Sending, SendingId, mint_sending_id
from pushhub.sends.store import MAX_SENDING_BYTES, KnownSendingError, SendingTooLargeError

SECONDS_TO_WRITE: Final = 10
"""Nothing is written where the reads before took longer: the write, and the read that settles it, need the rest."""
KEPT_SECONDS: Final = SECONDS_PER_DAY
"""How long a reply is kept."""
REPLAYED: Final = {"idempotent-replayed": "true"}
"""The header of a reply that was given before."""

_CREATED: Final = 201


@dataclass(frozen=True, slots=True)
class Creation:
    """What a request creates: a push, a sending, or a sending with a push; and the reply that says so."""

    reply: Mapping[str, object]
    push: StoredPush | None = None
    sending: Sending | None = None


@dataclass(frozen=True, slots=True)
class _KeyedRequest:
    """A request that says which one it is."""

    key: RequestKey
    body_digest: str


@dataclass(frozen=True, slots=True)
class Creating:
    """Answers the calls that create something.

    Attributes:
        store: keeps pushes, sendings and replies.
        begin: has a sending begin that is due soon. It raises nothing, since a sweep begins what does not.
        clock: time and chance.
    """

    store: PushStore
    begin: Callable[[Sending], None]
    clock: Clock

    def __call__(self, call: ServerCall, creation_of: Callable[[Mapping[str, Any]], Creation]) -> Answer:
        """Answer one call; `creation_of` gives what its body asks for, or refuses it."""
        begun = self.clock.elapsed()
        body = read_server_body(call.request)
        asked = _keyed(call)
        if asked and (reply := self._given_before(asked)):
            return _replayed(reply)
        creation = creation_of(body)
        self.require_time(begun)
        try:
            self._write(creation, asked)
        except KnownRequestError as known:
            if asked and (reply := self._given_before(asked)):
                return _replayed(reply)
            raise LostRaceError("the reply to the same request is not there any more") from known
        if creation.sending:
            self.begin(creation.sending)
        return Answer(json_reply(_CREATED, creation.reply), counts=_counts(creation))

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

    def mint(self) -> SendingId:
        """Return a number that no sending has; those of pushes and of translations are made in the same way."""
        return mint_sending_id(self.clock.now(), self.clock.chance())

    def push_of(self, caller: ApiCaller, content: PushContent) -> StoredPush:
        """Return a new push; its translations have consecutive ids."""
        first = self.mint()
        translations = tuple(
            StoredTranslation(TranslationId(first + number), language, translation)
            for number, (language, translation) in enumerate(content.translations.items())
        )
        return StoredPush(PushId(self.mint()), caller.name, content.default_language, translations)

    def _write(self, creation: Creation, asked: _KeyedRequest | None) -> None:
        kept = asked and KeptReply(
            asked.key, asked.body_digest, _CREATED, write_object(creation.reply), Seconds(self.now + KEPT_SECONDS)
        )
        try:
            if creation.sending:
                self.store.create_sending(creation.sending, creation.push, kept)
            elif creation.push:
                self.store.create_push(creation.push, kept)
        except KnownSendingError as known:
            raise LostRaceError("another sending has just got the same id") from known
        except SendingTooLargeError:
            expected = f"a body whose filters and texts take at most {MAX_SENDING_BYTES} bytes"
            raise RefusedError(PushExpressRefusal.BAD_VALUE, path="body", expected=expected) from None

    def _given_before(self, asked: _KeyedRequest) -> KeptReply | None:
        kept = self.store.kept_reply(asked.key)
        if kept is None or kept.until < self.now:
            return None
        if kept.body_digest != asked.body_digest:
            raise RefusedError(PushExpressRefusal.IDEMPOTENCY_KEY_REUSED)
        return kept


def translations_shown(push: StoredPush) -> list[Mapping[str, object]]:
    """Return the translations of a push as replies name them, in the order in which they came."""
    return [{"id": each.id, "language": each.language} for each in push.translations]


def _keyed(call: ServerCall) -> _KeyedRequest | None:
    key = idempotency_key_of(call.request)
    if key is None:
        return None
    return _KeyedRequest(RequestKey(call.account.caller.name, call.request.path, key), hashlib.sha256(call.request.body).hexdigest())


def _replayed(kept: KeptReply) -> Answer:
    return Answer(HttpReply(kept.status, kept.reply, REPLAYED), counts={"RequestsReplayed": 1})


def _counts(creation: Creation) -> Mapping[str, int]:
    return {"PushesCreated": int(creation.push is not None), "SendingsCreated": int(creation.sending is not None)}
