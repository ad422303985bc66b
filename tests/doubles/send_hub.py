"""A hub in memory whose workers end a sending as soon as it is put into the queue."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from click.testing import CliRunner, Result

from pushhub.audience.model import ProfileId
from pushhub.catalog.file import parse_catalog
from pushhub.catalog.model import App
from pushhub.catalog.providers import Provider
from pushhub.console.cli import main
from pushhub.console.connection import Stack
from pushhub.console.sends import commands
from pushhub.console.sends import send as sending_module
from pushhub.console.sends.stores import SendStores
from pushhub.console.sends.watch import SendingWatch
from pushhub.moments import Seconds
from pushhub.outgoing.queues import Envelope
from pushhub.sends.outcomes import Outcome
from pushhub.sends.queue_messages import read_lane
from pushhub.sends.sending import OutcomeCounts, Sending, SendingId, SendingStatus
from tests.doubles.catalog import MemoryCatalog
from tests.doubles.ledger import MemoryLedger
from tests.doubles.queues import MemoryQueue
from tests.doubles.reach import MemoryReach
from tests.doubles.requests import by_id, on, request
from tests.doubles.sending import browser
from tests.doubles.sendings import MemorySendings
from tests.doubles.world import World

NOON = Seconds(1_800_000_000)
ANDROID, APNS, WEB = map(Provider, ("android-firebase", "ios-apns", "web-push"))
APNS_TOKEN = "00aa11bb" * 8
FCM_TOKEN = "dQw4w9WgXcQ:APA91bHPRgkF3JUikC4ENAHEeMrd41Zxv3hVZjC9KtT8OvPVGJ"
FILE = """
databases:
  - id: 17
    name: customers
    fields: {number: integer, email: email, nick: text, country: text, language: text, audiences: text}
    match: [number, email]
  - {id: 18, name: guests, fields: {number: integer}, match: [number]}
resources: [{id: 5, name: shop, token: abcdefgh, databases: [17]}]
audience_groups: [{id: 7, name: spenders, audiences: [vip, new]}]
events: [reg, dep]
apps:
  - {id: a, name: shop, database: 17, firebase: stand-in, apns: stand-in, web_push: stand-in}
  - {id: b, name: twin, database: 17, apns: stand-in}
  - {id: c, name: twin, database: 17, apns: stand-in}
  - {id: off, name: closed, database: 17, apns: stand-in, enabled: false}
  - {id: bare, name: bare, database: 17}
  - {id: windows, name: windows, database: 17, wns: stand-in}
  - {id: quiet, name: quiet, database: 17, apns: stand-in, tracking: false}
  - {id: apart, name: apart, database: 18, apns: stand-in}
"""
CATALOG = replace(parse_catalog(FILE, "catalog.yaml", {}).catalog, base_url="https://hub.example.com")
SHOP: App = next(iter(CATALOG.apps.values()))


class Workers(MemoryQueue):
    """A queue whose messages are dealt with at once: all recipients come to `counts`, and the sending to `status`."""

    def __init__(self, sendings: MemorySendings) -> None:
        super().__init__()
        self.sendings = sendings
        self.counts = OutcomeCounts({ANDROID: {Outcome.ACCEPTED: 1200, Outcome.GONE: 3}, APNS: {Outcome.ACCEPTED: 1}})
        self.status: SendingStatus | None = SendingStatus.COMPLETE

    def put(self, envelopes: Sequence[Envelope]) -> frozenset[int]:
        refused = super().put(envelopes)
        if self.status:
            key = read_lane(envelopes[0].body)
            self.sendings.begin(key.sending, NOON)
            self.sendings.end(key.sending, self.status, self.counts, Seconds(NOON + 5))
        return refused


class FakeHub:
    """A hub in memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = World()
        self.audience = self.world.store
        self.sendings = MemorySendings()
        self.ledger = MemoryLedger()
        self.queue = Workers(self.sendings)
        self.reach = MemoryReach(self.audience)
        self.stacks: list[Stack | None] = []
        self.sleep = self._never
        for module in (commands, sending_module):
            monkeypatch.setattr(module, "open_sends", self.open)
            monkeypatch.setattr(module, "seconds_now", lambda: NOON)
        monkeypatch.setattr(sending_module, "milliseconds_now", lambda: NOON * 1000)
        monkeypatch.setattr(
            sending_module, "SendingWatch", lambda store: SendingWatch(store, sleep=lambda _: self.sleep(), now=lambda: NOON)
        )

    def open(self, stack: Stack | None) -> SendStores:
        self.stacks.append(stack)
        return SendStores(MemoryCatalog(CATALOG), self.audience, self.sendings, self.reach, self.ledger, self.queue, days=30)

    def subscribes(self, profile: str = "p", **tokens: str) -> None:
        """Subscribe devices of a profile, by their provider."""
        names = {"android": ANDROID, "apns": APNS, "web": WEB, "uwp": Provider("uwp-wns")}
        self.world.send(request(by_id(profile), *(on(token, names[name]) for name, token in tokens.items())))

    def tells(self, profile: str, **fields: str) -> None:
        """Have a profile hold these fields."""
        content = self.audience.content(SHOP.database)
        known = content.profiles[ProfileId(profile)]
        content.profiles[known.id] = replace(known, fields={**known.fields, **fields})

    def three_devices(self) -> None:
        self.subscribes(android=FCM_TOKEN, apns=APNS_TOKEN, web=browser().subscription())

    @property
    def only(self) -> Sending:
        (sending,) = self.sendings._sendings.values()
        return sending

    @property
    def made(self) -> list[SendingId]:
        return [each.id for each in self.sendings._sendings.values()]

    def _never(self) -> None:
        pytest.fail("the command waits")


def run(*words: str) -> Result:
    return CliRunner(mix_stderr=False).invoke(main, words)
