"""Tests of queueing further points of sampled sweeps."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import attrs
import pytest
from sacred_sweep import filling
from sacred_sweep.filling import fill_queue, queue_next
from sacred_sweep.point_copies import insert_point, new_point_run
from sacred_sweep.random_sampler import RandomSampler
from sacred_sweep.sampled_sweeps import CANCELLED_TAG, SampledPoint

from sacred_core import open_store
from sacred_core.exceptions import OptionError
from sacred_core.hooks.targets import resolve_target
from sacred_core.stores.annotations import new_tags
from sacred_core.stores.query import parse
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore
from sacred_core.testing.effort import examples

from .sampled_runs import Runs, new_plan


def rates(runs: Runs) -> list[float]:
    """Return the values of the first replica of each point."""
    own = runs.sweep().runs
    return [own[key].config["lr"] for key in sorted(own) if key[1] == 0]


def test_each_call_queues_the_next_point() -> None:
    """Until there are as many as the plan has; the values are those of the sampler."""
    runs = Runs(plan=new_plan(trials=4))
    runs.queue(lr=0.5)
    assert [fill_queue(runs.store) for _ in range(5)] == [1, 1, 1, 0, 0]
    sampler = RandomSampler(runs.plan)
    assert rates(runs) == [0.5, *(sampler.ask(n, [])["lr"] for n in (1, 2, 3))]
    assert sorted(runs.sweep().runs) == [(n, 0) for n in range(4)]
    assert len(set(rates(runs))) == 4


def test_a_store_without_sampled_sweeps_is_not_changed() -> None:
    """An empty store, and one with other runs."""
    assert fill_queue(MemoryStore(Memory())) == 0
    runs = Runs()
    runs.queue(meta_info={"command": "main", "sweep": {"uid": "a", "values": {}}})
    assert fill_queue(runs.store) == 0 and len(list(runs.store.list())) == 1


def test_all_replicas_of_a_point_are_queued_together() -> None:
    """They have the same values, and different seeds."""
    runs = Runs(plan=new_plan(trials=2), seeds=3)
    for replica in range(3):
        runs.queue(0, replica)
    assert fill_queue(runs.store) == 3 and fill_queue(runs.store) == 0
    own = [runs.run(1, replica).config for replica in range(3)]
    assert len({each["lr"] for each in own}) == 1
    assert [each["seed"] for each in own] == [100, 101, 102]


def test_replicas_that_a_killed_worker_has_not_queued_are_queued() -> None:
    """They get the values of the first replica, not those of the sampler."""
    runs = Runs(plan=new_plan(trials=2), seeds=2)
    runs.queue(0, 0)
    runs.queue(0, 1)
    runs.queue(1, 0, lr=0.125)
    assert fill_queue(runs.store) == 1 and runs.run(1, 1).config["lr"] == 0.125


def test_a_deleted_point_is_queued_again() -> None:
    """Its number is the first that has no run."""
    runs = Runs(plan=new_plan(trials=3))
    for trial in range(3):
        runs.queue(trial, lr=0.5)
    runs.complete(1)
    runs.store.delete(runs.run(1).id)
    assert fill_queue(runs.store) == 1 and runs.run(1).recorded_status == "QUEUED"


def test_the_condition_of_the_worker_holds_for_the_points() -> None:
    """A point that the worker would not execute is left to others."""
    runs = Runs()
    runs.queue()
    for where in ("name = other", "config.lr > 1", 'meta.sweep.uid = "other"'):
        assert fill_queue(runs.store, parse(where)) == 0
    assert fill_queue(runs.store, parse("name = fed and config.lr < 1 and status = QUEUED")) == 1


def test_a_cancelled_sweep_gets_no_points() -> None:
    """Another one in the store does."""
    runs = Runs()
    run = runs.queue()
    runs.store.annotate(run.id, new_tags([CANCELLED_TAG], False))
    assert fill_queue(runs.store) == 0


def test_a_missing_sampler_is_an_error() -> None:
    """The message has what to install."""
    runs = Runs(sampler="acme:fast")
    runs.queue()
    with pytest.raises(OptionError, match="--sampler: unknown sampler 'acme': use "):
        fill_queue(runs.store)


def test_a_sweep_without_sampler_does_not_stop_others() -> None:
    """Its error is raised when no other sweep has a point."""
    runs = Runs(sampler="acme", plan=new_plan(trials=2))
    meta = runs.meta(0, 0, {"lr": 0.5})
    runs.queue(meta_info={**meta, "uid": "0" * 32, "sweep": {**meta["sweep"], "uid": "other"}})
    runs.sampler = "random"
    runs.queue()
    assert fill_queue(runs.store) == 1 and runs.sweep().missing() == []
    with pytest.raises(OptionError, match="unknown sampler 'acme'"):
        fill_queue(runs.store)


def test_the_next_point_of_one_sweep_can_be_queued_with_a_new_plan() -> None:
    """It records the plan."""
    runs = Runs(plan=new_plan(trials=1))
    runs.queue()
    sweep = runs.sweep()
    assert queue_next(runs.store, sweep) == 0
    plan = new_plan(trials=3)
    longer = attrs.evolve(sweep, point=attrs.evolve(sweep.point, plan=plan))
    assert queue_next(runs.store, longer) == 1
    assert runs.sweep().missing() == [(2, 0)]


def test_of_two_workers_each_queues_another_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that comes too late asks again, with the point of the other one."""
    runs = Runs()
    runs.queue()
    calls: list[Any] = []

    def insert(store: Any, run: Any) -> Any:
        if not calls:
            other = attrs.evolve(runs.point(), trial=1, values={"lr": 0.875})
            insert_point(store, new_point_run(runs.run(), other))
        calls.append(run)
        return insert_point(store, run)

    monkeypatch.setattr(filling, "insert_point", insert)
    monkeypatch.setattr(filling, "_is_same", lambda stored, run: stored.config == run.config)
    assert fill_queue(runs.store) == 1 and len(calls) == 2
    assert sorted(runs.sweep().runs) == [(0, 0), (1, 0), (2, 0)]
    assert runs.run(1).config["lr"] == 0.875


