"""Stores runs in TinyDB, and their files in HashFS."""

from typing import TYPE_CHECKING

from sacred_core.importing import lazy_attributes

if TYPE_CHECKING:
    from sacred_tinydb.observer import TinyDbObserver
    from sacred_tinydb.reader import TinyDbReader
    from sacred_tinydb.store import TinyDbStore

__all__ = ["TinyDbObserver", "TinyDbReader", "TinyDbStore"]

__getattr__ = lazy_attributes(
    __name__, {"TinyDbObserver": "observer", "TinyDbReader": "reader", "TinyDbStore": "store"}
)
