"""One step of a sending on its way to its providers."""

import json
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from defusedxml.ElementTree import fromstring

from pushhub.audience.changes import Change
from pushhub.audience.model import ProfileId, Subscription, hash_id
from pushhub.audience.retiring import Retiring
from pushhub.catalog.app_secrets import AppSecrets, CachedAppSecrets
from pushhub.catalog.model import App, DatabaseId
from pushhub.catalog.secrets import Secrets
from pushhub.events.command import LINK_PATH, Happening
from pushhub.events.links import open_link
from pushhub.events.uid import parse_uid
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Milliseconds, Seconds
from pushhub.sends.accounts import Accounts
from pushhub.sends.bearers import SECONDS_AFTER_FAILURE
from pushhub.sends.message import HubKey, Message, MessagePart, Translation, WindowsExtras
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.port import MaybeSent, NotSent, PushRequest, SendResult
from pushhub.sends.providers.apns import SECONDS_AFTER_FAULT
from pushhub.sends.providers.fcm import SECONDS_AFTER_QUOTA
from pushhub.sends.pushing import BEARER_SHARE, MAX_KEPT, RETIRED_AT_ONCE, RETIRING_SHARE, ProviderPusher
from pushhub.sends.sending import ANY_PROVIDER, Sending, SendingId, launch_of, minted_nanoseconds
from tests.doubles.apps import (
    ANDROID,
    APNS,
    FIREFOX,
    HELLO,
    HUAWEI,
    HUB,
    ID,
    IOS_FIREBASE,
    SECRETS,
    UWP,
    WEB,
    WINDOWS,
    app_of,
    app_secrets,
    profile_of,
    sending_of,
    subscription_of,
    tracking_of,
)
from tests.doubles.audience import MemoryAudience
from tests.doubles.requests import CUSTOMERS
from tests.doubles.sending import CHANNEL, FIREBASE_TOKEN, HEX, NOW, browser
from tests.doubles.transport import BEARER_URL, FCM_ACCEPTED, WNS_BEARER_URL, FakeTransport, a_bearer, answered

PHONE, TABLET, IPHONE = (
    subscription_of(ANDROID, FIREBASE_TOKEN),
    subscription_of(ANDROID, f"{FIREBASE_TOKEN}-tablet"),
    subscription_of(APNS, HEX),
)
PC = subscription_of(UWP, CHANNEL)
LAPTOP = subscription_of(WEB, browser().subscription())
ALL = (PHONE, IPHONE, LAPTOP)


class RefusingAudience(MemoryAudience):
    """An audience whose writes fail."""

    def __init__(self, fault: Exception) -> None:
        super().__init__()
        self.fault = fault

    def commit(self, *_: object) -> None:
        self.commits += 1
        raise self.fault


@dataclass
class World:
    """A pusher, and what it pushes through and writes to."""

    transport: FakeTransport = field(default_factory=FakeTransport)
    audience: MemoryAudience = field(default_factory=MemoryAudience)
    secrets: AppSecrets = field(default_factory=app_secrets)
    base_url: str | None = HUB
    stack_secrets: Secrets = SECRETS
    later: float = 0.0
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        def now() -> Seconds:
            return Seconds(int(NOW + self.later))

        def clock() -> float:
            return self.transport.clock + self.later

        self.pusher = ProviderPusher(
            self.transport,
            Accounts(CachedAppSecrets(lambda: self.secrets), on_fault=self.faults.append),
            tracking_of(self.base_url, self.stack_secrets),
            Retiring(self.audience, now=now, sleep=lambda _: None, clock=clock),
            on_fault=self.faults.append,
            now=now,
            clock=clock,
        )

    def push(
        self, recipients: Sequence[Subscription] = ALL, app: App | None = None, sending: Sending | None = None, seconds: float = 10
    ) -> Sequence[RecipientOutcome]:
        return self.pusher.push(sending or sending_of(), app or app_of(), recipients, seconds)

    def outcomes(self, recipients: Sequence[Subscription] = ALL) -> list[Outcome]:
        return [each.outcome for each in self.push(recipients)]

    def subscribed(self, *subscriptions: Subscription) -> "World":
        """Have the audience hold them."""
        content = self.audience.content(CUSTOMERS.id)
        content.subscriptions |= {each.ref: each for each in subscriptions}
        content.profiles |= {each.profile: profile_of(each.profile, subscriptions) for each in subscriptions}
        return self

    def stored(self, subscription: Subscription) -> Subscription:
        return self.audience.content(CUSTOMERS.id).subscriptions[subscription.ref]


