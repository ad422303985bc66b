"""Which handler answers a request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.dialects.http import HttpRequest
from pushhub.dialects.routing import NotRoutedError, RouteTable

TABLE = RouteTable(
    {"GET /v2/apps": "list", "GET /v2/apps/{id}": "show", "PUT /v2/apps/{id}/parts/{part}": "put", "POST /v2/apps": "add"},
    others=["DELETE /v2/apps/{id}", "POST /v2/send"],
)
SEGMENTS = st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1)


def request(method: str, path: str) -> HttpRequest:
    return HttpRequest("r-1", method=method, path=path)


def allowed(method: str, path: str) -> frozenset[str]:
    with pytest.raises(NotRoutedError) as missed:
        TABLE.find(request(method, path))
    return missed.value.allowed


@pytest.mark.parametrize(
    ("method", "path", "handler"),
    [("GET", "/v2/apps", "list"), ("POST", "/v2/apps", "add"), ("GET", "//v2/apps", "list"), ("GET", "/v2/apps/7", "show")],
)
def test_a_route_takes_its_method_and_its_path(method: str, path: str, handler: str) -> None:
    assert TABLE.find(request(method, path)).handler == handler


@given(SEGMENTS, SEGMENTS)
def test_variables_give_the_segments_as_they_are(id_: str, part: str) -> None:
    assert TABLE.find(request("PUT", f"/v2/apps/{id_}/parts/{part}")) == ("put", {"id": id_, "part": part})


@pytest.mark.parametrize(
    "path", ["", "/", "/v2", "/v2/apps/", "/v2/apps//", "/V2/apps", "/v2/apps/7/parts", "/v2/apps/7/8", "/v2-apps"]
)
def test_a_path_that_no_route_has_has_no_methods(path: str) -> None:
    assert allowed("GET", path) == set()


@pytest.mark.parametrize(
    ("method", "path", "methods"),
    [
        ("DELETE", "/v2/apps", {"GET", "POST"}),
        ("get", "/v2/apps", {"GET", "POST"}),
        ("POST", "/v2/apps/7", {"GET", "DELETE"}),
        ("GET", "/v2/send", {"POST"}),
    ],
)
def test_a_path_says_which_methods_it_has(method: str, path: str, methods: set[str]) -> None:
    assert allowed(method, path) == methods


def test_a_route_of_another_function_is_not_answered_here() -> None:
    assert allowed("POST", "/v2/send") == {"POST"}
