"""An event that cannot be recorded does not hold up the others; an outage does."""

import functools
import logging
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sacred_core.delivery.loading import load_folders
from sacred_core.events import EVENTS
from sacred_core.exceptions import StoreError
from sacred_core.provenance.sources import md5_of
from sacred_core.stores import ContinuingStore
from sacred_core.testing.applicability import skip_rule
from sacred_core.testing.comparing import assert_metrics, assert_time
from sacred_core.testing.end_contract import EndContract
from sacred_core.testing.event_driver import START, DispatchingDriver
from sacred_core.testing.samples import EXPERIMENT

_BEATS = 17
Refuses = Callable[[str, Mapping[str, Any]], bool]


class FaultContract(EndContract):
    """The part of `StoreContract` that is about events that cannot be recorded."""

    def test_points_that_cannot_be_recorded_do_not_hold_up_the_others(self, tmp_path: Path) -> None:
        """While the run is in progress, the other metrics, output and heartbeats are recorded."""
        driver = self._driver(
            tmp_path, lambda _, fields: "odd" in fields.get("metrics_by_name", ())
        )
        run_id = driver.start()
        for number in range(_BEATS):
            driver.log_together({"loss": [number / 4], "odd": [0.5], "later": [1.0, 2.0]})
            driver.print(f"line {number}\n")
            driver.beat(info={"beat": number})
        store = self.make_store(tmp_path)
        found = store.metrics(run_id)
        assert len(found["loss"]["values"]) >= _BEATS - 1, (
            f"{found['loss']['values']} of a live run"
        )
        assert len(store.output(run_id)) >= len(driver.output) - len("line 00\n")
        assert_time(store.get(run_id).heartbeat, START + timedelta(seconds=_BEATS))
        driver.complete(result=1)
        del driver.metrics["odd"]
        assert_metrics(store, run_id, driver)
        assert (store.output(run_id), store.get(run_id).status) == (driver.output, "COMPLETED")
        assert driver.messages.count("cannot record log_metrics of 'odd'") == 1, driver.messages
        assert driver.messages.count("failed in") == 1, driver.messages
        assert f"{_BEATS} times log_metrics (" in driver.messages, driver.messages

    def test_points_that_can_be_recorded_at_the_end_are_not_lost(self, tmp_path: Path) -> None:
        """These points come after the others of their metric."""
        driver = self._driver(
            tmp_path,
            lambda _, fields: any(
                13.0 in metric["values"] for metric in fields.get("metrics_by_name", {}).values()
            ),
        )
        run_id = driver.start()
        for number in range(_BEATS):
            driver.log("loss", [float(number)], first_step=number)
            driver.beat()
        store = self.make_store(tmp_path)
        others = [float(number) for number in range(_BEATS) if number != 13]
        found = list(store.metrics(run_id)["loss"]["values"])
        assert found in (others, others[:-1]), f"{found} of a live run"
        driver.refuses = _nothing
        driver.complete()
        metric = store.metrics(run_id)["loss"]
        assert list(metric["values"]) == [*others, 13.0]
        assert list(metric["steps"]) == [*map(int, others), 13]
        assert "did not record:" not in driver.messages, driver.messages

    def test_information_that_cannot_be_recorded_does_not_hold_up_heartbeats(
        self, tmp_path: Path
    ) -> None:
        """The last recorded information is retained, and the run is not reported as dead."""
        driver = self._driver(tmp_path, lambda _, fields: "odd" in (fields.get("info") or ()))
        run_id = driver.start()
        driver.beat(info={"beat": 0})
        for number in range(1, _BEATS):
            driver.log("loss", [1.0])
            driver.beat(info={"beat": number, "odd": 1})
        store = self.make_store(tmp_path)
        run = store.get(run_id)
        assert_time(run.heartbeat, START + timedelta(seconds=_BEATS))
        assert run.info == {"beat": 0}
        driver.complete(result=1)
        assert (store.get(run_id).status, store.get(run_id).info) == ("COMPLETED", {"beat": 0})
        assert_metrics(store, run_id, driver)
        assert driver.messages.count("cannot record heartbeat_event") == 1, driver.messages

    def test_output_that_cannot_be_recorded_does_not_hold_up_the_rest(self, tmp_path: Path) -> None:
        """The output is replaced by ``?``, so that the rest has its position."""
        driver = self._driver(tmp_path, lambda _, fields: "odd" in fields.get("text", ""))
        run_id = driver.start()
        for text in ("first\n", "an odd\nline\n", "third\n", "progress 10 %"):
            driver.print(text)
            driver.beat()
        driver.print("100 %\n", offset=len(driver.output) - len("10 %"))
        driver.beat()
        driver.beat()
        store = self.make_store(tmp_path)
        expected = "first\n??????\n????\nthird\nprogress 100 %\n"
        assert store.output(run_id) == expected, "not the output of a run in progress"
        driver.complete()
        assert store.output(run_id) == expected
        assert "output_event (" in driver.messages, driver.messages

    def test_a_result_that_cannot_be_recorded_does_not_prevent_the_end(
        self, tmp_path: Path
    ) -> None:
        """The status is recorded without the result, or without the traceback."""
        for end, status in (("complete", "COMPLETED"), ("fail", "FAILED")):
            driver = self._driver(
                tmp_path, lambda _, fields: bool(fields.get("result") or fields.get("fail_trace"))
            )
            run_id = driver.start()
            driver.complete(result="odd") if end == "complete" else driver.fail(("odd\n",))
            run = self.make_store(tmp_path).get(run_id)
            assert (run.status, run.result) == (status, None)
            assert_time(run.stop_time, START)
            assert (
                f"did not record: {'completed' if end == 'complete' else 'failed'}_event"
                in driver.messages
            )

    def test_an_outage_holds_up_everything_in_order(self, tmp_path: Path) -> None:
        """Events wait for the end of an outage; none is lost, moved or set aside."""
        file = tmp_path / "file"
        file.write_bytes(b"content")
        driver = self._driver(tmp_path, _nothing)
        run_id = driver.start()
        for number in range(_BEATS):
            driver.refuses = (lambda *_: True) if 4 <= number < 12 else _nothing
            driver.log_together({"loss": [float(number)], "later": [1.0]})
            driver.print(f"line {number}\n")
            driver.resource(str(file))
            driver.artifact(f"{number}", str(file))
            driver.beat(info={"beat": number})
        driver.complete(result=1)
        store = self.make_store(tmp_path)
        run = store.get(run_id)
        assert (run.status, run.result, run.info) == ("COMPLETED", 1, {"beat": _BEATS - 1})
        assert_metrics(store, run_id, driver)
        assert store.output(run_id) == driver.output
        assert run.resources == [str(file)]
        assert sorted(run.artifacts) == sorted(map(str, range(_BEATS)))
        assert (
            "cannot record" not in driver.messages and "did not record:" not in driver.messages
        ), driver.messages

    def test_heartbeats_of_an_outage_are_merged(self, tmp_path: Path) -> None:
        """After it, the last one is recorded, and perhaps the first, which may be in progress."""
        beats: list[int] = []

        def is_away(method: str, fields: Mapping[str, Any]) -> bool:
            if method == "heartbeat_event" and not away:
                beats.append(fields["info"]["beat"])
            return away

        away = False
        driver = self._driver(tmp_path, is_away)
        run_id = driver.start()
        for number in range(_BEATS):
            away = 4 <= number < _BEATS - 1
            driver.log("loss", [float(number)])
            driver.print(f"line {number}\n")
            driver.beat(info={"beat": number})
        driver.complete()
        assert len([number for number in beats if number >= 4]) <= 2, f"recorded: {beats}"
        assert (beats == sorted(beats), beats[-1]) == (True, _BEATS - 1), f"recorded: {beats}"
        store = self.make_store(tmp_path)
        assert store.get(run_id).info == {"beat": _BEATS - 1}
        assert_time(store.get(run_id).heartbeat, START + timedelta(seconds=_BEATS))
        assert_metrics(store, run_id, driver)
        assert store.output(run_id) == driver.output

    def test_what_was_missed_is_loaded_from_its_folder(self, tmp_path: Path) -> None:
        """Of a store whose runs can be continued: everything, and a second time nothing."""
        file = tmp_path / "file"
        file.write_bytes(b"content")
        driver = self._driver(tmp_path, _nothing)
        covered = getattr(driver.observer, "covered_observer", driver.observer)
        covered.failure_dir = tmp_path / "failed"
        run_id = driver.start()
        store = self.make_store(tmp_path)
        if not isinstance(store, ContinuingStore):
            skip_rule("the store cannot continue runs")
        driver.log_together({"loss": [0.5], "later": [1.0]})
        driver.print("before\n")
        driver.artifact("before", str(file))
        driver.annotate("first", ["before"])
        driver.beat(info={"a": 1})
        driver.refuses = lambda *_: True
        driver.log_together({"loss": [1.5, 2.5], "new": [3.0]})
        driver.print("after\n")
        driver.artifact("after", str(file), metadata={"k": "v"})
        driver.resource(str(file))
        driver.annotate("second", ["after"], ["before"])
        driver.beat(info={"a": 2})
        driver.complete(result=1)
        (folder,) = (tmp_path / "failed").iterdir()
        (done,) = load_folders(folder, store)
        assert (done.left, folder.exists()) == ((), False)
        run = store.get(run_id)
        assert (run.status, run.result, run.info) == ("COMPLETED", 1, {"a": 2})
        assert (run.tags, [note["text"] for note in run.notes]) == (["after"], ["first", "second"])
        assert_metrics(store, run_id, driver)
        assert store.output(run_id) == driver.output
        assert (sorted(run.artifacts), run.resources) == (["after", "before"], [str(file)])
        for name in run.artifacts:
            with store.open_file(run_id, "artifact", name) as stream:
                assert stream.read() == b"content"

    @pytest.mark.parametrize("is_back", [True, False], ids=["recorded late", "loaded"])
    def test_files_are_stored_as_they_were_added(self, is_back: bool, tmp_path: Path) -> None:
        """Also if they were changed or removed before the observer recorded them."""
        driver = self._driver(tmp_path, _nothing)
        if hasattr(driver.observer, "covered_observer"):
            skip_rule("a queue reads files when their turn comes")
        driver.observer.failure_dir = tmp_path / "failed"
        base = tmp_path / "files" / "package"  # one source is outside of it
        base.mkdir(parents=True)
        run_id = driver.start(ex_info={**EXPERIMENT, "base_dir": str(base), "sources": []})
        store = self.make_store(tmp_path)
        if not (is_back or isinstance(store, ContinuingStore)):
            skip_rule("the store cannot continue runs")
        driver.refuses = lambda *_: True
        contents = _add_files(driver, base)
        for _, path in contents:
            if path.parent == base:
                path.unlink()
            else:
                path.write_bytes(b"changed")
        if is_back:
            driver.refuses = _nothing
        driver.complete()
        for done in [] if is_back else load_folders(tmp_path / "failed", store):
            assert done.left == ()
        resources = {str(path) for kind, path in contents if kind == "resource"}
        assert set(store.get(run_id).resources) == resources
        for (kind, path), content in contents.items():
            name = os.path.relpath(path, base) if kind == "source" else str(path)
            with store.open_file(run_id, kind, name) as stream:
                assert stream.read() == content, f"the {kind} {name!r} has another content"

    def _driver(self, tmp_path: Path, refuses: Refuses) -> "RefusingDriver":
        return RefusingDriver(self.make_observer(tmp_path), refuses)


