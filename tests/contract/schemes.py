"""The scheme of a memory, which an installed plugin would offer."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sacred_core import ObserverSpec
from sacred_core.hooks.manager import plugin_manager
from sacred_core.testing import Memory, MemoryObserver, MemoryStore


@contextmanager
def memory_scheme(memory: Memory, kind: Callable[..., MemoryStore] = MemoryStore) -> Iterator[None]:
    """Let locations ``memory://…`` be those of ``memory``, within the block.

    Args:
        memory: What is read.
        kind: The class of the store; called with what follows ``://`` if it accepts that.
    """

    def open_memory(path: str) -> Any:
        accepts_path = len(inspect.signature(kind).parameters) > 1
        return kind(memory, path) if accepts_path else kind(memory)

    offered = plugin_manager().observers
    spec = ObserverSpec(MemoryObserver, store=open_memory, schemes=("memory",))
    offered.append(spec)
    try:
        yield
    finally:
        offered.remove(spec)
