"""How do the stand-ins speak HTTP/2, and how do they misbehave?

With prior knowledge, without TLS. Each connection has a state of `h2`, which knows the protocol and does no I/O.
"""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, cast, override

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, DataReceived, Event, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError

from pushhub.console.stand_ins.arrivals import ArrivedRequest
from pushhub.console.stand_ins.playing import Played
from pushhub.console.stand_ins.scripts import Manner
from pushhub.sends.port import ProviderReply

MAX_BODY_BYTES: Final = 64 * 1024
SECONDS_TO_DROP: Final = 2.0
"""How long a connection that is to be dropped waits for answers on its other streams, at most."""
_QUIET_SECONDS: Final = 0.05
"""A request that is on its way when its connection is dropped would lose its answer: so long, nothing more may come."""
_SECONDS_TO_LEAVE: Final = 2.0
"""How long a client may keep a connection that was ended."""
_GOAWAY: Final = 7

# Unchecked: the headers are those of libcurl and ours, and to check them takes a third of the time.
_CONFIGURATION: Final = H2Configuration(
    client_side=False,
    header_encoding=None,
    validate_inbound_headers=False,
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
)

type Play = Callable[[ArrivedRequest], Awaitable[Played]]


@dataclass(slots=True)
class _Stream:
    """A stream that is not answered yet."""

    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)
    task: asyncio.Task[None] | None = None

    def request(self) -> ArrivedRequest:
        named = {name: value for name, value in self.headers.items() if not name.startswith(":")}
        pseudo = self.headers.get
        return ArrivedRequest(pseudo(":method", ""), pseudo(":authority", ""), pseudo(":path", ""), named, bytes(self.body))


