"""The replies of the stand-ins mean to the hub what the scripts say."""

import json

import pytest

from pushhub.catalog.providers import Provider
from pushhub.console.stand_ins.arrivals import PlayedProvider, ReplyFacts
from pushhub.console.stand_ins.browsers import Browsers
from pushhub.console.stand_ins.providers.cast import CAST, Props
from pushhub.console.stand_ins.scripts import SCRIPTS, Manner, ReplyKind
from pushhub.console.stand_ins.signatures import KeyRing
from pushhub.moments import Milliseconds, Seconds
from pushhub.sends.outcomes import Outcome
from pushhub.sends.port import ProviderReply
from pushhub.sends.providers.apns import ApnsAccount, ApnsPushes
from pushhub.sends.providers.fcm import FcmPushes
from pushhub.sends.providers.fcm_bearer import FcmAccount
from pushhub.sends.providers.web_push import VapidAccount, WebPushes
from pushhub.sends.providers.wns import WnsPushes
from pushhub.sends.providers.wns_bearer import WnsAccount
from pushhub.sends.signing import P256Key, RsaKey
from tests.doubles.credentials import p256_key, rsa_key
from tests.unit.console.stand_ins.playing_hub import MESSAGE, PROVIDERS, der

NOW = Milliseconds(1_700_000_000_000)
FACTS = ReplyFacts(NOW, 7)
GOLDEN = {
    ("FCM", "accepted"): "200 name",
    ("FCM", "gone"): "404 NOT_FOUND UNREGISTERED",
    ("FCM", "wrong_target"): "403 PERMISSION_DENIED SENDER_ID_MISMATCH",
    ("FCM", "bad_device"): "400 INVALID_ARGUMENT INVALID_ARGUMENT",
    ("FCM", "message_bad"): "400 INVALID_ARGUMENT BadRequest",
    ("FCM", "busy"): "429 RESOURCE_EXHAUSTED QUOTA_EXCEEDED after 7",
    ("FCM", "credentials_old"): "401 UNAUTHENTICATED",
    ("FCM", "credentials_bad"): "401 UNAUTHENTICATED",
    ("FCM", "junk"): "200 junk",
    ("APNs", "accepted"): "200",
    ("APNs", "gone"): "410 Unregistered at 1699999993000",
    ("APNs", "wrong_target"): "400 DeviceTokenNotForTopic",
    ("APNs", "bad_device"): "400 BadDeviceToken",
    ("APNs", "message_bad"): "400 BadTopic",
    ("APNs", "busy"): "429 TooManyRequests after 7",
    ("APNs", "credentials_old"): "403 ExpiredProviderToken",
    ("APNs", "credentials_bad"): "403 InvalidProviderToken",
    ("APNs", "junk"): "200 junk",
    ("WNS", "accepted"): "200 received",
    ("WNS", "gone"): "410",
    ("WNS", "wrong_target"): "403",
    ("WNS", "bad_device"): "403",
    ("WNS", "message_bad"): "400",
    ("WNS", "busy"): "406 after 7",
    ("WNS", "credentials_old"): "401",
    ("WNS", "credentials_bad"): "401",
    ("WNS", "junk"): "200 junk",
    ("Web Push", "accepted"): "201",
    ("Web Push", "gone"): "410",
    ("Web Push", "wrong_target"): "403",
    ("Web Push", "bad_device"): "403",
    ("Web Push", "message_bad"): "400",
    ("Web Push", "busy"): "429 after 7",
    ("Web Push", "credentials_old"): "403 BadJwtToken",
    ("Web Push", "credentials_bad"): "403 BadJwtToken",
    ("Web Push", "junk"): "200 junk",
}


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> dict[str, PlayedProvider]:
    props = Props(KeyRing(lambda: ()), Browsers(tmp_path_factory.mktemp("kept") / "browsers"))
    return {name: enter(props) for name, enter in CAST.items()}


def in_short(reply: ProviderReply) -> str:
    words = [str(reply.status)]
    try:
        document = json.loads(reply.body) if reply.body else {}
    except ValueError:
        document, words = {}, [*words, "junk"]
    error = document.get("error", {})
    words += ["name"] if "name" in document else []
    words += [error["status"]] if error else []
    words += [each.get("errorCode") or each["@type"].rpartition(".")[2] for each in error.get("details", [])]
    words += [document["reason"]] if "reason" in document else []
    words += ["at", str(document["timestamp"])] if "timestamp" in document else []
    words += [reply.headers["x-wns-status"]] if "x-wns-status" in reply.headers else []
    words += ["after", reply.headers["retry-after"]] if "retry-after" in reply.headers else []
    return " ".join(words)


def test_the_cast_is_what_is_tested_here(cast: dict[str, PlayedProvider]) -> None:
    assert tuple(cast) == PROVIDERS
    assert GOLDEN.keys() == {(name, kind) for name in cast for kind in ReplyKind}


@pytest.mark.parametrize(("row", "expected"), GOLDEN.items(), ids=" ".join)
def test_a_reply_is_its_providers_own(cast: dict[str, PlayedProvider], row: tuple[str, str], expected: str) -> None:
    assert in_short(cast[row[0]].reply(ReplyKind(row[1]), FACTS)) == expected


def outcome_of(name: str, reply: ProviderReply) -> Outcome:
    apns, web = ApnsAccount(P256Key(der(p256_key())), "K", "T", "t"), VapidAccount(P256Key(der(p256_key())), "mailto:a@b.c")
    pushes: dict[str, FcmPushes | ApnsPushes | WnsPushes | WebPushes] = {
        "FCM": FcmPushes(
            FcmAccount("p", "e", RsaKey(der(rsa_key())), "k"), MESSAGE, "s", Provider("android-firebase"), lambda: "b"
        ),
        "APNs": ApnsPushes(apns, MESSAGE, "s"),
        "WNS": WnsPushes(WnsAccount("ms-app://s-1-15-2-1", "s"), MESSAGE, "s", lambda: "b"),
        "Web Push": WebPushes(web, MESSAGE, "s"),
    }
    return pushes[name].outcome(reply, Seconds(NOW // 1000)).outcome


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("form", [form for form, script in SCRIPTS.items() if script.manner in (Manner.ANSWER, Manner.GOODBYE)])
def test_the_hub_reads_a_reply_as_its_script_says(cast: dict[str, PlayedProvider], name: str, form: str) -> None:
    assert outcome_of(name, cast[name].reply(SCRIPTS[form].reply, FACTS)) == SCRIPTS[form].verdict
