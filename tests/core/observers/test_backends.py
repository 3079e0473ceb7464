"""Tests of the base of simple backends; *Write a backend* shows a complete one."""

import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import pytest

from sacred_core.exceptions import RunIdError, StoreError, UnavailableError
from sacred_core.observers.backends import Backend, BackendObserver, BackendStore, Part
from sacred_core.stores.annotations import new_note
from sacred_core.testing import EventDriver


class Outage(Exception):
    """The connection is lost."""


class DictBackend(Backend):
    """Stores runs in dictionaries by place."""

    outages = (Outage,)
    places: ClassVar[dict[str, dict[int, dict[str, Any]]]] = {}
    keys = itertools.count(1)

    def __init__(self, place: str, password: str = "hunter2") -> None:
        self.place = place
        self.location = f"acme://ann:{password}@{place}"
        self.is_down = False

    def exists(self) -> bool:
        return self.place in self.places

    def insert(self, run_id: str, number: int, fields: Mapping[str, str]) -> int | None:
        if self.find(run_id) is not None:
            return None
        key = next(self.keys)
        run = {"id": run_id, "number": number, "fields": dict(fields), "parts": [], "files": {}}
        self._runs()[key] = run
        return key

    def highest_number(self) -> int:
        return max((run["number"] for run in self._runs().values()), default=0)

    def find(self, run_id: str) -> int | None:
        return next((key for key, run in self._runs().items() if run["id"] == run_id), None)

    def runs(self, newest_first: bool) -> Iterator[tuple[str, int]]:
        for key in sorted(self._runs(), reverse=newest_first):
            yield self._runs()[key]["id"], key

    def write(self, key: int, fields: Mapping[str, str], status: str | None = None) -> bool:
        run = self._runs().get(key)
        if run is None or status not in (None, run["fields"]["status"]):
            return False
        run["fields"].update(fields)
        return True

    def replace_key(self, key: int) -> int | None:
        run = self._runs().pop(key, None)
        if run is None:
            return None
        new = next(self.keys)
        self._runs()[new] = run
        return new

    def fields(self, key: int) -> Mapping[str, str]:
        return self._runs()[key]["fields"]  # type: ignore[no-any-return]

    def append(self, key: int, kind: str, parts: Sequence[Part]) -> bool:
        run = self._runs().get(key)
        if run is not None:
            run["parts"] += [(kind, *part) for part in parts]
        return run is not None

    def parts(self, key: int, kind: str) -> list[tuple[str, int, str]]:
        return [part for each, *part in self._runs()[key]["parts"] if each == kind]

    def put(self, key: int, kind: str, name: str, file: BinaryIO) -> bool:
        run = self._runs().get(key)
        if run is not None:
            run["files"][kind, name] = file.read()
        return run is not None

    def open(self, key: int, kind: str, name: str) -> BinaryIO | None:
        content = self._runs()[key]["files"].get((kind, name))
        return None if content is None else io.BytesIO(content)

    def delete(self, key: int) -> bool:
        return self._runs().pop(key, None) is not None

    def _runs(self) -> dict[int, dict[str, Any]]:
        if self.is_down:
            raise Outage(f"cannot reach {self.location}")
        return self.places.setdefault(self.place, {})


class DictObserver(BackendObserver):
    backend_class = DictBackend


class DictStore(BackendStore):
    backend_class = DictBackend


@pytest.fixture(autouse=True)
def _nothing_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DictBackend, "places", {})


def test_a_run_comes_back(tmp_path: Path) -> None:
    """Everything of a run is read back, also after its output was replaced."""
    made = tmp_path / "made"
    made.write_bytes(b"content")
    driver = EventDriver(DictObserver("here"))
    run_id = driver.start(config={"a": float("inf")})
    driver.print("first\n")
    driver.print("last\n", offset=2)
    driver.log("loss", [1.0, float("nan")])
    driver.annotate("a note", ["tag"])
    driver.artifact("made", str(made))
    driver.complete(result=2)
    store = DictStore("here")
    run = store.get(run_id)
    assert (run.config, run.status, run.result) == ({"a": float("inf")}, "COMPLETED", 2)
    assert run.tags == ["tag"] and [note["text"] for note in run.notes] == ["a note"]
    assert store.output(run_id) == "filast\n"
    assert repr(store.metrics(run_id)["loss"]["values"]) == "[1.0, nan]"
    assert store.open_file(run_id, "artifact", "made").read() == b"content"
    store.annotate(run_id, new_note("another"))
    assert len(store.get(run_id).notes) == 2
    store.delete(run_id)
    assert list(store.list()) == []


