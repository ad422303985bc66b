"""GET /api/v1.1/pushes/crypto_post_events?/… in the Altcraft dialect."""

from pushhub.edge.http import serve
from pushhub.edge.wiring import crypto_post_events as wiring

handler = serve(wiring.endpoint())
"""Answers one HTTP API event."""
