"""What a store promises about tags and notes, those of users and those of the run itself."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

from sacred_core.stores import Annotation, find_runs
from sacred_core.testing.comparing import assert_refused, assert_time
from sacred_core.testing.event_driver import START, EventDriver
from sacred_core.testing.experiments import run_main
from sacred_core.testing.secret_contract import SecretContract

#: Of two threads that annotate one run at once, each.
_AT_ONCE = 5


class AnnotationContract(SecretContract):
    """The part of `StoreContract` that is about annotations."""

    def test_annotations_come_back(self, tmp_path: Path) -> None:
        """The store returns tags and notes, in order; the record does not change."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        driver.complete(result=1)
        store = self.make_store(tmp_path)
        before = store.get(run_id)
        for number, annotation in enumerate((
            {"note": "erste Notiz: ä", "added": ["good", "baseline"]},
            {"removed": ["good"], "added": ["baseline", "ünï"]},
            {"note": "second"},
        )):  # fmt: skip
            time = START + timedelta(days=number)
            store.annotate(run_id, Annotation(time=time, user="ann", **annotation))  # type: ignore[arg-type]
        run = store.get(run_id)
        assert run.tags == ["baseline", "ünï"], run.tags
        assert [(note["text"], note["user"]) for note in run.notes] == [
            ("erste Notiz: ä", "ann"),
            ("second", "ann"),
        ]
        assert_time(run.notes[1]["time"], START + timedelta(days=2))
        run.tags, run.notes, run.annotations = before.tags, before.notes, before.annotations
        assert run == before, "the record was changed"
        assert_refused(lambda: store.annotate(98_765, Annotation(time=START, user="ann", note="x")))

    def test_annotations_survive_start_and_end(self, tmp_path: Path) -> None:
        """Notes and tags of a queued or running run are retained."""
        run_id = EventDriver(self.make_observer(tmp_path)).queue()
        store = self.make_store(tmp_path)
        annotation = Annotation(time=START, user="ann", note="while queued", added=("urgent",))
        store.annotate(run_id, annotation)
        driver = EventDriver(self.make_observer(tmp_path))
        driver.start(_id=run_id, asked_id=run_id)
        assert store.get(run_id).tags == ["urgent"], "the start has removed a tag"
        driver.beat(info={"a": 1})
        store.annotate(run_id, Annotation(time=START, user="ann", note="while running"))
        driver.beat(info={"a": 2})
        driver.complete()
        run = store.get(run_id)
        assert run.tags == ["urgent"]
        assert [note["text"] for note in run.notes] == ["while queued", "while running"]

    def test_a_run_annotates_itself(self, tmp_path: Path) -> None:
        """Its tags and notes and those of users are one list, while it is running and afterwards;
        each may change what the other added.
        """
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        store = self.make_store(tmp_path)
        driver.annotate("erste Notiz: ä\nnext line", ["good", "ünï"])
        store.annotate(run_id, Annotation(time=START, user="bob", note="by bob", added=("bob's",)))
        driver.annotate(None, ["late"], ["bob's"])
        store.annotate(run_id, Annotation(time=START, user="bob", removed=("good",)))
        for _ in range(2):
            run = store.get(run_id)
            assert run.tags == ["ünï", "late"], run.tags
            assert [(note["text"], note["user"]) for note in run.notes] == [
                ("erste Notiz: ä\nnext line", "ann"),
                ("by bob", "bob"),
            ]
            assert_time(run.notes[0]["time"], START + timedelta(milliseconds=1))
            if run.recorded_status == "RUNNING":
                driver.beat(info={"a": 1})
                driver.complete(result=1)
        assert [run.id for run in find_runs(store, "tags has late")] == [run_id]
        assert (run.status, run.result, run.info) == ("COMPLETED", 1, {"a": 1})

    def test_an_annotation_that_is_delivered_again_is_stored_once(self, tmp_path: Path) -> None:
        """Also after others, and where its tag was removed in between."""
        driver = EventDriver(self.make_observer(tmp_path), times=2)
        run_id = driver.start()
        driver.annotate("first", ["good"])
        store = self.make_store(tmp_path)
        store.annotate(run_id, Annotation(time=START, user="bob", removed=("good",)))
        driver.repeat()
        driver.annotate("first")  # the same text at another time
        driver.annotate("second", ["more"])
        driver.complete()
        run = store.get(run_id)
        assert run.tags == ["more"], run.tags
        assert [note["text"] for note in run.notes] == ["first", "first", "second"]

    def test_annotations_at_once_are_all_stored(self, tmp_path: Path) -> None:
        """Those of the run and those of another process lose none of each other."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        store = self.make_store(tmp_path)

        def annotate() -> None:
            for number in range(_AT_ONCE):
                time = START + timedelta(seconds=number)
                store.annotate(run_id, Annotation(time=time, user="bob", added=(f"bob {number}",)))

        other = threading.Thread(target=annotate)
        other.start()
        for number in range(_AT_ONCE):
            driver.annotate(f"note {number}", [f"own {number}"])
            driver.beat(info={"beat": number})
        other.join()
        driver.complete()
        run = store.get(run_id)
        expected = [f"{who} {number}" for who in ("bob", "own") for number in range(_AT_ONCE)]
        assert sorted(run.tags) == expected, run.tags
        assert [note["text"] for note in run.notes] == [f"note {n}" for n in range(_AT_ONCE)]

    def test_an_experiment_annotates_its_run(self, tmp_path: Path) -> None:
        """`Run.tag` and `Run.note` reach the store in their order, before and after a heartbeat."""

        def main(_run: Any) -> None:
            _run.tag("draft", "baseline")
            _run.note("same")
            _run.note("same")
            _run.tag("draft", remove=True)

        run = run_main(self.make_observer(tmp_path), main)
        found = self.make_store(tmp_path).get(run._id)
        assert found.tags == ["baseline"], found.tags
        assert [note["text"] for note in found.notes] == ["same", "same"]
