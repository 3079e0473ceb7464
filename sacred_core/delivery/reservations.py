"""Observers that serve an active run: each serves one at a time."""

import copy
import os
import threading
from typing import Any

#: By ``id()``: observers need be neither hashable nor comparable.
_live: dict[int, Any] = {}
_lock = threading.Lock()


def reserve(observer: Any) -> Any:
    """Return ``observer`` for the use by one run, or a copy of it if another run uses it."""
    with _lock:
        reserved = copy.copy(observer) if id(observer) in _live else observer
        _live[id(reserved)] = reserved
    return reserved


def release(observer: Any) -> None:
    """Make an observer that `reserve` returned available for another run."""
    with _lock:
        _live.pop(id(observer), None)


def _renew_lock() -> None:
    """Give a forked child a separate lock: another thread may have held this one."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
