"""POST /api/b/v2/query/app-instances in the push.express dialect."""

from pushhub.edge.http import serve
from pushhub.edge.wiring import pushexpress_query as wiring

handler = serve(wiring.endpoint())
"""Answers one HTTP API event."""
