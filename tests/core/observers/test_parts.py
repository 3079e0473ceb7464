"""The base class of observers that record parts of a run."""

from typing import Any

import pytest

from sacred_core.exceptions import RunIdError, RunRemovedError, UnavailableError
from sacred_core.observers.parts import PartObserver, require_main_run
from sacred_core.stores import StoredRun
from sacred_core.stores.writers import part_meta
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore

UID = "0123456789abcdef0123456789abcdef"


def start_main() -> tuple[MemoryStore, Any]:
    """Return the store of a run that is running, and the id of the run."""
    observer = MemoryObserver(Memory())
    run_id = EventDriver(observer).start(meta_info={"uid": UID})
    return observer.open_store(), run_id


def test_a_part_has_the_identity_of_its_run() -> None:
    """The uid of the part and of the run are those of the observer, whatever the event has."""
    store, run_id = start_main()
    observer = store.writer_observer(run_id)
    own_id = EventDriver(observer).start(_id=run_id, meta_info={"writer": "rank1", "run": "other"})
    part = store.writer_store(run_id).get(own_id)  # type: ignore[union-attr]
    assert isinstance(observer, PartObserver) and own_id == "rank1"
    assert part.meta == part_meta(UID, "rank1") and part.run_id is None


def test_a_second_part_of_a_writer_is_refused() -> None:
    """The message has the names of the writer and of the run."""
    store, run_id = start_main()
    EventDriver(store.writer_observer(run_id)).start(meta_info={"writer": "rank1"})
    with pytest.raises(RunIdError, match="run '1' already has a writer 'rank1'"):
        EventDriver(store.writer_observer(run_id)).start(meta_info={"writer": "rank1"})


def test_a_run_that_replaced_the_deleted_one_has_no_parts_of_it() -> None:
    """The uid of the run is compared before a part is inserted."""
    store, run_id = start_main()
    observer = store.writer_observer(run_id)
    del store.memory.runs[run_id]
    EventDriver(MemoryObserver(store.memory)).start(asked_id=run_id, meta_info={"uid": UID[::-1]})
    with pytest.raises(RunRemovedError, match="run '1' was deleted from the memory"):
        EventDriver(observer).start(meta_info={"writer": "rank1"})
    assert store.writer_store(run_id) is None


def test_a_failure_of_the_store_is_not_a_deletion(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error while a part is inserted is raised as it is; afterwards the start can be retried."""
    store, run_id = start_main()
    observer = store.writer_observer(run_id)

    def fail(run: StoredRun) -> bool:
        raise UnavailableError("no connection")

    monkeypatch.setattr(observer, "insert_run", fail)
    with pytest.raises(UnavailableError, match="no connection"):
        EventDriver(observer).start(meta_info={"writer": "rank1"})
    monkeypatch.undo()
    assert EventDriver(observer).start(meta_info={"writer": "rank1"}) == "rank1"


def test_a_run_that_is_deleted_during_the_start_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The part that was inserted is not reported as started."""
    store, run_id = start_main()
    observer = store.writer_observer(run_id)
    insert = observer.insert_run

    def insert_late(run: StoredRun) -> bool:
        del store.memory.runs[run_id]
        return insert(run)

    monkeypatch.setattr(observer, "insert_run", insert_late)
    with pytest.raises(RunRemovedError, match="run '1' was deleted"):
        EventDriver(observer).start(meta_info={"writer": "rank1"})


def test_only_an_existing_run_has_writers() -> None:
    """The run as it is stored is returned, also of an id as a string; else it is an error."""
    store, run_id = start_main()
    assert require_main_run(store, str(run_id)).uid == UID
    with pytest.raises(RunRemovedError, match="run '7' was deleted from the memory"):
        require_main_run(store, 7)
