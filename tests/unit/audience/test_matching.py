"""The rules of matching: what is stored, what is asked for, and what comes of it.

Read the two tables first. In :data:`RULES` the request is read from a store that nobody else writes to. In :data:`REREADS` it is
read while others write, and the decision asks to be made again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from pushhub.audience.command import (
    DatabaseOutcome,
    DatabaseProcessed,
    DatabaseRefused,
    Effect,
    Mode,
    Reason,
    Refused,
    Subscribe,
)
from pushhub.audience.draft import SPARE_WRITES
from pushhub.audience.matching import SEEN_FRESH_FOR, Decision, decide
from pushhub.audience.model import MAX_CANCELLED, MAX_LIVE, ProfileId
from pushhub.audience.port import Snapshot
from pushhub.audience.rereading import SECONDS_UNTIL_ALL_SEE, Reread, RereadReason
from pushhub.audience.resolving import DatabaseRequest, resolve, snapshot_query
from pushhub.audience.snapshots import read_snapshots
from pushhub.catalog.model import PushTokenConflict
from tests.doubles.audience import MemoryAudience
from tests.doubles.invariants import assert_consistent
from tests.doubles.people import NOW, Person, anonymous, of_old, stored, tokens_of, user, with_dead, written
from tests.doubles.requests import BY_TOKEN, by_id, by_number, in_mode, off, on, request, resource, setting

MOVING = resource(5, conflict=PushTokenConflict.MOVE)
"""A resource that moves live push tokens between known profiles. The other one refuses that."""
FULL = [f"live {n}" for n in range(MAX_LIVE)]
MANY_CANCELLED = [f"old {n}" for n in range(MAX_CANCELLED)]
TOO_LONG_A_HISTORY = [f"past {n}" for n in range(SPARE_WRITES + 1)]

CHANGED, UNCHANGED, SKIPPED = Effect.CHANGED, Effect.UNCHANGED, Effect.SKIPPED
NOT_SUBSCRIBED, DUPLICATE, NO_ROOM = Reason.NOT_SUBSCRIBED, Reason.DUPLICATE, Reason.TOO_MANY_SUBSCRIPTIONS


@dataclass(frozen=True)
class Rule:
    """`given` these people, a request is `asked`; `results` say what becomes of each subscription, or why all was refused."""

    text: str
    given: Sequence[Person]
    asked: Subscribe
    results: Sequence[Effect | Reason] | Reason
    profile: str | None = None
    writes: set[str] = field(default_factory=set)
    reads: str = ""
    """Profiles that an earlier try has named."""


RULES = [
    # Which profile is meant, and who it is when it has to be made
    Rule(
        "nobody has the push token: a profile is made by it",
        [],
        request(BY_TOKEN, on("a")),
        [CHANGED],
        "new",
        {"make new by token, live a", "a is new's, live"},
    ),
    Rule(
        "nobody has the id: a profile with it is made",
        [],
        request(by_id("ann"), on("a")),
        [CHANGED],
        "ann",
        {"make ann by id, live a", "a is ann's, live"},
    ),
    Rule(
        "nobody has the value: a profile that it finds is made",
        [],
        request(by_number(1), on("a")),
        [CHANGED],
        "new",
        {"make new by field, live a, number = 1", "number 1 finds new", "a is new's, live"},
    ),
    Rule(
        "the first known push token decides, and not the first of all",
        [user("ann", "a"), user("joe", "b")],
        request(BY_TOKEN, on("x"), on("b"), on("a")),
        [CHANGED, UNCHANGED, DUPLICATE],
        "joe",
        {"joe, gain x", "x is joe's, live"},
    ),
    Rule(
        "the profile with the id gets the subscription",
        [user("ann", "a")],
        request(by_id("ann"), on("b")),
        [CHANGED],
        "ann",
        {"ann, gain b", "b is ann's, live"},
    ),
    Rule(
        "the profile that the value finds gets the subscription",
        [user("ann", "a", number=1)],
        request(by_number(1), on("b")),
        [CHANGED],
        "ann",
        {"ann, gain b", "b is ann's, live"},
    ),
    # The states of a subscription
    Rule("a live subscription stays", [user("ann", "a")], request(by_id("ann"), on("a")), [UNCHANGED], "ann"),
    Rule(
        "a subscription that was not seen for a week is written as seen, which is no change",
        [user("ann", "a", seen=NOW - SEEN_FRESH_FOR - 1)],
        request(by_id("ann"), on("a")),
        [UNCHANGED],
        "ann",
        {"a is ann's, live"},
    ),
    Rule(
        "a cancelled subscription comes back",
        [user("ann", "", "a")],
        request(by_id("ann"), on("a")),
        [CHANGED],
        "ann",
        {"ann, gain a, forget a", "a is ann's, live"},
    ),
    Rule(
        "a live subscription is cancelled",
        [user("ann", "a")],
        request(by_id("ann"), off("a")),
        [CHANGED],
        "ann",
        {"ann, lose a, remember a", "a is ann's, cancelled"},
    ),
    Rule(
        "a subscription cancelled for one resource stays live for another",
        [user("ann", "a")],
        request(by_id("ann"), off("a"), through=resource(6)),
        [CHANGED],
        "ann",
        {"a is ann's, live"},
    ),
    Rule("a cancelled subscription stays cancelled", [user("ann", "", "a")], request(by_id("ann"), off("a")), [UNCHANGED], "ann"),
    Rule("nobody is subscribed: no profile is made", [], request(by_id("ann"), off("a")), [NOT_SUBSCRIBED]),
    Rule(
        "nobody cancels a subscription of another profile",
        [user("ann", "a"), user("joe")],
        request(by_id("joe"), off("a")),
        [NOT_SUBSCRIBED],
        "joe",
    ),
    # Retired subscriptions
    Rule(
        "a retired subscription is revived by the resource that it is active for",
        [with_dead(user("ann"), "a")],
        request(by_id("ann"), on("a")),
        [CHANGED],
        "ann",
        {"ann, gain a, forget a", "a is ann's, live"},
    ),
    Rule(
        "a retired subscription is revived by its push token alone",
        [with_dead(user("ann"), "a")],
        request(BY_TOKEN, on("a")),
        [CHANGED],
        "ann",
        {"ann, gain a, forget a", "a is ann's, live"},
    ),
    Rule(
        "a retired subscription is revived by a resource that is new to it",
        [with_dead(user("ann"), "a")],
        request(by_id("ann"), on("a"), through=resource(8)),
        [CHANGED],
        "ann",
        {"ann, gain a, forget a", "a is ann's, live"},
    ),
    Rule(
        "a retired subscription is cancelled for one resource, and stays retired",
        [with_dead(user("ann"), "a")],
        request(by_id("ann"), off("a")),
        [CHANGED],
        "ann",
        {"a is ann's, retired"},
    ),
    Rule(
        "a retired subscription needs room to be revived",
        [with_dead(user("ann", FULL), "a")],
        request(by_id("ann"), on("a")),
        [NO_ROOM],
        "ann",
    ),
    Rule(
        "a cancellation makes room for a retired subscription",
        [with_dead(user("ann", FULL), "a")],
        request(by_id("ann"), on("a"), off("live 0")),
        [CHANGED, CHANGED],
        "ann",
        {"ann, gain a, lose live 0, remember live 0, forget a", "a is ann's, live", "live 0 is ann's, cancelled"},
    ),
    Rule(
        "a retired push token of a known profile moves, as a cancelled one does",
        [with_dead(user("ann", "b"), "a"), user("joe")],
        request(by_id("joe"), on("a")),
        [CHANGED],
        "joe",
        {"ann, forget a", "joe, gain a", "a is joe's, live"},
    ),
    Rule(
        "nobody cancels a retired subscription of another profile",
        [with_dead(user("ann"), "a"), user("joe")],
        request(by_id("joe"), off("a")),
        [NOT_SUBSCRIBED],
        "joe",
    ),
    Rule(
        "a login takes the retired push token of the anonymous profile, which is deleted",
        [with_dead(anonymous("app"), "a"), user("ann")],
        request(by_id("ann"), on("a")),
        [CHANGED],
        "ann",
        {"delete app", "ann, gain a", "a is ann's, live"},
    ),
    Rule(
        "a retired subscription is forgotten as a cancelled one is, where it was retired longest ago",
        [with_dead(user("ann", "a"), *MANY_CANCELLED)],
        request(by_id("ann"), off("a")),
        [CHANGED],
        "ann",
        {"ann, lose a, remember a, forget old 0", "delete old 0", "a is ann's, cancelled"},
    ),
    Rule(
        "a legacy reference is given up when its retired subscription is revived",
        [of_old(with_dead(user("ann"), "AB"))],
        request(by_id("ann"), on("AB")),
        [CHANGED],
        "ann",
        {"ann, gain ab, forget legacy AB", "delete legacy AB", "AB is ann's, live"},
    ),
    Rule(
        "a legacy reference is given up when its retired subscription is cancelled",
        [of_old(with_dead(user("ann"), "AB"))],
        request(by_id("ann"), off("AB")),
        [CHANGED],
        "ann",
        {"ann, remember ab, forget legacy AB", "delete legacy AB", "AB is ann's, retired"},
    ),
    Rule(
        "a retired subscription is skipped where who is to be added exists",
        [with_dead(user("ann"), "a")],
        in_mode(Mode.ADD, request(by_id("ann"), on("a"))),
        [SKIPPED],
        "ann",
    ),
    # Spellings of a push token, and subscriptions that stand under legacy references
    Rule(
        "a device is known by any spelling of its push token",
        [user("ann", ["ab"])],
        request(by_id("ann"), on("<A B>")),
        [UNCHANGED],
        "ann",
    ),
    Rule(
        "a device may be cancelled by any spelling of its push token; what is stored stays as it came",
        [user("ann", ["AB"])],
        request(by_id("ann"), off("aB")),
        [CHANGED],
        "ann",
        {"ann, lose ab, remember ab", "AB is ann's, cancelled"},
    ),
    Rule(
        "two spellings in one request are one subscription: the last counts",
        [],
        request(by_id("ann"), off("ab"), on("b"), on("AB")),
        [CHANGED, CHANGED],
        "ann",
        {"make ann by id, live ab b", "b is ann's, live", "AB is ann's, live"},
    ),
    Rule(
        "a subscription under a legacy reference stays there while nothing changes",
        [of_old(user("ann", ["AB"]))],
        request(BY_TOKEN, on("AB")),
        [UNCHANGED],
        "ann",
    ),
    Rule(
        "a legacy reference is given up when its subscription is cancelled",
        [of_old(user("ann", ["AB"]))],
        request(by_id("ann"), off("AB")),
        [CHANGED],
        "ann",
        {"ann, lose legacy AB, remember ab", "delete legacy AB", "AB is ann's, cancelled"},
    ),
    Rule(
        "a legacy reference is given up when its subscription comes back",
        [of_old(user("ann", "", ["AB"]))],
        request(by_id("ann"), on("AB")),
        [CHANGED],
        "ann",
        {"ann, gain ab, forget legacy AB", "delete legacy AB", "AB is ann's, live"},
    ),
    Rule(
        "a legacy reference is given up when another resource subscribes, and the profile has as much as it can",
        [of_old(user("ann", [*FULL[1:], "AB"]))],
        request(by_id("ann"), on("AB"), through=resource(6)),
        [CHANGED],
        "ann",
        {"ann, gain ab, lose legacy AB", "delete legacy AB", "AB is ann's, live"},
    ),
    Rule(
        "a legacy reference is given up when its subscription is written as seen, which is no change",
        [of_old(user("ann", ["AB"], seen=NOW - SEEN_FRESH_FOR - 1))],
        request(by_id("ann"), on("AB")),
        [UNCHANGED],
        "ann",
        {"ann, gain ab, lose legacy AB", "delete legacy AB", "AB is ann's, live"},
    ),
    Rule(
        "a legacy reference is given up when its subscription moves",
        [of_old(user("ann", ["AB", "b"])), user("joe")],
        request(by_id("joe"), on("AB"), through=MOVING),
        [CHANGED],
        "joe",
        {"ann, lose legacy AB", "delete legacy AB", "joe, gain ab", "AB is joe's, live"},
    ),
    Rule(
        "a login takes the subscription of an anonymous profile from under its legacy reference",
        [of_old(anonymous("app", ["AB"], ["CD"])), user("ann")],
        request(by_id("ann"), on("AB")),
        [CHANGED],
        "ann",
        {"delete app", "delete legacy AB", "delete legacy CD", "ann, gain ab", "AB is ann's, live"},
        reads="app",
    ),
    Rule(
        "a live push token under a legacy reference is refused to others",
        [of_old(user("ann", ["AB"])), user("joe")],
        request(by_id("joe"), on("AB")),
        [DUPLICATE],
        "joe",
    ),
    Rule(
        "a profile that remembers as much as it can gives up a legacy reference and forgets one more",
        [of_old(user("ann", ["AB"], MANY_CANCELLED))],
        request(by_id("ann"), off("AB")),
        [CHANGED],
        "ann",
        {"ann, lose legacy AB, remember ab, forget old 0", "delete legacy AB", "delete old 0", "AB is ann's, cancelled"},
    ),
    Rule(
        "a legacy reference is not found by another spelling: the device is taken for a new one",
        [of_old(user("ann", ["AB"]))],
        request(BY_TOKEN, on("ab")),
        [CHANGED],
        "new",
        {"make new by token, live ab", "ab is new's, live"},
    ),
    # Subscriptions of another profile
    Rule(
        "a live push token of a known profile is refused",
        [user("ann", "a"), user("joe")],
        request(by_id("joe"), on("a")),
        [DUPLICATE],
        "joe",
    ),
    Rule(
        "a live push token of a known profile moves where the resource says so",
        [user("ann", "ab"), user("joe")],
        request(by_id("joe"), on("a"), through=MOVING),
        [CHANGED],
        "joe",
        {"ann, lose a", "joe, gain a", "a is joe's, live"},
    ),
    Rule(
        "a cancelled push token of a known profile moves",
        [user("ann", "b", "a"), user("joe")],
        request(by_id("joe"), on("a")),
        [CHANGED],
        "joe",
        {"ann, forget a", "joe, gain a", "a is joe's, live"},
    ),
    Rule(
        "a login takes the push token of the anonymous profile, which is deleted",
        [anonymous("app", "a")],
        request(by_id("ann"), on("a")),
        [CHANGED],
        "ann",
        {"delete app", "make ann by id, live a", "a is ann's, live"},
    ),
    Rule(
        "an anonymous profile is deleted with what it remembers",
        [anonymous("app", "a", "b"), user("ann")],
        request(by_id("ann"), on("a")),
        [CHANGED],
        "ann",
        {"delete app", "delete b", "ann, gain a", "a is ann's, live"},
        reads="app",
    ),
    Rule(
        "an anonymous profile that remembers too much stays, without live subscriptions",
        [anonymous("app", "a", TOO_LONG_A_HISTORY), user("ann")],
        request(by_id("ann"), on("a")),
        [CHANGED],
        "ann",
        {"app, lose a", "ann, gain a", "a is ann's, live"},
        reads="app",
    ),
    Rule(
        "an anonymous profile with another live subscription keeps its own",
        [anonymous("app", "ab"), user("ann")],
        request(by_id("ann"), on("a")),
        [DUPLICATE],
        "ann",
        reads="app",
    ),
    Rule(
        "a profile that was made by its push token is known once it has a field",
        [Person("app", live="a", fields={"nick": "Ann"}), user("ann")],
        request(by_id("ann"), on("a")),
        [DUPLICATE],
        "ann",
    ),
    # Room
    Rule("a full profile takes no further subscription", [user("ann", FULL)], request(by_id("ann"), on("a")), [NO_ROOM], "ann"),
    Rule(
        "a cancellation makes room, wherever it stands in the request",
        [user("ann", FULL)],
        request(by_id("ann"), on("a"), off("live 0")),
        [CHANGED, CHANGED],
        "ann",
        {"ann, gain a, lose live 0, remember live 0", "a is ann's, live", "live 0 is ann's, cancelled"},
    ),
    Rule(
        "a cancelled subscription needs room to come back",
        [user("ann", FULL, "a")],
        request(by_id("ann"), on("a")),
        [NO_ROOM],
        "ann",
    ),
    Rule(
        "push tokens of an anonymous profile move together or not at all",
        [user("ann", FULL[1:]), anonymous("app", "ab")],
        request(by_id("ann"), on("a"), on("b")),
        [NO_ROOM, NO_ROOM],
        "ann",
        reads="app",
    ),
    Rule(
        "a moved push token needs room too",
        [user("ann", FULL), user("joe", "a")],
        request(by_id("ann"), on("a"), through=MOVING),
        [NO_ROOM],
        "ann",
    ),
    Rule(
        "a profile that remembers as much as it can forgets what was cancelled longest ago",
        [user("ann", "a", MANY_CANCELLED)],
        request(by_id("ann"), off("a")),
        [CHANGED],
        "ann",
        {"ann, lose a, remember a, forget old 0", "delete old 0", "a is ann's, cancelled"},
    ),
    # Fields
    Rule(
        "a profile is made with fields, and its match fields find it",
        [],
        setting(request(BY_TOKEN, on("a")), number=1, nick="Ann"),
        [CHANGED],
        "new",
        {"make new by token, live a, nick = Ann, number = 1", "number 1 finds new", "a is new's, live"},
    ),
    Rule(
        "fields that differ are set",
        [user("ann", "a", nick="Ann", email="ann@example.com")],
        setting(request(BY_TOKEN, on("a")), nick="Anna", email="ann@example.com"),
        [UNCHANGED],
        "ann",
        {"ann, nick = Anna"},
    ),
    Rule(
        "a match field that changes finds the profile by its new value alone",
        [user("ann", "a", number=1)],
        setting(request(by_id("ann"), on("a")), number=2),
        [UNCHANGED],
        "ann",
        {"ann, number = 2", "number 1 finds nobody", "number 2 finds ann"},
    ),
    Rule(
        "a value that another profile holds refuses everything",
        [user("ann", "a"), user("joe", number=1)],
        setting(request(by_id("ann"), off("a")), number=1),
        Reason.VALUE_TAKEN,
    ),
    Rule(
        "no field is set where every subscription is refused",
        [user("ann")],
        setting(request(by_id("ann"), off("a")), nick="Ann"),
        [NOT_SUBSCRIBED],
        "ann",
    ),
    # Modes
    Rule(
        "who is to be added is skipped where the profile exists",
        [user("ann")],
        in_mode(Mode.ADD, request(by_id("ann"), on("a"))),
        [SKIPPED],
        "ann",
    ),
    Rule(
        "who is to be added is added where the profile is unknown",
        [],
        in_mode(Mode.ADD, request(by_id("ann"), on("a"))),
        [CHANGED],
        "ann",
        {"make ann by id, live a", "a is ann's, live"},
    ),
    Rule(
        "who is to be updated is skipped where the profile is unknown",
        [anonymous("app", "a")],
        in_mode(Mode.UPDATE, request(by_id("ann"), on("a"))),
        [SKIPPED],
    ),
    Rule(
        "who is to be updated is updated where the profile exists",
        [user("ann")],
        in_mode(Mode.UPDATE, request(by_id("ann"), on("a"))),
        [CHANGED],
        "ann",
        {"ann, gain a", "a is ann's, live"},
    ),
    # Subscriptions that the resource does not take
    Rule(
        "a provider that nobody knows is refused, and the rest is carried out",
        [],
        request(by_id("ann"), on("a", "fax"), on("b")),
        [Reason.UNKNOWN_PROVIDER, CHANGED],
        "ann",
        {"make ann by id, live b", "b is ann's, live"},
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.text)
def test_rule(rule: Rule) -> None:
    asked = the_request(rule.asked)
    store = stored(*rule.given)
    query = snapshot_query(asked, frozenset({ProfileId(rule.reads)} if rule.reads else ()))
    (snapshot,) = read_snapshots([asked], [query], store.read)
    decision = decide(asked, snapshot, ProfileId("new"), NOW)
    assert decision.reread is None
    assert results_of(decision.outcome) == rule.results
    assert profile_of(decision.outcome) == rule.profile
    tokens = tokens_of(rule.given) | {part.push_token for part in rule.asked.subscriptions}
    assert written(decision.change, tokens) == rule.writes
    if decision.change:
        store.commit(asked.database, decision.change)
        assert_consistent(store.content(asked.database))


@dataclass(frozen=True)
class RereadCase:
    """A request is read in part `before` others write, and in part `after` it: `late` are the kinds of items read after it.

    `reason` is why to read again, None where the decision counts at once; `profiles` is what to read besides.
    """

    text: str
    asked: Subscribe
    before: Sequence[Person]
    reason: RereadReason | None
    profiles: Sequence[str] = ()
    after: Sequence[Person] | None = None
    late: Sequence[str] = ()
    reads: Sequence[str] = ()


SET_NICK = setting(request(BY_TOKEN, on("a")), nick="Ann")
SET_EMAIL = setting(request(by_id("ann"), on("a")), email="joe@example.com")
JOE = user("joe", email="joe@example.com")

REREADS = [
    RereadCase(
        "fields are set on a profile that was not read: nothing is decided",
        SET_NICK,
        [user("ann", "a")],
        RereadReason.TARGET_NOT_READ,
        ["ann"],
    ),
    RereadCase("fields are set on a profile that was read", SET_NICK, [user("ann", "a")], None, reads=["ann"]),
    RereadCase(
        "a value is taken and no target was found: its holder may be the target, made during the reading",
        SET_EMAIL,
        [JOE],
        RereadReason.HOLDER_MAY_BE_TARGET,
    ),
    RereadCase("a value is taken and the target was found", SET_EMAIL, [JOE, user("ann", "a")], None),
    RereadCase(
        "a value is taken, but the target was read after it was made, and its subscription before that",
        SET_EMAIL,
        [JOE],
        RereadReason.CONTRADICTION,
        after=[JOE, user("ann", "a")],
        late=["profiles"],
    ),
    RereadCase(
        "a profile was read before it was made, and its subscription after that",
        request(by_id("ann"), on("a")),
        [],
        RereadReason.CONTRADICTION,
        after=[user("ann", "a")],
        late=["subscriptions"],
    ),
    RereadCase(
        "a profile was read after it lost a subscription, and the subscription before that",
        request(by_id("ann"), on("a")),
        [user("ann", "a")],
        RereadReason.CONTRADICTION,
        after=[user("ann"), user("joe", "a")],
        late=["profiles"],
    ),
    RereadCase(
        "a profile and its subscription were read after both were made", request(by_id("ann"), on("a")), [user("ann", "a")], None
    ),
    RereadCase(
        "there is no room for all subscriptions of an owner that seems to be anonymous and was not read",
        request(by_id("ann"), on("a")),
        [user("ann", FULL), anonymous("app", "ab")],
        RereadReason.OWNER_NOT_READ,
        ["app"],
    ),
    RereadCase(
        "there is room for none of the subscriptions of an owner that was read",
        request(by_id("ann"), on("a")),
        [user("ann", FULL), anonymous("app", "a")],
        None,
        reads=["app"],
    ),
    RereadCase(
        "a match key finds nobody, but the push token's owner may have got the key just now",
        request(by_number(1), on("a")),
        [user("joe", "a", seen=NOW - SECONDS_UNTIL_ALL_SEE)],
        RereadReason.KEY_MAY_BE_MISSED,
    ),
    RereadCase(
        "a match key finds nobody, and the push token was written long ago",
        request(by_number(1), on("a")),
        [user("joe", "a", seen=NOW - SECONDS_UNTIL_ALL_SEE - 1)],
        None,
    ),
    RereadCase(
        "a device has two subscriptions, one of them under a legacy reference",
        request(by_id("ann"), on("AB")),
        [user("ann", ["ab"]), of_old(user("joe", ["AB"]))],
        RereadReason.TWO_SUBSCRIPTIONS,
    ),
    RereadCase(
        "a device has two subscriptions, but its push token is spelled so that nobody sees that",
        request(by_id("ann"), on("ab")),
        [user("ann", ["ab"]), of_old(user("joe", ["AB"]))],
        None,
    ),
    RereadCase(
        "what is to be cancelled was found under neither of two references",
        request(BY_TOKEN, off("AB")),
        [],
        RereadReason.SUBSCRIPTION_MAY_BE_MISSED,
    ),
    RereadCase("what is to be cancelled has one reference, and was not found", request(BY_TOKEN, off("ab")), [], None),
    RereadCase("what is to be subscribed was not found: a guard will tell", request(BY_TOKEN, on("AB")), [], None),
    RereadCase(
        "who is to be updated was found by none of two references",
        in_mode(Mode.UPDATE, request(BY_TOKEN, on("AB"))),
        [],
        RereadReason.SUBSCRIPTION_MAY_BE_MISSED,
    ),
    RereadCase("who is to be updated has another id", in_mode(Mode.UPDATE, request(by_id("ann"), on("AB"))), [], None),
]


@pytest.mark.parametrize("case", REREADS, ids=lambda case: case.text)
def test_reread(case: RereadCase) -> None:
    decision = decided(case)
    expected = Reread(case.reason, frozenset(map(ProfileId, case.profiles))) if case.reason else None
    assert decision.reread == expected
    assert decision.must_reread(reread_once=False) == (case.reason is not None)


def test_every_reason_to_read_again_has_a_row() -> None:
    assert {case.reason for case in REREADS} == {None, *RereadReason}


@pytest.mark.parametrize("case", [case for case in REREADS if case.reason], ids=lambda case: case.text)
def test_after_a_rereading_every_decision_counts_but_one_that_was_not_made(case: RereadCase) -> None:
    undecided = {RereadReason.TARGET_NOT_READ, RereadReason.TWO_SUBSCRIPTIONS}
    assert decided(case).must_reread(reread_once=True) == (case.reason in undecided)


@pytest.mark.parametrize(
    ("given", "asked", "profiles"),
    [
        ([], request(by_id("ann"), on("a")), set()),
        ([anonymous("app", "a")], request(by_id("ann"), on("a")), {"app"}),
        ([anonymous("app", "a"), user("ann", number=1)], request(by_number(1), on("a")), {"app", "ann"}),
        ([user("ann", "a")], SET_NICK, {"ann"}),
        ([user("ann", FULL), anonymous("app", "a")], request(by_id("ann"), on("a")), {"app"}),
        ([user("ann", "a")], request(by_id("ann"), on("a")), set()),
    ],
    ids=["made", "deleted", "changed", "not read", "refused", "unchanged"],
)
def test_what_a_decision_assumes_something_about_is_read_before_the_next(
    given: Sequence[Person], asked: Subscribe, profiles: set[str]
) -> None:
    assert decided(RereadCase("", asked, given, None)).profiles_to_read == profiles


def the_request(command: Subscribe) -> DatabaseRequest:
    (asked,) = resolve(command)
    assert isinstance(asked, DatabaseRequest)
    return asked


def decided(case: RereadCase) -> Decision:
    """Decide by what one reading sees, which others write in the middle of."""
    asked = the_request(case.asked)
    profiles = frozenset(map(ProfileId, case.reads))
    snapshot = read(stored(*case.before), asked, profiles)
    if case.after is not None:
        after = read(stored(*case.after), asked, profiles)
        snapshot = replace(snapshot, **{kind: getattr(after, kind) for kind in case.late})
    return decide(asked, snapshot, ProfileId("new"), NOW)


def read(store: MemoryAudience, asked: DatabaseRequest, profiles: frozenset[ProfileId]) -> Snapshot:
    (snapshot,) = store.read([snapshot_query(asked, profiles)])
    return snapshot


def results_of(outcome: DatabaseOutcome) -> list[Effect | Reason] | Reason:
    if isinstance(outcome, DatabaseRefused):
        return outcome.refused.reason
    results = (part.result for part in outcome.subscriptions)
    return [result.reason if isinstance(result, Refused) else result for result in results]


def profile_of(outcome: DatabaseOutcome) -> str | None:
    return outcome.profile if isinstance(outcome, DatabaseProcessed) else None
