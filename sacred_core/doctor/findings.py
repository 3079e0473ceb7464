"""What a check finds."""

import contextlib
import enum
import logging
from collections.abc import Iterator

import attrs

from sacred_core.masking import mask_text


class Level(enum.StrEnum):
    """How severe a finding is.

    Attributes:
        OK: Nothing is wrong.
        WARNING: Runs and commands work, but something is not recorded, or not as expected.
        ERROR: A part of the installation, or a store, cannot be used.
    """

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@attrs.frozen
class Finding:
    """One result of a check.

    Attributes:
        level: How severe it is.
        message: What was found, without secrets.
        fix: What to do; empty for what is not wrong.
    """

    level: Level
    message: str = attrs.field(converter=mask_text)
    fix: str = attrs.field(default="", converter=mask_text)


def passed(message: str) -> Finding:
    """Return the finding that nothing is wrong."""
    return Finding(Level.OK, message)


def warning(message: str, fix: str) -> Finding:
    """Return the finding that something works, but not in every respect."""
    return Finding(Level.WARNING, message, fix)


def failure(message: str, fix: str) -> Finding:
    """Return the finding that something cannot be used."""
    return Finding(Level.ERROR, message, fix)


class _Messages(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Collect the message."""
        self.messages.append(record.getMessage())


@contextlib.contextmanager
def logged_warnings(name: str) -> Iterator[list[str]]:
    """Collect the warnings that are logged in the block, in place of showing them.

    Args:
        name: Of the logger; those below it are included.
    """
    logger, handler = logging.getLogger(name), _Messages()
    before = logger.propagate, logger.level
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield handler.messages
    finally:
        logger.removeHandler(handler)
        logger.propagate = before[0]
        logger.setLevel(before[1])
