"""What a store promises where runs are deleted while others are running."""

import contextlib
import functools
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sacred_core.exceptions import SacredError, StoreError
from sacred_core.provenance.sources import md5_of
from sacred_core.testing.applicability import skip_rule
from sacred_core.testing.at_once import call_at_once
from sacred_core.testing.claim_contract import ClaimContract
from sacred_core.testing.comparing import assert_metrics, assert_refused
from sacred_core.testing.effort import examples
from sacred_core.testing.event_driver import EventDriver
from sacred_core.testing.interleaving import run_interleaved
from sacred_core.testing.killing import kill_at
from sacred_core.testing.samples import EXPERIMENT

#: The value of a point that a deleted run sends; as a string it is found in every store.
_LATE_POINT = b"point of a deleted run"


class RemovalContract(ClaimContract):
    """The part of `StoreContract` that is about deleted runs.

    Attributes:
        points: At how many points of some work another process does something, or is killed; a
            quick check takes 4 of them.
    """

    points = 12

    def test_a_deleted_run_does_not_come_back(self, tmp_path: Path) -> None:
        """A process that was suspended meanwhile gets an error, and stores nothing."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        driver.print("before\n")
        driver.log("loss", [1.0])
        driver.beat(info={"a": 1})
        store = self.make_store(tmp_path)
        store.delete(run_id)
        file = tmp_path / "late"
        file.write_text("late")
        refused = _late_events(driver, file)
        assert {"beat", "artifact", "annotate", "complete"} <= refused, f"no error but in {refused}"
        assert_refused(lambda: store.get(run_id))
        assert list(store.list()) == [], "the run is listed again"
        contents = [*self.stored_bytes(tmp_path)]
        assert not any(_LATE_POINT in content for content in contents), "late points are stored"

    def test_a_deleted_run_does_not_mix_with_its_successor(self, tmp_path: Path) -> None:
        """If another run has the id, events of the suspended process are refused."""
        late = EventDriver(self.make_observer(tmp_path))
        run_id = late.start(config={"run": "first"})
        late.print("first\n")
        late.log("loss", [1.0, 2.0])
        late.beat(info={"run": "first"})
        store = self.make_store(tmp_path)
        store.delete(run_id)
        file = tmp_path / "made"
        file.write_text("second")
        driver = EventDriver(self.make_observer(tmp_path))
        assert driver.start(_id=run_id, asked_id=run_id, config={"run": "second"}) == run_id
        driver.artifact("made", str(file))
        driver.print("second\n")
        driver.log("loss", [3.0])
        driver.beat(info={"run": "second"})
        file.write_text("first")
        _late_events(late, file)
        driver.print("more\n")
        driver.beat(info={"run": "second", "n": 2})
        driver.complete(result="second")
        late.join()
        run = store.get(run_id)
        assert (run.status, run.result, run.config) == ("COMPLETED", "second", {"run": "second"})
        assert (run.info, run.artifacts) == ({"run": "second", "n": 2}, ["made"])
        assert (run.tags, run.notes) == ([], []), "it has those of the deleted run"
        assert store.output(run_id) == "second\nmore\n", store.output(run_id)
        assert_metrics(store, run_id, driver)
        with store.open_file(run_id, "artifact", "made") as stream:
            assert stream.read() == b"second", "the artifact is that of the deleted run"

    def test_ids_of_deleted_runs_are_not_reused(self, tmp_path: Path) -> None:
        """The next id is new after the newest run is deleted, and after all are."""
        used = [self._complete_run(tmp_path) for _ in range(3)]
        store = self.make_store(tmp_path)
        store.delete(used[-1])
        used.append(self._complete_run(tmp_path))
        for run_id in (used[3], used[1], used[0]):
            store.delete(run_id)
        used += [self._complete_run(tmp_path) for _ in range(2)]
        assert len(set(used)) == len(used), f"an id was used twice: {used}"

    def test_resources_of_a_running_run_survive(self, tmp_path: Path) -> None:
        """An older run that shares all 60 resources is deleted before the next heartbeat."""
        paths = [tmp_path / f"resource {number}" for number in range(60)]
        for path in paths:
            path.write_text(path.name)
        old, driver = (
            EventDriver(self.make_observer(tmp_path)),
            EventDriver(self.make_observer(tmp_path)),
        )
        old_id = old.start()
        for path in paths:
            old.resource(str(path))
        old.complete()
        run_id = driver.start(start_time=datetime.now(UTC))
        for path in paths:
            driver.resource(str(path))
        contents = {str(path): path.read_bytes() for path in paths}
        for path in paths:
            path.unlink()
        self.make_store(tmp_path).delete(old_id)
        driver.complete()
        self._assert_files(tmp_path, run_id, "resource", contents)

    def test_sources_of_a_starting_run_survive(self, tmp_path: Path) -> None:
        """An older run that shares the sources is deleted at any point of the start."""
        ex_info, contents = self._sources(tmp_path)
        ids: list[Any] = [self._complete_run(tmp_path, ex_info)]

        def start() -> None:
            driver = EventDriver(self.make_observer(tmp_path))
            ids.append(driver.start(ex_info=ex_info, start_time=datetime.now(UTC)))
            driver.complete()

        self._assert_at_all_points(
            tmp_path, ids, start,
            lambda: self._assert_files(tmp_path, ids[-1], "source", contents),
        )  # fmt: skip

    def test_a_resource_that_is_being_stored_survives(self, tmp_path: Path) -> None:
        """An older run that shares the resource is deleted at any point."""
        file = tmp_path / "shared"
        file.write_text("content")
        ids: list[Any] = []

        def store_it() -> None:
            driver = EventDriver(self.make_observer(tmp_path))
            run_id = driver.start(start_time=datetime.now(UTC))
            driver.resource(str(file))
            driver.complete()
            ids.append(run_id)

        store_it()
        self._assert_at_all_points(
            tmp_path, ids, store_it,
            lambda: self._assert_files(tmp_path, ids[-1], "resource", {str(file): b"content"}),
        )  # fmt: skip

    def test_several_processes_delete_a_run_at_once(self, tmp_path: Path) -> None:
        """Each succeeds or gets a StoreError; the run is deleted, and its id can be used."""
        for _ in range(examples(2, 5)):
            run_id = self._complete_run(tmp_path, with_files=True)
            stores = [self.make_store(tmp_path) for _ in range(4)]
            calls = [functools.partial(store.delete, run_id) for store in stores]
            errors = [each for each in call_at_once(calls) if isinstance(each, BaseException)]
            assert len(errors) < len(stores), f"nobody deleted it: {errors}"
            assert all(isinstance(error, StoreError) for error in errors), errors
            self._assert_deleted(tmp_path, run_id)

    def test_a_killed_deletion_can_be_repeated(self, tmp_path: Path) -> None:
        """After a kill at any point, a deletion can be repeated; runs that share files are
        complete.
        """
        if not hasattr(os, "fork"):
            skip_rule("processes cannot be forked here")
        other = self._complete_run(tmp_path, with_files=True)
        run_id = self._complete_run(tmp_path, with_files=True)
        calls = kill_at(None, lambda: self.make_store(tmp_path).delete(run_id))
        assert calls is not None
        for call in _points(calls, examples(4, self.points)):
            killed = self._complete_run(tmp_path, with_files=True)
            kill_at(call, lambda killed=killed: self.make_store(tmp_path).delete(killed))  # type: ignore[misc]
            with contextlib.suppress(StoreError):  # it was deleted
                self.make_store(tmp_path).delete(killed)
            self._assert_deleted(tmp_path, killed)
            file = str(tmp_path / "file of a run")
            self._assert_files(tmp_path, other, "resource", {file: b"shared"})
            self._assert_files(tmp_path, other, "artifact", {"made": b"shared"})

    def _complete_run(self, tmp_path: Path, ex_info: Any = None, with_files: bool = False) -> Any:
        """Return the id of a new run that has ended."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start(ex_info=ex_info or {**EXPERIMENT})
        if with_files:
            file = tmp_path / "file of a run"
            file.write_text("shared")
            driver.resource(str(file))
            driver.artifact("made", str(file))
            driver.log("loss", [1.0])
            driver.print("text\n")
        driver.complete()
        return run_id

    def _sources(self, tmp_path: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
        paths = [tmp_path / f"module{number}.py" for number in range(3)]
        for path in paths:
            path.write_text(f"# {path.name}\n")
        sources = [[path.name, md5_of(path)] for path in paths]
        ex_info = {**EXPERIMENT, "base_dir": str(tmp_path), "sources": sources}
        return ex_info, {path.name: path.read_bytes() for path in paths}

    def _assert_at_all_points(
        self, tmp_path: Path, ids: list[Any], work: Callable[[], Any], check: Callable[[], Any]
    ) -> None:
        """Check after ``work``, which adds a run, while the one before is deleted."""
        calls = run_interleaved(None, work, lambda: None)
        for call in _points(calls, examples(4, self.points)):
            old = ids[-1]
            run_interleaved(call, work, lambda old=old: self.make_store(tmp_path).delete(old))  # type: ignore[misc]
            check()

    def _assert_files(
        self, tmp_path: Path, run_id: Any, kind: str, contents: dict[str, bytes]
    ) -> None:
        store = self.make_store(tmp_path)
        for name, content in contents.items():
            with store.open_file(run_id, kind, name) as stream:
                assert stream.read() == content, f"{kind} {name!r} has another content"

    def _assert_deleted(self, tmp_path: Path, run_id: Any) -> None:
        """Check that nothing blocks a new run of the same id, nor is found by it."""
        store = self.make_store(tmp_path)
        assert_refused(lambda: store.get(run_id))
        assert run_id not in [run.id for run in store.list()], "it is listed"
        driver = EventDriver(self.make_observer(tmp_path))
        assert driver.start(_id=run_id, asked_id=run_id, config={"again": 1}) == run_id
        driver.complete()
        run = store.get(run_id)
        assert (run.config, run.artifacts, run.resources) == ({"again": 1}, [], [])
        assert (store.output(run_id), store.metrics(run_id)) == ("", {})
        store.delete(run_id)


def _late_events(driver: EventDriver, file: Path) -> set[str]:
    """Give events of a run that was deleted; return which were refused."""
    events: dict[str, Callable[[], Any]] = {
        "print": lambda: driver.print("late\n"),
        "log": lambda: driver.log("loss", [_LATE_POINT.decode()]),
        "beat": lambda: driver.beat(info={"late": True}, result=1),
        "resource": lambda: driver.resource(str(file)),
        "artifact": lambda: driver.artifact("made", str(file)),
        "annotate": lambda: driver.annotate("late", ["late"]),
        "complete": lambda: driver.complete("late"),
    }
    refused = set()
    for name, event in events.items():
        try:
            event()
        except SacredError:
            refused.add(name)
    with contextlib.suppress(SacredError):
        driver.join()
    return refused


def _points(calls: int, count: int) -> list[int]:
    """Return numbers of calls, evenly distributed from the first to the last one."""
    return sorted({1 + (calls - 1) * n // max(1, count - 1) for n in range(count)})
