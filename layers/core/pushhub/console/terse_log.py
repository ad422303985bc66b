"""What do our own servers log when aiohttp cannot handle a request?"""

import logging

from pushhub.console.progress import say


def terse_logger(server: str) -> logging.Logger:
    """Return a logger for aiohttp that writes one line for each failure; the request, which may hold a credential, is not in it.

    Args:
        server: the server's name in that line.
    """
    logger = logging.getLogger(f"{__name__}.{server}")
    logger.handlers = [_OneLine(server)]
    logger.propagate = False
    return logger


class _OneLine(logging.Handler):
    def __init__(self, server: str) -> None:
        super().__init__(logging.ERROR)
        self._server = server

    def emit(self, record: logging.LogRecord) -> None:
        failure = record.exc_info[1] if record.exc_info else None
        say(f"a request failed in {self._server}: {type(failure).__name__ if failure else record.levelname}")
