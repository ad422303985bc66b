"""Which keys of the data does a provider keep for itself?

Light, so that what takes messages from callers can refuse them without loading what pushes.
"""

import re
from typing import Final

_FCM: Final = re.compile(r"(?:from|gcm|message_type)\Z|google|gcm\.")
"""Keys of `data` that FCM refuses ("Message", `data`, and "ErrorCode", INVALID_ARGUMENT)."""


def is_kept_by_fcm(key: str) -> bool:
    """Say whether FCM refuses a message whose data has this key."""
    return _FCM.match(key) is not None


def is_kept_by_apns(key: str) -> bool:
    """Say whether Apple reads what stands under this key at the top of a payload."""
    return key == "aps"
