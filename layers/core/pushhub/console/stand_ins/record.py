"""What has been pushed to the stand-ins' devices?"""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pushhub.console.stand_ins.arrivals import ShownPush
from pushhub.sends.outcomes import Outcome
from pushhub.sends.sending import SendingId

MAX_PUSHES: Final = 50_000
"""The oldest are forgotten."""


@dataclass(frozen=True, slots=True)
class RecordedPush:
    """A push that has come.

    Attributes:
        at: when, in ISO 8601.
        provider: the id of the provider.
        push_token: what the device is known by; of a browser, the last part of its endpoint's path.
        path: of the request.
        headers: of the request, without credentials.
        body: as JSON where it is that; decrypted where a browser of the stand-ins can read it.
        shown: what the device shows.
        authorization: `ok`, or what is wrong with it.
        verdict: what came of the recipient, as the hub can know it.
        sending: the id of the sending, where the uid says it.
        uid: the identity of the push.
    """

    at: str
    provider: str
    push_token: str
    path: str
    headers: Mapping[str, str]
    body: object
    shown: ShownPush
    authorization: str
    verdict: Outcome
    sending: SendingId | None
    uid: str | None

    def entry(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {
            "at": self.at,
            "provider": self.provider,
            "token": self.push_token,
            "request": {"path": self.path, "headers": dict(self.headers), "body": self.body},
            "shown": {"title": self.shown.title, "text": self.shown.text, "data": self.shown.data, "link": self.shown.link},
            "authorization": self.authorization,
            "verdict": str(self.verdict),
            "sending": self.sending,
            "uid": self.uid,
        }


@dataclass(frozen=True, slots=True)
class PushFilter:
    """Which pushes are only for; None leaves it open."""

    push_token: str | None = None
    sending: int | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    """A push as a line of JSON, and what it is found by."""

    json: str = field(repr=False)
    push_token: str
    sending: int | None
    provider: str
    verdict: str

    def fits(self, only: PushFilter) -> bool:
        return only.push_token in (None, self.push_token) and only.sending in (None, self.sending)


class PushRecord:
    """What has come, oldest first, kept in a file of a line each."""

    def __init__(self, file: Path, most: int = MAX_PUSHES) -> None:
        """Go on with what a file holds, where there is one."""
        self._file = file
        self._lines: deque[_Line] = deque(maxlen=most)
        if file.exists():
            with file.open(encoding="utf-8") as kept:
                # The last line of a process that was killed may have no end.
                self._lines.extend(_read(text.rstrip("\n")) for text in kept if text.endswith("\n"))
        self._rewrite()

    def add(self, push: RecordedPush) -> None:
        """Add a push."""
        text = json.dumps(push.entry(), separators=(",", ":"))
        line = _Line(text, push.push_token, push.sending, push.provider, push.verdict)
        self._lines.append(line)
        self._writer.write(f"{line.json}\n".encode())
        self._written += 1
        if self._written > 2 * (self._lines.maxlen or 0):
            self._writer.close()
            self._rewrite()

    def clear(self) -> int:
        """Forget all; return how many there were."""
        number = len(self._lines)
        self._lines.clear()
        self._writer.close()
        self._rewrite()
        return number

    def json_lines(self, only: PushFilter) -> Iterator[str]:
        """Yield each push as JSON, oldest first."""
        return (line.json for line in self._lines if line.fits(only))

    def newest(self, only: PushFilter, most: int) -> list[Mapping[str, object]]:
        """Return the newest pushes, newest first."""
        found: list[Mapping[str, object]] = []
        for line in reversed(self._lines):
            if len(found) == most:
                break
            if line.fits(only):
                found.append(json.loads(line.json))
        return found

    def verdicts(self, only: PushFilter) -> dict[int | None, dict[str, int]]:
        """Return how many pushes of each sending had which verdict, the newest sending first."""
        counts: dict[int | None, dict[str, int]] = {}
        for line in reversed(self._lines):
            if line.fits(only):
                of_sending = counts.setdefault(line.sending, {})
                of_sending[line.verdict] = of_sending.get(line.verdict, 0) + 1
        return counts

    def devices(self) -> set[tuple[str, str]]:
        """Return which devices have got anything: provider and push token."""
        return {(line.provider, line.push_token) for line in self._lines}

    def close(self) -> None:
        """Close the file."""
        self._writer.close()

    def _rewrite(self) -> None:
        beside = self._file.with_suffix(".new")
        with beside.open("wb") as file:
            file.writelines(f"{line.json}\n".encode() for line in self._lines)
        beside.replace(self._file)
        self._written = len(self._lines)
        # Without a buffer: what has come is there whenever the process dies.
        self._writer = self._file.open("ab", buffering=0)


def _read(text: str) -> _Line:
    entry = json.loads(text)
    return _Line(text, entry["token"], entry["sending"], entry["provider"], entry["verdict"])