def answering(**answers: Sequence[SendResult]) -> World:
    by_part = {"fcm": "messages:send", "apns": "api.push.apple.com", "web": "updates.push", "bearer": BEARER_URL}
    by_part |= {"wns_bearer": WNS_BEARER_URL, "channel": "AwYAAACs", "other": "token=other"}
    return World(FakeTransport({by_part.get(name, name): results for name, results in answers.items()}))


def fcm_error(status: int, code: str = "", **headers: str) -> SendResult:
    detail = {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}
    return answered(status, {"error": {"code": status, "details": [detail] if code else []}}, **headers)


def apns_error(status: int, reason: str, **more: object) -> SendResult:
    return answered(status, {"reason": reason, **more})


def data_of(request: PushRequest) -> dict[str, str]:
    data: dict[str, str] = json.loads(request.body)["message"]["data"]
    return data


def test_the_pushes_of_all_providers_leave_at_one_time_and_the_bearer_is_fetched_once() -> None:
    world = World()
    assert world.outcomes() == world.outcomes() == [Outcome.ACCEPTED] * 3
    assert [len(batch) for batch in world.transport.batches] == [1, 3, 3]
    assert world.faults == []


def test_outcomes_stand_in_the_order_of_the_recipients() -> None:
    world = answering(apns=[apns_error(400, "DeviceTokenNotForTopic")])
    assert world.outcomes([IPHONE, PHONE, LAPTOP]) == [Outcome.WRONG_TARGET, Outcome.ACCEPTED, Outcome.ACCEPTED]
    assert world.push([]) == []


def test_what_all_recipients_have_in_common_is_rendered_once_for_a_sending_and_only_so_many_are_kept() -> None:
    world = World()
    world.push()
    kept = dict(world.pusher._kept)
    world.push()
    assert world.pusher._kept == kept
    for number in range(MAX_KEPT):
        world.push([IPHONE], sending=sending_of(sending=SendingId(number << 12)))
    assert len(world.pusher._kept) == MAX_KEPT


LANGUAGES = {"de": Translation("Verkauf", "Heute"), "fr": Translation("Vente", "Aujourd'hui")}


def translated() -> Sending:
    phones = Message("Sale", "Today", hub_keys={HubKey.UID: "px.msg_id"}, app_keys={MessagePart.TITLE: "px.title"})
    browsers = Message("Sale", "Today", hub_keys={HubKey.UID: "msg_id"})
    return replace(sending_of({ANY_PROVIDER: phones, WEB: browsers}), translations=LANGUAGES)


def pushed_to(world: World, host: str) -> list[PushRequest]:
    return [each for each in world.transport.pushes if host in each.url]


def test_each_recipient_gets_its_own_language_and_one_without_a_translation_what_the_message_says() -> None:
    world, recipients = World(), (IPHONE, PHONE, TABLET, LAPTOP)
    spoken = {IPHONE.ref: "de", PHONE.ref: "fr", TABLET.ref: "xx"}
    outcomes = world.pusher.push(translated(), app_of(), recipients, 10, spoken)
    assert [each.outcome for each in outcomes] == [Outcome.ACCEPTED] * 4
    (iphone,) = (json.loads(each.body) for each in pushed_to(world, "push.apple.com"))
    assert (iphone["aps"]["alert"], iphone["px.title"]) == ({"title": "Verkauf", "body": "Heute"}, "Verkauf")
    by_token = {(body := json.loads(each.body)["message"])["token"]: body for each in pushed_to(world, "messages:send")}
    titles = [by_token[each.address.push_token]["android"]["notification"]["title"] for each in (PHONE, TABLET)]
    assert titles == [by_token[each.address.push_token]["data"]["px.title"] for each in (PHONE, TABLET)] == ["Vente", "Sale"]
    (web,) = pushed_to(world, "updates.push")
    assert json.loads(browser().decrypted(web.body))["title"] == "Sale"


