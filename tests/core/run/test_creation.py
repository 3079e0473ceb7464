"""Tests of runs that differ in their configuration, and of queued runs with a known uid."""

from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.config.request import Request
from sacred_core.exceptions import ConfigAddedError, ConfigValueError
from sacred_core.run.creation import new_run, new_variant
from sacred_core.run.lifecycle import Lifecycle
from sacred_core.testing.memory import Memory, MemoryObserver


@pytest.fixture
def experiment() -> Experiment:
    ex = Experiment("varied", interactive=True, save_git_info=False)

    @ex.config
    def config() -> None:
        rate = 1
        double = 2 * rate

    @ex.main
    def main(rate: int) -> int:
        return rate

    return ex


def test_a_variant_has_another_configuration_only(experiment: Experiment) -> None:
    """Observers, options, code and host are those of the first run; the rest is its own."""
    calls: list[Any] = []

    @experiment.option_hook
    def note(options: dict[str, Any]) -> None:
        calls.append(options)

    observer = MemoryObserver(Memory())
    experiment.observers.append(observer)
    options = {"--comment": "why", "--queue": True}
    first = new_run(experiment, Request(updates={"rate": 2}, options=options), lambda: 7)
    request = Request(updates={"rate": 3}, tokens=["rate=3"], meta_info={"more": 1})
    second = new_variant(first, request, lambda: 8)
    assert (first.config["double"], second.config["double"]) == (4, 6)
    assert (first.config["seed"], second.config["seed"]) == (7, 8)
    assert second.meta_info["config_updates"] == {"rate": 3}
    assert second.meta_info["options"]["UPDATE"] == ["rate=3"]
    assert (second.meta_info["comment"], second.meta_info["more"]) == ("why", 1)
    assert "more" not in first.meta_info
    assert first.meta_info["config_updates"] == {"rate": 2}
    assert second.uid == second.meta_info["uid"] != first.uid
    assert second.observers == [observer]
    assert second.queue_only
    assert second.experiment_info is first.experiment_info
    assert second.host_info is first.host_info
    assert len(calls) == 1


def test_the_configuration_of_a_variant_is_checked(experiment: Experiment) -> None:
    """Unknown entries, seeds and required entries are errors, as for any run."""
    first = new_run(experiment, Request())
    with pytest.raises(ConfigAddedError):
        new_variant(first, Request(updates={"rat": 3}), lambda: 1)
    with pytest.raises(ConfigValueError, match="seed must be an integer"):
        new_variant(first, Request(updates={"seed": "x"}), lambda: 1)


def test_a_run_with_a_known_uid_is_queued_once(experiment: Experiment) -> None:
    """A store that has the uid gets no second run; another one gets one."""
    observer: Any = MemoryObserver(Memory())
    experiment.observers.append(observer)
    ids = []
    for uid in ("a" * 32, "a" * 32, "b" * 32):
        run = new_run(experiment, Request(options={"--queue": True}))
        run.uid = run.meta_info["uid"] = uid
        run.is_unique = True
        Lifecycle(run).queue()
        ids.append(run._id)
    assert ids == [1, 1, 2]
    assert [run.uid for run in observer.open_store().list()] == ["a" * 32, "b" * 32]
