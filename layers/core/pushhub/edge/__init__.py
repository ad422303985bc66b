"""The AWS side of a function: its event, its settings, its wiring, its metrics and log.

Whatever a cold start makes stays for as long as the process does, and the collector goes through it again and again for nothing,
which is 6 % of the import. So it begins later.
"""

import gc
from typing import Final

_OBJECTS_BETWEEN_COLLECTIONS: Final = 50_000
"""About 10 MB at most wait for the collector."""

gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])