def test_an_app_that_draws_its_pushes_itself_gets_data_alone_on_android_and_an_alert_on_ios() -> None:
    world, on_ios = World(), subscription_of(IOS_FIREBASE, FIREBASE_TOKEN)
    world.push([replace(each, drawn_by_app=True) for each in (PHONE, on_ios, LAPTOP)], sending=translated())
    android, ios = (json.loads(each.body)["message"] for each in pushed_to(world, "messages:send"))
    assert (android["android"], android["data"]["px.title"]) == ({"priority": "HIGH", "ttl": "2419200s"}, "Sale")
    assert ios["apns"]["payload"]["aps"]["alert"] == {"title": "Sale", "body": "Today"}
    (web,) = pushed_to(world, "updates.push")
    assert json.loads(browser().decrypted(web.body))["title"] == "Sale"


def test_such_an_app_gets_what_other_doors_push_as_a_notification_since_it_reads_no_part_of_it_as_data() -> None:
    world = World()
    world.push([replace(PHONE, drawn_by_app=True)])
    (request,) = pushed_to(world, "messages:send")
    assert json.loads(request.body)["message"]["android"]["notification"]["title"] == HELLO.title


def test_a_translation_that_a_provider_does_not_take_is_bad_for_those_who_speak_it_alone() -> None:
    sending = replace(translated(), translations={"de": Translation("Verkauf", "H" * 4000), "fr": Translation(link="shop")})
    outcomes = World().pusher.push(sending, app_of(), [PHONE, TABLET, IPHONE], 10, {PHONE.ref: "de", TABLET.ref: "fr"})
    assert [each.outcome for each in outcomes] == [Outcome.MESSAGE_BAD, Outcome.MESSAGE_BAD, Outcome.ACCEPTED]


def test_every_language_of_a_sending_is_rendered_once_however_its_steps_mix_them() -> None:
    spoken = [f"{one}{two}" for one in "abcdefghij" for two in "kl"]
    sending = replace(translated(), translations={each: Translation(each, each) for each in spoken})
    world, rendered = World(), set[int]()
    devices = [replace(PHONE, drawn_by_app=True), TABLET, IPHONE, LAPTOP]
    for language in spoken * 3:
        world.pusher.push(sending, app_of(), devices, 10, {each.ref: language for each in devices})
        rendered |= set(map(id, world.pusher._kept.values()))
    assert len(rendered) == len(world.pusher._kept) == len(spoken) * len(devices)


def test_that_one_language_was_accepted_says_nothing_of_another() -> None:
    world = answering(fcm=[FCM_ACCEPTED, fcm_error(400, "INVALID_ARGUMENT")]).subscribed(PHONE, TABLET)
    outcomes = world.pusher.push(translated(), app_of(), [PHONE, TABLET], 10, {PHONE.ref: "de", TABLET.ref: "fr"})
    assert [each.outcome for each in outcomes] == [Outcome.ACCEPTED, Outcome.WRONG_TARGET]


def test_what_was_not_used_for_longest_is_dropped_first() -> None:
    world = World()
    for number in range(MAX_KEPT + 1):
        world.push([IPHONE], sending=sending_of(sending=SendingId(number << 12)))
        world.push([IPHONE], sending=sending_of(sending=SendingId(0)))
    assert (kept := {kind.sending for kind in world.pusher._kept}) >= {0, MAX_KEPT << 12}
    assert len(kept) == MAX_KEPT


def test_a_push_carries_the_uid_launch_and_links_of_its_sending_and_the_same_when_it_is_tried_again() -> None:
    world = World()
    world.push([PHONE])
    world.later = 600
    world.push([PHONE])
    first, again = map(data_of, world.transport.pushes)
    assert first == again
    uid = parse_uid(first["uid"])
    assert uid
    assert (uid.launch, uid.sent) == (launch_of(ID, CUSTOMERS.id), minted_nanoseconds(ID))
    assert (uid.database, uid.profile, uid.provider) == (CUSTOMERS.id, PHONE.profile, ANDROID)
    assert f"{uid.subscription:08x}" == hash_id(ANDROID, PHONE.address.push_token)
    assert first["launch_id"] == uid.launch.text
    for name, happening in (("ack", Happening.DELIVERED), ("open", Happening.OPENED)):
        url: str = json.loads(first["hub_link"])[name]
        opened = open_link(url.removeprefix(HUB + LINK_PATH), "stack", SECRETS.link_keys.get)
        assert opened
        assert (opened.happening, opened.uid) == (happening, first["uid"])


