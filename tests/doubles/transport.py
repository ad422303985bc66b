"""A transport in memory, which answers as a provider would."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pushhub.sends.port import NotSent, ProviderReply, PushRequest, SendResult

BEARER_URL = "https://oauth2.googleapis.com/token"
WNS_BEARER_URL = "https://login.live.com/accesstoken.srf"
Answer = Callable[[PushRequest], SendResult]


def answered(status: int, body: object = "", **headers: str) -> ProviderReply:
    text = body if isinstance(body, str) else json.dumps(body)
    return ProviderReply(status, text.encode(), {name.replace("_", "-"): value for name, value in headers.items()})


def a_bearer(text: str = "ya29.first") -> ProviderReply:
    return answered(200, {"access_token": text, "expires_in": 3599, "token_type": "Bearer"})


FCM_ACCEPTED = answered(200, {"name": "projects/shop-1/messages/0:17"})
ACCEPTED: Mapping[str, SendResult] = {
    BEARER_URL: a_bearer(),
    "https://fcm.googleapis.com/": FCM_ACCEPTED,
    "https://api.push.apple.com/": answered(200),
    "https://updates.push.services.mozilla.com/": answered(201),
    WNS_BEARER_URL: answered(200, {"access_token": "EgAcAQ", "expires_in": 86400, "token_type": "bearer"}),
    "https://db5p.notify.windows.com/": answered(200, x_wns_status="received"),
}


@dataclass
class FakeTransport:
    """A transport for tests.

    `answers` has, by a text that the URL or the body of a request holds, what becomes of such requests in turn; the last one stays.
    Others are accepted. `batches` are the requests of each call, and `seconds` what it had. Each takes `takes` seconds of `clock`.
    """

    answers: Mapping[str, Sequence[SendResult]] = field(default_factory=dict)
    takes: float = 0.0
    clock: float = 0.0
    batches: list[Sequence[PushRequest]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    _used: dict[str, int] = field(default_factory=dict)

    def send_many(self, requests: Sequence[PushRequest], seconds: float) -> Sequence[SendResult]:
        self.batches.append(requests)
        self.seconds.append(seconds)
        self.clock += min(self.takes, max(seconds, 0))
        if seconds <= 0:
            return [NotSent("the time was over before the request was begun")] * len(requests)
        return [self._answer(request) for request in requests]

    @property
    def requests(self) -> list[PushRequest]:
        return [request for batch in self.batches for request in batch]

    @property
    def pushes(self) -> list[PushRequest]:
        """Give all requests but those for a bearer."""
        return [request for request in self.requests if request.url not in (BEARER_URL, WNS_BEARER_URL)]

    def _answer(self, request: PushRequest) -> SendResult:
        for part, results in self.answers.items():
            if part in request.url or part.encode() in request.body:
                used = self._used[part] = self._used.get(part, 0) + 1
                return results[min(used, len(results)) - 1]
        return next(result for url, result in ACCEPTED.items() if request.url.startswith(url))
