"""POST /api/v1/push/send in the devtodev dialect."""

from pushhub.edge.http import serve
from pushhub.edge.wiring import push_send as wiring

handler = serve(wiring.endpoint())
"""Answers one HTTP API event."""