def test_no_two_sendings_have_a_uid_in_common_although_they_have_a_launch() -> None:
    world = World()
    first, second = (sending_of(sending=SendingId(ID + number)) for number in (0, 1))
    world.push([PHONE], sending=first)
    world.push([PHONE], sending=replace(second, launch=first.launch))
    one, other = map(data_of, world.transport.pushes)
    assert one["launch_id"] == other["launch_id"]
    assert one["uid"] != other["uid"]


def test_an_id_that_a_caller_has_chosen_gets_a_uid_too() -> None:
    world = World()
    world.push([replace(PHONE, profile=ProfileId("customer_17"))])
    assert parse_uid(data_of(world.transport.pushes[0])["uid"])


def test_an_app_without_tracking_sends_nothing_of_the_hubs_own_and_needs_no_links() -> None:
    world = World(base_url=None, stack_secrets=Secrets({}, {}))
    assert [each.outcome for each in world.push(app=app_of(tracking=False))] == [Outcome.ACCEPTED] * 3
    fcm, apns, web = world.transport.pushes
    assert "data" not in json.loads(fcm.body)["message"]
    assert json.loads(apns.body).keys() == {"aps"}
    assert json.loads(browser().decrypted(web.body)).keys() == {"title", "body"}


def test_a_message_without_links_needs_nothing_that_links_are_made_of() -> None:
    world = World(base_url=None)
    message = replace(HELLO, hub_keys={HubKey.UID: "px.msg_id"})
    world.push([PHONE], sending=sending_of({ANY_PROVIDER: message}))
    assert data_of(world.transport.pushes[0]).keys() == {"px.msg_id"}


@pytest.mark.parametrize("world", [World(base_url=None), World(stack_secrets=Secrets({}, {}))], ids=["no address", "no link key"])
def test_without_what_links_are_made_of_all_wait(world: World) -> None:
    assert world.outcomes() == [Outcome.RETRY] * 3
    assert world.transport.batches == []
    assert len(world.faults) == 1


def test_a_provider_without_a_block_a_module_or_a_message_gets_nothing() -> None:
    world = World()
    huawei = subscription_of(HUAWEI, "phone")
    app = app_of(["firebase", "apns", "huawei"])
    outcomes = world.push([huawei, PHONE, IPHONE, LAPTOP], app, sending_of({ANDROID: HELLO}))
    assert [each.outcome for each in outcomes] == [
        Outcome.WRONG_TARGET,
        Outcome.ACCEPTED,
        Outcome.WRONG_TARGET,
        Outcome.WRONG_TARGET,
    ]
    assert len(world.transport.pushes) == 1


@pytest.mark.parametrize("message", [Message("Sale", "x" * 3_100), Message("Sale", data={"from": "us"})], ids=["size", "key"])
def test_a_message_that_one_provider_does_not_take_is_bad_for_all_of_its_recipients_alone(message: Message) -> None:
    world = World()
    outcomes = world.push([PHONE, TABLET, IPHONE, LAPTOP], sending=sending_of({ANY_PROVIDER: HELLO, ANDROID: message}))
    bad, accepted = Outcome.MESSAGE_BAD, Outcome.ACCEPTED
    assert [each.outcome for each in outcomes] == [bad, bad, accepted, accepted]
    assert outcomes[0].reason.startswith("not sent: ")
    assert len(world.transport.pushes) == 2


NOBODY_KNOWS = MaybeSent("no answer in time")
NOT_NOW = "not now"


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (NOBODY_KNOWS, (Outcome.UNKNOWN,) * 3),
        (NotSent("no connection"), (Outcome.RETRY,) * 3),
        (MaybeSent("the stream was reset"), (Outcome.UNKNOWN,) * 3),
        (answered(200, "<html>"), (Outcome.UNKNOWN,) * 3),
        (answered(429), (Outcome.RETRY,) * 3),
        (answered(429, retry_after="7"), (Outcome.RETRY,) * 3),
        (answered(500), (Outcome.RETRY,) * 3),
        (answered(503, retry_after="30"), (Outcome.RETRY,) * 3),
        (answered(502), (Outcome.UNKNOWN, Outcome.RETRY, Outcome.UNKNOWN)),
        (answered(401), (Outcome.CREDENTIALS_BAD, Outcome.MESSAGE_BAD, Outcome.CREDENTIALS_BAD)),
        (answered(302), (Outcome.RETRY, Outcome.RETRY, Outcome.WRONG_TARGET)),
        (answered(999), (Outcome.UNKNOWN,) * 3),
    ],
)
def test_what_a_provider_does_wrong_comes_out_by_its_own_rules_and_touches_no_other_provider(
    result: SendResult, expected: tuple[Outcome, ...]
) -> None:
    for position, name in enumerate(("fcm", "apns", "web")):
        outcomes = answering(**{name: [result]}).outcomes()
        assert outcomes[position] == expected[position], name
        assert outcomes[:position] + outcomes[position + 1 :] == [Outcome.ACCEPTED] * 2


