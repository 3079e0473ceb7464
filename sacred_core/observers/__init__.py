"""The interface of observers. Those of installed plugins can be imported from here by name."""

from sacred_core.observers.base import RunObserver

__all__ = ["RunObserver"]
