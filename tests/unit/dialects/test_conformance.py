"""What all dialects have in common in how they refuse a request, row by row of their tables."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from xml.etree.ElementTree import fromstring

import pytest

from pushhub.dialects.altcraft.events.errors import EventRefusal
from pushhub.dialects.altcraft.events.notation import Notation
from pushhub.dialects.altcraft.events.render import refused
from pushhub.dialects.altcraft.subscribe.errors import SubscribeRefusal
from pushhub.dialects.altcraft.subscribe.render import render_refusal
from pushhub.dialects.devtodev.push.errors import PushRefusal, PushRefusedError, push_error
from pushhub.dialects.devtodev.push.render import render_push_refusal
from pushhub.dialects.http import HttpReply, RefusalTable, RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.replies import render_error
from tests.lambda_environment import ROOT

Read = Callable[[HttpReply], tuple[object, object]]
"""Gives the status and the text that stand in the body of a reply."""

README = (ROOT / "README.md").read_text(encoding="utf-8")


def of_altcraft(reply: HttpReply) -> tuple[object, object]:
    body = json.loads(reply.body)
    return body["error"], body["error_text"]


def of_altcraft_in_xml(reply: HttpReply) -> tuple[object, object]:
    root = fromstring(reply.body)
    return int(root.findtext("error", "")), root.findtext("error_text")


def of_devtodev(reply: HttpReply) -> tuple[object, object]:
    body = json.loads(reply.body)
    (error,) = body["errors"]
    return body["status_code"], error["msg"]


def of_push_express(reply: HttpReply) -> tuple[object, object]:
    """The body has no status: clients go by that of the reply."""
    body = json.loads(reply.body)
    assert body["req_id"] == "a-request"
    return reply.status, body["error"]


@dataclass(frozen=True, slots=True)
class Form:
    """How a dialect refuses: `codes` are the words of its table in the metrics, in order, which stay the same for ever.

    `not_now` are refusals that say when to repeat, or what this hub does not do: they may have a status beyond 4xx, or 429.
    """

    table: type[RefusalTable]
    render: Callable[[RefusalTable, Mapping[str, str]], HttpReply]
    read: Read
    codes: Sequence[str]
    never_given: frozenset[RefusalTable] = frozenset()
    not_now: frozenset[str] = frozenset({"UNAVAILABLE"})


SUBSCRIBE = [
    "BODY_TOO_LARGE",
    "BAD_CODING",
    "BAD_BODY",
    "TOKEN_MISSING",
    "TOKEN_UNKNOWN",
    "WRONG_TYPE",
    "BAD_MATCHING",
    "FIELD_NAME_MISSING",
    "FIELD_VALUE_MISSING",
    "ID_MISSING",
    "BAD_FIELD_VALUE",
    "BAD_ID",
    "TOO_MANY_DATABASES",
    "SUBSCRIPTIONS_MISSING",
    "TOO_MANY_SUBSCRIPTIONS",
    "SUBSCRIPTION_FIELD_MISSING",
    "TOKEN_TOO_LONG",
    "BAD_PUSH_TOKEN",
    "MATCHING_NOT_ALLOWED",
    "NO_DATABASES",
    "TOO_MUCH_TO_ECHO",
    "UNAVAILABLE",
]
EVENTS = [
    "BODY_TOO_LARGE",
    "BAD_CODING",
    "BAD_BODY",
    "BAD_FORMAT",
    "TOKEN_MISSING",
    "TOKEN_UNKNOWN",
    "NO_RIGHT",
    "WRONG_TYPE",
    "FIELD_MISSING",
    "BAD_EVENTS",
    "TOO_LONG",
    "CONTROL_CHARACTER",
    "BAD_PUSH_TOKEN",
    "PLAIN_INCOMPLETE",
    "BAD_LINK",
    "UNAVAILABLE",
]
PUSH = [
    "BODY_EMPTY",
    "PAYLOAD_TOO_LARGE",
    "BAD_BODY",
    "API_TOKEN_MISSING",
    "API_TOKEN_UNKNOWN",
    "SUSPENDED",
    "NO_RIGHT",
    "FIELD_MISSING",
    "APP_UNKNOWN",
    "APP_FOREIGN",
    "UNEXPECTED_FIELD",
    "UNEXPECTED_VALUE",
    "BAD_VALUE",
    "AUDIENCE_TOO_LARGE",
    "PUSHES_DISABLED",
    "NOT_INTEGRATED",
    "NO_SUBSCRIPTIONS",
    "PACK_BLOCKED",
    "NOBODY_FOUND",
    "UNAVAILABLE",
    "UNEXPECTED",
]
PUSH_EXPRESS = [
    "PATH_UNKNOWN",
    "METHOD_NOT_ALLOWED",
    "BODY_TOO_LARGE",
    "API_TOKEN_MISSING",
    "API_TOKEN_UNKNOWN",
    "SUSPENDED",
    "NO_RIGHT",
    "NOT_IMPLEMENTED",
    "BAD_CODING",
    "BAD_BODY",
    "BAD_IDEMPOTENCY_KEY",
    "IDEMPOTENCY_KEY_REUSED",
    "FIELD_MISSING",
    "UNEXPECTED_FIELD",
    "MISPLACED_FIELD",
    "BAD_VALUE",
    "REPEATED",
    "OVERLAP",
    "NOT_BESIDE",
    "EVENT_UNKNOWN",
    "UNKNOWN",
    "APPS_MISSING",
    "NO_APPS",
    "TOO_MANY_APPS",
    "NOT_IN_FUTURE",
    "MESSAGE_MISFIT",
    "SENDING_TOO_LARGE",
    "BOUND_ELSEWHERE",
    "SENDING_IS_DUE",
    "TOO_MANY_REQUESTS",
    "UNAVAILABLE",
]


def render_push(refusal: RefusalTable, details: Mapping[str, str]) -> HttpReply:
    assert isinstance(refusal, PushRefusal)
    return render_push_refusal(PushRefusedError(push_error(refusal, **details)))


FORMS = {
    "push_subscribe": Form(
        SubscribeRefusal, lambda refusal, details: render_refusal(RefusedError(refusal, **details)), of_altcraft, SUBSCRIBE
    ),
    "post_events in JSON": Form(
        EventRefusal,
        lambda refusal, details: refused(RefusedError(refusal, **details), Notation.JSON).reply,
        of_altcraft,
        EVENTS,
    ),
    "post_events in XML": Form(
        EventRefusal,
        lambda refusal, details: refused(RefusedError(refusal, **details), Notation.XML).reply,
        of_altcraft_in_xml,
        EVENTS,
    ),
    "push_send": Form(PushRefusal, render_push, of_devtodev, PUSH, frozenset({PushRefusal.UNEXPECTED})),
    "push.express": Form(
        PushExpressRefusal,
        lambda refusal, details: render_error(RefusedError(refusal, **details), "a-request"),
        of_push_express,
        PUSH_EXPRESS,
        not_now=frozenset({"UNAVAILABLE", "NOT_IMPLEMENTED", "TOO_MANY_REQUESTS"}),
    ),
}
ROWS = [(name, refusal) for name, form in FORMS.items() for refusal in form.table]
by_row = pytest.mark.parametrize(("name", "refusal"), ROWS, ids=[f"{name}-{refusal.name}" for name, refusal in ROWS])
by_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def subclasses(of: type[RefusalTable]) -> set[type[RefusalTable]]:
    return set(of.__subclasses__()) | set(chain.from_iterable(map(subclasses, of.__subclasses__())))


def test_every_table_of_refusals_is_held_to_this() -> None:
    assert {form.table for form in FORMS.values()} == subclasses(RefusalTable)


@by_form
def test_the_words_of_the_metrics_are_one_for_each_row_and_never_change(form: Form) -> None:
    assert [refusal.code for refusal in form.table] == list(form.codes)
    assert len(set(form.codes)) == len(form.codes)


@by_row
def test_a_row_renders_in_the_form_of_its_dialect_with_its_status_and_every_gap_filled(name: str, refusal: RefusalTable) -> None:
    gaps = re.findall(r"\{(\w+)\}", refusal.text)
    details = {gap: f'<{gap}> & "\N{FIRE}"' for gap in gaps}
    reply = FORMS[name].render(refusal, details)
    status, text = FORMS[name].read(reply)
    assert reply.status == status == refusal.status
    assert text == refusal.text.format(**details)
    assert isinstance(text, str)
    assert all(detail in text for detail in details.values())


@by_row
def test_a_row_is_a_refusal_that_a_caller_can_do_something_about_or_says_when_to_repeat(name: str, refusal: RefusalTable) -> None:
    form = FORMS[name]
    assert 400 <= refusal.status < 500 or refusal.code in form.not_now or refusal in form.never_given
    assert refusal.status != 429 or refusal.code in form.not_now, "vendors' SDKs delete their item on it"


@by_row
def test_a_row_stands_in_the_readme(name: str, refusal: RefusalTable) -> None:
    text = refusal.text.replace("{detail}", "body …").replace("{unit}", "characters, or bytes")
    shown = re.sub(r"\{\w+\}", "…", text)
    of_vendor = f"{refusal.vendor_code} | " if isinstance(refusal, PushRefusal) else ""
    assert (f"| {refusal.status} | {of_vendor}{shown} |" in README) is (refusal not in FORMS[name].never_given)
