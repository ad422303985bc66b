"""How are the calls answered by which a push is created, a one-time sending is scheduled, and both are brought together?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.providers import Provider
from pushhub.dialects.http import Answer, RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.family import PathFamily
from pushhub.dialects.pushexpress.replies import json_reply
from pushhub.dialects.pushexpress.server.endpoints import paths
from pushhub.dialects.pushexpress.server.endpoints.calls import ServerCall, server_family
from pushhub.dialects.pushexpress.server.endpoints.creating import Creating, Creation, require_time, translations_shown
from pushhub.dialects.pushexpress.server.endpoints.one_time import PUSH_EXPRESS, one_time_sending, stored_content, with_push
from pushhub.dialects.pushexpress.server.fields import Fields, id_in_path
from pushhub.dialects.pushexpress.server.messages import require_content_fits
from pushhub.dialects.pushexpress.server.orders import parse_binding, parse_onesend
from pushhub.dialects.pushexpress.server.pushes import parse_push_content
from pushhub.dialects.pushexpress.server.requests import read_server_body
from pushhub.sends.message import Message
from pushhub.sends.pushes import BoundElsewhereError, NotSchedulableError, PushId, StoredPush
from pushhub.sends.sending import Sending, SendingId
from pushhub.sends.store import SendingTooLargeError

ONESEND: Final = "onesend"
"""The one type of schedulers of this hub."""

_PUSH: Final = "push of this caller"
_SENDING: Final = "one-time sending of this caller"
_BOUND_PATH: Final = "push_ids[0]"


@dataclass(frozen=True, slots=True)
class PushCalls:
    """Keeps pushes and one-time sendings.

    Attributes:
        create: writes what is created once.
        require_fit: raises where a message does not fit a provider. See :func:`pushhub.sends.fitting.require_fit`.
    """

    create: Creating
    require_fit: Callable[[Provider, Message], None]

    def endpoint(self, catalog: CachedCatalog) -> PathFamily:
        """Return the endpoint."""
        handlers = {
            paths.CREATE_PUSH: self.create_push,
            paths.SHOW_PUSH: self.show_push,
            paths.CREATE_ONESEND: self.create_onesend,
            paths.BIND_PUSHES: self.bind,
        }
        return server_family("pushexpress_pushes", catalog, handlers, elapsed=self.create.clock.elapsed)

    def create_push(self, call: ServerCall) -> Answer:
        """Answer `POST /pushes`."""
        return self.create(call, lambda body: self._new_push(call, body))

    def create_onesend(self, call: ServerCall) -> Answer:
        """Answer `POST /sched/onesend`."""
        return self.create(call, lambda body: self._new_onesend(call, body))

    def show_push(self, call: ServerCall) -> Answer:
        """Answer `GET /pushes/{push_id}`."""
        push = self._push(call, id_in_path(call.parameters["push_id"], "push_id", _PUSH), "push_id")
        return Answer(json_reply(200, _shown(push)))

    def bind(self, call: ServerCall) -> Answer:
        """Answer `PUT /sched/onesend/{sched_id}/pushes`: the push takes the place of the one that was bound."""
        sending = self._sending(call)
        named = parse_binding(read_server_body(call.request))
        push = None if named is None else self._push(call, named, _BOUND_PATH)
        if push:
            apps = [app for id_ in {part.app for part in sending.parts} if (app := call.account.catalog.apps.get(id_))]
            require_content_fits(stored_content(push), apps, self.require_fit, _BOUND_PATH)
        in_time = self.create.in_time(call)
        require_time(in_time)
        try:
            self.create.pushes.bind(with_push(sending, push), push, self.create.now, in_time)
        except BoundElsewhereError:
            raise RefusedError(PushExpressRefusal.BOUND_ELSEWHERE, path=_BOUND_PATH) from None
        except NotSchedulableError:
            raise RefusedError(PushExpressRefusal.SENDING_IS_DUE, path="sched_id") from None
        except SendingTooLargeError as misfit:
            raise RefusedError(PushExpressRefusal.SENDING_TOO_LARGE, misfit=misfit) from None
        reply = {"sched_id": sending.id, "push_ids": [] if named is None else [named]}
        return Answer(json_reply(200, reply), counts={"PushesBound": int(push is not None)})

    def _new_push(self, call: ServerCall, body: Mapping[str, Any]) -> Creation:
        content = parse_push_content(Fields(body))
        apps = [app for app in call.account.apps.values() if app.enabled]
        require_content_fits(content, apps, self.require_fit, "")
        push = self.create.new_push(call.account.caller.name, content)
        return Creation({"id": push.id, "translations": translations_shown(push)}, push)

    def _new_onesend(self, call: ServerCall, body: Mapping[str, Any]) -> Creation:
        now = self.create.now
        order = parse_onesend(body, call.account, now)
        sending = one_time_sending(self.create.new_id(), call.account.caller, order, now)
        return Creation({"id": sending.id, "sched_id": sending.id}, sending=sending)

    def _push(self, call: ServerCall, id_: int, path: str) -> StoredPush:
        push = self.create.pushes.push_of(call.account.caller.name, PushId(id_))
        if push is None:
            raise RefusedError(PushExpressRefusal.UNKNOWN, path=path, what=_PUSH)
        return push

    def _sending(self, call: ServerCall) -> Sending:
        if call.parameters["sched_type"] != ONESEND:
            raise RefusedError(PushExpressRefusal.NOT_IMPLEMENTED, what="schedulers of this type", instead=f"it has {ONESEND}")
        sending = self.create.pushes.sendings.sending(SendingId(id_in_path(call.parameters["sched_id"], "sched_id", _SENDING)))
        if sending is None or sending.dialect != PUSH_EXPRESS or sending.caller != call.account.caller.name:
            raise RefusedError(PushExpressRefusal.UNKNOWN, path="sched_id", what=_SENDING)
        return sending


def _shown(push: StoredPush) -> Mapping[str, object]:
    translations = [
        {
            "id": each.id,
            "language": each.language,
            "title": each.translation.title,
            "text": each.translation.text,
            "image": each.translation.image,
            "icon": each.translation.icon,
            "link": each.translation.link,
        }
        for each in push.translations
    ]
    bound = {"sched_type": ONESEND, "sched_id": push.bound} if push.bound else {}
    return {"id": push.id, "default_lang": push.default_language, "translations": translations, **bound}
