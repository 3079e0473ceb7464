"""Tests of the tags and notes that a run adds to itself."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from sacred_core import Experiment, RunObserver
from sacred_core.exceptions import AnnotationError, NoRunError
from sacred_core.stores import StoredRun
from sacred_core.testing import Memory, MemoryObserver, MemoryStore
from sacred_core.testing.experiments import run_main


def recorded(memory: Memory, main: Callable[..., Any]) -> StoredRun:
    run = run_main(MemoryObserver(memory), main)
    return MemoryStore(memory).get(run._id)


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ((5,), "a tag must be a string, got 5"),
        ((None,), "a tag must be a string, got None"),
        ((["a", "b"],), r"a tag must be a string, got \['a', 'b'\]; give each tag as an argument"),
        ((b"a",), "a tag must be a string, got b'a'; give each tag as an argument"),
        (("good", ""), "a tag must not be empty, got ''"),
        ((" \t",), "a tag must not be empty"),
        (("a\nb",), r"the tag 'a\\nb' has control characters"),
        (("\x1b[2J",), "has control characters"),
        (("\u202etac",), "has control characters"),
        (("\ud800",), "has control characters"),
    ],
)
@pytest.mark.parametrize("remove", [False, True])
def test_bad_tags_are_errors_at_the_caller(tags: Any, message: str, remove: bool) -> None:
    """None of the tags is stored, and the run continues if the error is handled."""
    memory = Memory()

    def main(_run: Any) -> None:
        with pytest.raises(AnnotationError, match=message):
            _run.tag(*tags, remove=remove)

    run = recorded(memory, main)
    assert (run.status, run.tags, run.notes) == ("COMPLETED", [], [])


@pytest.mark.parametrize("text", [5, None, b"a", "", " \n"])
def test_bad_notes_are_errors_at_the_caller(text: Any) -> None:
    """A note is a string with something in it."""

    def main(_run: Any) -> None:
        with pytest.raises(AnnotationError, match="a note must"):
            _run.note(text)

    assert recorded(Memory(), main).notes == []


def test_tags_and_notes_of_any_script_are_stored() -> None:
    """Tags are added once, in their order; a note may have several lines; no tag is no change."""

    def main(_run: Any) -> None:
        _run.tag("ünï", "日本", "👩\u200d🔬", "two words", "ünï")
        _run.tag()
        _run.note("first line\n\tsecond")

    run = recorded(Memory(), main)
    assert run.tags == ["ünï", "日本", "👩\u200d🔬", "two words"]
    assert [note["text"] for note in run.notes] == ["first line\n\tsecond"]
    assert abs((datetime.now(UTC) - run.notes[0]["time"]).total_seconds()) < 600
    assert run.notes[0]["user"]


def test_annotations_before_an_interrupt_are_stored() -> None:
    """Ctrl-C after a note loses nothing."""
    memory = Memory()

    def main(_run: Any) -> None:
        _run.tag("stopped")
        _run.note("by hand")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recorded(memory, main)
    (run,) = MemoryStore(memory).list()
    assert (run.status, run.tags) == ("INTERRUPTED", ["stopped"])
    assert [note["text"] for note in run.notes] == ["by hand"]


def test_a_run_annotates_itself_in_all_stores() -> None:
    """Each observer has them; one without the method is not called."""
    memories = [Memory(), Memory()]
    ex = Experiment("ex", save_git_info=False)

    class Old(RunObserver):
        def started_event(self) -> None: ...

    ex.observers.extend([*map(MemoryObserver, memories), Old()])

    @ex.main
    def main(_run: Any) -> None:
        _run.tag("good")
        _run.note("a note")

    assert ex.run().status == "COMPLETED"
    found = [run for memory in memories for run in MemoryStore(memory).list()]
    assert [run.tags for run in found] == [["good"], ["good"]]
    assert found[0].notes == found[1].notes


def test_only_a_running_run_annotates_itself() -> None:
    """Before and after, the command line and the stores do it."""
    run = run_main(MemoryObserver(Memory()), lambda: None)
    with pytest.raises(NoRunError, match="tag works only while the run is running"):
        run.tag("late")
    with pytest.raises(NoRunError, match="note works only while the run is running"):
        run.note("late")