def test_a_queued_run_is_started_once() -> None:
    """The queue time stays, and a second start is an error."""
    run_id = EventDriver(DictObserver("here")).queue()
    EventDriver(DictObserver("here")).start(_id=run_id, asked_id=run_id)
    run = DictStore("here").get(run_id)
    assert run.recorded_status == "RUNNING" and run.queue_time is not None
    with pytest.raises(RunIdError):
        EventDriver(DictObserver("here")).start(_id=run_id, asked_id=run_id)


def test_a_store_where_nothing_is_stored_is_an_error() -> None:
    """The sentence has the location without the password; nothing is created."""
    with pytest.raises(StoreError, match=r"there are no runs at 'acme://ann:\*\*\*@nowhere'"):
        DictStore("nowhere")
    assert DictBackend.places == {}


def test_outages_are_reported_without_the_password() -> None:
    """Events wait for an observer, and reading is an error, whose cause is that of the driver."""
    driver = EventDriver(DictObserver("here"))
    driver.start()
    driver.observer.backend.is_down = True
    with pytest.raises(UnavailableError) as waiting:
        driver.print("text")
    store = DictStore("here")
    store.backend.is_down = True
    with pytest.raises(StoreError) as lost:
        list(store.list())
    with pytest.raises(StoreError):
        store.get(1)
    for error in (waiting.value, lost.value):
        assert isinstance(error.__cause__, Outage)
        assert "acme://ann:***@here" in str(error) and "hunter2" not in str(error)


def test_an_outage_is_not_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the connection is lost while output is read, the error is about the store."""

    def lose(*arguments: Any) -> Any:
        raise Outage("lost")

    run_id = EventDriver(DictObserver("here")).start()
    store = DictStore("here")
    monkeypatch.setattr(store.backend, "parts", lose)
    for read in (store.output, store.metrics, store.get):
        with pytest.raises(StoreError, match=r"^acme://ann:\*\*\*@here: Outage: lost$"):
            read(run_id)


def test_the_names_show_no_password() -> None:
    """The repr of an observer has the location, and observers of one location are equal."""
    assert repr(DictObserver("here")) == "DictObserver('acme://ann:***@here')"
    assert DictObserver("here") == DictObserver("here") != DictObserver("there")


def test_an_observer_continues_a_run() -> None:
    """The store returns an observer that adds to a run, and one that starts a run."""
    run_id = EventDriver(DictObserver("here")).start()
    store = DictStore("here")
    store.observer_of(run_id).output_event("later", 0)
    assert store.output(run_id) == "later"
    assert EventDriver(store.observer_of(None)).start() == 2


def test_an_observer_opens_the_store_of_its_backend() -> None:
    """It is empty before the first run, uses the same backend, and creates nothing."""
    observer = DictObserver("here")
    store = observer.open_store()
    assert store.backend is observer.backend
    assert list(store.list()) == [] and not DictBackend.places
    run_id = EventDriver(observer).start(config={"a": 1})
    assert store.get(run_id).config == {"a": 1}


def test_a_deleted_run_is_not_written() -> None:
    """Every event of a run that was deleted is an error, and no other run changes."""
    driver = EventDriver(DictObserver("here"))
    run_id = driver.start()
    store = DictStore("here")
    store.remove(store.find(run_id))
    other = EventDriver(DictObserver("here")).start()
    with pytest.raises(StoreError, match=r"deleted"):
        driver.print("text")
    assert store.output(other) == ""
