"""What time is it?"""

import time

from pushhub.audience.model import Seconds


def utc_now() -> Seconds:
    """Return the present moment."""
    return Seconds(int(time.time()))
