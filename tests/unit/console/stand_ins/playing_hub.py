"""A hub in memory that pushes to stand-ins over real sockets: accounts of an app, and what plays their providers."""

import asyncio
import base64
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pushhub.adapters.curl.http2 import Http2Transport
from pushhub.catalog.app_secrets import AppSecrets
from pushhub.catalog.providers import Provider
from pushhub.console.stand_ins.browsers import Browsers
from pushhub.console.stand_ins.http2_server import Http2StandIns
from pushhub.console.stand_ins.playing import StandIns
from pushhub.console.stand_ins.providers.cast import CAST, Props
from pushhub.console.stand_ins.record import PushFilter, PushRecord
from pushhub.console.stand_ins.signatures import KeyRing, app_proofs
from pushhub.console.stand_ins.site import DevicesSite
from pushhub.moments import Milliseconds, Seconds, milliseconds_now
from pushhub.sends.message import Message, PushRecipient
from pushhub.sends.outcomes import RecipientOutcome
from pushhub.sends.port import PushRequest
from pushhub.sends.providers.apns import ApnsAccount, ApnsPushes
from pushhub.sends.providers.bearer import Bearer
from pushhub.sends.providers.fcm import FcmPushes
from pushhub.sends.providers.fcm_bearer import FcmAccount
from pushhub.sends.providers.web_push import VapidAccount, WebPushes
from pushhub.sends.providers.wns import WnsPushes
from pushhub.sends.providers.wns_bearer import WnsAccount
from pushhub.sends.signing import P256Key, RsaKey
from tests.doubles.credentials import PrivateKey, p256_key, rsa_key

UID = "e|2_2_2|w2ud_2_2_____2.2_2|android-firebase"
MESSAGE = Message(title="Hi 👋", text="There", link="https://example.com/a", data={"k": "v"})
CHANNELS = "https://db5p.notify.windows.com/w/"
PROVIDERS = ("FCM", "APNs", "WNS", "Web Push")


def der(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


SECRETS = AppSecrets(
    {
        "demo": {
            "firebase": {"email": "a@b.c", "key": base64.b64encode(der(rsa_key())).decode(), "key_id": "k1"},
            "apns": {"key": base64.b64encode(der(p256_key())).decode(), "key_id": "KEY", "team_id": "TEAM"},
            "web_push": {"private_key": base64.b64encode(der(p256_key())).decode()},
            "wns": {"package_sid": "ms-app://s-1-15-2-1", "secret": "a secret of the store"},
        }
    }
)


@dataclass
class Playing:
    """Stand-ins that listen, and the accounts of an app whose pushes go there."""

    url: str
    devices: str
    record: PushRecord
    browsers: Browsers
    stand_ins: StandIns
    loads: list[int]
    transport: Http2Transport = field(default_factory=lambda: Http2Transport(allow_local=True))

    @property
    def now(self) -> Seconds:
        return Seconds(milliseconds_now() // 1000)

    @property
    def entries(self) -> list[Any]:
        return list(reversed(self.record.newest(PushFilter(), 1000)))

    def fcm(
        self, message: Message = MESSAGE, provider: str = "android-firebase", *, email: str = "a@b.c", bearer: str = ""
    ) -> FcmPushes:
        account = FcmAccount("p", email, RsaKey(der(rsa_key())), "k1", f"{self.url}/token", self.url)
        given = bearer or self.bearer(account)
        return FcmPushes(account, message, "s", Provider(provider), lambda: given)

    def wns(self, message: Message = MESSAGE, *, secret: str = "a secret of the store", bearer: str = "") -> WnsPushes:
        account = WnsAccount("ms-app://s-1-15-2-1", secret, f"{self.url}/accesstoken.srf", self.url)
        given = bearer or self.bearer(account)
        return WnsPushes(account, message, "s", lambda: given)

    def bearer(self, account: FcmAccount | WnsAccount) -> str:
        (result,) = self.transport.send_many([account.bearer_request(self.now)], 5)
        bearer = account.read_bearer(result, self.now)
        return bearer.text if isinstance(bearer, Bearer) else f"none: {bearer.code}"

    def apns(self, message: Message = MESSAGE, *, team: str = "TEAM", key: PrivateKey | None = None) -> ApnsPushes:
        return ApnsPushes(ApnsAccount(P256Key(der(key or p256_key())), "KEY", team, "com.example", url=self.url), message, "s")

    def web(self, message: Message = MESSAGE, *, subject: str = "mailto:a@example.com") -> WebPushes:
        return WebPushes(VapidAccount(P256Key(der(p256_key())), subject, self.url), message, "s")

    def pushes(self, provider: str, message: Message = MESSAGE) -> Any:
        makers: dict[str, Callable[[Message], Any]] = {"FCM": self.fcm, "APNs": self.apns, "WNS": self.wns, "Web Push": self.web}
        return makers[provider](message)

    def push(self, pushes: Any, *recipients: PushRecipient, seconds: float = 5) -> list[RecipientOutcome]:
        requests: list[PushRequest] = [pushes.request(recipient, self.now) for recipient in recipients]
        assert all(isinstance(request, PushRequest) for request in requests)
        return [pushes.outcome(result, self.now) for result in self.transport.send_many(requests, seconds)]

    def push_to(self, provider: str, *words: str, seconds: float = 5) -> list[RecipientOutcome]:
        return self.push(self.pushes(provider), *(self.recipient(provider, word) for word in words), seconds=seconds)

    def recipient(self, provider: str, word: str, uid: str = UID) -> PushRecipient:
        devices = {"Web Push": lambda: json.dumps(self.browsers.add(word)), "WNS": lambda: f"{CHANNELS}{word}?token=a"}
        device = devices.get(provider, lambda: word)()
        return PushRecipient(device, f"ref-{word}", uid, "l", '{"ack":"a","open":"b"}')


@contextmanager
def playing(folder: Path, now: Callable[[], Milliseconds] = milliseconds_now, secrets: AppSecrets = SECRETS) -> Iterator[Playing]:
    """Play while the body runs."""
    folder.mkdir(exist_ok=True)
    browsers, record, loads = Browsers(folder / "browsers.jsonl"), PushRecord(folder / "pushes.jsonl"), [0]

    def load() -> Any:
        loads[0] += 1
        return app_proofs(secrets)

    loop = asyncio.new_event_loop()
    ready, ended = threading.Event(), asyncio.Event()
    made: dict[str, Any] = {}

    async def serve() -> None:
        props = Props(KeyRing(load), browsers)
        stand_ins = StandIns([enter(props) for enter in CAST.values()], record, now)
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        server, site = Http2StandIns(stand_ins.play, sockets[0]), DevicesSite(record, browsers, stand_ins.clear)
        await server.start()
        await site.start(sockets[1])
        made.update(stand_ins=stand_ins, ports=[each.getsockname()[1] for each in sockets])
        ready.set()
        await ended.wait()
        await server.stop()
        await site.stop()
        for each in sockets:
            each.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait(10)
    for_providers, for_devices = (f"http://127.0.0.1:{port}" for port in made["ports"])
    try:
        yield Playing(for_providers, for_devices, record, browsers, made["stand_ins"], loads)
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()
        record.close()
