"""Tests of resuming runs in folders: what the last process left is stored first."""

import json
from pathlib import Path
from typing import Any

import pytest
from sacred_file import FileStorageObserver, FileStore

from sacred_core import Experiment
from sacred_core.exceptions import UnavailableError
from sacred_core.observers import RetryPolicy
from sacred_core.testing.scripts import finish_script, start_script

#: Each line of standard input is one process: a Python statement for the command, then its words.
_DRIVER = """
    import os, shlex, signal, sys
    from sacred_core import Experiment
    from sacred_core.utils import apply_backspaces_and_linefeeds

    ex = Experiment("resumed", save_git_info=False)
    statement = ""

    def shout(text):
        return text.upper()

    @ex.main
    def main(_run):
        exec(statement)

    for line in sys.argv[1:]:
        statement, _, words = line.partition(" ## ")
        if not words:
            exec(statement)
            continue
        child = os.fork()
        if child == 0:
            try:
                ex.run_commandline(["script", *shlex.split(words)])
            finally:
                os._exit(0)
        os.waitpid(child, 0)
"""
_DIE = "print('before', flush=True); os.kill(os.getpid(), signal.SIGKILL)"
_AGAIN = "print('after') ## -F runs --resume auto"


def drive(folder: Path, *lines: str) -> tuple[FileStore, str]:
    """Run processes one after the other; return the store, and what they printed."""
    printed = finish_script(start_script(folder, _DRIVER, *lines))
    return FileStore(folder / "runs"), printed


def test_the_last_output_of_a_killed_process_is_stored_first(tmp_path: Path) -> None:
    """What it printed after its last heartbeat is before the mark, and no file is left of it."""
    store, _ = drive(tmp_path, f"{_DIE} ## -F runs", _AGAIN)
    assert "before\n[segment 2 of this run: " in store.output(1)
    assert store.output(1).endswith("Completed after 0:00:00\n")
    assert not list((tmp_path / "runs" / "1").glob(".output*"))


def test_output_in_the_folder_of_a_run_of_another_machine_is_stored_first(tmp_path: Path) -> None:
    """Without a description on this machine, the files in the folder of the run are read."""
    forget = (
        "import json, glob; [os.remove(path) for path in glob.glob('spools/*.json')]; "
        "path = 'runs/1/run.json'; run = json.load(open(path)); "
        "run['start_time'] = run['heartbeat'] = '2020-01-01T00:00:00'; "
        "json.dump(run, open(path, 'w'))"
    )
    spools = f"from sacred_core import SETTINGS; SETTINGS.SPOOL_DIR = {str(tmp_path / 'spools')!r}"
    store, _ = drive(tmp_path, spools, f"{_DIE} ## -F runs", forget, f"{_AGAIN} -C no")
    assert "before\n[segment 2 of this run: " in store.output(1)
    assert not list((tmp_path / "runs" / "1").glob(".output*"))


def test_the_filter_of_the_experiment_is_applied_to_the_last_output(tmp_path: Path) -> None:
    """A filter of the script is known, as the script runs again."""
    store, _ = drive(tmp_path, "ex.captured_out_filter = shout", f"{_DIE} ## -F runs", _AGAIN)
    assert "BEFORE\n[segment 2 of this run: " in store.output(1)


def test_a_run_that_is_left_in_a_spool_is_delivered_and_resumed(tmp_path: Path) -> None:
    """The resumed run is recorded directly, which is reported."""
    log = "_run.log_scalar('x', 1)"
    store, printed = drive(
        tmp_path,
        f"{log}; {_DIE} ## -F runs --spool spool",
        f"{log} ## -F runs --spool spool --resume auto",
    )
    (run,) = store.list()
    assert [segment.status for segment in run.segments] == ["DEAD", "COMPLETED"]
    assert "A resumed run is recorded directly: the spool is not used" in printed
    assert "before\n[segment 2" in store.output(run.id)
    assert not list((tmp_path / "spool").glob("[0-9]*"))


class Unreliable(FileStorageObserver):
    """An observer whose store is away while ``is_away`` is set."""

    is_away = False
    retry_policy = RetryPolicy(retry_interval=0.01, end_timeout=0.0)

    def append_points(self, metrics: Any, starts: Any) -> bool:
        """Raise an error if the store is away."""
        if self.is_away:
            raise UnavailableError("the store is away")
        return super().append_points(metrics, starts)


def test_undelivered_events_are_stored_first(tmp_path: Path) -> None:
    """The points that the store missed precede those of the next segment; the folder is gone."""
    observer = Unreliable(tmp_path / "runs")
    observer.failure_dir = tmp_path / "undelivered"
    ex = Experiment("e", interactive=True, save_git_info=False)
    ex.observers.append(observer)

    @ex.main
    def main(_run: Any) -> None:
        _run.log_scalars({"x": [1.0, 2.0]})
        if observer.is_away:
            raise RuntimeError

    observer.is_away = True
    with pytest.raises(RuntimeError):
        ex.run()
    assert list(observer.failure_dir.glob("*/*/undelivered.json"))
    observer.is_away = False
    ex.run(resume=1)
    points = FileStore(tmp_path / "runs").metrics(1)["x"]
    assert (points["steps"], points["values"]) == ([0, 1, 2, 3], [1.0, 2.0] * 2)
    assert not list(observer.failure_dir.glob("*"))


def test_a_source_that_was_changed_is_recorded_for_its_segment(tmp_path: Path) -> None:
    """The record has both versions; a source that did not change is stored once."""
    changed, same = tmp_path / "changed.py", tmp_path / "same.py"
    changed.write_text("RATE = 1")
    same.write_text("")
    ex = Experiment("e", interactive=True, base_dir=tmp_path, save_git_info=False)
    ex.observers.append(FileStorageObserver(tmp_path / "runs"))
    for path in (changed, same):
        ex.add_source_file(path)

    @ex.main
    def main() -> None:
        if changed.read_text() == "RATE = 1":
            raise RuntimeError

    with pytest.raises(RuntimeError):
        ex.run()
    changed.write_text("RATE = 2")
    ex.run(resume=1)
    store = FileStore(tmp_path / "runs")
    sources = [name for name in store.get(1).sources if name.endswith(("changed.py", "same.py"))]
    assert sorted(sources) == [".segments/2/changed.py", "changed.py", "same.py"]
    for name, content in (("changed.py", b"RATE = 1"), (".segments/2/changed.py", b"RATE = 2")):
        with store.open_file(1, "source", name) as file:
            assert file.read() == content
    first, second = store.get(1).segments
    assert first.code != second.code


def test_the_log_names_the_segment(tmp_path: Path) -> None:
    """``run.json`` has the segments beside what readers of Sacred know."""
    _, printed = drive(tmp_path, f"{_DIE} ## -F runs", _AGAIN)
    assert 'Resumed run with ID "1", segment 2' in printed
    record = json.loads((tmp_path / "runs" / "1" / "run.json").read_text())
    assert record["status"] == "COMPLETED"
    assert len(record["facts"]["segments"]) == 2
