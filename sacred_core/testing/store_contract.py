"""What every observer promises whose runs can be read back, together with its store."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

from sacred_core.exceptions import SacredError
from sacred_core.testing.annotation_contract import AnnotationContract
from sacred_core.testing.changes_contract import ChangesContract
from sacred_core.testing.comparing import assert_refused, assert_same, assert_time
from sacred_core.testing.copy_contract import CopyContract
from sacred_core.testing.digest_contract import DigestContract
from sacred_core.testing.event_driver import START, EventDriver
from sacred_core.testing.facts_contract import FactsContract
from sacred_core.testing.listing_contract import ListingContract
from sacred_core.testing.location_contract import LocationContract
from sacred_core.testing.outage_contract import OutageContract
from sacred_core.testing.own_store_contract import OwnStoreContract
from sacred_core.testing.process_contract import ProcessContract
from sacred_core.testing.queue_contract import QueueContract
from sacred_core.testing.replay_contract import ReplayContract
from sacred_core.testing.resume_contract import ResumeContract
from sacred_core.testing.samples import AWKWARD, EXPERIMENT, TRACE
from sacred_core.testing.segment_contract import SegmentContract
from sacred_core.testing.thread_contract import ThreadContract
from sacred_core.testing.writer_contract import WriterContract


class StoreContract(
    ListingContract,
    ChangesContract,
    ProcessContract,
    FactsContract,
    DigestContract,
    AnnotationContract,
    OutageContract,
    LocationContract,
    OwnStoreContract,
    ReplayContract,
    CopyContract,
    SegmentContract,
    ResumeContract,
    QueueContract,
    ThreadContract,
    WriterContract,
):
    """The tests of an observer and of the store that reads what it wrote.

    Example:
        ```python
        class TestAcme(StoreContract):
            def make_observer(self, tmp_path):
                return AcmeObserver(tmp_path / "runs")

            def make_store(self, tmp_path):
                return AcmeStore(tmp_path / "runs")
        ```
    """

    def test_it_returns_an_id(self, tmp_path: Path) -> None:
        """The start returns an id, by which the run is found from then on."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        assert run_id is not None, "started_event returned no id"
        run = self.make_store(tmp_path).get(run_id)
        assert run.id == run_id and run.recorded_status == "RUNNING", f"read back as {run}"

    def test_observers_of_one_place_are_equal(self, tmp_path: Path) -> None:
        """Observers of one place are equal, with one hash, also during a run."""
        first, second = self.make_observer(tmp_path), self.make_observer(tmp_path)
        assert first is not second and first == second, f"{first!r} is not equal to {second!r}"
        assert second in [first] and len({first, second}) == 1
        driver = EventDriver(first)
        driver.start()
        assert first == second and hash(first) == hash(second), "a run has changed it"
        driver.complete()
        second.__class__ = type("Other", (type(second),), {})
        assert first != second and first != object(), "it is equal to an object of another class"

    def test_runs_have_ids_of_their_own(self, tmp_path: Path) -> None:
        """50 runs that 4 threads start at once have 50 different ids."""
        ids: list[Any] = []

        def work(observer: Any) -> None:
            for _ in range(50 // 4 + 1):
                driver = EventDriver(observer)
                ids.append(driver.start())
                driver.complete()

        threads = [
            threading.Thread(target=work, args=(self.make_observer(tmp_path),)) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(ids) == 52 and len(set(ids)) == 52, f"ids were given twice: {sorted(ids)}"
        assert {run.id for run in self.make_store(tmp_path).list()} == set(ids)

    def test_the_id_that_is_asked_for_is_used(self, tmp_path: Path) -> None:
        """An integer or a string that the user requests becomes the id."""
        for asked in (7, "name-of-mine"):
            driver = EventDriver(self.make_observer(tmp_path))
            assert driver.start(_id=asked, asked_id=asked) == asked, f"not the id {asked!r}"
            assert self.make_store(tmp_path).get(asked).id == asked

    def test_an_id_that_is_taken_is_refused(self, tmp_path: Path) -> None:
        """If the user requests an id that exists, the start fails, and the existing run does not
        change.
        """
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start(config={"a": 1})
        driver.complete()
        try:
            EventDriver(self.make_observer(tmp_path)).start(
                _id=run_id, asked_id=run_id, config={"a": 2}
            )
        except SacredError:
            pass
        else:
            raise AssertionError(f"a second run was started with the id {run_id!r}")
        run = self.make_store(tmp_path).get(run_id)
        assert (run.status, run.config) == ("COMPLETED", {"a": 1}), "the first run was changed"

    def test_an_id_of_another_observer_is_used_where_it_is_free(self, tmp_path: Path) -> None:
        """If it exists already, the run gets another id, and its record contains both."""
        first = EventDriver(self.make_observer(tmp_path))
        assert first.start(_id=31) == 31, "the id 31, which another observer gave, was free"
        first.complete()
        own = EventDriver(self.make_observer(tmp_path)).start(_id=31)
        store = self.make_store(tmp_path)
        assert own not in (None, 31), "two runs have the id 31"
        assert store.get(own).run_id == 31, "the id of the run itself is not stored"

    def test_a_queued_run_is_taken_over(self, tmp_path: Path) -> None:
        """The run retains its id, and has a queue time and a start time."""
        queued = EventDriver(self.make_observer(tmp_path))
        run_id = queued.queue(config={"a": 1})
        store = self.make_store(tmp_path)
        assert store.get(run_id).status == "QUEUED"
        assert_time(store.get(run_id).queue_time, START)
        driver = EventDriver(self.make_observer(tmp_path))
        later = START + timedelta(hours=1)
        started = driver.start(_id=run_id, asked_id=run_id, config={"a": 2}, start_time=later)
        assert started == run_id
        run = store.get(run_id)
        assert (run.recorded_status, run.config) == ("RUNNING", {"a": 2})
        assert_time(run.start_time, later)
        assert_time(run.queue_time, START)
        assert [run.id for run in store.list()] == [run_id], "another run was stored"

    def test_the_start_comes_back(self, tmp_path: Path) -> None:
        """The store returns configuration, host, meta information, experiment and command."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start(
            config=AWKWARD,
            host_info={"hostname": "h", "more": AWKWARD},
            meta_info={"comment": "ä", "beat_interval": 3.0, "more": AWKWARD},
            ex_info={**EXPERIMENT, "name": "ünï"},
            command="train",
        )
        run = self.make_store(tmp_path).get(run_id)
        assert_same(run.config, AWKWARD, "config")
        assert_same(run.host, {"hostname": "h", "more": AWKWARD}, "host")
        for key in ("comment", "more"):
            assert_same(run.meta.get(key), driver.expected.meta[key], f"meta.{key}")
        assert (run.name, run.command) == ("ünï", "train")
        assert_time(run.start_time, START)

    def test_info_and_result_come_back(self, tmp_path: Path) -> None:
        """The store returns info and result of the last heartbeat and of the end."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        driver.beat(info={"first": 1}, result=1)
        driver.beat(info=AWKWARD, result=2)
        store = self.make_store(tmp_path)
        assert_same(store.get(run_id).info, AWKWARD, "info")
        assert store.get(run_id).result == 2, "the intermediate result is not stored"
        assert_time(store.get(run_id).heartbeat, START + timedelta(seconds=2))
        driver.complete(result=AWKWARD)
        assert_same(store.get(run_id).result, AWKWARD, "result")

    def test_every_end_comes_back(self, tmp_path: Path) -> None:
        """The store returns status, time, result and trace, with its lines in order."""
        ids = []
        for end in ("complete", "fail", "interrupt"):
            driver = EventDriver(self.make_observer(tmp_path))
            ids.append(driver.start())
            if end == "complete":
                driver.complete(result=3)
            elif end == "fail":
                driver.fail(tuple(TRACE))
            else:
                driver.interrupt("OUT_OF_BUDGET", tuple(TRACE))
        completed, failed, stopped = (self.make_store(tmp_path).get(run_id) for run_id in ids)
        assert (completed.status, completed.result) == ("COMPLETED", 3)
        assert (failed.status, failed.fail_trace) == ("FAILED", TRACE)
        assert (stopped.status, stopped.fail_trace) == ("OUT_OF_BUDGET", TRACE)
        for run in (completed, failed, stopped):
            assert_time(run.stop_time, START)

    def test_runs_do_not_mix(self, tmp_path: Path) -> None:
        """Runs of two observers, and successive runs of one observer, do not mix."""
        observers = [self.make_observer(tmp_path), self.make_observer(tmp_path)]
        drivers: list[tuple[Any, EventDriver]] = []
        for round_number in range(2):
            pair = [EventDriver(observer) for observer in observers]
            ids = [
                driver.start(config={"n": round_number * 2 + i}) for i, driver in enumerate(pair)
            ]
            for i, driver in enumerate(pair):
                driver.print(f"run {ids[i]}\n")
                driver.log(f"metric {ids[i]}", [1.0])
                driver.beat(info={"n": ids[i]})
            for driver in pair:
                driver.complete(result=driver.expected.config["n"])
            drivers += zip(ids, pair, strict=True)
        store = self.make_store(tmp_path)
        for run_id, driver in drivers:
            run = store.get(run_id)
            n = driver.expected.config["n"]
            assert (run.config, run.result, run.info) == ({"n": n}, n, {"n": run_id})
            assert store.output(run_id) == f"run {run_id}\n"
            assert list(store.metrics(run_id)) == [f"metric {run_id}"]

    def test_nothing_is_written_after_the_end(self, tmp_path: Path) -> None:
        """Another run of the observer, or a further join, does not change a finished run."""
        observer = self.make_observer(tmp_path)
        driver = EventDriver(observer)
        run_id = driver.start()
        driver.complete(result=1)
        store = self.make_store(tmp_path)
        before = store.get(run_id)
        driver.join()
        EventDriver(observer).start()
        assert store.get(run_id) == before, "a finished run was changed"

    def test_what_is_missing_is_an_error(self, tmp_path: Path) -> None:
        """Reading an unknown run, or a missing file of a run, is an error."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        driver.complete()
        store = self.make_store(tmp_path)
        for unknown in (98_765, "no-such-run", "../x"):
            for read in (store.get, store.output, store.metrics, store.delete):
                assert_refused(lambda read=read, unknown=unknown: read(unknown))
        for kind in ("artifact", "resource", "source", "config"):
            assert_refused(lambda kind=kind: store.open_file(run_id, kind, "none"))
        assert store.metrics(run_id) == {} and store.output(run_id) == ""

    def test_a_run_is_deleted(self, tmp_path: Path) -> None:
        """A run is deleted with its own data; other runs and shared resources do not change."""
        file = tmp_path / "shared"
        file.write_text("content")
        drivers = [EventDriver(self.make_observer(tmp_path)) for _ in range(3)]
        ids = [driver.start() for driver in drivers]
        for driver in drivers[:2]:
            driver.resource(str(file))
            driver.artifact("made", str(file))
            driver.print("text")
            driver.log("loss", [1.0])
            driver.complete()
        store = self.make_store(tmp_path)
        before = store.get(ids[1])
        store.delete(ids[0])
        assert_refused(lambda: store.get(ids[0]))
        assert [run.id for run in store.list()] == ids[1:]
        assert store.get(ids[1]) == before
        for kind, name in (("resource", str(file)), ("artifact", "made")):
            with store.open_file(ids[1], kind, name) as stream:
                assert stream.read() == b"content"
        assert store.metrics(ids[1])["loss"]["values"] == [1.0]
