"""How registrations, device infos and sign-offs are answered, and what they leave behind."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from pushhub.audience.model import Origin
from pushhub.audience.port import Snapshot, SnapshotQuery
from pushhub.catalog.model import Catalog
from pushhub.catalog.secrets import LinkKeyId, Secrets
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.sdk.floods import NEW_INSTANCES_PER_SECOND
from pushhub.dialects.pushexpress.sdk.instance_ids import instance_key, open_instance_id
from pushhub.dialects.pushexpress.sdk.routes import DEACTIVATE, INFO, REGISTER
from pushhub.faults import UnavailableError
from tests.doubles.audience import MemoryAudience
from tests.doubles.push_express import CATALOG, OTHER_SDK_ID, SDK_ID, SECRETS, SHOP, STACK, SdkHub, said

INTERVALS = {"update_interval_sec": 120, "device_intvl": 120, "hbeat_intvl": 30}
TOKEN = "d1:APA91bTheFirst"


def fcm(token: str = TOKEN, **fields: object) -> dict[str, object]:
    return {"transport_type": "fcm.data", "transport_token": token, "platform_type": "android", **fields}


def profile_of_id(id_: str) -> str:
    opened = open_instance_id(instance_key(SECRETS, STACK), id_)
    assert opened
    assert opened.px_id == 16183
    return opened.profile


def live_tokens(hub: SdkHub) -> dict[str, str]:
    """Return the owner of each push token that is reached."""
    return {one.address.push_token: one.profile for one in hub.subscriptions() if one.live}


class TestRegistrations:
    def test_the_same_installation_and_user_have_the_same_instance_for_ever(self) -> None:
        hub = SdkHub()
        first, again = (hub.answer(REGISTER, SDK_ID, body={"ic_token": "t", "ext_id": "u"}) for _ in range(2))
        assert said(first)["just_created"] is True
        assert said(again) == {"id": said(first)["id"], "just_created": False}
        assert (first.reply.status, again.reply.status) == (200, 200)
        assert (first.counts, again.counts) == ({"ProfilesMade": 1}, {"ProfilesMade": 0})
        assert first.caller == ("app", "shop")

    def test_a_login_is_another_instance(self) -> None:
        hub = SdkHub()
        assert len({hub.register("t"), hub.register("t", "u"), hub.register("t", "v"), hub.register("t2", "u")}) == 4

    def test_an_instance_is_a_profile_of_the_apps_database(self) -> None:
        hub = SdkHub()
        profile = hub.profile(profile_of_id(hub.register("t", "user-7")))
        assert (profile.origin, profile.fields, profile.keys) == (Origin.ID, {"ext_id": "user-7"}, frozenset())

    def test_one_costs_a_read_and_a_write_and_a_known_one_a_read(self) -> None:
        hub = SdkHub()
        hub.register()
        assert (hub.audience.reads, hub.audience.commits) == (1, 1)
        hub.register()
        assert (hub.audience.reads, hub.audience.commits) == (2, 1)

    def test_a_hub_may_be_told_to_answer_that_an_instance_was_created(self) -> None:
        hub = SdkHub(created_status=201)
        statuses = [hub.answer(REGISTER, SDK_ID, body={"ic_token": "t"}).reply.status for _ in range(2)]
        assert statuses == [201, 200]

    def test_an_archived_app_registers_instances_too(self) -> None:
        archived = replace(CATALOG, apps={SHOP.id: replace(SHOP, enabled=False)})
        assert SdkHub(archived).register()

    @pytest.mark.parametrize("sdk_id", ["16183", "shop", "16183-2-", "16183-2x", "16183-2\n"])
    def test_an_app_that_the_catalog_has_not_is_not_found(self, sdk_id: str) -> None:
        hub = SdkHub()
        answer = hub.answer(REGISTER, sdk_id, body={"ic_token": "t"})
        assert (answer.reply.status, said(answer)["error"]) == (404, "not found: app_id is no px.sdk_id of the catalog")
        assert hub.audience.reads == hub.audience.commits == 0

    def test_a_catalog_without_apps_of_push_express_has_none(self) -> None:
        assert SdkHub(Catalog({}, {})).answer(REGISTER, SDK_ID, body={"ic_token": "t"}).reply.status == 404

    @pytest.mark.parametrize(
        ("raw", "error"),
        [
            (b"", "body is empty"),
            (b"[]", "body is not a JSON object"),
            (b"{", "body is not JSON: "),
            (b'{"ic_token":""}', "ic_token is required"),
            (b'{"ic_token":"' + b"t" * 16_384 + b'"}', "body is over 16384 bytes"),
            (b'{"ic_token":"\\ud800"}', "body holds half of a surrogate pair"),
        ],
    )
    def test_a_body_that_says_nothing_is_refused(self, raw: bytes, error: str) -> None:
        hub = SdkHub()
        answer = hub.answer(REGISTER, SDK_ID, raw=raw)
        assert answer.reply.status == 400
        assert said(answer)["error"].startswith(f"validation error: {error}")
        assert hub.audience.reads == hub.audience.commits == 0


class TestFloods:
    def flooded(self) -> SdkHub:
        hub = SdkHub()
        for number in range(NEW_INSTANCES_PER_SECOND):
            hub.register(f"installation-{number}")
        return hub

    def test_beyond_its_allowance_an_app_makes_no_profile(self) -> None:
        hub = self.flooded()
        commits = hub.audience.commits
        answer = hub.answer(REGISTER, SDK_ID, body={"ic_token": "one-too-many"})
        assert (answer.reply.status, answer.reply.headers["retry-after"]) == (429, "1")
        assert said(answer) == {"error": "too many requests: repeat the request after 1 seconds", "req_id": "r-1"}
        assert (answer.refusal, answer.caller) == (PushExpressRefusal.TOO_MANY_REQUESTS, ("app", "shop"))
        assert hub.audience.commits == commits

    def test_an_info_that_makes_a_profile_anew_uses_up_the_allowance_and_is_never_refused(self) -> None:
        hub, other = SdkHub(), SdkHub()
        for number in range(NEW_INSTANCES_PER_SECOND + 1):
            other.elapsed += 1
            assert hub.answer(INFO, SDK_ID, other.register(f"installation-{number}"), body=fcm(f"d1:{number}")).reply.status == 200
        assert hub.answer(REGISTER, SDK_ID, body={"ic_token": "one-too-many"}).reply.status == 429

    def test_a_known_instance_is_answered_all_the_same(self) -> None:
        hub = self.flooded()
        reads = hub.audience.reads
        answer = hub.answer(REGISTER, SDK_ID, body={"ic_token": "installation-0"})
        assert (answer.reply.status, said(answer)["just_created"]) == (200, False)
        assert hub.audience.reads == reads + 1

    def test_another_app_makes_profiles_meanwhile(self) -> None:
        assert self.flooded().answer(REGISTER, OTHER_SDK_ID, body={"ic_token": "t"}).reply.status == 200

    def test_a_second_later_it_makes_profiles_again(self) -> None:
        hub = self.flooded()
        hub.elapsed += 1
        assert hub.answer(REGISTER, SDK_ID, body={"ic_token": "one-too-many"}).reply.status == 200


class TestInfos:
    def test_a_device_can_be_reached_once_it_has_told_its_push_token(self) -> None:
        hub = SdkHub()
        id_ = hub.register()
        answer = hub.answer(INFO, SDK_ID, id_, body=fcm(lang="en-US", tz_sec=3600))
        assert (answer.reply.status, said(answer)) == (200, {"id": id_, **INTERVALS})
        assert answer.counts == {
            "ProfilesMade": 0,
            "ReportsStored": 1,
            "PushTokensIgnored": 0,
            "AudiencesIgnored": 0,
            "SubscriptionsRefused": 0,
        }
        (subscription,) = hub.subscriptions()
        assert (subscription.address.provider, subscription.profile) == ("android-firebase", profile_of_id(id_))
        assert subscription.drawn_by_app
        assert hub.profile(profile_of_id(id_)).fields == {"language": "en-US", "tz_sec": 3600}

    def test_what_is_the_same_writes_nothing(self) -> None:
        hub = SdkHub()
        id_ = hub.register()
        hub.answer(INFO, SDK_ID, id_, body=fcm(lang="en"))
        commits = hub.audience.commits
        for _ in range(3):
            hub.now = type(hub.now)(hub.now + 120)
            answer = hub.answer(INFO, SDK_ID, id_, body=fcm(lang="en"))
            assert said(answer) == {"id": id_, **INTERVALS}
            assert answer.counts["ReportsStored"] == 0
        assert hub.audience.commits == commits

    def test_fields_that_change_too_early_are_answered_alike_and_wait(self) -> None:
        hub = SdkHub()
        id_ = hub.register()
        hub.answer(INFO, SDK_ID, id_, body=fcm(lang="en"))
        answer = hub.answer(INFO, SDK_ID, id_, body=fcm(lang="de"))
        assert (said(answer), answer.counts["ReportsStored"]) == ({"id": id_, **INTERVALS}, 0)
        hub.now = type(hub.now)(hub.now + 60)
        assert hub.answer(INFO, SDK_ID, id_, body=fcm(lang="de")).counts["ReportsStored"] == 1

    def test_a_push_token_that_changes_is_stored_at_once(self) -> None:
        hub = SdkHub()
        id_ = hub.register()
        hub.answer(INFO, SDK_ID, id_, body=fcm("d1:first"))
        hub.answer(INFO, SDK_ID, id_, body=fcm("d1:second"))
        assert live_tokens(hub) == {"d1:second": profile_of_id(id_)}

    def test_the_first_info_right_after_the_registration_is_stored(self) -> None:
        hub = SdkHub()
        assert hub.answer(INFO, SDK_ID, hub.register(), body=fcm("", lang="en")).counts["ReportsStored"] == 1

    def test_a_login_moves_the_push_token(self) -> None:
        hub = SdkHub()
        nobody, somebody = hub.register("t"), hub.register("t", "user-7")
        hub.answer(INFO, SDK_ID, nobody, body=fcm())
        hub.answer(INFO, SDK_ID, somebody, body=fcm())
        assert live_tokens(hub) == {TOKEN: profile_of_id(somebody)}

    def test_an_instance_whose_profile_is_gone_has_one_again(self) -> None:
        hub, other = SdkHub(), SdkHub()
        id_ = other.register()
        answers = [hub.answer(INFO, SDK_ID, id_, body=fcm()) for _ in range(2)]
        assert [(answer.reply.status, answer.counts["ProfilesMade"]) for answer in answers] == [(200, 1), (200, 0)]
        assert live_tokens(hub) == {TOKEN: profile_of_id(id_)}

    def test_without_a_push_token_the_one_that_is_known_stays(self) -> None:
        hub = SdkHub()
        id_ = hub.register()
        hub.answer(INFO, SDK_ID, id_, body=fcm())
        hub.answer(INFO, SDK_ID, id_, body=fcm(""))
        hub.answer(INFO, SDK_ID, id_, body=fcm("null"))
        assert live_tokens(hub) == {TOKEN: profile_of_id(id_)}

    def test_a_transport_that_this_hub_has_not_leaves_nothing_to_reach(self) -> None:
        hub = SdkHub()
        id_ = hub.register()
        hub.answer(INFO, SDK_ID, id_, body=fcm())
        answer = hub.answer(INFO, SDK_ID, id_, body={"transport_type": "onesignal", "transport_token": "a-player"})
        assert said(answer) == {"id": id_, **INTERVALS}
        assert live_tokens(hub) == {}

    def test_what_is_no_push_token_is_counted(self) -> None:
        hub = SdkHub()
        assert hub.answer(INFO, SDK_ID, hub.register(), body=fcm("null")).counts["PushTokensIgnored"] == 1

    def test_audiences_that_do_not_fit_are_counted(self) -> None:
        hub = SdkHub()
        body = fcm(tags={"audiences": "a" * 1025})
        assert hub.answer(INFO, SDK_ID, hub.register(), body=body).counts["AudiencesIgnored"] == 1

    def test_no_other_field_of_the_database_and_no_match_field_is_set(self) -> None:
        match_by_ext_id = replace(CATALOG.databases[SHOP.database], match=("ext_id",))
        hub = SdkHub(replace(CATALOG, databases={**CATALOG.databases, SHOP.database: match_by_ext_id}))
        id_ = hub.register("t", "user-7")
        hub.answer(INFO, SDK_ID, id_, body=fcm(ext_id="user-8", language="de", audiences="all", lang="en"))
        assert hub.profile(profile_of_id(id_)).fields == {"language": "en"}

    @pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"transport_token":"t"}', b'{"transport_type":null}'])
    def test_a_body_without_a_transport_is_refused(self, raw: bytes) -> None:
        hub = SdkHub()
        assert hub.answer(INFO, SDK_ID, hub.register(), raw=raw).reply.status == 400


class TestForgedIds:
    @pytest.mark.parametrize("call", [INFO, DEACTIVATE])
    def test_an_id_that_was_not_issued_here_is_not_found_and_nothing_is_read(self, call: str) -> None:
        hub = SdkHub()
        id_ = hub.register()
        another_stack, another_secret = SdkHub(stack="other"), SdkHub(secrets=Secrets({LinkKeyId(1): "other"}, {}))
        forged = [id_[:-1], f"{id_}0", id_.swapcase(), "1", "0" * 35, another_stack.register(), another_secret.register()]
        reads = hub.audience.reads
        for text in forged:
            answer = hub.answer(call, SDK_ID, text, body=fcm())
            assert (answer.reply.status, said(answer)["error"]) == (404, "not found: ic_id is no instance of this app")
        assert hub.audience.reads == reads

    @pytest.mark.parametrize("call", [INFO, DEACTIVATE])
    def test_an_id_of_another_app_is_not_found(self, call: str) -> None:
        hub = SdkHub()
        assert hub.answer(call, OTHER_SDK_ID, hub.register(), body=fcm()).reply.status == 404

    def test_ids_stay_good_when_link_keys_are_added_and_revoked(self) -> None:
        id_ = SdkHub().register()
        rotated = SECRETS.with_link_key("a-third-link-key").without_link_key(LinkKeyId(1))
        assert SdkHub(secrets=rotated).answer(INFO, SDK_ID, id_, body=fcm()).reply.status == 200


class TestSignOffs:
    def test_an_instance_that_signs_off_is_not_reached_any_more(self) -> None:
        hub = SdkHub()
        id_ = hub.register()
        hub.answer(INFO, SDK_ID, id_, body=fcm())
        answer = hub.answer(DEACTIVATE, SDK_ID, id_, body={"ic_token": "an-installation", "ext_id": ""})
        assert (answer.reply.status, said(answer)) == (200, {"id": id_, "just_created": False})
        assert live_tokens(hub) == {}

    def test_it_may_do_so_again_and_with_any_body(self) -> None:
        hub = SdkHub()
        id_ = hub.register()
        for raw in (b"", b"{}", b"[", b"\xff"):
            assert said(hub.answer(DEACTIVATE, SDK_ID, id_, raw=raw))["id"] == id_

    def test_an_instance_whose_profile_is_gone_signs_off_and_is_not_made_again(self) -> None:
        hub = SdkHub()
        assert hub.answer(DEACTIVATE, SDK_ID, SdkHub().register()).reply.status == 200
        assert hub.audience.commits == 0

    def test_it_comes_back_with_its_next_info(self) -> None:
        hub = SdkHub()
        id_ = hub.register()
        hub.answer(INFO, SDK_ID, id_, body=fcm())
        hub.answer(DEACTIVATE, SDK_ID, id_)
        hub.answer(INFO, SDK_ID, id_, body=fcm())
        assert live_tokens(hub) == {TOKEN: profile_of_id(id_)}


class Failing(MemoryAudience):
    def read(self, wanted: Sequence[SnapshotQuery], deadline: float = math.inf) -> Sequence[Snapshot]:
        raise UnavailableError("DynamoDB did not answer")


def test_a_store_that_fails_is_answered_with_503() -> None:
    hub, id_ = SdkHub(audience=Failing()), SdkHub().register()
    answers = [
        hub.answer(REGISTER, SDK_ID, body={"ic_token": "t"}),
        hub.answer(INFO, SDK_ID, id_, body=fcm()),
        hub.answer(DEACTIVATE, SDK_ID, id_),
    ]
    assert [(answer.reply.status, answer.fault is not None) for answer in answers] == [(503, True)] * 3


def test_a_secret_without_the_first_link_key_is_answered_with_503() -> None:
    hub, id_ = SdkHub(secrets=Secrets({}, {})), SdkHub().register()
    answers = [
        hub.answer(REGISTER, SDK_ID, body={"ic_token": "t"}),
        hub.answer(INFO, SDK_ID, id_, body=fcm()),
        hub.answer(DEACTIVATE, SDK_ID, id_),
    ]
    assert [(answer.reply.status, answer.fault is not None) for answer in answers] == [(503, True)] * 3
    assert (hub.audience.reads, hub.audience.commits) == (0, 0)
