"""Tests of `attach` in the process of a run, and in one that a run has started."""

import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import sacred_core
from sacred_core import Experiment, attach, context
from sacred_core.children import attaching
from sacred_core.children.child_run import ChildRun, SilentRun
from sacred_core.context import DetachedRun
from sacred_core.environment import RUN_VARIABLE, RunAddress
from sacred_core.exceptions import (
    ArtifactNameTakenError,
    ForkedRunError,
    MetricValueError,
    NoRunError,
    SpoolError,
    UsageError,
)
from sacred_core.spool.descriptions import read_descriptions
from sacred_core.stores.writers import part_uid
from sacred_core.testing.memory import Memory, MemoryObserver
from tests.core.spool.conftest import Spool, spool

__all__ = ["spool"]
UID = "ab" * 16


@pytest.fixture
def address(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunAddress]:
    """This process is one that a run has started; it is not attached."""
    found = RunAddress(
        UID, str(spool.folder), "fed", "main", "", (("ServerObserver", "memory://x"),)
    )
    monkeypatch.setenv(RUN_VARIABLE, found.encode())
    yield found
    attaching.detach()


def stored(spool: Spool, run: ChildRun) -> Any:
    (found,) = [each for each in spool.runs.list() if each.meta["writer"] == run.name]
    return found


def test_a_process_of_no_run_cannot_attach(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the variable, and says whether it is set."""
    monkeypatch.delenv(RUN_VARIABLE, raising=False)
    with pytest.raises(NoRunError, match="SACRED_RUN is not set"):
        attach()
    monkeypatch.setenv(RUN_VARIABLE, "nonsense")
    with pytest.raises(NoRunError, match="SACRED_RUN does not contain a run"):
        attach()


def test_in_the_run_itself_attach_records_in_the_run() -> None:
    """A function that may be called by a pool or directly needs no other code."""
    memory = Memory()
    ex = Experiment("own")
    ex.observers.append(MemoryObserver(memory))

    @ex.main
    def main(_run: Any) -> None:
        with attach("eval") as child:
            child.log_scalar("loss", 1.0)
            child.log_scalars({"a": 1, "b": 2})
            child.add_artifact(__file__)
            child.info["x"] = 1
            child.flush()
            assert memory.runs[1].metrics["loss"]["values"] == [1.0]
            child.info = {**child.info, "y": 2}
            assert child.name == "main"
        child.close()
        assert _run.info == {"x": 1, "y": 2}

    ex.run()
    assert sorted(memory.runs[1].metrics) == ["a", "b", "loss"]
    assert memory.runs[1].run.artifacts == ["test_attaching.py"]


def test_a_child_records_a_part_of_its_run(spool: Spool, address: RunAddress) -> None:
    """It is on the disk after a flush: its points, files and information."""
    run = attach()
    assert run is attach() is attach()
    assert isinstance(run, ChildRun)
    run.log_scalar("loss", 0.5)
    run.log_scalars({"loss": 0.25, "accuracy": 0.5})
    run.info["epoch"] = 3
    run.add_artifact(__file__, "test.py")
    run.flush()
    found = stored(spool, run)
    assert (found.name, found.command, found.status) == ("fed", "main", "RUNNING")
    assert found.uid == part_uid(UID, "child1")
    assert (found.meta["run"], found.info) == (UID, {"epoch": 3})
    metrics = spool.runs.metrics(found.id)
    assert metrics["loss"]["values"] == [0.5, 0.25]
    assert metrics["loss"]["steps"] == [0, 1]
    assert metrics["accuracy"]["values"] == [0.5]
    assert found.artifacts == ["test.py"]
    with pytest.raises(ArtifactNameTakenError):
        run.add_artifact(attaching.__file__, "test.py")
    run.close()
    run.close()
    assert stored(spool, run).status == "COMPLETED"
    assert os.environ[RUN_VARIABLE] == address.encode()


def test_nothing_is_recorded_after_the_end(spool: Spool, address: RunAddress) -> None:
    """A later call of attach is another writer."""
    with attach("eval") as run:
        pass
    assert stored(spool, run).status == "RUNNING"
    run.close()
    for call in (lambda: run.log_scalar("a", 1), lambda: run.log_scalars({"a": 1}), run.flush):
        with pytest.raises(NoRunError, match=r"works only before close\(\)"):
            call()
    with run:
        pass
    assert attach("eval").name == "eval-2"


def test_a_process_has_one_name(spool: Spool, address: RunAddress) -> None:
    """An attached process must close before it attaches by another name."""
    assert attach("one") is attach("one") is attach()
    with pytest.raises(UsageError, match="attached as 'one', so it cannot attach as 'two'"):
        attach("two")
    attach().close()
    with pytest.raises(UsageError, match="a writer cannot have the name 'main'"):
        attach("main")


def test_the_folder_is_private(spool: Spool, address: RunAddress) -> None:
    """It is created by the first process; other users cannot read it."""
    spool.folder.mkdir(mode=0o755, parents=True)
    spool.folder.chmod(0o755)
    attach()
    assert stat.S_IMODE(spool.folder.stat().st_mode) == 0o700
    assert [run.writer for run in read_descriptions(spool.folder)] == ["child1"]


def test_a_folder_that_cannot_be_written_is_an_error(
    spool: Spool, address: RunAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So are a file in its place, a folder of another user, and a full disk."""
    spool.folder.mkdir(parents=True)
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda path, mode: False)
        with pytest.raises(SpoolError, match=r"cannot record in the run: .* cannot be written"):
            attach()
    with monkeypatch.context() as patch:
        patch.setattr(os, "getuid", lambda: -1)
        with pytest.raises(SpoolError, match="belongs to another user"):
            attach()

    def fail(self: Any, run: Any) -> bool:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("tests.core.spool.conftest.FolderObserver.insert_run", fail)
        with pytest.raises(SpoolError, match=r"cannot record in '.*': No space left on device$"):
            attach()
    assert [*read_descriptions(spool.folder)] == []
    spool.folder.rename(spool.folder.with_name("other"))
    spool.folder.touch()
    with pytest.raises(SpoolError, match=r"SETTINGS.SPOOL_DIR of the run names another folder"):
        attach()


