"""The scope in which writers of summaries are noticed."""

import contextlib
from typing import Any, Self

from sacred_core import Experiment
from sacred_core.exceptions import NoRunError
from sacred_tensorflow.watching import unwatch, watch


class LogFileWriter(contextlib.ContextDecorator):
    """Records the folders of TensorFlow's writers in its scope, in the order of creation.

    ``info["tensorflow"]["logdirs"]`` of the run contains the folders as they were passed. Writers
    are ``tf.compat.v1.summary.FileWriter`` (in TensorFlow 1 ``tf.summary.FileWriter``), classes
    derived from it, and results of ``tf.summary.create_file_writer``. Scopes can be nested.

    Args:
        ex: The experiment; its run must be running when the scope is entered.

    Raises:
        NoRunError: when the scope is entered: no run of ``ex`` is running.
        ModuleNotFoundError: when the scope is entered: TensorFlow is not installed.

    Example:
        ```python
        @ex.automain
        @LogFileWriter(ex)
        def main():
            writer = tf.summary.create_file_writer("logs")
        ```
    """

    def __init__(self, ex: Experiment) -> None:
        self.ex = ex
        self._runs: list[Any] = []

    def __enter__(self) -> Self:
        run = self.ex.current_run
        if run is None or run.status != "RUNNING":
            raise NoRunError(
                f"LogFileWriter must be used while experiment {self.ex.path!r} is running: use it "
                "inside a command, or as its decorator below @ex.main"
            )
        watch(run)
        self._runs.append(run)
        return self

    def __exit__(self, *error: object) -> None:
        run = self.ex.current_run
        # One object decorates a function that several runs may be in at once.
        at = self._runs.index(run) if run in self._runs else -1
        unwatch(self._runs.pop(at))
