"""The log lines of a run: ``LEVEL - name - message`` on stderr."""

import logging
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from sacred_core.exceptions import OptionError

FORMAT = "%(levelname)s - %(name)s - %(message)s"


class StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to what ``sys.stderr`` is at that moment, so that captured output holds the lines."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(logging.Formatter(FORMAT))

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """The current ``sys.stderr``."""
        return sys.stderr


def default_logger() -> logging.Logger:
    """Return the root logger; where the user has not set it up, with our handler at INFO."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(StderrHandler())
        root.setLevel(logging.INFO)
    return root


@contextmanager
def at_level(logger: logging.Logger, level: int | None) -> Iterator[None]:
    """Let ``logger`` show ``level`` and above inside the ``with`` block; None changes nothing.

    Of blocks in several threads the one that began last counts; the last to end restores the level.
    """
    if level is None:
        yield
        return
    token = object()
    with _levels_lock:
        _levels.setdefault(logger, {None: logger.level})[token] = level
        logger.setLevel(level)
    try:
        yield
    finally:
        with _levels_lock:
            levels = _levels[logger]
            del levels[token]
            logger.setLevel(list(levels.values())[-1])
            if len(levels) == 1:
                del _levels[logger]


#: By logger: its level before the first block (None), and that of each block under way.
_levels: dict[logging.Logger, dict[object, int]] = {}
_levels_lock = threading.RLock()


def level_of(text: str | int) -> int:
    """Return the number of a log level given as a name or as a number.

    Raises:
        OptionError: there is no such level.
    """
    word = str(text).strip()
    if re.fullmatch(r"[+-]?[0-9]{1,9}", word):
        return int(word)
    names = logging.getLevelNamesMapping()
    try:
        return names[word.upper()]
    except KeyError:
        raise OptionError(
            f"{text!r} is no log level: use a number or one of "
            "DEBUG, INFO, WARNING, ERROR, CRITICAL"
        ) from None
