"""What a store promises to the writers of a run: other processes that record parts of it."""

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sacred_core.exceptions import RunIdError, RunRemovedError, UsageError
from sacred_core.stores import RunQuery
from sacred_core.stores.changes import change_token, list_ids
from sacred_core.stores.writers import part_id, part_meta, stored_parts
from sacred_core.testing.applicability import skip_rule
from sacred_core.testing.comparing import assert_metrics, assert_refused
from sacred_core.testing.event_driver import EventDriver
from sacred_core.testing.worker_processes import kill_together, start_worker
from sacred_core.testing.writer_driver import UID
from sacred_core.testing.writer_reading_contract import WriterReadingContract

#: The environment variable with the number of writers of the long test, each with 10,000 points.
VARIABLE = "SACRED_TEST_WRITERS"
_POINT = b"a point of a part"
_NAMES = (
    "rank3", "child1", "3", "a/b", "..", "a b", "con", "Rank 3", "\N{SNOWMAN}", "5@rank3", "%41",
    "x" * 300, "a\nb", "%",
)  # fmt: skip


class WriterContract(WriterReadingContract):
    """The part of `StoreContract` that is about writers of a run.

    A store without ``writer_store`` and ``writer_observer`` is not tested: the writers of its runs
    record in the local spool.
    """

    stored_bytes: Callable[[Path], Any]
    command_line_options: Callable[[Path], list[str]]
    most_changes: int

    def test_a_writer_records_a_part(self, tmp_path: Path) -> None:
        """Points, output, files, information and the end of a writer are read from the store of the
        parts, and its record has its name and the uid of the run.
        """
        if not self.has_writers(tmp_path):
            skip_rule("the store has no writers")
        main, run_id = self.start_main(tmp_path)
        store = self.make_store(tmp_path)
        assert store.writer_store(run_id) is None and stored_parts(store, run_id) == {}
        file = tmp_path / "made"
        file.write_text("by a writer")
        driver = self.start_part(tmp_path, run_id, "rank1", code=file)
        driver.print("rank 1\n")
        driver.log("loss", [1.0, 2.0])
        driver.artifact("made", str(file))
        driver.resource(str(file))
        driver.beat(info={"a": 1})
        driver.annotate("done", ["tag"])
        driver.fail()
        main.log("loss", [5.0])
        main.complete()
        parts, found = store.writer_store(run_id), stored_parts(store, run_id)
        assert list(found) == ["rank1"], f"the writers are {list(found)}"
        part = found["rank1"]
        assert {**part.meta, **part_meta(UID, "rank1")} == part.meta, f"metadata: {part.meta}"
        assert part.uid == part_meta(UID, "rank1")["uid"] and part.run_id is None
        assert (part.status, part.info, part.artifacts) == ("FAILED", {"a": 1}, ["made"])
        assert part.tags == ["tag"] and part.heartbeat is not None and part.stop_time is not None
        assert parts.output(part.id) == "rank 1\n"
        assert_metrics(parts, part.id, driver)
        for kind, name in (("artifact", "made"), ("resource", str(file)), ("source", "made")):
            with parts.open_file(part.id, kind, name) as stream:
                assert stream.read() == b"by a writer", f"{kind} {name!r} has another content"
        run = store.get(run_id)
        assert (run.status, run.artifacts, store.output(run_id)) == ("COMPLETED", [], "")
        assert store.metrics(run_id)["loss"]["values"] == [5.0]

    def test_parts_are_not_runs(self, tmp_path: Path) -> None:
        """No listing, count, query, id or number of runs has a part."""
        if not self.has_writers(tmp_path):
            skip_rule("the store has no writers")
        main, run_id = self.start_main(tmp_path)
        for name in ("rank1", "rank2", "99"):
            self.start_part(tmp_path, run_id, name).complete()
        main.complete()
        store = self.make_store(tmp_path)
        queries = (
            None, RunQuery(status="COMPLETED"), RunQuery(fields=()), RunQuery(limit=9),
            RunQuery(name="writers"),
        )  # fmt: skip
        for query in queries:
            assert [run.id for run in store.list(query)] == [run_id], f"{query} lists parts"
        assert list_ids(store) == [run_id] and store.count() == 1
        for part in stored_parts(store, run_id).values():
            if part.id != run_id:
                assert_refused(lambda part=part: store.get(part.id))
        following = EventDriver(self.make_observer(tmp_path)).start()
        if isinstance(run_id, int):
            assert following == run_id + 1, f"the next run has the id {following}"

    def test_names_of_writers_are_any_strings(self, tmp_path: Path) -> None:
        """Each name has a separate part, which is read back under this name."""
        if not self.has_writers(tmp_path):
            skip_rule("the store has no writers")
        _, run_id = self.start_main(tmp_path)
        for number, name in enumerate(_NAMES):
            driver = self.start_part(tmp_path, run_id, name)
            driver.log("n", [number])
            driver.complete()
        store = self.make_store(tmp_path)
        found, parts = stored_parts(store, run_id), store.writer_store(run_id)
        assert set(found) == set(_NAMES) and len({part.id for part in found.values()}) == len(found)
        for number, name in enumerate(_NAMES):
            assert found[name].id == part_id(name), f"writer {name!r} has the id {found[name].id!r}"
            assert parts.metrics(found[name].id)["n"]["values"] == [number]
        for wrong in ("", "main", None, 5):
            observer = store.writer_observer(run_id)
            try:
                EventDriver(observer).start(meta_info={"writer": wrong, "run": UID})
            except UsageError:
                continue
            raise AssertionError(f"a writer has the name {wrong!r}")

    def test_a_writer_has_one_part_of_a_run(self, tmp_path: Path) -> None:
        """A second start of a writer is refused; the same writer of another run is not."""
        if not self.has_writers(tmp_path):
            skip_rule("the store has no writers")
        _, first = self.start_main(tmp_path)
        _, second = self.start_main(tmp_path, uid=UID[::-1])
        driver = self.start_part(tmp_path, first, "rank1")
        self.start_part(tmp_path, second, "rank1", UID[::-1]).log("loss", [2.0])
        driver.log("loss", [1.0])
        try:
            self.start_part(tmp_path, first, "rank1")
        except RunIdError as error:
            refusal = str(error)
        else:
            raise AssertionError("two parts have one writer")
        assert "rank1" in refusal, refusal
        driver.complete()
        store = self.make_store(tmp_path)
        for run_id, value in ((first, 1.0), (second, 2.0)):
            parts = store.writer_store(run_id)
            (part,) = parts.list()
            assert parts.metrics(part.id)["loss"]["values"] == [value]
        assert stored_parts(store, first)["rank1"].status == "COMPLETED"

    def test_a_change_of_a_part_changes_its_run(self, tmp_path: Path) -> None:
        """The run is listed as changed after each event of a writer; another run is not."""
        if not self.has_writers(tmp_path):
            skip_rule("the store has no writers")
        other, _ = self.start_main(tmp_path, uid=UID[::-1])
        main, run_id = self.start_main(tmp_path)
        main.complete()
        other.complete()
        store = self.make_precise_store(tmp_path)
        driver: list[EventDriver] = []
        events: dict[str, Callable[[], Any]] = {
            "start": lambda: driver.append(self.start_part(tmp_path, run_id, "rank1")),
            "points": lambda: driver[0].log("loss", [1.0]),
            "output": lambda: driver[0].print("text\n"),
            "heartbeat": lambda: driver[0].beat({"a": 1}),
            "end": lambda: driver[0].complete(),
        }
        for name, send in events.items():
            token = change_token(store)
            send()
            listed = [run.id for run in store.list(RunQuery(since=token))]
            assert run_id in listed, f"after the {name} of a part, {listed} are listed"
        part = self.start_part(tmp_path, run_id, "rank2")
        for number in range(self.most_changes):  # a store may list what changed shortly before
            token = change_token(store)
            part.beat({"a": number})
            if [run.id for run in store.list(RunQuery(since=token))] == [run_id]:
                return
        raise AssertionError("a run that did not change is listed with one that did")

    def test_parts_are_deleted_with_their_run(self, tmp_path: Path) -> None:
        """Nothing of them is left, late events are refused, and no part can be added."""
        if not self.has_writers(tmp_path):
            skip_rule("the store has no writers")
        main, run_id = self.start_main(tmp_path)
        file = tmp_path / "made"
        file.write_text("made by a writer")
        late = self.start_part(tmp_path, run_id, "rank1")
        ended = self.start_part(tmp_path, run_id, "rank2")
        for driver in (late, ended):
            driver.log("loss", [_POINT.decode()])
            driver.print(f"{_POINT.decode()}\n")
            driver.artifact("made", str(file))
            driver.beat()
        ended.complete()
        main.complete()
        file.unlink()
        store = self.make_store(tmp_path)
        waiting = store.writer_observer(run_id)
        store.delete(run_id)
        for refused in (
            lambda: late.beat({"late": 1}),
            lambda: late.complete(),
            lambda: EventDriver(waiting).start(meta_info=part_meta(UID, "rank3")),
            lambda: store.writer_observer(run_id),
        ):
            try:
                refused()
            except RunRemovedError:
                continue
            raise AssertionError("a part of a deleted run is recorded")
        contents = [*self.stored_bytes(tmp_path)]
        for left in (_POINT, b"made by a writer"):
            assert not any(left in content for content in contents), f"{left!r} is left"
        again = EventDriver(self.make_observer(tmp_path))
        assert again.start(_id=run_id, asked_id=run_id) == run_id
        assert stored_parts(store, run_id) == {}, "the next run with the id has the parts"

    def test_files_of_parts_survive_other_deletions(self, tmp_path: Path) -> None:
        """Content that a part shares with a deleted run or a deleted part can be read."""
        if not self.has_writers(tmp_path):
            skip_rule("the store has no writers")
        file = tmp_path / "shared"
        file.write_text("content")
        ids, drivers = [], []
        for uid in (UID, UID[::-1]):
            main, run_id = self.start_main(tmp_path, uid=uid)
            drivers += [main, self.start_part(tmp_path, run_id, "rank1", uid, code=file)]
            drivers[-1].resource(str(file))
            ids.append(run_id)
        drivers[0].resource(str(file))
        for driver in drivers:
            driver.complete()
        file.unlink()
        store = self.make_store(tmp_path)
        store.delete(ids[0])
        parts = store.writer_store(ids[1])
        for kind, name in (("resource", str(file)), ("source", "shared")):
            with parts.open_file("rank1", kind, name) as stream:
                assert stream.read() == b"content", f"the {kind} has another content"
        store.delete(ids[1])
        left = [content for content in self.stored_bytes(tmp_path) if content == b"content"]
        assert left == [], "the content of the parts is left"

    def test_a_part_can_be_deleted_and_continued(self, tmp_path: Path) -> None:
        """The store of the parts has the abilities of the store of the runs."""
        if not self.has_writers(tmp_path):
            skip_rule("the store has no writers")
        _, run_id = self.start_main(tmp_path)
        driver = self.start_part(tmp_path, run_id, "rank1")
        driver.log("loss", [1.0])
        driver.beat()
        self.start_part(tmp_path, run_id, "rank2").complete()
        parts = self.make_store(tmp_path).writer_store(run_id)
        driver.continue_with(parts.observer_of("rank1"))
        driver.log("loss", [2.0])
        driver.complete()
        assert_metrics(parts, "rank1", driver)
        parts.delete("rank2")
        assert list(stored_parts(self.make_store(tmp_path), run_id)) == ["rank1"]

    def test_no_part_of_a_missing_run_is_recorded(self, tmp_path: Path) -> None:
        """The error is a `RunRemovedError`, and nothing is stored."""
        if not self.has_writers(tmp_path):
            skip_rule("the store has no writers")
        self.start_main(tmp_path)
        store = self.make_store(tmp_path)
        for missing in (77, "missing"):
            try:
                store.writer_observer(missing)
            except RunRemovedError:
                assert_refused(lambda missing=missing: store.get(missing))
                continue
            raise AssertionError(f"a part of the missing run {missing!r} is recorded")

    def test_writers_that_are_killed_lose_nothing(self, tmp_path: Path) -> None:
        """Of several processes that write at once, half of them killed, each stored point is read
        back with its writer.
        """
        if not self.has_writers(tmp_path) or not self.command_line_options(tmp_path):
            skip_rule("no other processes use the store, or it has no writers")
        if not hasattr(os, "fork"):
            skip_rule("processes cannot be forked here")
        count = int(os.environ.get(VARIABLE, 0)) or 4
        points, batch = (10_000, 500) if VARIABLE in os.environ else (60, 10)
        main, run_id = self.start_main(tmp_path)
        chance = random.Random(count)

        def record(number: int, note: Callable[[int], None]) -> None:
            driver = self.start_part(tmp_path, run_id, f"rank{number}")
            for start in range(0, points, batch):
                driver.log(
                    "loss", [float(number * points + n) for n in range(start, start + batch)]
                )
                driver.beat()
                note(start + batch)
            driver.complete()

        workers = [
            start_worker(lambda note, number=number: record(number, note))  # type: ignore[misc]
            for number in range(1, count + 1)
        ]
        killed = range(0, count, 2)
        kill_together({workers[n]: chance.randrange(batch, points, batch) for n in killed})
        stored = [worker.join() for worker in workers]
        main.complete()
        store = self.make_store(tmp_path)
        found, parts = stored_parts(store, run_id), store.writer_store(run_id)
        for number, noted in enumerate(stored, start=1):
            name = f"rank{number}"
            is_killed = number - 1 in killed
            assert is_killed or noted == points, f"{name} has stored {noted} points"
            values = parts.metrics(found[name].id)["loss"]["values"]
            assert len(values) >= noted, f"of {noted} points of {name}, {len(values)} are left"
            assert values == [float(number * points + n) for n in range(len(values))], name
            assert is_killed or found[name].status == "COMPLETED"
