"""Tests of starting sweeps whose sampler chooses the points."""

from collections.abc import Callable
from typing import Any

import pytest
from sacred_sweep.filling import fill_queue

from sacred_core import REQUIRED, Experiment
from sacred_core.stores import open_store

Stored = Callable[[], list[Any]]
Command = Callable[..., Any]
OPTIONS = ("--sampler", "random", "--optimize", "metrics.loss.min")
SPACE = ("lr=loguniform(1e-4,1)", "model.opt=[sgd,adam]")


def failing(command: Command, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return the error of a command line that ends with exit code 2."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        command(*words)
    assert caught.value.code == 2
    return capsys.readouterr().err.removeprefix("Error: ").rstrip()


def test_the_first_point_is_queued(command: Command, stored: Stored, capsys: Any) -> None:
    """It has its resolved configuration, and what workers need to choose further points."""
    started = command(*SPACE, "model.depth=5", *OPTIONS, "--trials", "9")
    [run] = stored()
    sweep = run.meta["sweep"]
    assert (run.recorded_status, sweep["uid"], started.queued) == ("QUEUED", started.uid, 1)
    assert (sweep["trial"], sweep["replica"], sweep["seeds"], sweep["sampler"]) == (
        0,
        0,
        1,
        "random",
    )
    assert (sweep["optimize"], sweep["direction"]) == ("metrics.loss.min", "min")
    assert sweep["plan"].pop("seed") > 0
    assert sweep["plan"] == {
        "argument": "",
        "space": {
            "lr": {"kind": "loguniform", "low": 1e-4, "high": 1},
            "model.opt": {"kind": "choice", "values": ["sgd", "adam"]},
        },
        "is_minimized": True,
        "trials": 9,
    }
    assert sweep["values"] == {"lr": run.config["lr"], "model.opt": run.config["model"]["opt"]}
    assert run.config["inverse"] == 1 / run.config["lr"] and run.config["model"]["depth"] == 5
    assert "9 points by random, 1 queued in" in capsys.readouterr().out


def test_workers_queue_the_others(command: Command, stored: Stored, tmp_path: Any) -> None:
    """They have other values, the same seed, and are not resolved yet."""
    command(*SPACE, *OPTIONS, "--trials", "4")
    store = open_store(str(tmp_path / "runs"))
    assert [fill_queue(store) for _ in range(4)] == [1, 1, 1, 0]
    first, *others = stored()
    assert len({run.config["lr"] for run in stored()}) == 4
    assert {run.config["seed"] for run in others} == {first.config["seed"]}
    for run in others:
        assert run.meta["config_updates"]["lr"] == run.config["lr"]
        assert run.meta["origins"] == first.meta["origins"] and run.sources == first.sources
        assert run.meta["sweep"]["is_resolved"] is False
        assert set(run.meta["options"]["UPDATE"]) == {
            f"lr={run.config['lr']!r}", f"model.opt={run.config['model']['opt']!r}",
        }  # fmt: skip


def test_starting_it_again_queues_nothing(command: Command, stored: Stored) -> None:
    """The first point exists."""
    assert command(*SPACE, *OPTIONS, "--trials", "4").queued == 1
    assert command(*SPACE, *OPTIONS, "--trials", "4").queued == 0 and len(stored()) == 1


def test_more_points_can_be_requested(command: Command, stored: Stored, tmp_path: Any) -> None:
    """The next point has the new number, also if all others are queued."""
    command(*SPACE, *OPTIONS, "--trials", "1")
    store = open_store(str(tmp_path / "runs"))
    assert fill_queue(store) == 0
    assert command(*SPACE, *OPTIONS, "--trials", "3").queued == 1
    assert fill_queue(store) == 1 and fill_queue(store) == 0
    assert [run.meta["sweep"]["trial"] for run in stored()] == [0, 1, 2]


def test_replicas_have_different_seeds(command: Command, stored: Stored) -> None:
    """All of the first point are queued, with the same values."""
    command(*SPACE, *OPTIONS, "--trials", "4", "--seeds", "3")
    runs = stored()
    assert [run.meta["sweep"]["replica"] for run in runs] == [0, 1, 2]
    assert len({run.config["seed"] for run in runs}) == 3
    assert len({run.config["lr"] for run in runs}) == 1


def test_a_dry_run_queues_nothing_and_finds_mistakes(
    command: Command, stored: Stored, capsys: Any
) -> None:
    """The sampler is asked for the first point."""
    started = command(*SPACE, *OPTIONS, "--trials", "4", "--dry-run")
    assert started.queued == 1 and stored() == []
    error = failing(command, capsys, *SPACE, "--dry-run", "--sampler", "rondom", *OPTIONS[2:],
                    "--trials", "4")  # fmt: skip
    assert error.startswith("--sampler: unknown sampler 'rondom': use ")


def test_a_required_entry_can_be_sampled(tmp_path: Any) -> None:
    """Its value comes from the sampler."""
    ex = Experiment("needs", save_git_info=False)
    ex.add_config(lr=REQUIRED)
    ex.main(lambda lr: lr)
    words = ["script", "sweep", "with", "lr=uniform(0,1)", "-F", str(tmp_path), "--trials", "2"]
    ex.run_commandline([*words, *OPTIONS])
    [run] = open_store(str(tmp_path)).list()
    assert 0 <= run.config["lr"] <= 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            ["lr=loguniform(1e-5,1)", SPACE[1]],
            "with lr=loguniform(0.0001, 1), not loguniform(1e-05, 1)",
        ),
        ([SPACE[0], "model.opt=[sgd]"], "with model.opt=choice('sgd', 'adam'), not choice('sgd')"),
        ([*SPACE, "--optimize", "metrics.loss.max"], "with --optimize metrics.loss.min"),
        ([*SPACE, "--direction", "max"], "with --direction min"),
        ([*SPACE, "--seeds", "2"], "with --seeds 1"),
        ([*SPACE, "--trials", "2"], "with 4 points: --trials can only be increased"),
        (["lr=uniform(0,1)"], "with lr=loguniform(0.0001, 1), not uniform(0, 1)"),
    ],
)
def test_another_sweep_of_the_same_name_is_an_error(
    command: Command, capsys: Any, changes: list[str], message: str
) -> None:
    """The space and what is optimized are those of the first start."""
    known = {"--optimize": "metrics.loss.min", "--trials": "4"}
    rest = [word for pair in known.items() if pair[0] not in changes for word in pair]
    command(*SPACE, "--sampler", "random", "--sweep", "a", *(w for p in known.items() for w in p))
    error = failing(command, capsys, *changes, *rest, "--sampler", "random", "--sweep", "a")
    assert message in error and "--sweep NAME" in error


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["zip(lr=[1,2],model.depth=[3,4])"], "lr, model.depth get their values together"),
        (
            ["lr=[1,2]", "--sampler", "random:fast"],
            "--sampler random: expected seed=NUMBER, got 'fast'",
        ),
        (["lr=[1,2]", "--optimize", "loss"], "--optimize: unknown field 'loss'"),
        (["lr=0.5", "--seeds", "2"], "--sampler random: nothing is swept"),
    ],
)
def test_mistakes_are_found_before_a_run_is_queued(
    command: Command, stored: Stored, capsys: Any, words: list[str], message: str
) -> None:
    """The message names the option or the entries."""
    known = {"--sampler": "random", "--optimize": "metrics.loss.min", "--trials": "4"}
    rest = [word for pair in known.items() if pair[0] not in words for word in pair]
    assert message in failing(command, capsys, *words, *rest)
    assert stored() == []