@pytest.mark.parametrize(
    ("name", "result", "after", "throttled"),
    [
        ("fcm", fcm_error(429, "QUOTA_EXCEEDED"), SECONDS_AFTER_QUOTA, True),
        ("fcm", fcm_error(429, "QUOTA_EXCEEDED", retry_after="7"), 7, True),
        ("fcm", answered(503, retry_after="3600"), 900, False),
        ("fcm", answered(500), None, False),
        ("apns", apns_error(429, "TooManyProviderTokenUpdates"), None, True),
        ("apns", apns_error(503, "ServiceUnavailable"), SECONDS_AFTER_FAULT, False),
        ("web", answered(429), None, True),
        ("web", answered(429, retry_after="7"), 7, True),
    ],
)
def test_a_provider_says_how_long_to_wait_and_whether_it_wants_fewer_requests(
    name: str, result: SendResult, after: int | None, throttled: bool
) -> None:
    came = next(each for each in answering(**{name: [result]}).push() if each.outcome != Outcome.ACCEPTED)
    assert (came.outcome, came.after, came.throttled) == (Outcome.RETRY, after, throttled)


def test_a_bearer_that_fcm_refuses_is_renewed_once_for_those_recipients_alone() -> None:
    world = answering(bearer=[a_bearer("first"), a_bearer("second")], fcm=[answered(401), FCM_ACCEPTED])
    assert world.outcomes([PHONE, TABLET, IPHONE]) == [Outcome.ACCEPTED] * 3
    assert [len(batch) for batch in world.transport.batches] == [1, 3, 1, 1]
    authorizations = [each.headers["authorization"] for each in world.transport.pushes if "fcm" in each.url]
    assert authorizations == ["Bearer first", "Bearer first", "Bearer second"]


def test_a_bearer_that_windows_refuses_is_renewed_once_and_no_bearer_of_another_provider_with_it() -> None:
    first, second = (answered(200, {"access_token": text, "expires_in": 86400}) for text in ("first", "second"))
    world = answering(wns_bearer=[first, second], channel=[answered(401), answered(200, x_wns_status="received")])
    assert world.outcomes([PC, PHONE]) == [Outcome.ACCEPTED] * 2
    assert [each.headers["authorization"] for each in world.transport.pushes if "windows" in each.url] == [
        "Bearer first",
        "Bearer second",
    ]
    assert [request.url for request in world.transport.requests].count(BEARER_URL) == 1
    world.push([PC])
    assert [request.url for request in world.transport.requests].count(WNS_BEARER_URL) == 2


def test_windows_without_a_bearer_keeps_no_other_provider_waiting() -> None:
    world = answering(wns_bearer=[answered(400, {"error": "invalid_client"})])
    assert world.outcomes([PC, PHONE, IPHONE]) == [Outcome.CREDENTIALS_BAD, Outcome.ACCEPTED, Outcome.ACCEPTED]


def test_an_expired_channel_of_windows_is_retired_and_a_push_that_was_dropped_retires_none() -> None:
    other = subscription_of(WINDOWS, "https://db5p.notify.windows.com/?token=other", "fedcba987654321001234567")
    world = answering(other=[answered(410)], channel=[answered(200, x_wns_status="dropped")]).subscribed(PC, other)
    assert world.outcomes([PC, other]) == [Outcome.WRONG_TARGET, Outcome.GONE]
    assert world.stored(PC).retired is None
    assert world.stored(other).retired is not None


def test_windows_gets_the_content_that_is_for_it() -> None:
    world = World()
    both: dict[str, Message] = {WINDOWS: Message("Sale", "8.1", windows=WindowsExtras(legacy=True)), UWP: Message("Sale", "10")}
    legacy = subscription_of(WINDOWS, CHANNEL)
    assert [each.outcome for each in world.push([PC, legacy], sending=sending_of(both))] == [Outcome.ACCEPTED] * 2
    bodies = [request.body.decode() for request in world.transport.pushes]
    assert ["ToastGeneric" in body for body in bodies] == [True, False]
    assert ["ToastText02" in body for body in bodies] == [False, True]
    uids = [json.loads(fromstring(body).attrib["launch"])["uid"] for body in bodies]
    assert [uid.rpartition("|")[2] for uid in uids] == ["uwp-wns", "windows-wns"]


