"""The documented name of the interface of observers."""

from sacred_core.observers.base import RunObserver

__all__ = ["RunObserver"]
