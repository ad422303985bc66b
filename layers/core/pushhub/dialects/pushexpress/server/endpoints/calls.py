"""How is a call of the back-end API answered, whichever family of paths it belongs to?

Path, size of the body, token, right; then whatever the call itself checks.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from time import monotonic

from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import ApiCaller, Catalog, Right
from pushhub.dialects.http import Answer, Caller, HttpRequest, RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.family import PathFamily, PathHandler, refused_answer
from pushhub.dialects.pushexpress.server.account import ServerAccount
from pushhub.dialects.pushexpress.server.requests import MAX_SERVER_BYTES, bearer_token_of
from pushhub.dialects.routing import RouteTable


@dataclass(frozen=True, slots=True)
class ServerCall:
    """A request whose caller may send.

    Attributes:
        request: as it came.
        path: of its route, which the request's own path may differ from in slashes at its beginning.
        parameters: those of its path.
        account: of its caller.
        begun: when it came, in seconds of the function's stopwatch: before the catalog was read for it.
    """

    request: HttpRequest
    path: str
    parameters: Mapping[str, str]
    account: ServerAccount
    begun: float


ServerHandler = Callable[[ServerCall], Answer]
"""Answers one call; raises what :class:`PathFamily` answers."""


def server_family(
    name: str,
    catalog: CachedCatalog,
    handlers: Mapping[str, ServerHandler],
    others: Iterable[str] = (),
    elapsed: Callable[[], float] = monotonic,
) -> PathFamily:
    """Return the endpoint of a function.

    Args:
        name: of the function.
        catalog: knows callers.
        handlers: by their routes.
        others: routes of the API that other functions have.
        elapsed: counts seconds.
    """

    def authorized(route: str, handler: ServerHandler) -> PathHandler:
        _, path = route.split(" ")
        return _authorized(catalog, path, handler, elapsed)

    return PathFamily(name, RouteTable({route: authorized(route, handler) for route, handler in handlers.items()}, others))


def _authorized(catalog: CachedCatalog, path: str, handler: ServerHandler, elapsed: Callable[[], float]) -> PathHandler:
    """Return what asks a request for its caller's token before it is answered."""

    def handle(request: HttpRequest, parameters: Mapping[str, str]) -> Answer:
        begun = elapsed()
        _require_size(request)
        account = _account(catalog, bearer_token_of(request))
        shown = Caller("caller", account.caller.name)
        try:
            _require_rights(account.caller)
            return replace(handler(ServerCall(request, path, parameters, account, begun)), caller=shown)
        except RefusedError as refused:
            return refused_answer(request, refused, shown)

    return handle


def _account(catalog: CachedCatalog, api_token: str) -> ServerAccount:
    account = catalog.find(lambda current: _account_in(current, api_token))
    if account is None:
        raise RefusedError(PushExpressRefusal.API_TOKEN_UNKNOWN)
    return account


def _account_in(catalog: Catalog, api_token: str) -> ServerAccount | None:
    caller = catalog.api_caller_of(api_token)
    return ServerAccount(caller, catalog) if caller else None


def _require_size(request: HttpRequest) -> None:
    if len(request.body) > MAX_SERVER_BYTES:
        raise RefusedError(PushExpressRefusal.BODY_TOO_LARGE, most=MAX_SERVER_BYTES)


def _require_rights(caller: ApiCaller) -> None:
    if caller.suspended:
        raise RefusedError(PushExpressRefusal.SUSPENDED)
    if not caller.may(Right.SEND):
        raise RefusedError(PushExpressRefusal.NO_RIGHT)
