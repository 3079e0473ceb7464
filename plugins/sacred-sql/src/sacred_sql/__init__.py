"""Record sacred-core runs in SQL databases, and read them back."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sacred_sql.observer import SqlObserver
    from sacred_sql.store import SqlStore

__version__ = "0.1.0"
__all__ = ["SqlObserver", "SqlStore"]

_MODULES = {"SqlObserver": "observer", "SqlStore": "store"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
