"""A peer that is missing is no silent hole."""

from collections.abc import Callable

import pytest

from tests.peers import installed

PEERS = {
    "a Python package": lambda: installed.peer("no_such_package"),
    "a program": lambda: installed.program("nghttpd"),
    "a script of an npm package": lambda: installed.node_script("no-such-package/server.js"),
}


@pytest.mark.parametrize("ask", PEERS.values(), ids=PEERS)
@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_missing_peer_fails_a_test_where_ci_is_set_and_skips_it_elsewhere(
    ask: Callable[[], object], ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(installed, "_PATH", "/nowhere")
    with pytest.raises(outcome, match="is not installed: "):
        ask()
