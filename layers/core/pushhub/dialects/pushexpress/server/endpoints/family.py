"""How is a request of the back-end API answered, whichever family of paths it belongs to?

Path, size of the body, token, right; then whatever the call itself checks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import ApiCaller, Catalog, Right
from pushhub.dialects.http import Answer, Caller, Fault, HttpRequest, RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.replies import render_error
from pushhub.dialects.pushexpress.routes import not_routed
from pushhub.dialects.pushexpress.server.account import Account
from pushhub.dialects.pushexpress.server.requests import MAX_SERVER_BYTES, api_token_of
from pushhub.dialects.routing import NotRoutedError, RouteTable
from pushhub.faults import LostRaceError, UnavailableError


@dataclass(frozen=True, slots=True)
class ServerCall:
    """A request whose caller is known and may send; `parameters` are those of its path."""

    request: HttpRequest
    parameters: Mapping[str, str]
    account: Account

    @property
    def caller(self) -> ApiCaller:
        """Who calls."""
        return self.account.caller

    @property
    def catalog(self) -> Catalog:
        """The catalog as it was when the caller was found in it."""
        return self.account.catalog

    def id_of(self, parameter: str) -> int | None:
        """Return a number in the path, None where something else stands there, which is an id of nothing."""
        text = self.parameters[parameter]
        return int(text) if text.isdecimal() and text.isascii() and len(text) <= _ID_DIGITS else None


_ID_DIGITS = len(str(2**53))

ServerHandler = Callable[[ServerCall], Answer]
"""Answers one call; what it raises as `RefusedError` or `UnavailableError` is answered as such."""


@dataclass(frozen=True, slots=True)
class ServerFamily:
    """The endpoint of one function.

    Attributes:
        catalog: knows callers and apps.
        routes: the calls that it answers.
        name: what an operator knows the function by.
    """

    catalog: CachedCatalog
    routes: RouteTable[ServerHandler]
    name: str

    def __call__(self, request: HttpRequest) -> Answer:
        """Answer one request; where a store does not answer, with 503, to be repeated."""
        account: Account | None = None
        try:
            handler, parameters = self.routes.find(request)
            _require_size(request)
            account = self._account(api_token_of(request))
            _require_rights(account.caller)
            return replace(handler(ServerCall(request, parameters, account)), caller=_shown(account))
        except NotRoutedError as missed:
            return not_routed(request, missed)
        except RefusedError as refused:
            return Answer(render_error(refused, request.id), _shown(account), refused.refusal)
        except (LostRaceError, UnavailableError) as error:
            unavailable = PushExpressRefusal.UNAVAILABLE
            reply = render_error(RefusedError(unavailable), request.id)
            return Answer(reply, _shown(account), unavailable, Fault.of(error, f"{self.name} was not served"))

    def _account(self, api_token: str) -> Account:
        account = self.catalog.find(lambda catalog: _account_in(catalog, api_token))
        if account is None:
            raise RefusedError(PushExpressRefusal.API_TOKEN_UNKNOWN)
        return account


def _account_in(catalog: Catalog, api_token: str) -> Account | None:
    caller = catalog.api_caller_of(api_token)
    return Account(caller, catalog) if caller else None


def _require_size(request: HttpRequest) -> None:
    if len(request.body) > MAX_SERVER_BYTES:
        raise RefusedError(PushExpressRefusal.BODY_TOO_LARGE, most=MAX_SERVER_BYTES)


def _require_rights(caller: ApiCaller) -> None:
    if caller.suspended:
        raise RefusedError(PushExpressRefusal.SUSPENDED)
    if not caller.may(Right.SEND):
        raise RefusedError(PushExpressRefusal.NO_RIGHT)


def _shown(account: Account | None) -> Caller | None:
    return Caller("caller", account.caller.name) if account else None
