"""How an app is known to its providers."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from pushhub.catalog.app_secrets import AppSecrets, CachedAppSecrets
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import App, AppId, Catalog, ProviderBlock
from pushhub.faults import UnavailableError
from pushhub.moments import CLOCKS_APART_SECONDS, Milliseconds
from pushhub.sends.accounts import Account, Accounts
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.platforms import Block
from pushhub.sends.providers.apns import ApnsAccount
from pushhub.sends.providers.fcm_bearer import FcmAccount
from pushhub.sends.providers.web_push import VapidAccount
from pushhub.sends.providers.wns_bearer import WnsAccount
from pushhub.sends.served_apps import Apps
from tests.doubles.apps import app_of, app_secrets
from tests.doubles.sending import PACKAGE_SID

KEYS = {Block.FIREBASE: "key", Block.APNS: "key", Block.WEB_PUSH: "private_key"}
"""Under which name each block that signs has its key."""
STAND_INS = "http://127.0.0.1:4570"


def accounts(secrets: AppSecrets | None = None, stand_ins_url: str = "") -> Accounts:
    return Accounts(CachedAppSecrets(lambda: secrets or app_secrets()), stand_ins_url, frozenset({"push.example.com"}))


def made(made_of: Accounts, app: App, block: Block) -> Account:
    account = made_of.account(app, block)
    assert not isinstance(account, RecipientOutcome), account
    return account


def with_block(block: Block, settings: Mapping[str, str], *, stand_in: bool = False) -> App:
    app = app_of()
    return replace(app, blocks={**app.blocks, block: ProviderBlock({**app.blocks[block].settings, **settings}, stand_in)})


def test_a_block_and_its_credentials_make_an_account() -> None:
    fcm, apns, vapid, wns = (made(accounts(), app_of(), block) for block in Block)
    assert isinstance(fcm, FcmAccount)
    assert (fcm.project, fcm.email, fcm.key_id) == ("shop-1", "sender@shop-1.iam.gserviceaccount.com", "0f1e2d3c")
    assert (fcm.base_url, fcm.auth_url) == ("https://fcm.googleapis.com", "https://oauth2.googleapis.com/token")
    assert isinstance(apns, ApnsAccount)
    assert (apns.key_id, apns.team_id, apns.topic) == ("ABC1234567", "DEF1234567", "com.example.shop")
    assert apns.base_url == "https://api.push.apple.com"
    assert isinstance(vapid, VapidAccount)
    assert (vapid.subject, vapid.url, vapid.more_hosts) == ("mailto:push@example.com", "", frozenset({"push.example.com"}))
    assert isinstance(wns, WnsAccount)
    assert (wns.package_sid, wns.secret, wns.url) == (PACKAGE_SID, "a-secret-of-the-store", "")
    assert wns.auth_url == "https://login.live.com/accesstoken.srf"


def test_equal_credentials_make_equal_accounts_although_they_were_read_anew() -> None:
    for block in Block:
        first, second = (made(accounts(app_secrets()), app_of(), block) for _ in range(2))
        assert first == second
        assert hash(first) == hash(second)


def test_a_block_may_have_addresses_of_its_own() -> None:
    fcm = made(accounts(), with_block(Block.FIREBASE, {"url": "https://fcm.eu", "auth_url": "https://auth.eu/t"}), Block.FIREBASE)
    assert isinstance(fcm, FcmAccount)
    assert (fcm.base_url, fcm.auth_url) == ("https://fcm.eu", "https://auth.eu/t")
    apns = made(accounts(), with_block(Block.APNS, {"url": "https://apns.cn"}), Block.APNS)
    assert isinstance(apns, ApnsAccount)
    assert apns.base_url == "https://apns.cn"
    wns = made(accounts(), with_block(Block.WNS, {"url": "https://wns.eu", "auth_url": "https://auth.eu/w"}), Block.WNS)
    assert isinstance(wns, WnsAccount)
    assert (wns.url, wns.auth_url) == ("https://wns.eu", "https://auth.eu/w")


def test_the_environment_of_apns_is_the_blocks() -> None:
    apns = made(accounts(), with_block(Block.APNS, {"environment": "sandbox"}), Block.APNS)
    assert isinstance(apns, ApnsAccount)
    assert apns.base_url == "https://api.sandbox.push.apple.com"


def test_a_stand_in_goes_to_the_stand_ins_whatever_it_says_besides() -> None:
    there = accounts(stand_ins_url=STAND_INS)
    fcm = made(there, with_block(Block.FIREBASE, {"auth_url": "https://auth.eu/t"}, stand_in=True), Block.FIREBASE)
    assert isinstance(fcm, FcmAccount)
    assert (fcm.base_url, fcm.auth_url) == (STAND_INS, f"{STAND_INS}/token")
    apns = made(there, with_block(Block.APNS, {}, stand_in=True), Block.APNS)
    assert isinstance(apns, ApnsAccount)
    assert apns.base_url == STAND_INS
    vapid = made(there, with_block(Block.WEB_PUSH, {}, stand_in=True), Block.WEB_PUSH)
    assert isinstance(vapid, VapidAccount)
    assert vapid.url == STAND_INS
    wns = made(there, with_block(Block.WNS, {"auth_url": "https://auth.eu/w"}, stand_in=True), Block.WNS)
    assert isinstance(wns, WnsAccount)
    assert (wns.url, wns.auth_url) == (STAND_INS, f"{STAND_INS}/accesstoken.srf")


@pytest.mark.parametrize("block", Block)
def test_a_stand_in_is_no_account_on_a_stack_without_stand_ins(block: Block) -> None:
    refused = accounts().account(with_block(block, {}, stand_in=True), block)
    assert isinstance(refused, RecipientOutcome)
    assert refused.outcome == Outcome.CREDENTIALS_BAD
    assert not refused.renewable


def test_credentials_that_are_not_in_the_secret_yet_are_waited_for() -> None:
    told: list[str] = []
    waiting = Accounts(CachedAppSecrets(AppSecrets), on_fault=told.append).account(app_of(), Block.APNS)
    assert isinstance(waiting, RecipientOutcome)
    assert waiting.outcome == Outcome.RETRY
    assert told == [f"app shop-app, apns: {waiting.reason}"]


def test_a_secret_that_cannot_be_read_is_waited_for() -> None:
    def fails() -> AppSecrets:
        raise UnavailableError("Secrets Manager did not answer")

    waiting = Accounts(CachedAppSecrets(fails)).account(app_of(), Block.APNS)
    assert isinstance(waiting, RecipientOutcome)
    assert waiting.outcome == Outcome.RETRY


@pytest.mark.parametrize(
    ("block", "name", "text"),
    [
        *((block, name, text) for block, name in KEYS.items() for text in ("not base64!", "c2VjcmV0", "\u00e9")),
        (Block.APNS, "key", app_secrets().app_credentials["shop-app"]["firebase"]["key"]),
        (Block.FIREBASE, "key", app_secrets().app_credentials["shop-app"]["apns"]["key"]),
    ],
)
def test_broken_credentials_are_bad_and_are_never_quoted(block: Block, name: str, text: str) -> None:
    blocks = app_secrets().app_credentials["shop-app"]
    told: list[str] = []
    broken = AppSecrets({"shop-app": {**blocks, block: {**blocks[block], name: text}}})
    refused = Accounts(CachedAppSecrets(lambda: broken), on_fault=told.append).account(app_of(), block)
    assert isinstance(refused, RecipientOutcome)
    assert refused.outcome == Outcome.CREDENTIALS_BAD
    assert not any(text in said for said in (*told, repr(refused)))


@pytest.mark.parametrize("name", ["package_sid", "secret"])
def test_credentials_of_which_a_part_is_missing_are_bad(name: str) -> None:
    blocks = app_secrets().app_credentials["shop-app"]
    incomplete = {key: text for key, text in blocks["wns"].items() if key != name}
    held = CachedAppSecrets(lambda: AppSecrets({"shop-app": {**blocks, "wns": incomplete}}))
    refused = Accounts(held).account(app_of(), Block.WNS)
    assert isinstance(refused, RecipientOutcome)
    assert refused.outcome == Outcome.CREDENTIALS_BAD


def test_no_representation_shows_a_credential() -> None:
    made_of = accounts()
    shown = repr(made_of) + "".join(repr(made_of.account(app_of(), block)) for block in Block)
    for block in app_secrets().app_credentials["shop-app"].values():
        for name in ("key", "private_key", "secret"):
            assert block.get(name, "-" * 9) not in shown


def test_an_app_and_its_credentials_are_as_new_as_what_is_sent() -> None:
    moment = Milliseconds(1_800_000_000_000)
    stored, credentials = Catalog({}, {}), AppSecrets()
    catalog, secrets = CachedCatalog(lambda: stored, now=lambda: moment), CachedAppSecrets(lambda: credentials, now=lambda: moment)
    apps, kept = Apps(catalog, secrets), Accounts(secrets)
    disabled = replace(app_of(), enabled=False)
    stored = Catalog({}, {}, apps={disabled.id: disabled})
    assert apps.app(disabled.id, moment) == disabled
    assert isinstance(kept.account(disabled, Block.APNS), RecipientOutcome)
    moment, stored, credentials = Milliseconds(moment + 5), Catalog({}, {}, apps={disabled.id: app_of()}), app_secrets()
    apart = 1000 * CLOCKS_APART_SECONDS
    assert apps.app(disabled.id, Milliseconds(moment - 5 - apart)) == disabled
    assert apps.app(disabled.id, Milliseconds(moment - 4 - apart)) == app_of()
    assert made(kept, app_of(), Block.APNS)


def test_credentials_are_as_new_as_an_app_that_has_changed_and_otherwise_they_are_not_read_again() -> None:
    moment, elapsed, reads = Milliseconds(1_800_000_000_000), 0.0, 0
    stored, credentials = Catalog({}, {}, apps={app_of().id: app_of(["apns"])}), app_secrets()

    def load() -> AppSecrets:
        nonlocal reads
        reads += 1
        return credentials

    catalog = CachedCatalog(lambda: stored, clock=lambda: elapsed, now=lambda: moment)
    secrets = CachedAppSecrets(load, clock=lambda: elapsed, now=lambda: moment)
    apps, kept = Apps(catalog, secrets), Accounts(secrets)
    assert apps.current(app_of().id) == app_of(["apns"])
    first = made(kept, app_of(), Block.APNS)
    moment, elapsed, credentials = Milliseconds(moment + 59_000), 59.0, other_secrets()
    assert apps.current(app_of().id) == app_of(["apns"])
    assert (made(kept, app_of(), Block.APNS), reads) == (first, 1)
    moment, elapsed, stored = Milliseconds(moment + 1_000), 60.5, Catalog({}, {}, apps={app_of().id: app_of()})
    assert apps.current(app_of().id) == app_of()
    assert made(kept, app_of(), Block.APNS) != first
    assert apps.current(app_of().id) == app_of()
    assert (apps.current(AppId("unknown")), reads) == (None, 2)


def other_secrets() -> AppSecrets:
    """Give the credentials of :func:`app_secrets` with the key of another team."""
    blocks = app_secrets().app_credentials["shop-app"]
    return AppSecrets({"shop-app": {**blocks, "apns": {**blocks["apns"], "team_id": "XYZ7654321"}}})
