"""Hubs that are each other's upstreams and relay links: what nobody's link comes to, and what becomes of a link of one of them.

The endpoint and the forwarding of each are real; queues are in memory, and a request of one is handed to the endpoint of another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import Catalog, ReportedEvent, Upstream, UpstreamKind
from pushhub.catalog.secrets import CachedSecrets, LinkKeyId, Secrets
from pushhub.dialects.altcraft.events.link import CryptoPostEvents
from pushhub.dialects.altcraft.upstream import AltcraftUpstream
from pushhub.dialects.http import HttpRequest
from pushhub.events.accepting import Acceptance, RelayAcceptance
from pushhub.events.forwarding import Destinations, Forwarding
from pushhub.events.links import mint_links
from pushhub.events.messages import read_report
from pushhub.moments import Clock, milliseconds_now
from pushhub.outgoing.calls import Call, CallReply, NoReply
from pushhub.outgoing.queues import Delivery
from tests.doubles.http import http_request
from tests.doubles.queues import MemoryQueue

JUNK = [f"/{letter * 40}" for letter in "abc"]


@dataclass
class Net:
    """Hubs by their names, each with those that it forwards to; `requests` counts what reached any of them."""

    upstreams: Mapping[str, Sequence[str]]
    requests: int = 0
    hubs: dict[str, "Hub"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.hubs = {name: Hub(name, upstreams, self) for name, upstreams in self.upstreams.items()}

    def get(self, hub: str, request: HttpRequest) -> int:
        self.requests += 1
        return self.hubs[hub].endpoint(request).reply.status

    def exchange(self, calls: Sequence[Call]) -> Sequence[CallReply | NoReply]:
        return [CallReply(self._ask(call)) for call in calls]

    def _ask(self, call: Call) -> int:
        place, _, query = call.url.partition("?")
        return self.get(place.split("/")[2], HttpRequest("r-1", b"", query, call.headers))

    def run_until_silent(self, most_rounds: int) -> int:
        """Let every hub hand on what waits in it, and return after how many rounds nothing is left."""
        for rounds in range(most_rounds):
            if not any(hub.relays.envelopes for hub in self.hubs.values()):
                return rounds
            for hub in self.hubs.values():
                hub.hand_on()
        raise AssertionError(f"links still circle after {self.requests} requests")


class Hub:
    def __init__(self, name: str, upstreams: Sequence[str], net: Net) -> None:
        self.events, self.relays, self.others = MemoryQueue(), MemoryQueue(), MemoryQueue()
        self.secrets = Secrets({LinkKeyId(1): f"the link key of {name}"}, {})
        self.name = name
        known = {one: Upstream(one, UpstreamKind.ALTCRAFT, f"https://{one}", True, frozenset(ReportedEvent)) for one in upstreams}
        catalog = Catalog({}, {}, {}, known)
        self.endpoint = CryptoPostEvents(
            CachedCatalog(lambda: catalog),
            CachedSecrets(lambda: self.secrets),
            "pushhub",
            Acceptance(self.events),
            RelayAcceptance(self.relays),
        )
        self.forwarding = Forwarding(
            lambda: Destinations(known, {}),
            {UpstreamKind.ALTCRAFT: AltcraftUpstream()},
            net.exchange,
            self.others,
            self.relays,
            self.others,
            Clock(milliseconds_now, lambda: 0.0, lambda: 0.5),
        )

    def hand_on(self) -> None:
        waiting = list(self.relays.envelopes)
        self.relays.envelopes.clear()
        self.forwarding([Delivery(str(number), envelope.body) for number, envelope in enumerate(waiting)])
        assert not self.others.envelopes

    def link(self, uid: str) -> str:
        return mint_links("https://x", "pushhub", self.secrets, uid).open.partition("?")[2]


NETS = {
    "two towards each other": {"a": ["b"], "b": ["a"]},
    "one towards itself": {"a": ["a"]},
    "three in a circle": {"a": ["b"], "b": ["c"], "c": ["a"]},
    "three, each towards all": {name: ["a", "b", "c"] for name in "abc"},
}


@pytest.mark.parametrize("net", NETS)
def test_links_that_are_nobodys_fall_silent_after_one_hub_further(net: str) -> None:
    hubs = Net(NETS[net])
    assert [hubs.get("a", http_request(query=link)) for link in JUNK] == [200] * 3
    assert hubs.run_until_silent(3) == 1
    assert hubs.requests == 3 + 3 * len(NETS[net]["a"])
    assert not any(hub.events.envelopes for hub in hubs.hubs.values())


def test_a_link_of_the_other_hub_is_recorded_there() -> None:
    hubs = Net(NETS["two towards each other"])
    assert hubs.get("a", http_request(query=hubs.hubs["b"].link("push-1"))) == 200
    hubs.run_until_silent(3)
    (envelope,) = hubs.hubs["b"].events.envelopes
    assert getattr(read_report(envelope.body).content, "uid", None) == "push-1"
    assert hubs.requests == 2
