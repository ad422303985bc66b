"""Which handler answers a request, where an endpoint has several paths?

A route is written as API Gateway writes it: `PUT /api/r/v2/apps/{app_id}/instances/{ic_id}/info`. A variable stands for one segment
that is not empty. Paths are compared as API Gateway compares them: case-sensitive, a slash at the end is another path, and slashes
more than one at the beginning are one.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pushhub.dialects.http import HttpRequest

_VARIABLE = re.compile(r"\{(\w+)\}")


class Routed[Handler](NamedTuple):
    """A handler, and the texts that stand in the path of a request where its route has variables."""

    handler: Handler
    parameters: Mapping[str, str]


class NotRoutedError(Exception):
    """No route takes a request; `allowed` are the methods that its path has, none where no route has its path."""

    def __init__(self, allowed: frozenset[str]) -> None:
        """Keep which methods the path has."""
        super().__init__("no route takes the request")
        self.allowed = allowed


class RouteTable[Handler]:
    """Handlers by their routes."""

    def __init__(self, handlers: Mapping[str, Handler], others: Iterable[str] = ()) -> None:
        """Set up the table.

        Args:
            handlers: by method and path.
            others: routes of the same API that other functions answer, so that a wrong method can be told from an unknown path.
        """
        self._handlers = handlers
        self._patterns = [(*_split(route), route) for route in dict.fromkeys((*handlers, *others))]

    def find(self, request: HttpRequest) -> Routed[Handler]:
        """Return the handler of a request.

        Raises:
            NotRoutedError: there is none.
        """
        allowed = set()
        for method, pattern, route in self._patterns:
            if matched := pattern.fullmatch("/" + request.path.lstrip("/")):
                if method == request.method and route in self._handlers:
                    return Routed(self._handlers[route], matched.groupdict())
                allowed.add(method)
        raise NotRoutedError(frozenset(allowed))


def _split(route: str) -> tuple[str, re.Pattern[str]]:
    method, path = route.split(" ")
    parts = _VARIABLE.split(path)
    texts = [f"(?P<{part}>[^/]+)" if number % 2 else re.escape(part) for number, part in enumerate(parts)]
    return method, re.compile("".join(texts))
