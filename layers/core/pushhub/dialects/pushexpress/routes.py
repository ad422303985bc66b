"""How is a request answered that no route takes?

The catch-all routes of the template bring every path below `/api/b/v2/` and `/api/r/v2/` to a function of the hub, so that each error
has the dialect's form.
"""

from pushhub.dialects.http import Answer, HttpRequest, RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.replies import render_error
from pushhub.dialects.routing import NotRoutedError


def not_routed(request: HttpRequest, missed: NotRoutedError) -> Answer:
    """Return the answer: 405 where the path has other methods, else 404."""
    if not missed.allowed:
        refused, headers = RefusedError(PushExpressRefusal.PATH_UNKNOWN), {}
    else:
        methods = ", ".join(sorted(missed.allowed))
        refused, headers = RefusedError(PushExpressRefusal.METHOD_NOT_ALLOWED, methods=methods), {"allow": methods}
    return Answer(render_error(refused, request.id, headers), refusal=refused.refusal)
