"""What a function with several paths answers beside what its handlers do."""

import json
from collections.abc import Mapping

import pytest

from pushhub.dialects.http import Answer, HttpReply, HttpRequest, RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.family import PathFamily
from pushhub.dialects.routing import RouteTable
from pushhub.faults import LostRaceError, UnavailableError


def show(_: HttpRequest, parameters: Mapping[str, str]) -> Answer:
    return Answer(HttpReply(200, parameters["id"].encode()))


def refuse(_: HttpRequest, _parameters: Mapping[str, str]) -> Answer:
    raise RefusedError(PushExpressRefusal.FIELD_MISSING, path="name")


def fail(_: HttpRequest, _parameters: Mapping[str, str]) -> Answer:
    raise UnavailableError("DynamoDB did not answer")


def lose(_: HttpRequest, _parameters: Mapping[str, str]) -> Answer:
    raise LostRaceError("every try")


FAMILY = PathFamily(
    "a_function",
    RouteTable({"GET /things/{id}": show, "PUT /things/{id}": refuse, "POST /fail": fail, "POST /lose": lose}, ["DELETE /others"]),
)


def ask(method: str, path: str) -> Answer:
    return FAMILY(HttpRequest("r-1", method=method, path=path))


def error_of(answer: Answer) -> str:
    content = json.loads(answer.reply.body)
    assert content["req_id"] == "r-1"
    assert content.keys() == {"error", "req_id"}
    error: str = content["error"]
    return error


def test_a_handler_gets_what_stands_in_the_path() -> None:
    assert ask("GET", "/things/7").reply.body == b"7"


def test_a_refusal_of_a_handler_has_the_form_of_the_dialect() -> None:
    answer = ask("PUT", "/things/7")
    assert (answer.reply.status, error_of(answer)) == (400, "validation error: name is required")
    assert answer.refusal is PushExpressRefusal.FIELD_MISSING


@pytest.mark.parametrize("path", ["/", "/things", "/things/7/", "/nowhere"])
def test_a_path_that_the_api_has_not_is_not_found(path: str) -> None:
    answer = ask("GET", path)
    assert (answer.reply.status, error_of(answer)) == (404, "not found: this hub has no such path")
    assert answer.refusal is PushExpressRefusal.PATH_UNKNOWN


@pytest.mark.parametrize(
    ("method", "path", "methods"), [("POST", "/things/7", "GET, PUT"), ("GET", "/fail", "POST"), ("GET", "/others", "DELETE")]
)
def test_a_path_says_which_methods_it_takes(method: str, path: str, methods: str) -> None:
    answer = ask(method, path)
    assert (answer.reply.status, error_of(answer)) == (405, f"method not allowed: this path takes {methods}")
    assert answer.reply.headers["allow"] == methods
    assert answer.refusal is PushExpressRefusal.METHOD_NOT_ALLOWED


@pytest.mark.parametrize(
    ("path", "cause"), [("/fail", "UnavailableError: DynamoDB did not answer"), ("/lose", "LostRaceError: every try")]
)
def test_a_store_that_fails_is_logged_and_the_request_is_to_be_repeated(path: str, cause: str) -> None:
    answer = ask("POST", path)
    assert (answer.reply.status, answer.reply.headers["retry-after"]) == (503, "2")
    assert error_of(answer).startswith("unavailable: ")
    assert answer.fault == ("a_function could not be served", cause)
    assert answer.refusal is PushExpressRefusal.UNAVAILABLE
