"""Which replies do push.express's APIs give?

Every refusal has the form of "Instant sending", "Error handling", in `sources.md`: `error` is a text, and `req_id` is what support
looks for. Here it is the id of the request at API Gateway, which stands in the logs.
"""

from collections.abc import Mapping

from pushhub.dialects.http import REPEAT_SOON, HttpReply, RefusedError
from pushhub.dialects.json_body import write_object
from pushhub.dialects.pushexpress.errors import PushExpressRefusal


def json_reply(status: int, content: Mapping[str, object], headers: Mapping[str, str] | None = None) -> HttpReply:
    """Return a reply with a JSON object."""
    return HttpReply(status, write_object(content), headers or {})


def render_error(refused: RefusedError, request_id: str, headers: Mapping[str, str] | None = None) -> HttpReply:
    """Return the reply to a request that was refused.

    Args:
        refused: why.
        request_id: of API Gateway.
        headers: of this refusal, such as `retry-after` of a 429 or `allow` of a 405. A 503 has `retry-after` by itself.
    """
    repeat = REPEAT_SOON if refused.refusal is PushExpressRefusal.UNAVAILABLE else {}
    return json_reply(refused.refusal.status, {"error": str(refused), "req_id": request_id}, {**repeat, **(headers or {})})
