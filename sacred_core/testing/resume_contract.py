"""What a store promises when another process resumes a run."""

import functools
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from sacred_core.events import EventSource, OutputCaptured, RunStarted
from sacred_core.exceptions import ResumeError, RunLostError, SacredError
from sacred_core.observers.call_plan import call_plans
from sacred_core.provenance.sources import get_digest
from sacred_core.stores import RunQuery, RunStore
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.segments import encode_segment
from sacred_core.testing.applicability import skip_rule
from sacred_core.testing.at_once import call_at_once
from sacred_core.testing.comparing import assert_metrics, assert_time
from sacred_core.testing.event_driver import START, EventDriver
from sacred_core.testing.zombies import LOST, zombie

#: How the first segment ends, and the status that it has in the end.
_ENDS: dict[str, Callable[[EventDriver], None]] = {
    "INTERRUPTED": lambda driver: driver.interrupt(trace=("line 1\n",)),
    "TIMEOUT": lambda driver: driver.interrupt("TIMEOUT"),
    "FAILED": lambda driver: driver.fail(),
    "COMPLETED": lambda driver: driver.complete({"loss": 0.5}),
    "DEAD": lambda driver: None,
}
#: Seconds after which a suspended process goes on that makes others wait.
_WAIT = 3.0
_UID = {"command": "main", "beat_interval": 10.0, "uid": "0123456789abcdef" * 2}