def test_a_bearer_that_fcm_always_refuses_makes_the_credentials_bad() -> None:
    world = answering(fcm=[answered(401)])
    assert world.outcomes([PHONE, TABLET, IPHONE]) == [Outcome.CREDENTIALS_BAD, Outcome.CREDENTIALS_BAD, Outcome.ACCEPTED]
    assert [len(batch) for batch in world.transport.batches] == [1, 3, 1, 2]


def test_both_providers_of_a_firebase_project_have_one_bearer() -> None:
    world = World()
    assert world.outcomes([PHONE, subscription_of(IOS_FIREBASE, "iphone")]) == [Outcome.ACCEPTED] * 2
    assert [len(batch) for batch in world.transport.batches] == [1, 2]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (answered(400, {"error": "invalid_grant"}), Outcome.CREDENTIALS_BAD),
        (answered(500), Outcome.RETRY),
        (NOBODY_KNOWS, Outcome.RETRY),
        (answered(200, "junk"), Outcome.RETRY),
    ],
)
def test_without_a_bearer_only_the_recipients_that_need_one_get_nothing(answer: SendResult, outcome: Outcome) -> None:
    world = answering(bearer=[answer, a_bearer()])
    assert world.outcomes() == [outcome, Outcome.ACCEPTED, Outcome.ACCEPTED]
    assert world.outcomes() == [outcome, Outcome.ACCEPTED, Outcome.ACCEPTED]
    assert [len(batch) for batch in world.transport.batches] == [1, 2, 2]
    world.later = SECONDS_AFTER_FAILURE
    assert world.outcomes() == [Outcome.ACCEPTED] * 3


def test_a_bearer_that_cannot_be_renewed_is_what_came_of_those_that_need_it() -> None:
    world = answering(bearer=[a_bearer(), answered(500)], fcm=[answered(401)])
    assert world.outcomes([PHONE, IPHONE]) == [Outcome.RETRY, Outcome.ACCEPTED]


def test_apns_gets_an_expired_signature_once_more_and_never_one_of_another_moment() -> None:
    world = answering(apns=[apns_error(403, "ExpiredProviderToken"), answered(200)])
    assert world.outcomes([IPHONE]) == [Outcome.ACCEPTED]
    first, again = world.transport.pushes
    assert first.headers["authorization"] == again.headers["authorization"]
    assert first.headers["apns-id"] == again.headers["apns-id"]


def test_apns_is_asked_no_third_time() -> None:
    world = answering(apns=[apns_error(403, "ExpiredProviderToken")])
    assert world.outcomes([IPHONE]) == [Outcome.CREDENTIALS_BAD]
    assert len(world.transport.pushes) == 2


@pytest.mark.parametrize("reason", ["InvalidProviderToken", "TopicDisallowed"])
def test_credentials_that_no_renewal_makes_good_are_not_tried_again(reason: str) -> None:
    world = answering(apns=[apns_error(403, reason)])
    assert world.outcomes() == [Outcome.ACCEPTED, Outcome.CREDENTIALS_BAD, Outcome.ACCEPTED]
    assert len(world.transport.pushes) == 3


def test_credentials_that_are_rotated_are_used_for_what_is_left_of_a_sending() -> None:
    world = World()
    world.push([IPHONE])
    blocks = app_secrets().app_credentials["shop-app"]
    world.secrets = AppSecrets({"shop-app": {**blocks, "apns": {**blocks["apns"], "key_id": "XYZ1234567"}}})
    world.pusher.accounts.secrets._loaded_at = -math.inf
    world.push([IPHONE])
    first, second = (each.headers["authorization"] for each in world.transport.pushes)
    assert first != second