def test_many_threads_queue_each_point_once() -> None:
    """Sixteen workers that are idle at once get all points, none twice."""
    runs = Runs(plan=new_plan(trials=17), seeds=2)
    for replica in range(2):
        runs.queue(0, replica)
    barrier = Barrier(8)

    def work(number: int) -> int:
        barrier.wait()
        count = own = 0
        while own < 2 or count:
            count = fill_queue(MemoryStore(runs.store.memory))
            own += count or 1
        return own

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert sorted(runs.sweep().runs) == [(n, k) for n in range(17) for k in range(2)]
    assert len(list(runs.store.list())) == 34
    for trial in range(17):
        assert runs.run(trial, 0).config["lr"] == runs.run(trial, 1).config["lr"]
    assert isinstance(runs.store.new_observer(), MemoryObserver)


WORKER = """
import sys
from sacred_sweep.filling import fill_queue
from sacred_core import open_store

store, empty = open_store(sys.argv[1]), 0
print("ready", flush=True)
sys.stdin.readline()
while empty < 2:
    empty = 0 if fill_queue(store) else empty + 1
"""


@pytest.mark.parametrize("place", ["{}/runs", "sqlite:///{}/runs.db"])
def test_many_processes_queue_each_point_once(place: str, tmp_path: Path) -> None:
    """Folders and databases have the same points as the memory."""
    location = place.format(tmp_path)
    name = "sacred_sql:SqlObserver" if "sqlite" in place else "sacred_file:FileStorageObserver"
    observer = resolve_target(name)(location)
    runs = Runs(plan=new_plan(trials=10), seeds=2)
    for replica in range(2):
        EventDriver(observer).queue(
            meta_info=runs.meta(0, replica, {"lr": 0.5}), config={"lr": 0.5, "seed": replica}
        )
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, location], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )
        for _ in range(examples(3, 8))
    ]  # fmt: skip
    for worker in workers:
        assert worker.stdout is not None and worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.communicate("go\n")
        assert worker.returncode == 0
    stored = [SampledPoint.of(run.meta) for run in open_store(location).list()]
    found = [(each.trial, each.replica, str(dict(each.values))) for each in stored if each]
    assert sorted(each[:2] for each in found) == [(n, k) for n in range(10) for k in range(2)]
    assert len({(each[0], each[2]) for each in found}) == 10
