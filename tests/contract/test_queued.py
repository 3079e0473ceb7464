"""Every rule of the contract holds inside a queue too, once it is empty."""

import time
from pathlib import Path
from typing import Any

from sacred_core.observers import QueueObserver
from sacred_core.testing import Feed, Memory, MemoryObserver, MemoryStore, StoreContract


class EmptyingStore:
    """Waits before each question until the queues are empty."""

    def __init__(self, store: MemoryStore, queues: list[QueueObserver]) -> None:
        self._store = store
        self._queues = queues

    def __getattr__(self, name: str) -> Any:
        deadline = time.monotonic() + 30
        for queue in self._queues:
            thread = queue._thread
            while thread is not None and (thread._backlog or thread._current is not None):
                assert time.monotonic() < deadline, "the queue was not emptied"
                time.sleep(0.001)
        return getattr(self._store, name)


class TestQueued(StoreContract):
    def setup_method(self) -> None:
        """Begin with an empty memory."""
        self.memory = Memory()
        self.queues: list[QueueObserver] = []

    def make_observer(self, tmp_path: Path) -> QueueObserver:
        self.queues.append(
            QueueObserver(
                MemoryObserver(self.memory), interval=0.01, retry_interval=0.01, join_timeout=1
            )
        )
        return self.queues[-1]

    def make_store(self, tmp_path: Path) -> Any:
        return EmptyingStore(MemoryStore(self.memory), self.queues)

    def test_nothing_is_stored_of_a_deleted_run(self, tmp_path: Path) -> None:
        """The covered observer refuses what the queue delivers, and the run stays deleted."""
        feed = Feed(self.make_observer(tmp_path))
        run_id = feed.start()
        feed.beat(info={"a": 1})
        store = self.make_store(tmp_path)
        store.delete(run_id)
        feed.print("late\n")
        feed.beat(info={"a": 2})
        feed.complete()
        feed.join()
        assert list(store.list()) == []

    # A file may be removed or changed once the call returns, which a queue cannot know.
    test_artifacts_come_back = None
    test_resources_of_a_running_run_survive = None
    test_a_deleted_run_does_not_mix_with_its_successor = None
    # The call returns before the covered observer raises.
    test_a_deleted_run_does_not_come_back = None
