"""How much processor time does a sending within a request take, whose 1,000 recipients are named?

It is what a function takes: the audience is read by boto3, whose requests are answered without a network. Then come uids, links,
rendering, reading the replies and accounting. The transport answers at once; what libcurl takes is measured in the part `sending`.
"""

import gc
import time
from collections.abc import Callable, Mapping, Sequence

from pushhub.adapters.dynamodb.reach import DynamoReach
from pushhub.audience.port import AudienceReach
from pushhub.audience.retiring import Retiring
from pushhub.catalog.app_secrets import CachedAppSecrets
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import Catalog
from pushhub.catalog.providers import Provider
from pushhub.moments import Clock, Milliseconds
from pushhub.sends.accounts import Accounts
from pushhub.sends.direct import SendDirectly
from pushhub.sends.finding import Finding
from pushhub.sends.outcomes import Outcome
from pushhub.sends.pushing import ProviderPusher
from pushhub.sends.sending import Identifier, NamedField, NamedPushToken
from tests.bench.table import Table
from tests.doubles.apps import ANDROID, APNS, WEB, app_of, app_secrets, audience_of, sending_of, subscription_of, tracking_of
from tests.doubles.audience import MemoryAudience
from tests.doubles.canned_dynamodb import TABLE, CannedDynamoDb
from tests.doubles.pack_ids import pack_ids_of
from tests.doubles.queues import MemoryQueue
from tests.doubles.requests import CUSTOMERS
from tests.doubles.sending import FIREBASE_TOKEN, HEX, NOW, Browser, browser
from tests.doubles.sendings import MemorySendings
from tests.doubles.transport import FakeTransport

RECIPIENTS = 1_000
TURNS = 3
BUDGET_SECONDS = 1.5
PUSH_TOKENS: Mapping[Provider, Callable[[int], str]] = {
    ANDROID: lambda number: f"{FIREBASE_TOKEN}{number}",
    APNS: lambda number: f"{number:08x}{HEX[8:]}",
    WEB: lambda number: Browser(
        browser().key, endpoint=f"https://updates.push.services.mozilla.com/wpush/v2/{number}"
    ).subscription(),
}


def measure() -> Table:
    """Send by each kind of identifier, through each provider; a figure is the least of its turns."""
    rows, missed = [], []
    for provider, push_token in PUSH_TOKENS.items():
        tokens = [push_token(number) for number in range(RECIPIENTS)]
        people = [(f"{n:024x}", [subscription_of(provider, each)], {"number": n}) for n, each in enumerate(tokens)]
        kinds: dict[str, Sequence[Identifier]] = {
            "by push token": [NamedPushToken(provider, each) for each in tokens],
            "by identifier": [NamedField("number", n) for n in range(RECIPIENTS)],
        }
        for kind, identifiers in kinds.items():
            audience = audience_of(*people)
            table = CannedDynamoDb(audience, CUSTOMERS.id)
            reach = DynamoReach(table.client(), TABLE)
            least = min(_seconds(reach, audience, identifiers) for _ in range(TURNS))
            rows.append((f"{provider} {kind}", f"{least * 1_000:.0f}", str(table.calls // TURNS)))
            if least > BUDGET_SECONDS:
                missed.append(rows[-1][0])
    title = f"A sending to {RECIPIENTS} within a request (budget: at most {BUDGET_SECONDS} s of CPU)"
    return Table(title, ("", "ms of CPU", "calls to find them"), rows, tuple(missed))


def _seconds(reach: AudienceReach, audience: MemoryAudience, identifiers: Sequence[Identifier]) -> float:
    transport = FakeTransport()
    accounts = Accounts(CachedAppSecrets(app_secrets))
    pusher = ProviderPusher(transport, accounts, tracking_of(), Retiring(audience), on_fault=print, now=lambda: NOW)
    find = Finding(reach, CachedCatalog(lambda: Catalog({CUSTOMERS.id: CUSTOMERS}, {})))
    store, queue = MemorySendings(), MemoryQueue()
    clock = Clock(lambda: Milliseconds(NOW * 1_000), time.monotonic, lambda: 0.5)
    send, app, sending = SendDirectly(store, pack_ids_of(store), pusher, queue, clock, print), app_of(), sending_of()
    gc.collect()
    started = time.process_time()
    result = send(sending, app, find(app, identifiers), time.monotonic())
    took = time.process_time() - started
    accepted = [each.outcome for outcomes in result.outcomes for each in outcomes].count(Outcome.ACCEPTED)
    if accepted != RECIPIENTS or store.calls != {"record_ended": 1} or queue.puts:
        raise SystemExit(f"{accepted} of {RECIPIENTS} were accepted, with {store.calls} and {queue.puts} puts")
    return took
