"""Loggers that the configuration of logging by a program does not switch off."""

import logging
from typing import Any


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

    def __reduce__(self) -> Any:
        return own_logger, (self.name,)


def own_logger(name: str) -> logging.Logger:
    """Return a logger for the module ``name`` of sacred-core or of a plugin."""
    return OwnLogger(logging.getLogger(name))


def own_child(logger: logging.Logger, name: str) -> logging.Logger:
    """Return the child ``name`` of ``logger``, for what is logged about a run."""
    return OwnLogger(logger.getChild(name))
