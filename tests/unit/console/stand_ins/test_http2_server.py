"""The hub's own transport pushes to the stand-ins, over real sockets."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pushhub.console.stand_ins.scripts import SCRIPTS
from pushhub.sends.outcomes import Outcome
from pushhub.sends.port import MaybeSent, PushRequest
from tests.unit.console.stand_ins.playing_hub import PROVIDERS, Playing, playing

ANSWERED_AT_ONCE = [form for form, script in SCRIPTS.items() if not script.late and script.manner != "never"]


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Playing]:
    with playing(tmp_path / "kept") as made:
        yield made


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_script_is_played_and_recorded_once(played: Playing, provider: str) -> None:
    for form in ["device", *ANSWERED_AT_ONCE]:
        word = form.replace("N", "1")
        verdict = SCRIPTS[form].verdict if form in SCRIPTS else Outcome.ACCEPTED
        (outcome,) = played.push_to(provider, word)
        entry = played.entries[-1]
        assert (outcome.outcome, entry["verdict"], entry["authorization"]) == (verdict, verdict, "ok"), form
        assert entry["token"].startswith(word)
    assert len(played.entries) == 1 + len(ANSWERED_AT_ONCE)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("word", ["retry-3-a", "auth-a"])
def test_what_a_device_does_once_it_does_until_all_is_cleared(played: Playing, provider: str, word: str) -> None:
    pushes, recipient = played.pushes(provider), played.recipient(provider, word)
    (first,), (second,) = played.push(pushes, recipient), played.push(pushes, recipient)
    assert (first.outcome, second.outcome) == (SCRIPTS["retry-N-" if "retry" in word else "auth-"].verdict, Outcome.ACCEPTED)
    assert first.after == (3 if "retry" in word else None)
    assert played.stand_ins.clear() == 2
    assert played.push(pushes, recipient) == [first]


def test_a_device_that_had_its_turn_before_a_restart_does_not_have_it_again(tmp_path: Path) -> None:
    outcomes = []
    for _ in range(2):
        with playing(tmp_path / "kept") as made:
            outcomes += [each.outcome for each in made.push_to("APNs", "retry-1-a", "busy-a")]
    assert outcomes == ["retry", "retry", "accepted", "retry"]


def test_silence_is_no_answer_and_holds_up_no_other(played: Playing) -> None:
    words = ["silent-a", *(f"device{number}" for number in range(20))]
    outcomes = [each.outcome for each in played.push_to("FCM", *words, seconds=2)]
    assert outcomes == ["unknown", *["accepted"] * 20]


def test_a_late_answer_comes_late(played: Playing) -> None:
    assert [each.outcome for each in played.push_to("FCM", "slow-1-a", "b")] == ["accepted", "accepted"]
    assert [each.outcome for each in played.push_to("FCM", "slow-60-a", seconds=0.3)] == ["unknown"]
    assert len(played.entries) == 3


@pytest.mark.parametrize("word", ["drop-a", "reset-a", "goaway-a"])
@pytest.mark.parametrize("before", [0, 1, 40, 149])
def test_no_other_recipient_loses_its_answer(played: Playing, word: str, before: int) -> None:
    words = [f"device{number}" for number in range(150)]
    words[before] = word
    outcomes = [each.outcome for each in played.push_to("FCM", *words)]
    assert outcomes.pop(before) == SCRIPTS[word[:-1]].verdict
    assert outcomes == ["accepted"] * 149
    assert sorted(entry["token"] for entry in played.entries) == sorted(words)


def test_a_connection_that_is_dropped_waits_for_late_answers(played: Playing) -> None:
    outcomes = [each.outcome for each in played.push_to("FCM", "first", "slow-1-a", "drop-a", "last")]
    assert outcomes == ["accepted", "accepted", "unknown", "accepted"]


def test_a_connection_that_is_dropped_waits_two_seconds_at_most(played: Playing) -> None:
    outcomes = [each.outcome for each in played.push_to("FCM", "first", "silent-a", "drop-a", seconds=20)]
    assert outcomes == ["accepted", "unknown", "unknown"]


def test_a_goodbye_tells_the_truth_of_what_came_behind_it(played: Playing) -> None:
    """A request that meets a GOAWAY on two connections is told as not taken: then no stand-in may have taken it."""
    forms = ["device", "goaway-", "gone-", "reset-", "drop-"]
    words = [f"{form}{number}" for number in range(12) for form in forms]
    outcomes = [each.outcome for each in played.push_to("APNs", *words)]
    expected = ["accepted", "accepted", "gone", "unknown", "unknown"] * 12
    assert all(outcome in (verdict, "retry") for outcome, verdict in zip(outcomes, expected, strict=True))
    taken = [word for word, outcome in zip(words, outcomes, strict=True) if outcome != "retry"]
    assert sorted(entry["token"] for entry in played.entries) == sorted(taken)


@pytest.mark.parametrize("path", ["/", "/v1/projects/p/messages", "/3/device/", "/3/device/a/b", "/token/"])
def test_what_no_provider_has_is_not_found(played: Playing, path: str) -> None:
    (result,) = played.transport.send_many([PushRequest(played.url + path, {}, b"{}")], 5)
    assert getattr(result, "status", None) == 404
    assert played.entries == []


def test_a_body_that_is_too_large_is_refused(played: Playing) -> None:
    (result,) = played.transport.send_many([PushRequest(played.url + "/3/device/a", {}, b"x" * 100_000)], 5)
    assert getattr(result, "status", None) == 413 or isinstance(result, MaybeSent)
    assert played.entries == []


def test_what_is_no_http2_is_cut_off(played: Playing) -> None:
    port = int(played.url.rpartition(":")[2])
    for sent in (b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", b"\x00" * 100):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as channel, suppress(ConnectionError):
            channel.sendall(sent)
            while channel.recv(65_536):
                pass
    assert [each.outcome for each in played.push_to("FCM", "a")] == ["accepted"]