class ResumeContract:
    """The part of `StoreContract` that is about runs that are resumed."""

    make_observer: Callable[[Path], Any]
    make_store: Callable[[Path], Any]
    #: Other processes can use the store.
    has_other_processes = True

    def test_a_run_is_resumed_after_each_end(self, tmp_path: Path) -> None:
        """Points, output, files and tags of both segments are in the same run, in order; an end is
        undone, and what belongs to the first segment does not change.
        """
        for status, end in _ENDS.items():
            driver = EventDriver(self.make_observer(tmp_path))
            run_id = driver.start()
            _record(driver, tmp_path, "first")
            end(driver)
            store = self.make_store(tmp_path)
            store.annotate(run_id, Annotation(time=START, user="bob", added=("by hand",)))
            before = store.get(run_id)
            assert driver.resume(self.make_observer(tmp_path)) == run_id, status
            after = store.get(run_id)
            assert after.recorded_status == "RUNNING" and not after.fail_trace, status
            assert after.stop_time is None, status
            for name in ("uid", "start_time", "host", "config", "command", "name"):
                assert getattr(after, name) == getattr(before, name), f"{status}: {name}"
            _record(driver, tmp_path, "second")
            driver.complete("resumed")
            self._require(tmp_path, driver, run_id)
            run = store.get(run_id)
            assert [each.status for each in run.segments] == [status, "COMPLETED"]
            assert run.result == "resumed" and run.info == {"by": "second"}, status
            assert sorted(run.tags) == ["by hand", "first", "second"], status

    def test_a_run_is_resumed_three_times(self, tmp_path: Path) -> None:
        """Each segment has its own beginning, output and points; each event may come twice."""
        driver = EventDriver(self.make_observer(tmp_path), times=2)
        run_id = driver.start(meta_info=_UID)
        for number in range(4):
            driver.print(f"{number} without a line end")
            driver.log("loss", [number, 0.5], first_step=2 * number)
            if number:
                driver.log(f"new{number}", [1])
            driver.beat()
            if number % 2:
                driver.interrupt()
            if number < 3:
                assert driver.resume(self.make_observer(tmp_path)) == run_id
        self._require(tmp_path, driver, run_id)
        run = self.make_store(tmp_path).get(run_id)
        assert [each.status for each in run.segments] == [
            "DEAD", "INTERRUPTED", "DEAD", "INTERRUPTED",
        ]  # fmt: skip
        assert run.segments[3].points == {"loss": 6, "new1": 1, "new2": 1}
        assert len(list(self.make_store(tmp_path).list(RunQuery()))) == 1

    def test_the_former_process_can_write_nothing(self, tmp_path: Path) -> None:
        """Each event of the process that recorded the run before raises an error and changes
        nothing.
        """
        old = EventDriver(self.make_observer(tmp_path))
        run_id = old.start()
        _record(old, tmp_path, "first")
        store = self.make_store(tmp_path)
        new = EventDriver(None)
        new.__dict__.update({**old.__dict__, "expected": store.get(run_id)})
        new.output, new.metrics = old.output, _copied(old.metrics)
        new.resume(self.make_observer(tmp_path))
        before = _snapshot(store, run_id)
        for name, write in _writes(tmp_path).items():
            error = _error_of(lambda write=write: write(old))  # type: ignore[misc]
            # A store may write these elsewhere without a look at the record.
            is_unseen = error is None and name in ("output", "points")
            assert is_unseen or isinstance(error, RunLostError), f"{name}: {error!r}"
            assert is_unseen or "resumed by another process" in str(error), name
            assert _snapshot(store, run_id) == before, name
        new.print("more\n")
        new.complete()
        assert store.output(run_id) == new.output

    def test_a_suspended_process_writes_nothing(self, tmp_path: Path) -> None:
        """A process that is suspended at any point while another one resumes its run gets an error
        when it goes on, and nothing changes; SACRED_TEST_ZOMBIES is the number of tries.
        """
        if not hasattr(os, "fork") or not self.has_other_processes:
            skip_rule("no other processes use the store")
        made = tmp_path / "made"
        made.write_text("made")
        for number in range(int(os.environ.get("SACRED_TEST_ZOMBIES", "1"))):
            with zombie(lambda: self.make_observer(tmp_path), str(made)) as old:
                old.suspend()
                store, observer = self.make_store(tmp_path), self.make_observer(tmp_path)
                driver = EventDriver(observer)
                with old.resume_after(_WAIT):
                    driver.expected = store.get(old.run_id)
                    _deliver(observer, _resuming(driver, old.run_id))
                    source = EventSource("driver", 1)
                    _deliver(observer, source.make(OutputCaptured, text="new", offset=0))
                before = _snapshot(store, old.run_id)
                assert old.wait() == LOST, f"try {number}: the process did not end with the error"
                assert _snapshot(store, old.run_id) == before, f"try {number}"
                assert before[3].endswith("]\nnew"), f"try {number}"

    def test_one_of_several_processes_resumes_a_run(self, tmp_path: Path) -> None:
        """If 4 threads resume a run at once, one succeeds and the others get an error."""
        first = EventDriver(self.make_observer(tmp_path))
        run_id = first.start()
        first.interrupt()
        observers = [self.make_observer(tmp_path) for _ in range(4)]

        def work(number: int, observer: Any) -> int:
            start = _resuming(
                first,
                run_id,
                host_info={"hostname": f"host{number}"},
                start_time=START + timedelta(hours=number + 1),
            )
            call_plans(observer)[RunStarted](start, lambda name: "")
            text = OutputCaptured(
                run="driver", segment=1, writer="main", seq=9, text=f"of {number}", offset=0
            )
            call_plans(observer)[OutputCaptured](text, lambda name: "")
            return number

        answers = call_at_once([functools.partial(work, *each) for each in enumerate(observers)])
        errors = [each for each in answers if isinstance(each, BaseException)]
        resumed = [each for each in answers if isinstance(each, int)]
        assert len(resumed) == 1, f"{len(resumed)} processes have resumed the run: {errors}"
        assert all(isinstance(each, (ResumeError, RunLostError)) for each in errors), errors
        store = self.make_store(tmp_path)
        run = store.get(run_id)
        assert [each.host.get("hostname") for each in run.segments] == ["here", f"host{resumed[0]}"]
        assert store.output(run_id).endswith(f"on host{resumed[0]}]\nof {resumed[0]}")

    def test_an_interrupted_resume_can_be_repeated(self, tmp_path: Path) -> None:
        """After the process that resumes a run was killed between two writes, another one can
        resume the run, and the same one if it tries again; the segment is recorded once.
        """
        for method in ("append_output", "update_run"):
            for is_same in (True, False):
                driver = EventDriver(self.make_observer(tmp_path))
                run_id = driver.start(meta_info=_UID | {"uid": _uid_of(method, is_same)})
                _record(driver, tmp_path, "first")
                driver.fail()
                observer = self.make_observer(tmp_path)
                start = _resuming(driver, run_id)
                inner = getattr(observer, "covered_observer", observer)  # of a queue
                setattr(inner, method, _failing)
                error = _error_of(lambda o=observer, s=start: _deliver(o, s))  # type: ignore[misc]
                assert "killed here" in str(error), f"{method}: {error!r}"
                delattr(inner, method)
                if is_same:
                    assert str(_deliver(observer, start)) == str(run_id), method
                else:
                    driver.resume(self.make_observer(tmp_path))
                    error = _error_of(lambda o=observer, s=start: _deliver(o, s))  # type: ignore[misc]
                    assert isinstance(error, SacredError), f"{method}: {error!r}"
                run = self.make_store(tmp_path).get(run_id)
                assert [each.status for each in run.segments] == ["FAILED", "RUNNING"], method
                assert self.make_store(tmp_path).output(run_id).count("[segment 2 of") == 1

    def test_events_of_an_earlier_segment_are_refused(self, tmp_path: Path) -> None:
        """Undelivered events of the last segment are stored later; older ones raise an error."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        driver.print("first\n")
        driver.interrupt()
        driver.resume(self.make_observer(tmp_path))
        driver.interrupt()
        store = self.make_store(tmp_path)
        observer = store.observer_of(run_id)
        for segment in (0, 1):
            event = EventSource("driver", segment).make(OutputCaptured, text="late\n", offset=0)
            error = _error_of(lambda e=event: _deliver(observer, e))  # type: ignore[misc]
            assert (error is None) == (segment == 1), repr(error)
            assert segment == 1 or isinstance(error, RunLostError)
        getattr(observer, "join", lambda: None)()
        assert store.output(run_id) == f"{driver.output}late\n"

    def test_a_run_that_the_store_does_not_have_is_started(self, tmp_path: Path) -> None:
        """It is a new record with the uid of the run, and repeating the start changes nothing."""
        driver = EventDriver(None)
        observer = self.make_observer(tmp_path)
        start = _resuming(driver, None, meta_info=_UID)
        first = _deliver(observer, start)
        assert _deliver(observer, start) == first
        source = EventSource("driver", 1)
        _deliver(observer, source.make(OutputCaptured, text="here", offset=0))
        store = self.make_store(tmp_path)
        (run,) = store.list()
        assert (run.uid, len(run.segments)) == (_UID["uid"], 1)
        assert store.output(run.id) == "here"

    def _require(self, tmp_path: Path, driver: EventDriver, run_id: Any) -> None:
        """Require what the driver has recorded, with the positions of all segments."""
        store = self.make_store(tmp_path)
        run = store.get(run_id)
        assert store.output(run_id) == driver.output
        assert run.output_length in (None, len(driver.output))
        assert_metrics(store, run_id, driver)
        assert len(run.segments) == len(driver.expected.segments)
        for found, expected in zip(run.segments, driver.expected.segments, strict=True):
            assert (found.output, found.points) == (expected.output, expected.points)
            assert found.status == expected.status
            for name in ("start_time", "stop_time"):
                if getattr(expected, name) is not None:
                    assert_time(getattr(found, name), getattr(expected, name))
        for kind, names in (("artifact", run.artifacts), ("resource", run.resources)):
            expected_names = getattr(driver.expected, f"{kind}s")
            assert sorted(names) == sorted(expected_names), f"{kind}s are {names}"
            for name in names:
                with store.open_file(run_id, kind, name) as file:
                    assert file.read().decode() in ("first", "second"), name


def _record(driver: EventDriver, tmp_path: Path, text: str) -> None:
    """Record some of everything."""
    count = len(driver.metrics.get("loss", {}).get("values", []))
    for name in (f"{text}.txt", "model.bin", f"{text}.in"):
        (tmp_path / name).write_text(text)
    driver.resource(str(tmp_path / f"{text}.in"))
    driver.artifact(f"{text}.txt", str(tmp_path / f"{text}.txt"))
    driver.artifact("model.bin", str(tmp_path / "model.bin"))
    driver.annotate(added=[text])
    driver.print(f"{text} äöü\nno line end")
    driver.log("loss", [0.5, 0.25], first_step=count)
    driver.log(f"only {text}", [1])
    driver.beat({"by": text}, result=text)


def _writes(tmp_path: Path) -> dict[str, Callable[[EventDriver], None]]:
    path = tmp_path / "late.txt"
    path.write_text("late")
    source = tmp_path / "late.py"
    source.write_text("late = 1")
    return {
        "output": lambda old: old.print("late"),
        "points": lambda old: old.log("loss", [9], first_step=9),
        "heartbeat": lambda old: old.beat({"late": 1}),
        "artifact": lambda old: old.artifact("late.txt", str(path)),
        "resource": lambda old: old.resource(str(path)),
        "code": lambda old: old.code(
            str(tmp_path), [["late.py", get_digest(str(source))]], ["late==1"]
        ),
        "annotation": lambda old: old.annotate("late", added=["late"]),
        "completed": lambda old: old.complete("late"),
        "interrupted": lambda old: old.interrupt("LATE"),
        "failed": lambda old: old.fail(("late",)),
    }


def _resuming(driver: EventDriver, run_id: Any, **fields: Any) -> RunStarted:
    """Return the event with which a run is resumed as its second segment."""
    uid = {**driver.expected.meta, "uid": driver.expected.uid}
    return EventSource("driver", 1).make(
        RunStarted,
        **{
            "ex_info": {"name": "fed", "base_dir": ".", "sources": [], "dependencies": []},
            "command": "main",
            "host_info": {"hostname": "there"},
            "config": {"seed": 1},
            "meta_info": uid,
            "start_time": START + timedelta(hours=1),
            "_id": run_id,
            "resumed": True,
            **fields,
        },
    )


def _deliver(observer: Any, event: Any) -> Any:
    return call_plans(observer)[type(event)](event, lambda name: "")


def _failing(*arguments: Any) -> bool:
    raise OSError("killed here")


def _uid_of(method: str, is_same: bool) -> str:
    return f"{len(method):031x}{int(is_same)}"


def _error_of(call: Callable[[], object]) -> Exception | None:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - it is returned
        return error
    return None


def _copied(metrics: dict[str, dict[str, list[Any]]]) -> dict[str, dict[str, list[Any]]]:
    return {
        name: {column: list(values) for column, values in own.items()}
        for name, own in metrics.items()
    }


def _snapshot(store: RunStore, run_id: Any) -> Any:
    """Return all that a store has of a run."""
    run = store.get(run_id)
    names = ("recorded_status", "info", "result", "artifacts", "resources", "tags", "notes")
    files = [*(("artifact", name) for name in run.artifacts)]
    contents = []
    for kind, name in files:
        with store.open_file(run_id, kind, name) as file:
            contents.append(file.read())
    return (
        [getattr(run, name) for name in names],
        (run.heartbeat, run.stop_time, run.fail_trace, run.sources, run.experiment),
        list(map(encode_segment, run.segments)),
        store.output(run_id),
        store.metrics(run_id),
        contents,
    )
