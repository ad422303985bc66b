"""POST /api/b/v2/send/instant in the push.express dialect."""

from pushhub.edge.http import serve
from pushhub.edge.wiring import pushexpress_instant as wiring

handler = serve(wiring.endpoint())
"""Answers one HTTP API event."""
