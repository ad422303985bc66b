"""Stored pushes and kept replies in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pushhub.adapters.dynamodb.schema.pushes import push_item
from pushhub.adapters.dynamodb.schema.sending_content import content_text
from pushhub.adapters.dynamodb.schema.sendings import sending_expires
from pushhub.moments import SECONDS_PER_DAY, Seconds
from pushhub.sends.pushes import (
    BoundElsewhereError,
    KeptReply,
    KnownPushError,
    KnownRequestError,
    NotSchedulableError,
    PushId,
    RequestKey,
    StoredPush,
)
from pushhub.sends.sending import Sending, SendingId, SendingStatus
from pushhub.sends.store import KnownSendingError, require_content_bound
from tests.doubles.sendings import MemorySendings


@dataclass
class MemoryPushes:
    """A `PushStore` for tests. Its calls are counted and interrupted with those of the sendings that it makes."""

    sendings: MemorySendings = field(default_factory=MemorySendings)
    seconds: int = 0
    """The time of day."""
    pushes: dict[PushId, StoredPush] = field(default_factory=dict)
    replies: dict[RequestKey, KeptReply] = field(default_factory=dict)
    retention: int = 30 * SECONDS_PER_DAY
    """Seconds that a push is kept which is bound to nothing, and a sending after its last possible try."""
    expires: dict[PushId, int] = field(default_factory=dict)

    def create_push(self, push: StoredPush, kept: KeptReply | None) -> None:
        with self.sendings.call("create_push"):
            self._require_unknown(kept)
            self._add(push)
            self._keep(kept)

    def create_sending(self, sending: Sending, push: StoredPush | None, kept: KeptReply | None) -> None:
        with self.sendings.call("create_sending"):
            self._require_unknown(kept)
            if self.sendings.known(sending.id) or (push and push.id in self.pushes):
                raise KnownSendingError
            _require_fits(sending)
            if push:
                self._add(push)
                self.expires[push.id] = sending_expires(sending, self.retention)
            self.sendings.add_scheduled(sending)
            self._keep(kept)

    def push(self, push: PushId) -> StoredPush | None:
        with self.sendings.call("push"):
            return self.pushes.get(push) if self.expires.get(push, 0) >= self.seconds else None

    def kept_reply(self, key: RequestKey) -> KeptReply | None:
        with self.sendings.call("kept_reply"):
            return self._kept(key)

    def bind(self, sending: Sending, push: StoredPush | None, now: Seconds, in_time: Callable[[], bool] = lambda: True) -> None:
        with self.sendings.call("bind"):
            current = self.sendings.known(sending.id)
            if not current or current.status is not SendingStatus.SCHEDULED or current.due <= now:
                raise NotSchedulableError
            if push and self._bound(push.id) not in (None, sending.id):
                raise BoundElsewhereError
            _require_fits(sending)
            if current.push is not None:
                self._bind(self.pushes[PushId(current.push)], None)
            if push:
                self._bind(push, sending.id)
                self.expires[push.id] = sending_expires(sending, self.retention)
            self.sendings.rebind(sending, current.push)

    def _add(self, push: StoredPush) -> None:
        push_item(push, 0)
        if push.id in self.pushes:
            raise KnownPushError
        self.pushes[push.id] = push
        self.expires[push.id] = self.seconds + self.retention

    def _bound(self, push: PushId) -> SendingId | None:
        return self.pushes[push].bound if push in self.pushes else None

    def _bind(self, push: StoredPush, sending: SendingId | None) -> None:
        self.pushes[push.id] = replace(push, bound=sending)
        self.expires[push.id] = self.seconds + self.retention

    def _kept(self, key: RequestKey) -> KeptReply | None:
        known = self.replies.get(key)
        return known if known and known.until >= self.seconds else None

    def _require_unknown(self, kept: KeptReply | None) -> None:
        if kept and self._kept(kept.key):
            raise KnownRequestError

    def _keep(self, kept: KeptReply | None) -> None:
        if kept:
            self.replies[kept.key] = kept


def _require_fits(sending: Sending) -> None:
    require_content_bound(content_text(sending.selection, sending.messages, sending.translations))
