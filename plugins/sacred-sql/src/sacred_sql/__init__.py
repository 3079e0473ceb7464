"""Record sacred-core runs in SQL databases, and read them back."""

from typing import TYPE_CHECKING

from sacred_core.importing import lazy_attributes

if TYPE_CHECKING:
    from sacred_sql.observer import SqlObserver
    from sacred_sql.store import SqlStore

__version__ = "0.1.0"
__all__ = ["SqlObserver", "SqlStore"]

__getattr__ = lazy_attributes(__name__, {"SqlObserver": "observer", "SqlStore": "store"})
