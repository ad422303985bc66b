"""Requests with one idempotency key that race in memory, one within the other as a seed chooses.

Wherever a request calls the store, others may come and go, the process may die, an answer may be lost, and a write whose answer was
lost may happen later, twice, or not at all.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random

from pushhub.faults import UnavailableError
from pushhub.moments import Milliseconds, Seconds
from pushhub.sends.message import Message, Translation
from pushhub.sends.pushes import KEPT_SECONDS, KeptReply, KnownRequestError, Pushes, RequestKey, StoredPush, mint_push_id
from pushhub.sends.sending import Everyone, Sending, mint_sending_id
from pushhub.sends.store import KnownSendingError
from tests.doubles.pushes import MemoryPushes
from tests.doubles.schedules import CrashError, a_sending
from tests.doubles.sendings import MemorySendings

START = 1_800_000_000
KEY = RequestKey("crm", "/api/b/v2/send/instant", "order-7")
MAX_REQUESTS = 6
MAX_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Told:
    """What a request was answered; None where it was told nothing of use, or died."""

    own: bytes
    reply: bytes | None
    replayed: bool = False


class LatePushes(MemoryPushes):
    """Pushes whose writes may happen after their answers are lost, or twice."""

    race: "PushRace"

    def create_sending(self, sending: Sending, push: StoredPush | None, kept: KeptReply | None) -> None:
        self.race.written(lambda: super(LatePushes, self).create_sending(sending, push, kept))


class PushRace:
    """Requests of one caller that ask with one key and one body for a sending."""

    def __init__(self, seed: int, *, with_key: bool = True) -> None:
        self.random = Random(seed)
        self.with_key = with_key
        self.danger = self.random.choice((0.0, 0.05, 0.2, 0.5))
        self.calm = False
        self.depth = 0
        self.requests = 0
        self.told: list[Told] = []
        self.late: list[Callable[[], None]] = []
        self.sendings = MemorySendings(interrupt=self.interrupt)
        self.store = LatePushes(self.sendings, START)
        self.store.race = self
        self.pushes = Pushes(self.store, self.sendings)

    def made(self) -> list[bytes]:
        """Return the replies that name the sendings which were made."""
        everyone = [mint_sending_id(Milliseconds(START * 1000 + number), 0.5) for number in range(self.requests)]
        return [_reply(number) for number, sending in enumerate(everyone) if self.sendings.known(sending)]

    def request(self) -> Told:
        """Let one request come and go."""
        number, self.requests = self.requests, self.requests + 1
        self.depth += 1
        try:
            told = self._answer(number)
        except (CrashError, UnavailableError):
            told = Told(_reply(number), None)
        finally:
            self.depth -= 1
        self.told.append(told)
        return told

    def interrupt(self, _point: str) -> None:
        """Let others come, and perhaps fail."""
        if self.calm:
            return
        if self.depth < MAX_DEPTH and self.requests < MAX_REQUESTS and self.random.random() < 0.4:
            self.request()
        if self._happens(0.5):
            self._write_late()
        if self._happens(0.5):
            raise CrashError
        if self._happens(1):
            raise UnavailableError

    def written(self, write: Callable[[], None]) -> None:
        """Write, or lose the answer of a write that happens later; it may happen twice as well."""
        if self._happens(1):
            self.late.append(write)
            if self.random.random() < 0.7:
                raise UnavailableError
        write()

    def faults(self) -> list[str]:
        """Run it, and say which promises were broken."""
        while self.requests < MAX_REQUESTS and (not self.requests or self.random.random() < 0.8):
            self.request()
        self.calm = True
        while self.late:
            self._write_late()
        answers = {each.reply for each in self.told if each.reply}
        made = self.made()
        promises = {
            "at most one sending is made": len(made) <= 1,
            "whoever is answered reads of the sending that is made": answers <= {*made},
            "the reply of another request is marked as replayed": all(
                each.replayed is (each.reply != each.own) for each in self.told if each.reply
            ),
            "without faults each request is answered": self.danger > 0 or all(each.reply for each in self.told),
        }
        return [promise for promise, kept in promises.items() if not kept] + self._faults_afterwards(made)

    def _faults_afterwards(self, made: list[bytes]) -> list[str]:
        """Say whether a repeat is answered as it should be, within a day and after it."""
        again = self.request()
        if again.reply not in (made or [again.own]):
            return ["a repeat is answered as the request was, or carried out where that was not"]
        self.store.seconds += KEPT_SECONDS + 1
        later = self.request()
        return [] if later.reply == later.own and len(self.made()) == 2 else ["the key is free a day later"]

    def _answer(self, number: int) -> Told:
        kept = KeptReply(KEY, "body", 201, _reply(number), Seconds(self.store.seconds + KEPT_SECONDS)) if self.with_key else None
        known = self.pushes.answered(kept.key, kept.body_digest) if kept else None
        if known is None:
            known = self.pushes.create_sending(*_sending(number), kept)
        return Told(_reply(number), known.reply if known else _reply(number), replayed=known is not None)

    def _happens(self, share: float) -> bool:
        return not self.calm and self.random.random() < self.danger * share

    def _write_late(self) -> None:
        self.random.shuffle(self.late)
        if self.late:
            write = self.late.pop()
            with suppress(KnownRequestError, KnownSendingError, UnavailableError):
                write()


def _reply(number: int) -> bytes:
    return b'{"sched_id": %d}' % number


def _sending(number: int) -> tuple[Sending, StoredPush]:
    now = Milliseconds(START * 1000 + number)
    push = StoredPush.of(mint_push_id(now, 0.5), "crm", "en", [("en", Translation("Sale", "Now"))])
    sending = a_sending(mint_sending_id(now, 0.5), Everyone(), Seconds(START + 120))
    sending = replace(sending, messages={"": Message(title="Sale", text="Now")}, push=push.id)
    return sending, replace(push, bound=sending.id)
