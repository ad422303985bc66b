"""POST /api/v1.1/pushes/post_events in the Altcraft dialect."""

from pushhub.edge.http import serve
from pushhub.edge.wiring import post_events as wiring

handler = serve(wiring.endpoint())
"""Answers one HTTP API event."""