def test_a_dead_push_token_is_retired_with_the_providers_words_and_stays_gone() -> None:
    world = answering(fcm=[fcm_error(404, "UNREGISTERED")]).subscribed(PHONE, IPHONE)
    assert world.outcomes([PHONE, IPHONE]) == [Outcome.GONE, Outcome.ACCEPTED]
    retired = world.stored(PHONE).retired
    assert retired
    assert (retired.at, retired.sending) == (NOW, ID)
    assert retired.reason == "UNREGISTERED: the app is not on this device any more"
    assert world.stored(IPHONE).live
    assert world.audience.commits == 1


def test_one_that_subscribed_since_its_provider_knew_it_dead_is_not_retired_and_counts_as_gone() -> None:
    since = Milliseconds(PHONE.seen * 1000)
    world = answering(apns=[apns_error(410, "Unregistered", timestamp=since)]).subscribed(IPHONE)
    assert world.outcomes([IPHONE]) == [Outcome.GONE]
    assert world.stored(IPHONE).live
    assert world.faults == []


def test_an_invalid_argument_of_fcm_is_a_dead_push_token_if_the_same_message_was_accepted_by_the_same_provider() -> None:
    invalid = fcm_error(400, "INVALID_ARGUMENT")
    dead = subscription_of(ANDROID, "not-a-push-token")
    for others, outcome in (([PHONE], Outcome.GONE), ([IPHONE], Outcome.WRONG_TARGET), ([], Outcome.WRONG_TARGET)):
        world = World(FakeTransport({"not-a-push-token": [invalid]})).subscribed(dead, *others)
        assert world.outcomes([dead, *others])[0] == outcome
        assert world.stored(dead).live is (outcome == Outcome.WRONG_TARGET)


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("apns", apns_error(400, "BadDeviceToken")),
        ("apns", apns_error(400, "DeviceTokenNotForTopic")),
        ("fcm", fcm_error(403, "SENDER_ID_MISMATCH")),
        ("web", answered(403)),
    ],
)
def test_what_may_be_the_environment_retires_nothing(name: str, result: SendResult) -> None:
    world = answering(**{name: [result]}).subscribed(*ALL)
    assert Outcome.WRONG_TARGET in world.outcomes()
    assert world.audience.commits == 0


@pytest.mark.parametrize("fault", [LostRaceError("a guard"), UnavailableError("DynamoDB did not answer")])
def test_a_dead_push_token_that_cannot_be_retired_is_told_of_and_stays_gone(fault: Exception) -> None:
    world = World(FakeTransport({"messages:send": [fcm_error(404, "UNREGISTERED")]}), RefusingAudience(fault))
    assert world.subscribed(PHONE).outcomes() == [Outcome.GONE, Outcome.ACCEPTED, Outcome.ACCEPTED]
    (told,) = world.faults
    assert "android-firebase" in told


def test_the_time_of_a_step_bounds_all_of_it() -> None:
    world = World()
    world.push(seconds=9)
    for_bearer, for_pushes = world.transport.seconds
    assert for_bearer == pytest.approx(9 * (1 - RETIRING_SHARE) * BEARER_SHARE)
    assert for_pushes == pytest.approx(9 * (1 - RETIRING_SHARE))


class SlowAudience(MemoryAudience):
    """An audience whose commits wait until so many of them are under way."""

    def __init__(self, at_once: int) -> None:
        super().__init__()
        self.barrier = threading.Barrier(at_once)

    def commit(self, database: DatabaseId, change: Change) -> None:
        self.barrier.wait(timeout=5)
        super().commit(database, change)


def test_dead_push_tokens_are_retired_side_by_side() -> None:
    many = [subscription_of(ANDROID, f"phone-{number}") for number in range(RETIRED_AT_ONCE * 3)]
    many = [replace(each, profile=ProfileId(f"profile-{number}")) for number, each in enumerate(many)]
    world = World(FakeTransport({"messages:send": [fcm_error(404, "UNREGISTERED")]}), SlowAudience(RETIRED_AT_ONCE))
    assert world.subscribed(*many).outcomes(many) == [Outcome.GONE] * len(many)
    assert [each for each in many if not world.stored(each).retired] == []
    assert world.faults == []


@pytest.mark.parametrize("seen", [NOW - 1, NOW, NOW + 1])
def test_a_device_that_was_seen_in_the_second_of_its_push_is_retired_if_its_push_token_is_dead(seen: int) -> None:
    world = answering(fcm=[fcm_error(404, "UNREGISTERED")])
    phone = replace(PHONE, seen=Seconds(seen))
    world.subscribed(phone).push([phone])
    assert world.stored(phone).retired


