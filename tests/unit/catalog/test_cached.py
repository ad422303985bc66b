"""What a running function finds in the catalog that it keeps; how long it keeps it stands in tests/unit/test_cached.py."""

from pushhub.cached import FRESH_SECONDS
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import Catalog
from tests.wire.golden import catalog_of

RESOURCE_TOKEN = "3LXP2FRcRxJ-7b14db88ec937f14"
API_TOKEN = "abcdefghijklmnqrstuvwxyz"


class Reader:
    def __init__(self) -> None:
        self.reads = 0
        self.time = 100.0
        self.catalog = catalog_of("push_subscribe")
        self.cached = CachedCatalog(self._load, lambda: self.time)

    def _load(self) -> Catalog:
        self.reads += 1
        return self.catalog


def test_a_token_opens_its_resource_with_its_databases() -> None:
    opened = Reader().cached.opened_by(RESOURCE_TOKEN)
    assert opened
    resource, databases = opened
    assert (resource.id, [database.id for database in databases]) == (5, [17])


def test_an_api_token_belongs_to_its_caller() -> None:
    caller = Reader().cached.api_caller_of(API_TOKEN)
    assert caller
    assert caller.name == "gateway"


def test_neither_kind_of_token_does_for_the_other() -> None:
    reader = Reader()
    assert reader.cached.opened_by(API_TOKEN) is None
    assert reader.cached.api_caller_of(RESOURCE_TOKEN) is None


def test_everything_in_the_catalog_comes_of_one_read() -> None:
    reader = Reader()
    for _ in range(3):
        assert reader.cached.opened_by(RESOURCE_TOKEN)
        assert reader.cached.api_caller_of(API_TOKEN)
        assert reader.cached.upstreams()
    assert reader.reads == 1


def test_upstreams_are_those_of_a_minute_ago_at_most() -> None:
    reader = Reader()
    assert reader.cached.upstreams() == reader.catalog.upstreams
    reader.catalog = Catalog({}, {})
    assert reader.cached.upstreams()
    reader.time += FRESH_SECONDS
    assert not reader.cached.upstreams()
