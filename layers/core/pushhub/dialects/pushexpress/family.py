"""How does a function answer that has several paths of push.express's APIs?

Whatever a function of ours answers has the form of the dialect: unknown paths, wrong methods, refusals, and a store that fails.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pushhub.dialects.http import Answer, Caller, Fault, HttpRequest, RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.replies import render_error
from pushhub.dialects.routing import NotRoutedError, RouteTable
from pushhub.faults import LostRaceError, UnavailableError

PathHandler = Callable[[HttpRequest, Mapping[str, str]], Answer]
"""Answers the requests of one route, whose variables it is given; raises what :class:`PathFamily` answers."""


@dataclass(frozen=True, slots=True)
class PathFamily:
    """The endpoint: the route, then its handler. `name` is that of the function, as faults are logged with it."""

    name: str
    routes: RouteTable[PathHandler]

    def __call__(self, request: HttpRequest) -> Answer:
        """Answer one request; a store that fails is answered with 503, to be repeated."""
        try:
            routed = self.routes.find(request)
            return routed.handler(request, routed.parameters)
        except NotRoutedError as missed:
            return _not_routed(request, missed.allowed)
        except RefusedError as refused:
            return refused_answer(request, refused)
        except (LostRaceError, UnavailableError) as error:
            fault = Fault.of(error, f"{self.name} could not be served")
            return refused_answer(request, RefusedError(PushExpressRefusal.UNAVAILABLE), fault=fault)


def refused_answer(
    request: HttpRequest,
    refused: RefusedError,
    caller: Caller | None = None,
    headers: Mapping[str, str] | None = None,
    fault: Fault | None = None,
) -> Answer:
    """Return the answer to a request that is refused; `headers` belong to this refusal, such as `retry-after`."""
    return Answer(render_error(refused, request.id, headers), caller, refused.refusal, fault)


def _not_routed(request: HttpRequest, allowed: frozenset[str]) -> Answer:
    if not allowed:
        return refused_answer(request, RefusedError(PushExpressRefusal.PATH_UNKNOWN))
    methods = ", ".join(sorted(allowed))
    return refused_answer(request, RefusedError(PushExpressRefusal.METHOD_NOT_ALLOWED, methods=methods), headers={"allow": methods})
