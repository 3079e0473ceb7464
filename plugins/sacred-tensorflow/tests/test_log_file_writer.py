"""Tests of the scope in which writers of summaries are noticed.

TensorFlow itself is used if it is installed; else a package with its names stands in for it.
"""

import contextlib
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sacred_tensorflow import LogFileWriter

import sacred_core
from sacred_core import Experiment
from sacred_core.exceptions import NoRunError


class FileWriter:
    """Has the arguments of TensorFlow's."""

    def __init__(self, logdir: str, graph: Any = None) -> None:
        self.logdir = logdir


@pytest.fixture
def tf(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The package, made anew for each test."""
    if find_spec("tensorflow") is not None:
        import tensorflow

        tensorflow.compat.v1.disable_eager_execution()
        yield tensorflow
        return
    names = ["tensorflow", "tensorflow.summary", "tensorflow.compat", "tensorflow.compat.v1"]
    made = {name: ModuleType(name) for name in [*names, "tensorflow.compat.v1.summary"]}
    for name, module in made.items():
        parent, _, last = name.rpartition(".")
        if parent:
            setattr(made[parent], last, module)
        monkeypatch.setitem(sys.modules, name, module)
    writer = type("FileWriter", (FileWriter,), dict(vars(FileWriter)))
    made["tensorflow.compat.v1.summary"].FileWriter = writer  # type: ignore[attr-defined]
    made["tensorflow.summary"].create_file_writer = lambda logdir: logdir  # type: ignore[attr-defined]
    yield made["tensorflow"]


@pytest.fixture
def ex() -> Experiment:
    return Experiment("writers", save_git_info=False)


def noted(run: Any) -> Any:
    """Return the folders that a run notes."""
    return run.info.get("tensorflow", {}).get("logdirs")


def test_as_a_decorator(tf: Any, ex: Experiment, tmp_path: Path) -> None:
    """A decorated function or method notes each writer at once, exactly as it was passed."""
    one, two, three = (str(tmp_path / name) for name in "abc")

    class Model:
        @LogFileWriter(ex)
        def train(self) -> None:
            tf.compat.v1.summary.FileWriter(logdir=three)

    @ex.main
    @LogFileWriter(ex)
    def main(_run: Any) -> None:
        tf.compat.v1.summary.FileWriter(one)
        assert noted(_run) == [one]
        tf.summary.create_file_writer(two)
        assert noted(_run) == [one, two]
        Model().train()

    # The inner scope is of the same run: what is in both is noted once.
    assert noted(ex.run()) == [one, two, three]


def test_as_a_context_manager(tf: Any, ex: Experiment, tmp_path: Path) -> None:
    """Nothing outside of it is noted, also after an error in it; TensorFlow is as it was."""
    originals = tf.compat.v1.summary.FileWriter.__init__, tf.summary.create_file_writer

    @ex.main
    def main(_run: Any) -> None:
        tf.compat.v1.summary.FileWriter(str(tmp_path / "before"))
        writer = LogFileWriter(ex)
        with contextlib.suppress(ValueError), writer as entered:
            assert entered is writer
            tf.compat.v1.summary.FileWriter(str(tmp_path / "in"))
            raise ValueError
        tf.compat.v1.summary.FileWriter(str(tmp_path / "after"))

    assert noted(ex.run()) == [str(tmp_path / "in")]
    assert (tf.compat.v1.summary.FileWriter.__init__, tf.summary.create_file_writer) == originals


def test_derived_writers_are_noted_once(tf: Any, ex: Experiment, tmp_path: Path) -> None:
    """Derived writers are noted once, by what they pass on."""

    class Mine(tf.compat.v1.summary.FileWriter):  # type: ignore[misc, name-defined]
        def __init__(self, name: str) -> None:
            super().__init__(str(tmp_path / name))

    @ex.main
    @LogFileWriter(ex)
    def main() -> None:
        Mine("x")

    assert noted(ex.run()) == [str(tmp_path / "x")]


def test_a_run_records_only_its_own_writers(tf: Any, tmp_path: Path) -> None:
    """A run records its own writers, also while another run in another thread is in a scope."""
    both = threading.Barrier(2, timeout=30)
    found = {}

    def work(name: str) -> None:
        ex = Experiment(name, save_git_info=False, interactive=True)

        @ex.main
        @LogFileWriter(ex)
        def main() -> None:
            both.wait()
            tf.compat.v1.summary.FileWriter(str(tmp_path / name))
            both.wait()

        found[name] = noted(ex.run())

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {name: [str(tmp_path / name)] for name in "ab"}


@pytest.mark.usefixtures("tf")
def test_a_block_that_is_left_after_its_run_no_longer_watches(
    tf: Any, ex: Experiment, tmp_path: Path
) -> None:
    """The block began in one run and is left in or after another one."""
    one, two = str(tmp_path / "a"), str(tmp_path / "b")
    block = contextlib.ExitStack()

    @ex.command
    def begin() -> None:
        block.enter_context(LogFileWriter(ex))
        tf.compat.v1.summary.FileWriter(one)

    @ex.command
    def leave() -> None:
        block.close()
        tf.compat.v1.summary.FileWriter(two)

    first, second = ex.run("begin"), ex.run("leave")
    assert (noted(first), noted(second)) == ([one], None)


def test_without_a_run_it_is_an_error(ex: Experiment) -> None:
    """The error names the place where it can be used."""
    with pytest.raises(NoRunError, match="while experiment 'writers' is running"):
        LogFileWriter(ex).__enter__()


def test_the_documented_name(tmp_path: Path) -> None:
    """`sacred_core.stflow.LogFileWriter`: without the plugin, the error names the package."""
    assert sacred_core.stflow.LogFileWriter is LogFileWriter
    with pytest.raises(AttributeError, match="NoSuchName"):
        _ = sacred_core.stflow.NoSuchName
    code = """
        import sacred_core.hooks.manager
        sacred_core.hooks.manager.installed_plugins = lambda: []
        from sacred_core.stflow import LogFileWriter
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    message = "ImportError: LogFileWriter is in a separate plugin: pip install sacred-tensorflow"
    assert message in done.stderr
