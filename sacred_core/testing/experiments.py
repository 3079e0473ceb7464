"""Small experiments that one observer records."""

import inspect
import logging
import os
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from sacred_core.exceptions import TimeoutInterrupt
from sacred_core.experiment import Experiment
from sacred_core.run import Run
from sacred_core.testing.event_driver import record_completed_run


def run_main(
    observer: Any,
    main: Callable[..., Any],
    folder: Path | None = None,
    config: Mapping[str, Any] | None = None,
    **arguments: Any,
) -> Run:
    """Run a new experiment and return its finished run.

    Args:
        observer: Records the run.
        main: The main function.
        folder: Its Python files are the sources; None: the folder of ``main``.
        config: Of the experiment.
        arguments: Those of `Experiment.run`, such as ``options``.
    """
    folder = folder or Path(inspect.getfile(main)).parent
    ex = Experiment("ex", save_git_info=False, base_dir=os.fspath(folder))
    ex.observers.append(observer)
    ex.add_config(config or {})
    ex.main(main)
    return ex.run(**arguments)


def shown_while_recording(observer: Any, caplog: pytest.LogCaptureFixture) -> str:
    """Record two runs and return all that is shown of the observer.

    This is its ``repr``, an exception with its traceback, and what is logged at any level.

    Args:
        observer: May fail: the second run, of an experiment, completes all the same.
        caplog: The fixture of pytest.
    """
    caplog.set_level(logging.DEBUG)
    shown = repr(observer)
    try:
        record_completed_run(observer)
    except Exception as error:  # noqa: BLE001 - any that an observer raises
        shown += f"{error!r} {error.__context__!r} {''.join(traceback.format_exception(error))}"
    assert run_main(observer, lambda: 42).result == 42
    return shown + caplog.text


def experiment_with_each_end(observer: Any, name: str, message: str) -> Experiment:
    """Return an experiment with a command for each way in which a run ends.

    The main function returns 42. The command ``fail`` raises a ValueError with the ``message``,
    ``interrupt`` a KeyboardInterrupt and ``time_out`` a `TimeoutInterrupt`.
    """
    ex = Experiment(name, save_git_info=False)
    ex.observers.append(observer)

    @ex.main
    def main() -> int:
        return 42

    @ex.command
    def fail() -> None:
        raise ValueError(message)

    @ex.command
    def interrupt() -> None:
        raise KeyboardInterrupt

    @ex.command
    def time_out() -> None:
        raise TimeoutInterrupt

    return ex
