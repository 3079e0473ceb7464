"""An experiment to sweep, and what runs its command line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.stores import open_store

pytest.register_assert_rewrite("sacred_sweep.testing")

#: Runs a command line in this process, and returns what it returns.
SweepCommand = Callable[..., Any]


@pytest.fixture
def experiment() -> Experiment:
    """An experiment with a scope, a named configuration and two commands."""
    ex = Experiment("tuned", save_git_info=False)

    @ex.config
    def defaults() -> None:
        lr = 0.1
        inverse = 1 / lr
        model = {"depth": 2, "opt": "sgd"}

    @ex.named_config
    def deep() -> None:
        model = {"depth": 9}

    @ex.main
    def main(lr: float) -> float:
        return lr

    @ex.command
    def evaluate(lr: float) -> float:
        return -lr

    return ex


@pytest.fixture
def command(experiment: Experiment, tmp_path: Path) -> SweepCommand:
    """Runs ``sweep with WORDS -F runs``; options may be among the words."""

    def run(*words: str) -> Any:
        given = ["script", "sweep", *(["with"] if words else []), *words]
        return experiment.run_commandline([*given, "-F", str(tmp_path / "runs")])

    return run


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[], list[Any]]:
    """Returns the stored runs, from the oldest to the newest."""

    def read() -> list[Any]:
        path = tmp_path / "runs"
        runs = list(open_store(str(path)).list()) if path.exists() else []
        return sorted(runs, key=lambda run: int(run.id))

    return read
