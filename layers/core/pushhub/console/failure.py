"""How does a command end when it cannot do what was asked?"""

import click


class ConsoleError(click.ClickException):
    """A command cannot go on; its message is one line that says why and what to do.

    Click prints the message on stderr and ends the process with exit code 1.
    """

    exit_code = 1
