"""What a store promises to those who read, copy or resume what writers of a run recorded."""

from copy import copy
from pathlib import Path
from typing import Any

from sacred_core.exceptions import RunLostError
from sacred_core.stores import curves, find_runs
from sacred_core.stores.annotations import new_note
from sacred_core.stores.writers import stored_parts
from sacred_core.testing.applicability import skip_rule
from sacred_core.testing.comparing import assert_refused
from sacred_core.testing.memory import Memory, MemoryStore
from sacred_core.testing.writer_driver import WriterDriver
from sacred_core.transfer.copying import copy_run, copy_runs
from sacred_core.transfer.known_runs import Target
from sacred_core.transfer.verification import verify


class WriterReadingContract(WriterDriver):
    """The part of `StoreContract` that is about reading, copying and resuming parts of runs."""

    def test_metrics_of_writers_are_metrics_of_the_run(self, tmp_path: Path) -> None:
        """``loss`` of the writer ``rank3`` is ``loss@rank3``, in points, summaries and queries."""
        if not self.has_writers(tmp_path):
            skip_rule("the store has no writers")
        main, run_id = self.start_main(tmp_path)
        main.log("loss", [1.0, 2.0])
        main.log("loss@rank7", [7.0])  # a metric of the run, whose name is like that
        main.beat()
        self.name_writers(main, ["rank3", "a@b"])
        for writer, value in (("rank3", 3.0), ("a@b", 4.0)):
            driver = self.start_part(tmp_path, run_id, writer)
            driver.log("loss", [value, 10 * value])
            driver.print(f"of {writer}\n")
            driver.complete()
        main.complete()
        store = self.make_store(tmp_path)
        expected = {
            "loss": [1.0, 2.0], "loss@rank7": [7.0], "loss@rank3": [3.0, 30.0],
            "loss@a@b": [4.0, 40.0],
        }  # fmt: skip
        found = store.metrics(run_id)
        assert {name: own["values"] for name, own in found.items()} == expected, found
        assert set(store.metrics(run_id, raw=True)) == {"loss", "loss@rank7"}
        blocks = curves.summaries(store, run_id, ["loss@rank3", "loss", "loss@rank8"])
        assert {name: own[0].max for name, own in blocks.items()} == {"loss": 2.0, "loss@rank3": 30}
        assert {*curves.summaries(store, run_id)} == {*expected}
        points = curves.points(store, run_id, {"loss@a@b": (1, None), "loss@rank7": (0, None)})
        assert {name: own["values"] for name, own in points.items()} == {
            "loss@a@b": [40.0], "loss@rank7": [7.0],
        }  # fmt: skip
        for query in ("loss@rank3.last = 30", "loss@a@b.min < 5", "loss@rank7.last = 7"):
            assert [run.id for run in find_runs(store, f"metrics.{query}")] == [run_id], query
        assert find_runs(store, "metrics.loss@rank3.last > 30") == []
        assert store.output(run_id, writer="a@b") == "of a@b\n" and store.output(run_id) == ""
        assert {name: part.status for name, part in store.writers(run_id).items()} == {
            "rank3": "COMPLETED", "a@b": "COMPLETED",
        }  # fmt: skip
        assert_refused(lambda: store.output(run_id, writer="rank8"))

    def test_parts_are_copied_with_their_run(self, tmp_path: Path) -> None:
        """A copy to another store, and back, has the same digests; a copy of a running run is
        continued, and one that is complete is not sent again.
        """
        if not self.has_writers(tmp_path):
            skip_rule("the store has no writers")
        main, run_id = self.start_main(tmp_path)
        file = tmp_path / "made"
        file.write_text("by a writer")
        self.name_writers(main, ["rank1", "rank 2/3"])
        part = self.start_part(tmp_path, run_id, "rank1", code=file)
        part.log("loss", [1.0, 2.0])
        part.beat()
        store, other = self.make_store(tmp_path), MemoryStore(Memory())
        copy_run(store, store.get(run_id), Target(other))
        part.log("loss", [3.0])
        part.print("text\n")
        part.artifact("made", str(file))
        part.complete()
        second = self.start_part(tmp_path, run_id, "rank 2/3")
        main.log("loss", [5.0])
        main.complete()
        second.log("acc", [1.0])
        second.fail()
        for _ in range(2):
            copied = list(copy_runs(store, Target(other)))
            assert [each.missing for each in copied] == [()], copied
        assert copied[0].events == 0, f"{copied[0].events} events are sent again"
        (run,) = other.list()
        assert sorted(stored_parts(other, run.id)) == ["rank 2/3", "rank1"]
        assert other.metrics(run.id)["loss@rank1"]["values"] == [1.0, 2.0, 3.0]
        (result,) = verify(store, other)
        assert result.state == "equal", result
        store.delete(run_id)
        copy_run(other, run, Target(store))
        (result,) = verify(store, other)
        assert result.state == "equal", result
        parts: Any = other.writer_store(run.id)
        parts.annotate("rank1", new_note("changed"))
        (result,) = verify(store, other)
        assert [each.name for each in result.differences] == ["writer rank1"], result

    def test_a_part_is_resumed_as_a_run_is(self, tmp_path: Path) -> None:
        """A new process of a writer records the next segment, and the former one is refused."""
        if not self.has_writers(tmp_path):
            skip_rule("the store has no writers")
        _, run_id = self.start_main(tmp_path)
        self.start_part(tmp_path, run_id, "rank1").log("loss", [7.0])
        driver = self.start_part(tmp_path, run_id, "rank2")
        driver.log("loss", [1.0, 2.0, 3.0])
        driver.beat()
        former = copy(driver)
        store = self.make_store(tmp_path)
        assert driver.resume(store.writer_observer(run_id)) == "rank2"
        driver.log("loss", [20.0, 30.0], first_step=1)
        driver.complete()
        try:
            former.beat({"late": 1})
        except RunLostError:
            pass
        else:
            raise AssertionError("the former process of the writer records more")
        part = store.writers(run_id)["rank2"]
        assert (part.status, len(part.segments), part.info) == ("COMPLETED", 2, {})
        parts = store.writer_store(run_id)
        assert parts.metrics("rank2")["loss"]["values"] == [1.0, 20.0, 30.0]
        assert parts.metrics("rank1")["loss"]["values"] == [7.0]
