"""How does a command end when it cannot do what was asked?"""

from typing import Final

import click

INTERRUPTED: Final = 130
"""Exit code by which shells say that Ctrl-C ended a command."""


class ConsoleError(click.ClickException):
    """A command cannot go on; its message is one line that says why and what to do.

    Click prints the message on stderr and ends the process with exit code 1.
    """

    exit_code = 1
