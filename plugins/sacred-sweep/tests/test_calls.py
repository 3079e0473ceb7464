"""Tests of ``ex.sweep({...})``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sacred_file import FileStorageObserver
from sacred_sweep import (
    choice,
    lograndint,
    loguniform,
    normal,
    quniform,
    randint,
    uniform,
)

from sacred_core import Experiment
from sacred_core.exceptions import SacredError
from sacred_core.run.creation import new_run

Stored = Callable[[], list[Any]]


@pytest.fixture
def observed(experiment: Experiment, tmp_path: Path) -> Experiment:
    """The experiment, which records in the folder that ``stored`` reads."""
    experiment.observers.append(FileStorageObserver(tmp_path / "runs"))
    return experiment


def test_combinations_are_queued(
    observed: Experiment, stored: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lists, ranges and arrays are swept; other values are fixed; nothing is printed."""
    sweep = observed.sweep({"lr": [1, 2], "model": {"depth": range(3, 5), "opt": "adam"}})
    assert [(run.config["lr"], run.config["model"]) for run in stored()] == [
        (lr, {"depth": depth, "opt": "adam"}) for lr in (1, 2) for depth in (3, 4)
    ]
    assert sweep.queued == 4
    assert sweep.counts == {"QUEUED": 4}
    assert [run.id for run in sweep.runs()] == [1, 2, 3, 4]
    assert [point.values for point in sweep.points][:1] == [{"lr": 1, "model.depth": 3}]
    assert capsys.readouterr().out == ""
    assert observed.sweep({"lr": np.array([1, 2, 5]), "model.depth": (3, 4)}, name="x").queued == 6


def test_a_worker_that_executes_the_script_starts_no_sweep(
    observed: Experiment, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script would queue its points, and start workers, for each point once more."""
    monkeypatch.setattr("sacred_core.context.run_creator", new_run)
    sweep = observed.sweep({"lr": [1, 2]}, launch="local:2")
    assert (sweep.queued, sweep.is_dry_run, sweep.launched) == (2, True, None)
    assert [*stored()] == []


def test_the_command_line_starts_the_same_sweep(observed: Experiment) -> None:
    """The same entries and values have the same uid and the same points."""
    words = ["script", "sweep", "with", "lr=[1,2]", "model.depth=3", "deep"]
    first: Any = observed.run_commandline(words)
    config = {"model": {"depth": 3}}
    again = observed.sweep({"lr": [1, 2]}, config_updates=config, named_configs=["deep"])
    assert (again.uid, again.queued) == (first.uid, 0)
    assert again.location == first.location


def test_all_options_have_an_effect(observed: Experiment, stored: Stored) -> None:
    """Zipped entries, points, seeds, names, commands and options of runs."""
    zipped = observed.sweep(zipped={"lr": [1, 2], "model": {"depth": [3, 4]}}, name="z")
    assert [point.values for point in zipped.points] == [
        {"lr": 1, "model.depth": 3}, {"lr": 2, "model.depth": 4},
    ]  # fmt: skip
    points = [{"lr": 3}, {"lr": 4, "model": {"depth": 5}}]
    listed = observed.sweep({"model.opt": ["a", "b"]}, points=points, seeds=2, name="p")
    assert listed.queued == 8
    options = {"comment": "why", "--priority": 3}
    other = observed.sweep({"lr": [7]}, command="evaluate", options=options, name="o")
    assert other.queued == 1
    last = stored()[-1]
    assert (last.command, last.meta["comment"], last.meta["priority"]) == ("evaluate", "why", 3)
    assert last.meta["sweep"]["name"] == "o"


def test_a_dry_run_queues_nothing(observed: Experiment, stored: Stored) -> None:
    """It returns the points."""
    sweep = observed.sweep({"lr": [1, 2]}, dry_run=True, optimize="result", direction="max")
    assert (len(sweep.points), sweep.queued, sweep.counts, stored()) == (2, 2, {}, [])
    assert list(sweep.runs()) == []


def test_distributions_are_drawn(observed: Experiment) -> None:
    """Each function returns the distribution of its name."""
    space = {
        "a": uniform(0, 1), "b": loguniform(1e-3, 1), "c": quniform(0, 1, 0.5), "d": randint(1, 3),
        "e": lograndint(1, 9), "f": normal(0, 1), "g": choice("x", [1]),
    }  # fmt: skip
    observed.add_config(dict.fromkeys(space, 0))
    sweep = observed.sweep(space, random=6, dry_run=True)
    assert len(sweep.points) == 6
    assert {str(point.values["g"]) for point in sweep.points} <= {"x", "[1]"}
    assert [str(each) for each in space.values()] == [
        "uniform(0, 1)", "loguniform(0.001, 1)", "quniform(0, 1, 0.5)", "randint(1, 3)",
        "lograndint(1, 9)", "normal(0, 1)", "choice('x', [1])",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("space", "options", "message"),
    [
        ({}, {}, "nothing is swept"),
        ({"lr": []}, {}, "'lr' has no values"),
        ({"lrr": [1]}, {}, "unknown config entry 'lrr'"),
        ({"lr": [1]}, {"config_updates": {"lr": 2}}, "the entry 'lr' is given twice"),
        ({"lr": [1]}, {"points": []}, "points is empty"),
        ({}, {"zipped": {"a": [1], "b": [1, 2]}}, "the numbers of values differ (a 1, b 2)"),
        ({}, {"zipped": {"a": 1}}, "zipped: 'a' must be a list of values"),
        ({"lr": uniform(0, 1)}, {"random": 0}, "random must be an integer above 0, got 0"),
        ({"lr": uniform(0, 1)}, {}, "is a distribution: add random(N)"),
        ({"lr": [1]}, {"seeds": 0}, "--seeds must be an integer above 0, got 0"),
        ({"lr": [1]}, {"seeds": True}, "--seeds must be an integer above 0, got True"),
        ({"lr": [1]}, {"trials": 2}, "--trials requires --sampler NAME"),
        ({"lr": [1]}, {"options": {"--id": 2}}, "--id is for a single run"),
    ],
)
def test_mistakes_raise_errors(
    space: dict[str, Any], options: Any, message: str, observed: Experiment, stored: Stored
) -> None:
    """The message is that of the command line, and nothing is queued."""
    with pytest.raises(SacredError) as caught:
        observed.sweep(space, **options)
    assert message in str(caught.value)
    assert stored() == []


def test_unknown_options_are_refused(observed: Experiment) -> None:
    """The error lists the options."""
    with pytest.raises(TypeError, match="sweep\\(\\) has no option 'sedes': there are command,"):
        observed.sweep({"lr": [1]}, sedes=3)  # type: ignore[call-arg]


def test_workers_are_started(
    observed: Experiment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The launcher gets the location, the condition for the runs, and the folder."""
    calls: list[Any] = []

    class Launched:
        def wait(self) -> None:
            calls.append("waited")

    def launch(text: str, worker: Any, folder: Path) -> Launched:
        calls.append((text, worker.location, worker.where, worker.until_empty, folder))
        return Launched()

    monkeypatch.setattr("sacred_sweep.launching.launch_workers", launch)
    sweep = observed.sweep({"lr": [1]}, launch="local:3")
    condition = f'meta.sweep.uid = "{sweep.uid}"'
    place = str(tmp_path / "runs")
    assert calls == [("local:3", place, condition, True, Path.cwd()), "waited"]
    observed.sweep({"lr": [1]}, launch="local:3", dry_run=True)
    assert len(calls) == 2
