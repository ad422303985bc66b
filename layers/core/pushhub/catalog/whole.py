"""What is a catalog together with what is stored apart from it?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pushhub.catalog.model import Catalog

MAX_UPSTREAMS: Final = 20
"""Each event that is accepted costs one message for each of them."""


@dataclass(frozen=True, slots=True)
class WholeCatalog:
    """A catalog with the tokens of its upstreams, by the upstream's name; they stand with the stack's secrets."""

    catalog: Catalog
    upstream_tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
