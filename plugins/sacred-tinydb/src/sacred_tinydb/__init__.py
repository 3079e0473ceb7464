"""Keeps runs in TinyDB, and their files in HashFS."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sacred_tinydb.observer import TinyDbObserver
    from sacred_tinydb.reader import TinyDbReader
    from sacred_tinydb.store import TinyDbStore

__all__ = ["TinyDbObserver", "TinyDbReader", "TinyDbStore"]

_MODULES = {"TinyDbObserver": "observer", "TinyDbReader": "reader", "TinyDbStore": "store"}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
