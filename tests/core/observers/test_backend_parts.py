"""Parts of runs in a `Backend`: the contract, and what the backend has of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sacred_core.serialization import from_json
from sacred_core.stores.writers import part_meta, stored_parts
from sacred_core.testing import EventDriver
from sacred_core.testing.writer_contract import WriterContract

from .test_backends import DictBackend, DictObserver, DictStore

UID = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _nothing_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DictBackend, "places", {})


class TestDictWriters(WriterContract):
    most_changes = 20

    def make_observer(self, tmp_path: Path) -> DictObserver:
        return DictObserver("here")

    def make_store(self, tmp_path: Path) -> DictStore:
        return DictStore("here")

    def make_precise_store(self, tmp_path: Path) -> DictStore:
        return DictStore("here")

    def command_line_options(self, tmp_path: Path) -> list[str]:
        return []

    def stored_bytes(self, tmp_path: Path) -> Iterator[bytes]:
        for run in DictBackend.places["here"].values():
            yield repr({**run, "files": None}).encode()
            yield from run["files"].values()


def test_a_run_without_writers_has_no_fields_of_them() -> None:
    """What is stored of it, and what is read, is the same as before."""
    EventDriver(DictObserver("here")).start()
    ((_, run),) = DictBackend.places["here"].items()
    assert not any("writer" in name for name in run["fields"])
    assert DictStore("here").get(1).writers == []


def test_the_record_of_a_run_names_its_writers() -> None:
    """The names are read from fields that each writer adds, in the order in which they came."""
    run_id = EventDriver(DictObserver("here")).start(meta_info={"uid": UID})
    store = DictStore("here")
    for name in ("rank2", "rank 1/1"):
        meta = part_meta(UID, name)
        EventDriver(store.writer_observer(run_id)).start(meta_info=meta)
    assert store.get(run_id).writers == ["rank2", "rank 1/1"]
    assert list(stored_parts(store, run_id)) == ["rank2", "rank 1/1"]
    ids: list[Any] = [from_json(run["id"]) for run in DictBackend.places["here"].values()]
    assert ids == [1, [1, UID, "rank2"], [1, UID, "%rank%201%2F1"]]


def test_a_part_that_is_inserted_during_a_deletion_is_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing of it is left in the backend."""
    run_id = EventDriver(DictObserver("here")).start(meta_info={"uid": UID})
    observer = DictStore("here").writer_observer(run_id)
    insert = observer.backend.insert

    def insert_late(*arguments: Any) -> Any:
        DictBackend.places["here"].clear()
        return insert(*arguments)

    monkeypatch.setattr(observer.backend, "insert", insert_late)
    with pytest.raises(Exception, match="run '1' was deleted"):
        EventDriver(observer).start(meta_info=part_meta(UID, "rank1"))
    assert DictBackend.places["here"] == {}
