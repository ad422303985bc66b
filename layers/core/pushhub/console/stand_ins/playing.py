"""What does a stand-in do about a request?"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pushhub.console.stand_ins.arrivals import (
    ArrivedRequest,
    AuthorizationFault,
    PlayedProvider,
    ReceivedPush,
    ReplyFacts,
    provider_json,
)
from pushhub.console.stand_ins.record import PushRecord, RecordedPush
from pushhub.console.stand_ins.scripts import ACCEPTED, Manner, ReplyKind, Script, script_of
from pushhub.events.uid import parse_uid
from pushhub.moments import Milliseconds, iso_milliseconds
from pushhub.sends.outcomes import Outcome
from pushhub.sends.port import ProviderReply
from pushhub.sends.sending import SendingId, sending_minted_at

_CREDENTIALS: Final = {"authorization", "cookie", "proxy-authorization", "crypto-key"}
_HIDDEN: Final = "…"


@dataclass(frozen=True, slots=True)
class Played:
    """What is done about a request: the reply, and in which manner it is given."""

    reply: ProviderReply
    manner: Manner = Manner.ANSWER


_NOT_FOUND: Final = Played(provider_json(404, {"error": "no provider that is played here has this path"}))
_OLD: Final = Script(ReplyKind.CREDENTIALS_OLD, Outcome.CREDENTIALS_BAD)
_BAD: Final = Script(ReplyKind.CREDENTIALS_BAD, Outcome.CREDENTIALS_BAD)


class StandIns:
    """Plays all providers."""

    def __init__(self, players: Sequence[PlayedProvider], record: PushRecord, now: Callable[[], Milliseconds]) -> None:
        """Go on with a record: a device that has got something got it here."""
        self._players = players
        self._record = record
        self._now = now
        self._met = record.devices()

    async def play(self, request: ArrivedRequest) -> Played:
        """Return what is done about a request, once it is time to do it; a push is recorded at once."""
        for player in self._players:
            if push := player.push(request):
                return await self._play(player, request, push)
            if reply := await player.other(request, self._now()):
                return Played(reply)
        return _NOT_FOUND

    def clear(self) -> int:
        """Forget all pushes, so that every device gets its next one as its first; return how many there were."""
        self._met.clear()
        return self._record.clear()

    async def _play(self, player: PlayedProvider, request: ArrivedRequest, push: ReceivedPush) -> Played:
        at = self._now()
        fault = await player.fault(request, at)
        script = self._script(push) if fault is None else _OLD if fault.old else _BAD
        self._record.add(_recorded(request, push, fault, script, at))
        if script.late:
            await asyncio.sleep(script.seconds)
        return Played(player.reply(script.reply, ReplyFacts(at, script.seconds)), script.manner)

    def _script(self, push: ReceivedPush) -> Script:
        device = push.provider, push.push_token
        script = script_of(push.push_token)
        if script.once and device in self._met:
            return ACCEPTED
        self._met.add(device)
        return script


def _recorded(
    request: ArrivedRequest, push: ReceivedPush, fault: AuthorizationFault | None, script: Script, at: Milliseconds
) -> RecordedPush:
    return RecordedPush(
        at=iso_milliseconds(at),
        provider=push.provider,
        push_token=push.push_token,
        path=request.path,
        headers=without_credentials({**request.headers, "host": request.authority}),
        body=push.content,
        shown=push.shown,
        authorization=fault.text if fault else "ok",
        verdict=script.verdict,
        sending=_sending(push.uid),
        uid=push.uid,
    )


def without_credentials(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers with … in the place of what proves whose the request is; of `authorization`, the scheme stays."""
    return {name: _masked(value) if name in _CREDENTIALS else value for name, value in headers.items()}


def _masked(value: str) -> str:
    scheme, blank, _ = value.partition(" ")
    return f"{scheme} {_HIDDEN}" if blank and scheme.isalpha() else _HIDDEN


def _sending(uid: str | None) -> SendingId | None:
    parsed = parse_uid(uid) if uid else None
    return sending_minted_at(parsed.sent) if parsed else None