class ServedConnection(asyncio.Protocol):
    """One connection. What is sent within one turn of the loop leaves in one piece."""

    def __init__(self, play: Play, connections: "set[ServedConnection]") -> None:
        """Serve by `play`; while it is open, the connection is one of `connections`."""
        self._play = play
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._state = H2Connection(_CONFIGURATION)
        self._streams: dict[int, _Stream] = {}
        self._unsent: dict[int, bytes] = {}
        """Bodies of answers, as far as the client has not let them through yet."""
        self._dropped: set[int] = set()
        self._last_taken = 0
        self._last_looked_at: int | None = None
        """No later stream is looked at."""
        self._quiet: asyncio.TimerHandle | None = None
        self._flushing = False
        self._ended = False
        self._manners: Mapping[Manner, Callable[[int, ProviderReply], None]] = {
            Manner.ANSWER: self._answer,
            Manner.NEVER: self._stay_silent,
            Manner.DROP: self._drop,
            Manner.GOODBYE: self._answer_last,
            Manner.RESET: self._reset,
        }

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with the settings."""
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)
        self._state.initiate_connection()
        self._flush()

    @override
    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        if self._ended:
            return
        try:
            for event in self._state.receive_data(data):
                self._take(event)
        except ProtocolError:
            self._flush()
            self._end()
            return
        self._flush()
        self._see_whether_quiet()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was to be answered."""
        self._ended = True
        self._connections.discard(self)
        for stream in list(self._streams):
            self._forget(stream)

    def abort(self) -> None:
        """Break off at once."""
        self._transport.abort()

    def _take(self, event: Event) -> None:
        match event:
            case RequestReceived(stream_id=int(id_), headers=headers):
                if self._last_looked_at is None or id_ <= self._last_looked_at:
                    self._streams[id_] = _Stream({_text(name): _text(value) for name, value in headers or []})
            case DataReceived(stream_id=int(id_), data=data, flow_controlled_length=int(length)):
                self._state.acknowledge_received_data(length, id_)
                if stream := self._streams.get(id_):
                    stream.body += data or b""
                    if len(stream.body) > MAX_BODY_BYTES:
                        self._answer(id_, ProviderReply(413))
            case StreamEnded(stream_id=int(id_)):
                if stream := self._streams.get(id_):
                    self._last_taken = max(self._last_taken, id_)
                    stream.task = self._loop.create_task(self._serve(id_, stream.request()))
            case StreamReset(stream_id=int(id_)):
                self._forget(id_)
            case ConnectionTerminated():
                self._end()
            case _:
                pass

    async def _serve(self, id_: int, request: ArrivedRequest) -> None:
        played = await self._play(request)
        if id_ in self._streams and not self._ended:
            self._manners[played.manner](id_, played.reply)
            self._flush_soon()
            self._see_whether_quiet()

    def _answer(self, id_: int, reply: ProviderReply) -> None:
        self._streams.pop(id_, None)
        self._state.send_headers(id_, [(":status", str(reply.status)), *reply.headers.items()], end_stream=not reply.body)
        if reply.body:
            self._unsent[id_] = reply.body

    def _stay_silent(self, _id: int, _reply: ProviderReply) -> None:
        """Leave the stream open."""

    def _reset(self, id_: int, _reply: ProviderReply) -> None:
        self._streams.pop(id_, None)
        self._state.reset_stream(id_, ErrorCodes.INTERNAL_ERROR)

    def _answer_last(self, id_: int, reply: ProviderReply) -> None:
        self._answer(id_, reply)
        self._say_goodbye()

    def _drop(self, id_: int, _reply: ProviderReply) -> None:
        if not self._dropped:
            self._loop.call_later(SECONDS_TO_DROP, self._drop_now)
        self._dropped.add(id_)

    def _drop_now(self) -> None:
        if not self._ended:
            # More came all the time: the client has to hear that what is on its way was not looked at.
            self._say_goodbye()
            self._end()

    def _say_goodbye(self) -> None:
        """Say that no stream after the last one that was taken is looked at."""
        self._flush()
        self._last_looked_at = self._last_taken
        for id_ in [id_ for id_ in self._streams if id_ > self._last_taken]:
            self._forget(id_)
        # Not `close_connection`, after which h2 answers nothing more.
        payload = struct.pack(">II", self._last_taken, ErrorCodes.NO_ERROR)
        self._transport.write(struct.pack(">I", len(payload))[1:] + bytes([_GOAWAY, 0]) + bytes(4) + payload)

    def _see_whether_quiet(self) -> None:
        """Have the connection end once it is quiet, where it is to end."""
        if self._ended or not (self._dropped or self._last_looked_at is not None):
            return
        if self._quiet:
            self._quiet.cancel()
        self._quiet = self._loop.call_later(_QUIET_SECONDS, self._end_if_answered)

    def _end_if_answered(self) -> None:
        if not self._unsent and self._streams.keys() <= self._dropped:
            self._end()

    def _end(self) -> None:
        """Close our half: what was sent before is still read, which a connection that is closed at once may lose."""
        if self._ended:
            return
        self._ended = True
        self._flush()
        with suppress(OSError):
            self._transport.write_eof()
        self._loop.call_later(_SECONDS_TO_LEAVE, self._transport.abort)

    def _forget(self, id_: int) -> None:
        self._unsent.pop(id_, None)
        self._dropped.discard(id_)
        stream = self._streams.pop(id_, None)
        if stream and stream.task:
            stream.task.cancel()

    def _flush_soon(self) -> None:
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        for id_ in list(self._unsent):
            self._let_through(id_)
        if (data := self._state.data_to_send()) and not self._transport.is_closing():
            self._transport.write(data)

    def _let_through(self, id_: int) -> None:
        body = self._unsent.pop(id_)
        size = min(len(body), self._state.local_flow_control_window(id_), self._state.max_outbound_frame_size)
        if size:
            self._state.send_data(id_, body[:size], end_stream=size == len(body))
        if size < len(body):
            self._unsent[id_] = body[size:]


def _text(part: str | bytes) -> str:
    return part if isinstance(part, str) else part.decode(errors="replace")


class Http2StandIns:
    """Listens on a socket of the loopback interface."""

    def __init__(self, play: Play, listener: socket.socket) -> None:
        """Serve by `play` on a bound socket."""
        self._play = play
        self._listener = listener
        self._connections: set[ServedConnection] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: ServedConnection(self._play, self._connections), sock=self._listener)

    async def stop(self) -> None:
        """Break off every connection and listen no more."""
        if self._server:
            self._server.close()
        for connection in list(self._connections):
            connection.abort()
        if self._server:
            await self._server.wait_closed()
