"""What an instance of a push.express app says has happened."""

from pushhub.edge.http import serve
from pushhub.edge.wiring import pushexpress_device_events as wiring

handler = serve(wiring.endpoint())
"""Answers one HTTP API event."""
