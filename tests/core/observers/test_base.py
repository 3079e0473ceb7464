"""Tests of the store that an observer opens."""

import pytest

from sacred_core import ObserverSpec, RunObserver
from sacred_core.exceptions import StoreError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.observers import QueueObserver
from sacred_core.testing import Memory, MemoryObserver, MemoryStore


class Plain(RunObserver):
    pass


class Duck:
    def started_event(self) -> None:
        pass


def test_an_observer_without_a_store_raises_an_error() -> None:
    """The error names the class of the observer."""
    with pytest.raises(StoreError, match="Plain has no store"):
        Plain().open_store()


def test_the_default_opens_the_store_at_the_location(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the store that `sacred_core.stores.open_store` opens."""
    memory, observer = Memory(), Plain()
    spec = ObserverSpec(MemoryObserver, store=lambda _: MemoryStore(memory), schemes=("memory",))
    monkeypatch.setattr(plugin_manager(), "observers", [*plugin_manager().observers, spec])
    observer.store_location = "memory://here"
    store = observer.open_store()
    assert isinstance(store, MemoryStore) and store.memory is memory


def test_a_queue_opens_the_store_of_the_covered_observer() -> None:
    """An observer without the method has no store, which the error says."""
    memory = Memory()
    store = QueueObserver(MemoryObserver(memory)).open_store()
    assert isinstance(store, MemoryStore) and store.memory is memory
    with pytest.raises(StoreError, match="Duck has no store"):
        QueueObserver(Duck()).open_store()