class RefusingDriver(DispatchingDriver):
    """A run of an observer that refuses some events.

    Args:
        observer: Of the run; its class is replaced.
        refuses: Whether the observer raises, by the name of a method and its arguments.
    """

    def __init__(self, observer: Any, refuses: Refuses) -> None:
        self.refuses = refuses
        self._handler = _Messages()
        logger = logging.Logger("faults")
        logger.addHandler(self._handler)
        queue = observer if hasattr(observer, "covered_observer") else None
        covered = observer if queue is None else observer.covered_observer
        methods = {kind.method: self._refusing(type(covered), kind.method) for kind in EVENTS}
        covered.__class__ = type(type(covered).__name__, (type(covered),), methods)
        if queue is not None:
            queue.cover(covered)
        super().__init__(observer, logger)

    @property
    def messages(self) -> str:
        """All messages so far."""
        return "\n".join(self._handler.found)

    def _refusing(self, kind: type[Any], name: str) -> Callable[..., Any]:
        original = getattr(kind, name)

        @functools.wraps(original)
        def call(observer: Any, *args: Any, **fields: Any) -> Any:
            if self.refuses(name, fields):
                raise StoreError("refused")
            return original(observer, *args, **fields)

        return call


class _Messages(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(record.getMessage())


def _add_files(driver: DispatchingDriver, base: Path) -> dict[tuple[str, Path], bytes]:
    """Add files in a folder and in that above it; return their content by kind and path."""
    contents = {}
    for kind in ("artifact", "resource", "source"):
        for folder in (base, base.parent):
            path = folder / f"{kind}.py"
            path.write_bytes(f"{path} as it was".encode())
            contents[kind, path] = path.read_bytes()
            if kind == "artifact":
                driver.artifact(str(path), str(path))
            elif kind == "resource":
                driver.resource(str(path))
            else:
                driver.code(str(base), [[os.path.relpath(path, base), md5_of(path)]], [])
    return contents


def _nothing(method: str, fields: Mapping[str, Any]) -> bool:
    return False
