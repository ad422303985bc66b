"""What does a caller store before it is sent, and which requests are answered again as they were?

A stored push is a message in several languages. It is bound to one sending at most, and a sending has one push at most. A request
may have an idempotency key: its reply is kept in the write that carries it out, so of any number of requests with one key exactly
one is carried out, and the others are answered as it was.

===========================================  ===========================================================================
what fails                                   what comes of it
===========================================  ===========================================================================
the process, before the write                nothing is written; a repeat with the same key is carried out
the process, after the write                 a repeat with the same key is answered as the first one was to be
the answer to the write                      a read says whether it was written. If it says no, or there is no answer
                                             either, the caller repeats: with a key it is carried out once, and without
                                             one perhaps twice
===========================================  ===========================================================================
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NewType, Protocol, Self

from pushhub.faults import UnavailableError
from pushhub.moments import SECONDS_PER_DAY, Milliseconds, Seconds
from pushhub.sends.digests import joint_digest
from pushhub.sends.message import Translation
from pushhub.sends.sending import Sending, SendingId, mint_sending_id
from pushhub.sends.store import SendingStore

PushId = NewType("PushId", int)
"""Made as the id of a sending is, so below 2 ** 53; a push may have the same number as a sending."""
TranslationId = NewType("TranslationId", int)
"""Below 2 ** 53; no other translation of the same push has it."""

KEPT_SECONDS: Final = SECONDS_PER_DAY
"""How long the reply to a request with an idempotency key is kept."""
MAX_STORED_PUSH_BYTES: Final = 100_000
"""Translations of one push as they are stored, in JSON."""


class KnownPushError(Exception):
    """A push with this id exists already."""


class KnownRequestError(Exception):
    """Another request has this idempotency key, and its reply is kept; nothing was written."""


class OtherRequestError(Exception):
    """A request has the idempotency key of one with another body."""


class PushTooLargeError(Exception):
    """A push exceeds :data:`MAX_STORED_PUSH_BYTES`; the text says by how much."""


class BoundElsewhereError(Exception):
    """A push is bound to another sending."""


class NotSchedulableError(Exception):
    """No push can be bound to a sending: there is none, or it has ended, or it is due already."""


def mint_push_id(now: Milliseconds, chance: float) -> PushId:
    """Return a new id; `chance` is a random number from 0 to 1."""
    return PushId(mint_sending_id(now, chance))


@dataclass(frozen=True, slots=True)
class StoredTranslation:
    """What a push says in one language: a two-letter code in lower case."""

    id: TranslationId
    language: str
    translation: Translation


@dataclass(frozen=True, slots=True)
class StoredPush:
    """A push that a caller has stored; it never changes, but for what it is bound to.

    Attributes:
        id: see :data:`PushId`.
        caller: the name of the API caller, who alone sees it.
        default_language: of devices whose own language it is not translated into.
        translations: in the order of the caller's request, each of another language, one of them the default.
        bound: the sending that it is bound to.
    """

    id: PushId
    caller: str
    default_language: str
    translations: tuple[StoredTranslation, ...]
    bound: SendingId | None = None

    @classmethod
    def of(cls, push: PushId, caller: str, default_language: str, translations: Iterable[tuple[str, Translation]]) -> Self:
        """Return a push that is bound to nothing, with ids of its translations; each has its language beside it."""
        numbered = (StoredTranslation(TranslationId(push + number), *each) for number, each in enumerate(translations, 1))
        return cls(push, caller, default_language, tuple(numbered))


@dataclass(frozen=True, slots=True)
class RequestKey:
    """An idempotency key as one caller means it for one path: others may use the same one."""

    caller: str
    path: str
    key: str

    @property
    def digest(self) -> str:
        """64 hex digits that no other key has."""
        return joint_digest(self.caller, self.path, self.key)


@dataclass(frozen=True, slots=True)
class KeptReply:
    """How a request with an idempotency key was answered.

    Attributes:
        key: of the request.
        body_digest: tells its body from others.
        status: HTTP status of the reply.
        reply: body of the reply: UTF-8, a few kB.
        until: the last second in which it is answered again.
    """

    key: RequestKey
    body_digest: str
    status: int
    reply: bytes
    until: Seconds


class PushStore(Protocol):
    """Remembers pushes, and replies to requests with idempotency keys. What is over is as if it were not there.

    Every method raises `UnavailableError` where the store did not answer in time or refused for load: the write may have happened.
    All reads are consistent.
    """

    def create_push(self, push: StoredPush, kept: KeptReply | None) -> None:
        """Write a new push, and the reply to the request that asks for it, in one write.

        Raises:
            KnownRequestError: the key of the request is taken.
            KnownPushError: the id of the push is taken.
            PushTooLargeError: see :data:`MAX_STORED_PUSH_BYTES`.
        """

    def create_sending(self, sending: Sending, push: StoredPush | None, kept: KeptReply | None) -> None:
        """Write a new sending as :meth:`pushhub.sends.store.SendingStore.create` does, its push and the reply, in one write.

        Args:
            sending: the new sending; `sending.push` is the id of its push.
            push: a new push that is bound to the sending.
            kept: the reply to the request that asks for it.

        Raises:
            KnownRequestError: the key of the request is taken.
            KnownSendingError: the id of the sending or of the push is taken.
            SendingTooLargeError: see :meth:`pushhub.sends.store.SendingStore.create`.
            PushTooLargeError: see :data:`MAX_STORED_PUSH_BYTES`.
        """

    def push(self, push: PushId) -> StoredPush | None:
        """Return a push, None where there is none or it is forgotten."""

    def kept_reply(self, key: RequestKey) -> KeptReply | None:
        """Return how a request with this key was answered, None where there was none in the last :data:`KEPT_SECONDS`."""

    def bind(self, sending: Sending, push: StoredPush | None, now: Seconds, in_time: Callable[[], bool] = lambda: True) -> None:
        """Bind a push to a scheduled sending in the place of the one that is bound to it, which is bound to nothing then.

        The same again does no harm: so a caller whose answer was lost repeats it.

        Args:
            sending: as it is to be; of it, selection, messages, translations and push are written.
            push: what is bound, None for nothing.
            now: the sending has to be due later.
            in_time: says whether there is time to try again, where another push was bound meanwhile.

        Raises:
            NotSchedulableError: see there.
            BoundElsewhereError: the push is bound to another sending.
            SendingTooLargeError: the messages and translations exceed what a sending may have.
        """


@dataclass(frozen=True, slots=True)
class Pushes:
    """Carries out requests that store pushes and sendings: of those with one idempotency key, one."""

    store: PushStore
    sendings: SendingStore

    def answered(self, key: RequestKey, body_digest: str) -> KeptReply | None:
        """Return how a request with this key and body was answered, None where it is to be carried out.

        Raises:
            OtherRequestError: it had another body.
            UnavailableError: the store did not answer.
        """
        known = self.store.kept_reply(key)
        if known and known.body_digest != body_digest:
            raise OtherRequestError
        return known

    def create_push(self, push: StoredPush, kept: KeptReply | None) -> KeptReply | None:
        """Write a new push; return None, or how another request with the same key was answered, where nothing is written.

        Raises:
            OtherRequestError: that one had another body.
            KnownPushError, PushTooLargeError: see :meth:`PushStore.create_push`.
            UnavailableError: it may be written or not. A request with a key may be repeated.
        """
        return self._once(lambda: self.store.create_push(push, kept), kept, is_written=lambda: self.store.push(push.id) is not None)

    def create_sending(self, sending: Sending, push: StoredPush | None, kept: KeptReply | None) -> KeptReply | None:
        """Write a new sending with its push; return None, or how another request with the same key was answered.

        Raises:
            OtherRequestError: that one had another body.
            KnownSendingError, SendingTooLargeError, PushTooLargeError: see :meth:`PushStore.create_sending`.
            UnavailableError: it may be written or not. A request with a key may be repeated.
        """
        return self._once(
            lambda: self.store.create_sending(sending, push, kept),
            kept,
            is_written=lambda: self.sendings.sending(sending.id) is not None,
        )

    def push_of(self, caller: str, push: PushId) -> StoredPush | None:
        """Return a push that a caller has stored; those of others are as if they were not there.

        Raises:
            UnavailableError: the store did not answer.
        """
        known = self.store.push(push)
        return known if known and known.caller == caller else None

    def bind(self, sending: Sending, push: StoredPush | None, now: Seconds, in_time: Callable[[], bool] = lambda: True) -> None:
        """See :meth:`PushStore.bind`."""
        self.store.bind(sending, push, now, in_time)

    def _once(self, write: Callable[[], None], kept: KeptReply | None, *, is_written: Callable[[], bool]) -> KeptReply | None:
        try:
            write()
        except (KnownRequestError, UnavailableError) as fault:
            known = self.answered(kept.key, kept.body_digest) if kept else None
            # Each reply names an id that no other request has.
            if kept and known and known.reply == kept.reply:
                return None
            if known is None and (kept or not is_written()):
                raise UnavailableError("what was to be stored is not written") from fault
            return known
        return None
