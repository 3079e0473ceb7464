"""What an observer promises for runs that are replayed: copied, or recorded before in a spool."""

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from sacred_core.events import Event, RunIdEvent
from sacred_core.observers.call_plan import call_plans
from sacred_core.provenance.sources import get_digest
from sacred_core.stores.run_ids import normalize_id
from sacred_core.testing.at_once import call_at_once
from sacred_core.testing.documented import overridden
from sacred_core.testing.effort import examples
from sacred_core.testing.event_driver import EventDriver

_REPLAY = """
import sys
from pathlib import Path
from sacred_core.stores import open_store
from sacred_core.testing.replay_contract import deliver, replayed_events

location, folder, uid = sys.argv[1:]
observer = open_store(location).new_observer()
events = replayed_events(Path(folder), uid)
print("ready", flush=True)
sys.stdin.readline()
print(deliver(observer, events[:1]))
"""
#: Observers that replay a run at the same time.
_AT_ONCE = 3


class ReplayContract:
    """The part of `StoreContract` that is about replayed runs."""

    make_observer: Callable[[Path], Any]
    make_store: Callable[[Path], Any]

    def test_a_replayed_run_is_stored_once(self, tmp_path: Path) -> None:
        """If the events of a run end anywhere, a new observer that receives all of them from the
        replayed start on completes this run, which then equals one delivered once.
        """
        once = self._deliver(tmp_path, replayed_events(tmp_path))
        expected = self._read(tmp_path, once)
        count = len(replayed_events(tmp_path))
        step = max(1, count // examples(3, count))
        for cut in [*range(1, count, step), count]:
            events = replayed_events(tmp_path)
            run_id = self._deliver(tmp_path, events[:cut])
            self._require_same(tmp_path, events, run_id)
            found = self._read(tmp_path, run_id)
            assert_equal(found, expected, f"after {cut} events")

    def test_a_replayed_run_that_ended_does_not_change(self, tmp_path: Path) -> None:
        """A repeated start, heartbeat and end, wherever they are interrupted, change nothing."""
        events = replayed_events(tmp_path)
        run_id = self._deliver(tmp_path, events)
        before = self._read(tmp_path, run_id)
        beats = [event for event in events if event.method == "heartbeat_event"]
        for repeated in ([], beats[:1], beats, [*beats, events[-1]]):
            self._require_same(tmp_path, [events[0], *repeated], run_id)
            assert_equal(self._read(tmp_path, run_id), before, f"after {len(repeated)} events")

    def test_only_a_replayed_run_is_continued(self, tmp_path: Path) -> None:
        """A replayed run of another uid, and a start that is not replayed, are other runs."""
        first, second = replayed_events(tmp_path), replayed_events(tmp_path)
        ids = [self._deliver(tmp_path, events) for events in (first, second)]
        assert isinstance(first[0], RunIdEvent)
        ids.append(self._deliver(tmp_path, [attrs.evolve(first[0], replayed=False)]))
        assert len(set(ids)) == 3, f"runs were mixed: {ids}"

    def test_a_deleted_run_is_replayed_again(self, tmp_path: Path) -> None:
        """A replayed run that was deleted from the store is stored again."""
        events = replayed_events(tmp_path)
        observer = self.make_observer(tmp_path)
        run_id = deliver(observer, events)
        expected = self._read(tmp_path, run_id)
        self.make_store(tmp_path).delete(run_id)
        assert_equal(self._read(tmp_path, deliver(observer, events)), expected, "again")

    def test_a_run_without_a_uid_is_continued(self, tmp_path: Path) -> None:
        """A run whose uid is derived, such as one that Sacred recorded, is found by it."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start(config={"unusual": [1, {"a": None}]})
        uid = self.make_store(tmp_path).get(run_id).uid
        start = replayed_events(tmp_path, uid)[0]
        self._require_same(tmp_path, [start], run_id)

    def test_a_queued_run_is_taken_over_by_its_replayed_start(self, tmp_path: Path) -> None:
        """The run retains its id; replaying that it was queued does not change it."""
        uid = uuid.uuid4().hex
        events = replayed_events(tmp_path, uid)
        collected = EventList()
        collected.queue(meta_info={"uid": uid}, replayed=True, config={"a": 0})
        run_id = self._deliver(tmp_path, collected.events)
        self._require_same(tmp_path, collected.events, run_id)
        assert self.make_store(tmp_path).get(run_id).status == "QUEUED"
        self._require_same(tmp_path, [attrs.evolve(events[0], _id=9_999), *events[1:]], run_id)
        run = self.make_store(tmp_path).get(run_id)
        assert (run.status, run.config, run.uid) == ("COMPLETED", {"a": 1}, uid)
        assert run.queue_time is not None, "the queue time was lost"
        self._require_same(tmp_path, collected.events, run_id)
        assert self.make_store(tmp_path).get(run_id) == run, "it is queued again"

    def test_overridden_starts_continue_replayed_runs(self, tmp_path: Path) -> None:
        """A subclass that overrides the methods with the signatures of Sacred's manual."""
        for by_position in (True, False):
            events = replayed_events(tmp_path)
            ids = [
                deliver(overridden(self.make_observer(tmp_path), by_position), events[:count])
                for count in (2, len(events))
            ]
            assert ids[0] == ids[1], f"by_position={by_position}: the runs {ids}"

    def test_a_run_that_is_replayed_several_times_at_once_is_stored_once(
        self, tmp_path: Path
    ) -> None:
        """One run remains, and each observer gets its id, whether another run has the requested
        id or not.
        """
        taken = EventDriver(self.make_observer(tmp_path)).start()
        for requested in [taken, "mine", None][: examples(2, 3)]:
            uid = uuid.uuid4().hex
            start = attrs.evolve(replayed_events(tmp_path, uid)[0], _id=requested)
            observers = [self.make_observer(tmp_path) for _ in range(_AT_ONCE)]
            ids = call_at_once([partial(deliver, each, [start]) for each in observers])
            stored = [run.id for run in self.make_store(tmp_path).list() if run.uid == uid]
            assert len(stored) == 1, f"{stored} are the same run"
            assert set(ids) == set(stored), f"observers got {ids}, stored is {stored}"

    def _deliver(self, tmp_path: Path, events: Sequence[Event]) -> Any:
        return deliver(self.make_observer(tmp_path), events)

    def _require_same(self, tmp_path: Path, events: Sequence[Event], run_id: Any) -> None:
        found = self._deliver(tmp_path, events)
        assert found == run_id, f"the replayed run {run_id!r} was stored again as {found!r}"

    def _read(self, tmp_path: Path, run_id: Any) -> dict[str, Any]:
        """Return everything of a run that does not depend on its id and uid."""
        store = self.make_store(tmp_path)
        run = store.get(run_id)
        files = {}
        for kind, own in run.files.items():
            for name in own:
                with store.open_file(run_id, kind, name) as file:
                    files[kind, name] = file.read()
        meta = {name: value for name, value in run.meta.items() if name != "uid"}
        same = attrs.evolve(run, id=0, run_id=None, meta=meta)
        fields = {field.name: getattr(same, field.name) for field in attrs.fields(type(same))}
        metrics = {
            name: {column: list(values) for column, values in metric.items()}
            for name, metric in store.metrics(run_id).items()
        }
        return {**fields, "output": store.output(run_id), "points": metrics, "contents": files}


class EventList(EventDriver):
    """Collects events instead of sending them.

    Attributes:
        events: The events.
    """

    def __init__(self) -> None:
        super().__init__(None)
        self.events: list[Any] = []

    def _start(self, event: RunIdEvent) -> Any:
        self.events.append(event)

    def _deliver(self, event: Event) -> None:
        self.events.append(event)


def replayed_events(folder: Path, uid: str | None = None) -> list[Any]:
    """Return the events of a replayed run.

    Args:
        folder: The files of the run are in it.
        uid: Of the run; None: a new one.
    """
    contents = {"main.py": b"1\n", "late.py": b"2\n", "made": b"made", "read": b"read"}
    for name, content in contents.items():
        if not (folder / name).exists():
            (folder / name).write_bytes(content)
    driver = EventList()
    driver.start(
        replayed=True,
        config={"a": 1},
        meta_info={"uid": uid or uuid.uuid4().hex, "beat_interval": 10.0},
        ex_info={
            "name": "fed", "base_dir": str(folder), "dependencies": ["numpy==2.0"],
            "sources": [["main.py", get_digest(folder / "main.py")]],
            "repositories": [{"url": "u", "commit": "c0ffee", "dirty": True, "patch": "diff\n"}],
        },
    )  # fmt: skip
    driver.print("one\ntwo\n")
    driver.log("loss", [1.0, 2.0])
    driver.beat({"b": 1}, result=1, captured=[["main.py", "main", ["a"]]])
    driver.artifact("made", str(folder / "made"), metadata={"m": 1}, content_type="text/x-made")
    driver.resource(str(folder / "read"))
    driver.code(str(folder), [["late.py", get_digest(folder / "late.py")]], ["attrs==1.0"])
    driver.annotate("a note", ["tag"])
    driver.print("three\n")
    driver.log_together({"loss": [3.0], "accuracy": [0.5]}, first_step=2)
    driver.beat({"b": 2}, result=2, captured=[["main.py", "main", ["a"]], ["late.py", "f", []]])
    driver.complete(3)
    return driver.events


def deliver(observer: Any, events: Iterable[Event]) -> Any:
    """Call an observer with events, and return its id of the run.

    It is joined after the end of the run; without an end it is left as if its process was killed.
    """
    plans, run_id = call_plans(observer), None
    for event in events:
        answer = plans[type(event)](event, lambda name: "")
        if isinstance(event, RunIdEvent):
            run_id = normalize_id(answer)
        if event.final:
            getattr(observer, "join", lambda: None)()
    return run_id


def assert_equal(found: dict[str, Any], expected: dict[str, Any], when: str) -> None:
    """Require equal parts of a run."""
    wrong = [name for name in expected if found[name] != expected[name]]
    differences = [f"{name} is {found[name]!r}, not {expected[name]!r}" for name in wrong]
    assert not wrong, f"{when}: {'; '.join(differences)}"


def assert_processes_replay_once(store: Any, location: str, folder: Path) -> None:
    """Require that one run remains if several processes replay it at the same time.

    Args:
        store: The store.
        location: Its location.
        folder: The files of the run are in it.
    """
    for _ in range(2):
        uid = uuid.uuid4().hex
        command = [sys.executable, "-c", _REPLAY, location, str(folder), uid]
        processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(_AT_ONCE)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", process.communicate()
        printed = [process.communicate("go\n", timeout=60)[0] for process in processes]
        stored = [str(run.id) for run in store.list() if run.uid == uid]
        assert len(stored) == 1, f"{stored} are the same run"
        assert {each.strip() for each in printed} == set(stored), f"{printed}, stored is {stored}"
