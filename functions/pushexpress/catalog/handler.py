"""Apps, groups and events of /api/b/v2 in the push.express dialect, and every path there that no other function answers."""

from pushhub.edge.http import serve
from pushhub.edge.wiring import pushexpress_catalog as wiring

handler = serve(wiring.endpoint())
"""Answers one HTTP API event."""
