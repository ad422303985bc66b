"""POST /push_subscribe in the Altcraft dialect."""

from pushhub.edge.http import serve
from pushhub.edge.wiring import push_subscribe as wiring

handler = serve(wiring.endpoint())
"""Answers one HTTP API event."""
