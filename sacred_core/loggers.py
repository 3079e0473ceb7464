"""The loggers of runs, and log lines that no configuration of logging switches off."""

import logging
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from sacred_core.exceptions import OptionError
from sacred_core.printable import printable

FORMAT = "%(levelname)s - %(name)s - %(message)s"


class OwnRecord(logging.LogRecord):
    """A record whose arguments cannot control the terminal, nor add a line to the log."""

    def getMessage(self) -> str:  # noqa: N802 - the name of logging
        """Return the message with control characters of its arguments as escapes."""
        message = str(self.msg)
        return message % _printable_args(self.args) if self.args else message


def _printable_args(args: Any) -> Any:
    if isinstance(args, dict):
        return {key: _printable_arg(value) for key, value in args.items()}
    return tuple(map(_printable_arg, args))


def _printable_arg(value: Any) -> Any:
    """Return a value that is formatted as before, without control characters."""
    return value if isinstance(value, (int, float)) else _Printable(value)


class _Printable:
    """Formats as another object does."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __str__(self) -> str:
        return printable(self._value)

    def __repr__(self) -> str:
        return printable(repr(self._value))


class OwnLogger(logging.Logger):
    """Logs like the logger of its name, also when that one is disabled.

    ``logging.config.dictConfig`` and ``fileConfig`` disable, by default, every logger that exists
    and that they do not name (``disable_existing_loggers``): warnings that a record is incomplete
    would be lost. This logger is not registered, so that they do not find it; level, handlers and
    filters are those of the registered logger, its parent.
    """

    def __init__(self, registered: logging.Logger) -> None:
        super().__init__(registered.name)
        self.parent: logging.Logger = registered

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - the name of logging
        """Return whether ``level`` is logged; not cached: nothing would clear the cache."""
        return self.manager.disable < level >= self.getEffectiveLevel()

    def filter(self, record: logging.LogRecord) -> Any:
        """Apply the filters of the registered logger too."""
        found: Any = super().filter(record)
        if not found:
            return found
        return self.parent.filter(found if isinstance(found, logging.LogRecord) else record)

    def makeRecord(self, *args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: N802
        """Return an `OwnRecord` with what the record of ``logging`` has."""
        record = super().makeRecord(*args, **kwargs)
        if type(record) is logging.LogRecord:  # not that of a factory of the user's own
            record.__class__ = OwnRecord
        return record

    def __reduce__(self) -> Any:
        return own_logger, (self.name,)


def own_logger(name: str) -> logging.Logger:
    """Return a logger for the module ``name`` of sacred-core or of a plugin."""
    return OwnLogger(logging.getLogger(name))


def own_child(logger: logging.Logger, name: str) -> logging.Logger:
    """Return the child ``name`` of ``logger``, for what is logged about a run."""
    return OwnLogger(logger.getChild(name))


class StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to the current ``sys.stderr``, so that captured output contains the lines."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(logging.Formatter(FORMAT))

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """The current ``sys.stderr``."""
        return sys.stderr


@contextmanager
def default_handler(logger: logging.Logger) -> Iterator[None]:
    """Let the root logger, where the user has not set it up, show INFO inside the ``with`` block.

    At the end of the last of several such blocks it is as it was: without the handler, and at its
    level unless that was changed meanwhile.

    Args:
        logger: The parent of the loggers of a run; of another one than the root nothing changes.
    """
    if logger is not logging.getLogger():
        yield
        return
    with _default.lock:
        if not _default.users and not logger.handlers:
            _default.handler, _default.level = StderrHandler(), logger.level
            logger.addHandler(_default.handler)
            logger.setLevel(logging.INFO)
        _default.users += 1
    try:
        yield
    finally:
        with _default.lock:
            _default.users -= 1
            if not _default.users and _default.handler is not None:
                logger.removeHandler(_default.handler)
                _default.handler = None
                if logger.level == logging.INFO:
                    logger.setLevel(_default.level)


class _DefaultHandler:
    """The handler that blocks of `default_handler` share, and the level without it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.users = 0
        self.handler: StderrHandler | None = None
        self.level = logging.NOTSET


_default = _DefaultHandler()


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
        _set_level(logger, level)
    try:
        yield
    finally:
        with _levels_lock:
            levels = _levels[logger]
            del levels[token]
            _set_level(logger, list(levels.values())[-1])
            if len(levels) == 1:
                del _levels[logger]


def _set_level(logger: logging.Logger, level: int) -> None:
    if logger.level != level:  # a change goes through all loggers of the process
        logger.setLevel(level)


#: By logger: its level before the first block (None), and that of each block in progress.
_levels: dict[logging.Logger, dict[object, int]] = {}
_levels_lock = threading.RLock()


def level_of(text: str | int) -> int:
    """Return the number of a log level given as a name or as a number.

    Raises:
        OptionError: the level does not exist.
    """
    word = str(text).strip()
    if re.fullmatch(r"[+-]?[0-9]{1,9}", word):
        return int(word)
    names = logging.getLevelNamesMapping()
    try:
        return names[word.upper()]
    except KeyError:
        raise OptionError(
            f"{text!r} is not a log level: use a number or one of "
            "DEBUG, INFO, WARNING, ERROR, CRITICAL"
        ) from None
