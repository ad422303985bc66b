"""What an instance of a push.express app registers with, tells of its device, and signs off with."""

from pushhub.edge.http import serve
from pushhub.edge.wiring import pushexpress_instances as wiring

handler = serve(wiring.endpoint())
"""Answers one HTTP API event."""
