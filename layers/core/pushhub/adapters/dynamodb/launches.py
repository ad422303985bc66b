"""Which launches and providers are to be put into the list of those that are counted?"""

from collections import OrderedDict
from typing import Any, Final

from pushhub.adapters.dynamodb.schema import items
from pushhub.adapters.dynamodb.schema import ledger as schema

MAX_LISTED_LAUNCHES: Final = 1000
"""Launches and providers that a process remembers to have put into the list already."""


class LaunchList:
    """The list of launches and providers that have counters."""

    def __init__(self, table: str) -> None:
        """Write into the Ledger table; this process has listed none yet."""
        self._table = table
        self._listed: OrderedDict[tuple[str, str], None] = OrderedDict()

    def listing(self, launch: str, provider: str) -> list[Any]:
        """Return the action that lists a launch and provider, or none, if this process has done that already."""
        if (launch, provider) in self._listed:
            return []
        item = schema.launch_key(launch, provider) | {"v": items.ITEM_FORMAT, "launch": launch, "provider": provider}
        return [{"Put": {"TableName": self._table, "Item": items.to_wire(item)}}]

    def remember(self, launch: str, provider: str) -> None:
        """Know that a launch and provider are listed now."""
        self._listed[launch, provider] = None
        self._listed.move_to_end((launch, provider))
        if len(self._listed) > MAX_LISTED_LAUNCHES:
            self._listed.popitem(last=False)
