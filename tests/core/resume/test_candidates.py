"""Tests of ``--resume auto``."""

import logging
from typing import Any

import pytest


def test_the_newest_equal_run_is_resumed(training: Any) -> None:
    """Runs that completed, or have another configuration, are not resumed."""
    training.fail(3)
    training.fail(3)
    training.fail(3, config_updates={"lr": 0.5})
    training.ex.run(config_updates={"lr": 0.7})
    run = training.ex.run(resume="auto")
    assert (run._id, run.segment) == (2, 1)


def test_a_new_run_starts_if_there_is_none(training: Any) -> None:
    """A run of the same call that completed is not resumed."""
    training.ex.run()
    run = training.ex.run(resume="auto")
    assert (run._id, run.segment, run.resumed) == (2, 0, None)


def test_entries_that_depend_on_the_seed_are_compared_with_the_stored_seed(training: Any) -> None:
    """The configuration of a candidate is computed with its seed."""

    @training.ex.config
    def derived(seed: int) -> None:
        shift = seed % 1000

    training.fail(3)
    training.fail(3, config_updates={"seed": 3})
    run = training.ex.run(resume="auto")
    assert (run._id, run.segment) == (1, 1)
    assert training.configs[2] == training.configs[0]


def test_the_run_of_the_same_job_is_preferred(
    training: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restarted job resumes its own run, though there is a newer one of another job."""
    for job in ("11", "12"):
        monkeypatch.setenv("SLURM_JOB_ID", job)
        training.fails_at = 3
        with pytest.raises(RuntimeError):
            training.ex.run(resume="auto", config_updates={"lr": int(job)})
    for stored in training.memory.runs.values():
        stored.run.config["lr"] = 0.1
    training.fails_at = None
    monkeypatch.setenv("SLURM_JOB_ID", "11")
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    run = training.ex.run(resume="auto")
    assert (run._id, run.segment) == (1, 1)


def test_a_run_of_the_job_with_another_configuration_is_reported(
    training: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A warning lists the entries that differ, and a new run starts."""
    monkeypatch.setenv("SLURM_JOB_ID", "11")
    training.fails_at = 3
    with pytest.raises(RuntimeError):
        training.ex.run(resume="auto")
    training.fails_at = None
    with caplog.at_level(logging.WARNING):
        run = training.ex.run(resume="auto", config_updates={"lr": 0.5})
    assert run.segment == 0
    assert "run '1' of this job is not resumed" in caplog.text
    assert "lr: 0.1 → 0.5" in caplog.text


def test_a_run_of_this_process_is_not_waited_for(training: Any) -> None:
    """A run that starts another one of its experiment is not a candidate of it."""
    inner = []

    @training.ex.pre_run_hook
    def nest() -> None:
        if not inner:
            inner.append(None)
            inner.append(training.ex.run(resume="auto"))

    outer = training.ex.run()
    assert (inner[1]._id, inner[1].segment) != (outer._id, 1)
    assert inner[1].segment == 0
