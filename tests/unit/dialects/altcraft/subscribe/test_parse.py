"""What a body asks for, and that parse and render mean the same by it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pushhub.audience.command import DatabaseProcessed, DesiredSubscription, Effect, SubscriptionOutcome
from pushhub.catalog.model import DatabaseId, ResourceId
from pushhub.catalog.providers import PushToken
from pushhub.dialects.altcraft.subscribe.parse import parse_subscribe, read_body
from pushhub.dialects.altcraft.subscribe.render import render_outcomes, subscription_hash_id

desired = st.builds(
    DesiredSubscription,
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).map(PushToken),
    st.booleans(),
)


@given(st.lists(desired, min_size=1, max_size=5))
def test_what_is_rendered_of_a_subscription_asks_for_it_again_when_parsed(several: list[DesiredSubscription]) -> None:
    outcomes = tuple(SubscriptionOutcome(one, Effect.CHANGED) for one in several)
    reply = render_outcomes(ResourceId(5), [DatabaseProcessed(DatabaseId(17), None, outcomes)])
    body = json.dumps({"subscriptions": json.loads(reply.body)["data"]}).encode()
    assert parse_subscribe(read_body(body)).subscriptions == tuple(several)


def test_the_hash_id_of_a_subscription_never_changes() -> None:
    assert subscription_hash_id(DesiredSubscription("android-firebase", PushToken("%subscriptionid%"))) == "019ae3a5"
