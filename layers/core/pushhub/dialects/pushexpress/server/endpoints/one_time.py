"""What is a sending that a request asks for, and what does it push once a push is bound to it?"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pushhub.catalog.model import ApiCaller, App
from pushhub.dialects.pushexpress.server.filters import AppliedFilters
from pushhub.dialects.pushexpress.server.messages import provider_messages
from pushhub.dialects.pushexpress.server.pushes import PushContent
from pushhub.dialects.pushexpress.server.times import FixedTime, LocalTime
from pushhub.sends.local_time import local_parts
from pushhub.sends.pushes import StoredPush
from pushhub.sends.sending import Filtered, Part, Sending, SendingId, launch_of

DIALECT: Final = "push.express"


def one_time_sending(id_: SendingId, caller: ApiCaller, name: str, chosen: AppliedFilters, time: FixedTime | LocalTime) -> Sending:
    """Return a new sending to all that a request chooses, without a push."""
    parts = _parts(chosen.apps, time)
    return Sending(
        id=id_,
        app=parts[0].app,
        caller=caller.name,
        dialect=DIALECT,
        name=name,
        tag="",
        launch=launch_of(id_, chosen.apps[0].database),
        selection=Filtered(chosen.filters),
        messages={},
        parts=parts,
    )


def with_push(sending: Sending, push: StoredPush | None) -> Sending:
    """Return a sending as it is with a push bound to it, or with none."""
    if push is None:
        return replace(sending, messages={}, translations={}, push=None)
    content = content_of(push)
    return replace(sending, messages=provider_messages(content), translations=content.others(), push=push.id)


def content_of(push: StoredPush) -> PushContent:
    """Return what a stored push says."""
    return PushContent(push.default_language, {each.language: each.translation for each in push.translations})


def _parts(apps: Sequence[App], time: FixedTime | LocalTime) -> tuple[Part, ...]:
    ids = [app.id for app in apps]
    if isinstance(time, LocalTime):
        return local_parts(ids, time.hour)
    return tuple(Part(number, id_, time.due) for number, id_ in enumerate(ids))
