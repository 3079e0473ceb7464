"""Small experiments that one observer records."""

import inspect
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sacred_core.exceptions import TimeoutInterrupt
from sacred_core.experiment import Experiment
from sacred_core.run import Run


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