def test_points_that_cannot_be_written_are_an_error_of_flush(
    spool: Spool, address: RunAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are retained, and written when there is space again."""
    run = attach()

    def fail(self: Any, metrics: Any, starts: Any) -> bool:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("tests.core.spool.conftest.FolderObserver.append_points", fail)
        run.log_scalar("loss", 1.0)
        with pytest.raises(SpoolError, match="No space left on device"):
            run.flush()
    run.flush()
    assert spool.runs.metrics(stored(spool, run).id)["loss"]["values"] == [1.0]


def test_a_run_without_stores_records_nothing(
    spool: Spool, address: RunAddress, caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """With observers there is one warning; without them, as for the run, there is none."""
    caplog.set_level(logging.WARNING)
    for changed, warnings in (({"folder": ""}, 0), ({"stores": ()}, 1)):
        monkeypatch.setenv(RUN_VARIABLE, address._replace(**changed).encode())
        run = attach()
        assert isinstance(run, SilentRun)
        run.log_scalar("loss", 1.0)
        run.log_scalars({"loss": [1, 2]})
        run.add_artifact(__file__)
        run.info["a"] = 1
        run.flush()
        with pytest.raises(MetricValueError):
            run.log_scalar("loss", 1.0, "x")
        with pytest.raises(FileNotFoundError):
            run.add_artifact("missing")
        assert run is attach("any")
        attaching.detach()
        assert len(caplog.records) == warnings
    assert not spool.folder.exists()


def test_a_detached_run_needs_a_child(spool: Spool, address: RunAddress) -> None:
    """`_run` of a pickled function is false, and has no methods, before its process attaches."""
    detached = DetachedRun()
    assert not detached
    with pytest.raises(ForkedRunError, match=r"_run.log_scalar .* call sacred_core.attach\(\)"):
        detached.log_scalar("loss", 1.0)
    ex = Experiment("child")
    with pytest.raises(NoRunError):
        ex.log_scalar("loss", 1.0)
    run = attach()
    assert detached
    detached.log_scalar("loss", 1.0)
    ex.log_scalar("loss", 2.0)
    ex.info["x"] = 1
    run.flush()
    found = stored(spool, run)
    assert spool.runs.metrics(found.id)["loss"]["values"] == [1.0, 2.0]
    assert found.info == {"x": 1}


def test_writers_of_a_resumed_run_have_its_segment(
    spool: Spool, address: RunAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of earlier segments have parts already."""
    monkeypatch.setenv(RUN_VARIABLE, address._replace(suffix="-segment2").encode())
    assert attach().name == "child1-segment2"
    attaching.detach()
    assert attach().name == "child2-segment2"
    attaching.detach()
    assert attach("eval").name == "eval-segment2"
    assert attach("eval").name == "eval-segment2"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_process_attaches_by_itself(spool: Spool, address: RunAddress) -> None:
    """The writer of its parent is an error there."""
    parent = attach()
    child = os.fork()
    if not child:
        try:
            parent.log_scalar("loss", 1.0)
        except ForkedRunError as error:
            is_forgotten = attaching.attached() is None and context.attached_child is None
            os._exit(0 if "call attach() there" in str(error) and is_forgotten else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_attach_is_imported_when_it_is_used() -> None:
    """A script that does not call it does not import it."""
    code = "import sys, sacred_core; sacred_core.SETTINGS; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "sacred_core.children" not in done.stdout
    assert "attach" in dir(sacred_core)
