"""Which providers are played?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pushhub.console.stand_ins.arrivals import PlayedProvider
from pushhub.console.stand_ins.browsers import Browsers
from pushhub.console.stand_ins.providers.apns import ApnsStandIn
from pushhub.console.stand_ins.providers.fcm import FcmStandIn
from pushhub.console.stand_ins.providers.web_push import WebPushStandIn
from pushhub.console.stand_ins.providers.wns import WnsStandIn
from pushhub.console.stand_ins.signatures import KeyRing


@dataclass(frozen=True, slots=True)
class Props:
    """What those who play providers may need."""

    keys: KeyRing
    browsers: Browsers


CAST: Final[Mapping[str, Callable[[Props], PlayedProvider]]] = {
    "FCM": lambda props: FcmStandIn(props.keys),
    "APNs": lambda props: ApnsStandIn(props.keys),
    # Before that of browsers, which takes whatever is for another host.
    "WNS": lambda props: WnsStandIn(props.keys),
    "Web Push": lambda props: WebPushStandIn(props.browsers),
}
"""By the provider's name. Each request goes to the first that takes it."""
