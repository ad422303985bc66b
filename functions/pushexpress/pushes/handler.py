"""Pushes and one-time sendings of /api/b/v2 in the push.express dialect."""

from pushhub.edge.http import serve
from pushhub.edge.wiring import pushexpress_pushes as wiring

handler = serve(wiring.endpoint())
"""Answers one HTTP API event."""
