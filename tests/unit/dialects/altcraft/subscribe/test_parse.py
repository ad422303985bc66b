"""What a body asks for: parse and render mean the same by it, and so does a row of a file."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pushhub.audience.command import (
    ByField,
    ById,
    ByPushToken,
    DatabaseOutcome,
    DatabaseProcessed,
    DesiredSubscription,
    Effect,
    Matching,
    Mode,
    Subscribe,
    SubscriptionOutcome,
)
from pushhub.audience.model import ProfileId, hash_id
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import DatabaseId, ResourceId, digest_of
from pushhub.catalog.providers import PushToken
from pushhub.catalog.push_tokens import push_token_misfit
from pushhub.dialects.altcraft.subscribe.endpoint import PushSubscribe
from pushhub.dialects.altcraft.subscribe.parse import parse_subscribe, read_subscribe_body
from pushhub.dialects.altcraft.subscribe.render import render_outcomes
from pushhub.dialects.http import HttpRequest
from pushhub.imports.files.drop import Overrides
from pushhub.imports.files.recognition import find_layout
from pushhub.imports.files.rows import row_reader
from tests.doubles.http import http_request
from tests.doubles.import_files import CATALOG, RESOURCE

desired = st.builds(
    DesiredSubscription,
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
    .filter(lambda text: push_token_misfit("", text) is None)
    .map(PushToken),
    st.booleans(),
)


@given(st.lists(desired, min_size=1, max_size=5))
def test_what_is_rendered_of_a_subscription_asks_for_it_again_when_parsed(several: list[DesiredSubscription]) -> None:
    outcomes = tuple(SubscriptionOutcome(one, Effect.CHANGED) for one in several)
    reply = render_outcomes(ResourceId(5), [DatabaseProcessed(DatabaseId(17), None, outcomes)])
    body = json.dumps({"subscriptions": json.loads(reply.body)["data"]}).encode()
    assert parse_subscribe(read_subscribe_body(http_request(body)).fields).subscriptions == tuple(several)


def test_the_hash_id_of_a_subscription_never_changes() -> None:
    assert hash_id("android-firebase", PushToken("%subscriptionid%")) == "019ae3a5"


RESOURCE_TOKEN = "3LXP2FRcRxJ-7b14db88ec937f14"
OPEN_CATALOG = replace(
    CATALOG, resources={RESOURCE.id: replace(RESOURCE, bearer_token_digests=frozenset({digest_of(RESOURCE_TOKEN)}))}
)

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20).filter(
    lambda text: not text.isspace()
)
push_tokens = texts.filter(lambda text: push_token_misfit("", text) is None).map(PushToken)
in_rows = st.builds(DesiredSubscription, texts, push_tokens, st.booleans())
matchings = st.one_of(
    st.just(ByPushToken()),
    st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True).map(lambda id_: ById(ProfileId(id_))),
    texts.map(lambda value: ByField("customer", value)),
)


def command_of_body(matching: Matching, subscription: DesiredSubscription) -> Subscribe:
    """Give the command that a request of the endpoint is carried out by."""
    commands: list[Subscribe] = []

    def carry_out(command: Subscribe, _latest: float) -> Sequence[DatabaseOutcome]:
        commands.append(command)
        return ()

    wire = {
        "provider": subscription.provider,
        "subscription_id": subscription.push_token,
        "unsubscribe": subscription.unsubscribe,
    }
    document: dict[str, object] = {"resource_token": RESOURCE_TOKEN, "subscriptions": [wire]}
    match matching:
        case ById(id_):
            document |= {"matching": "profile_id", "id": id_}
        case ByField(name, value):
            document |= {"matching": "custom", "field_name": name, "field_value": value}
        case ByPushToken():
            pass
    PushSubscribe(CachedCatalog(lambda: OPEN_CATALOG), carry_out)(HttpRequest("any", json.dumps(document).encode()))
    (command,) = commands
    return command


def command_of_row(matching: Matching, subscription: DesiredSubscription) -> Subscribe:
    """Give the command that a row of a dropped file is read as."""
    cells = {
        "subscription_id": str(subscription.push_token),
        "provider": subscription.provider,
        "unsubscribe": "yes" if subscription.unsubscribe else "no",
    }
    match matching:
        case ById(id_):
            place, cells["id"] = "profile_id", str(id_)
        case ByField(name, value):
            place, cells[name] = f"custom-{name}", str(value)
        case ByPushToken():
            place = "token"
    layout = find_layout(",".join(cells).encode(), Overrides(quoted=True, encoding="utf-8"), whole=True)
    record = io.StringIO()
    csv.writer(record, quoting=csv.QUOTE_ALL).writerow(cells.values())
    command = row_reader(f"inbox/{RESOURCE.id}/ios-apns/{place}/a.csv", layout, Mode.UPSERT, OPEN_CATALOG).read(record.getvalue())
    assert isinstance(command, Subscribe)
    return command


@given(matchings, in_rows)
def test_a_row_of_a_file_and_the_equal_body_of_a_request_ask_for_the_same(
    matching: Matching, subscription: DesiredSubscription
) -> None:
    assert command_of_row(matching, subscription) == command_of_body(matching, subscription)
