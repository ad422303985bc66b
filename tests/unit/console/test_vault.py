"""A secret of the stack, while one catalog becomes another."""

from pushhub.catalog.sections import SECTIONS
from pushhub.console.applying import vaults_of
from pushhub.console.stores import Stores
from tests.doubles.audience import MemoryAudience
from tests.doubles.catalog import MemoryCatalog
from tests.doubles.secrets import MemoryAppSecrets, MemorySecrets


def test_every_section_with_secrets_has_a_vault() -> None:
    stores = Stores(MemoryCatalog(), MemoryAudience(), MemorySecrets(), MemoryAppSecrets(), "https://hub.example")
    assert [vault.field for vault in vaults_of(stores)] == [section.secrets.field for section in SECTIONS if section.secrets]