class WatchedAudience(MemoryAudience):
    """An audience that says whether a commit came while another was under way; each waits a moment for one that does."""

    def __init__(self) -> None:
        super().__init__()
        self.met = False
        self._both = threading.Barrier(2)

    def commit(self, database: DatabaseId, change: Change) -> None:
        try:
            self._both.wait(timeout=0.1)
            self.met = True
        except threading.BrokenBarrierError:
            self._both.reset()
        super().commit(database, change)


def test_those_of_one_profile_are_retired_one_after_the_other() -> None:
    audience = WatchedAudience()
    world = World(FakeTransport({"messages:send": [fcm_error(404, "UNREGISTERED")]}), audience).subscribed(PHONE, TABLET)
    assert PHONE.profile == TABLET.profile
    world.push([PHONE, TABLET])
    assert not audience.met
    assert world.stored(PHONE).retired
    assert world.stored(TABLET).retired


def test_a_device_that_is_silent_leaves_time_to_retire_all_others() -> None:
    transport = FakeTransport({"messages:send": [fcm_error(404, "UNREGISTERED")], "apple": [NOBODY_KNOWS]}, takes=100)
    world = World(transport).subscribed(PHONE)
    world.push([PHONE, IPHONE], app_of(tracking=False), seconds=15)
    assert 15 - transport.clock == pytest.approx(15 * RETIRING_SHARE)
    assert world.stored(PHONE).retired


def test_what_time_leaves_over_is_told_of_at_once_and_retired_by_the_next_sending() -> None:
    many = [subscription_of(ANDROID, f"phone-{number}") for number in range(3)]
    world = World(FakeTransport({"messages:send": [fcm_error(404, "UNREGISTERED")]})).subscribed(*many)
    world.pusher.retiring = replace(world.pusher.retiring, clock=lambda: math.inf)
    assert world.outcomes(many) == [Outcome.GONE] * 3
    (told,) = world.faults
    assert "3 dead push tokens of android-firebase are not retired" in told
    world.pusher.retiring = replace(world.pusher.retiring, clock=lambda: 0)
    world.push(many, sending=sending_of(sending=SendingId(ID + 1)))
    assert all(world.stored(each).retired for each in many)


def test_a_provider_that_hangs_takes_no_more_than_the_step_has_and_nothing_is_renewed_or_retired_after_it() -> None:
    world = World(
        FakeTransport({"messages:send": [answered(401)], "apple": [apns_error(410, "Unregistered")]}, takes=100)
    ).subscribed(IPHONE)
    outcomes = world.outcomes([PHONE, IPHONE])
    assert outcomes[1] == Outcome.GONE
    assert world.transport.clock <= 10
    world.push([PHONE], seconds=0)
    assert world.transport.seconds[-1] <= 0


def test_a_step_without_time_sends_nothing_and_waits() -> None:
    world = World()
    assert [each.outcome for each in world.push(seconds=0)] == [Outcome.RETRY] * 3


def test_a_push_token_that_can_never_be_sent_to_is_a_wrong_target() -> None:
    text = subscription_of(FIREFOX, "%subscriptionid%")
    path = subscription_of(APNS, "a/../b")
    assert World().outcomes([text, path, PHONE]) == [Outcome.WRONG_TARGET, Outcome.WRONG_TARGET, Outcome.ACCEPTED]


def test_nothing_that_is_told_or_shown_holds_a_push_token_an_endpoint_or_a_credential() -> None:
    transport = answering(
        fcm=[fcm_error(404, "UNREGISTERED")], apns=[apns_error(410, "Unregistered")], web=[answered(410)]
    ).transport
    world = World(transport, RefusingAudience(UnavailableError("DynamoDB did not answer")))
    shown = f"{world.push()} {world.faults} {world.pusher.accounts} {world.transport.requests}"
    confidential = [FIREBASE_TOKEN, HEX, "wpush", "ya29", "k" * 32]
    confidential += [
        text for block in app_secrets().app_credentials["shop-app"].values() for text in block.values() if len(text) > 30
    ]
    assert [text for text in confidential if text in shown] == []


def test_150_recipients_take_one_batch() -> None:
    world = World()
    many = [subscription_of(ANDROID, f"phone-{number}") for number in range(150)]
    assert world.outcomes(many) == [Outcome.ACCEPTED] * 150
    assert [len(batch) for batch in world.transport.batches] == [1, 150]
