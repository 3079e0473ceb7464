"""Loggers that the configuration of logging by a program does not switch off."""

import logging
from typing import Any

from sacred_core.printable import printable


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
        """Tell whether ``level`` is logged; not cached: nothing would clear the cache."""
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
