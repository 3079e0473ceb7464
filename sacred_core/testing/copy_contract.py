"""What a store promises as the target of copies."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sacred_core.stores import ContinuingStore
from sacred_core.stores.digests import digest_run
from sacred_core.stores.replay import replay
from sacred_core.stores.stored_parts import Stored
from sacred_core.testing.applicability import skip_rule
from sacred_core.testing.effort import examples
from sacred_core.testing.memory import Memory, MemoryObserver, MemoryStore
from sacred_core.testing.replay_contract import deliver, replayed_events


class CopyContract:
    """The part of `StoreContract` that is about runs that are copied from another store."""

    make_observer: Callable[[Path], Any]
    make_store: Callable[[Path], Any]

    def test_a_copied_run_equals_its_source(self, tmp_path: Path) -> None:
        """The events of a stored run record an equal run, and nothing is missing then."""
        source = _Source(tmp_path)
        run_id = deliver(self.make_observer(tmp_path), replay(source.store, source.run))
        self._require_equal_copy(tmp_path, source, run_id)
        if isinstance(self.make_store(tmp_path), ContinuingStore):
            assert not [event.method for event in self._missing(tmp_path, source, run_id)]

    def test_a_copy_that_is_interrupted_is_continued(self, tmp_path: Path) -> None:
        """After any event, the events that are missing then complete the copy."""
        if not isinstance(self.make_observer(tmp_path).open_store(), ContinuingStore):
            skip_rule("the store cannot continue runs")
        count = len(replayed_events(tmp_path))
        for cut in range(1, count, max(1, count // examples(3, count))):
            source = _Source(tmp_path)
            events = itertools.islice(replay(source.store, source.run), cut)
            run_id = deliver(self.make_observer(tmp_path), events)
            store = self.make_store(tmp_path)  # may own the connection of the observer
            observer = store.observer_of(run_id)
            deliver(observer, self._missing(tmp_path, source, run_id))
            self._require_equal_copy(tmp_path, source, run_id)

    def _missing(self, tmp_path: Path, source: "_Source", run_id: Any) -> Any:
        store = self.make_store(tmp_path)
        return replay(source.store, source.run, Stored.of(store, store.get(run_id)))

    def _require_equal_copy(self, tmp_path: Path, source: "_Source", run_id: Any) -> None:
        store = self.make_store(tmp_path)
        found = digest_run(store, store.get(run_id), True)
        expected = digest_run(source.store, source.run, True)
        wrong = [name for name in expected.parts if found.parts[name] != expected.parts[name]]
        assert not wrong, f"{wrong} of the copy differ"
        assert found.total == expected.total, "the uid of the copy differs"


class _Source:
    """A run in memory that has everything which a run can have."""

    def __init__(self, folder: Path) -> None:
        self.store = MemoryStore(Memory())
        observer = MemoryObserver(self.store.memory)
        self.run = self.store.get(deliver(observer, replayed_events(folder)))
