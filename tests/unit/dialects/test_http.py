"""The words that an operator finds in the metrics of refused requests: dashboards and queries know them."""

from pushhub.dialects.altcraft.events.errors import EventRefusal
from pushhub.dialects.altcraft.subscribe.errors import SubscribeRefusal


def test_the_codes_of_refused_subscribe_requests_stay_the_same() -> None:
    assert {refusal.code for refusal in SubscribeRefusal} == {
        *(
            "BODY_TOO_LARGE",
            "BAD_CODING",
            "BAD_BODY",
            "TOKEN_MISSING",
            "TOKEN_UNKNOWN",
            "WRONG_TYPE",
            "BAD_MATCHING",
            "FIELD_NAME_MISSING",
        ),
        *("FIELD_VALUE_MISSING", "ID_MISSING", "BAD_FIELD_VALUE", "BAD_ID", "TOO_MANY_DATABASES", "SUBSCRIPTIONS_MISSING"),
        *("TOO_MANY_SUBSCRIPTIONS", "SUBSCRIPTION_FIELD_MISSING", "TOKEN_TOO_LONG", "BAD_PUSH_TOKEN", "NO_DATABASES"),
        *("TOO_MUCH_TO_ECHO", "MATCHING_NOT_ALLOWED", "UNAVAILABLE"),
    }


def test_the_codes_of_refused_events_stay_the_same() -> None:
    assert {refusal.code for refusal in EventRefusal} == {
        *("BODY_TOO_LARGE", "BAD_CODING", "BAD_BODY", "BAD_FORMAT", "TOKEN_MISSING", "TOKEN_UNKNOWN", "NO_RIGHT", "WRONG_TYPE"),
        *("FIELD_MISSING", "BAD_EVENTS", "TOO_LONG", "CONTROL_CHARACTER", "BAD_PUSH_TOKEN", "PLAIN_INCOMPLETE", "BAD_LINK"),
        "UNAVAILABLE",
    }
