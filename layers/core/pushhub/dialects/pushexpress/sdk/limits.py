"""What bounds the open calls, which anybody may send without a token?"""

from typing import Final

MAX_SDK_BYTES: Final = 16 * 1024
MAX_TAGS: Final = 64
"""Keys of `tags`, as many as the Swift client sends; further ones are not looked at."""
UPDATE_INTERVAL_SECONDS: Final = 120
"""How often clients send what they know of a device."""
HEARTBEAT_SECONDS: Final = 30
"""How often clients say that they still run."""
NEW_INSTANCES_PER_SECOND: Final = 50
"""Registrations that make a profile, for one app and in one process. Beyond it 429; a known instance is answered all the same."""
