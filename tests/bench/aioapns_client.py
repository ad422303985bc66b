"""aioapns, a client of APNs that nobody here wrote, sending to nghttpd."""

import asyncio
import ssl
import statistics
import time
from collections.abc import Mapping, Sequence

from aioapns import APNs, NotificationRequest
from aioapns.common import NotificationResult
from aioapns.connection import APNsProductionClientProtocol

TURNS = 3


class NghttpdProtocol(APNsProductionClientProtocol):
    """APNs names the push in its reply; nghttpd does not, so a reply is told by its stream."""

    APNS_SERVER = "localhost"
    INACTIVITY_TIME = 60

    def on_response_received(self, headers: dict[bytes, bytes]) -> None:
        assert headers[b":status"] == b"200"

    def on_data_received(self, raw_data: bytes, stream_id: int) -> None:
        assert not raw_data

    def on_stream_ended(self, stream_id: int) -> None:
        super().on_stream_ended(stream_id)
        push = self.request_streams.pop(stream_id)
        self.requests.pop(push).set_result(NotificationResult(push, "200"))


async def seconds_of_aioapns(port: int, ca_file: str, key: str, devices: Sequence[str], message: Mapping[str, object]) -> float:
    """Send a message to each device over one connection, and return the median of some turns, without the first."""
    context = ssl.create_default_context(cafile=ca_file)
    context.set_alpn_protocols(["h2"])
    client = APNs(
        key=key, key_id="ABC1234567", team_id="DEF1234567", topic="com.example.shop", max_connections=1, ssl_context=context
    )
    client.pool.protocol_class = type("Nghttpd", (NghttpdProtocol,), {"APNS_PORT": port})
    seconds = []
    for _ in range(1 + TURNS):
        began = time.perf_counter()
        requests = [NotificationRequest(device, dict(message), time_to_live=3600) for device in devices]
        results = await asyncio.gather(*map(client.send_notification, requests))
        seconds.append(time.perf_counter() - began)
        assert all(each.is_successful for each in results)
    return statistics.median(seconds[1:])
