"""Which sending does a person mean?"""

from typing import Final

import click

from pushhub.sends.sending import SendingId

SENDING_ID: Final = click.IntRange(0, SendingId(2**53 - 1))
"""The type of an option that names a sending; see :data:`pushhub.sends.sending.SendingId`."""
