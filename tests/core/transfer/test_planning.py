"""Tests of the target that stores nothing."""

import copy
from pathlib import Path

import attrs

from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore
from sacred_core.transfer.copying import copy_runs
from sacred_core.transfer.known_runs import Target
from sacred_core.transfer.planning import DryTarget


def record(memory: Memory, path: Path, number: int = 1) -> EventDriver:
    driver = EventDriver(MemoryObserver(memory))
    driver.start(meta_info={"uid": f"{number:032x}"})
    driver.print("printed\n")
    driver.log("loss", [1.0, 2.0])
    driver.artifact("art", str(path))
    driver.beat()
    return driver


def test_the_counts_are_those_of_the_copy(path: Path) -> None:
    """Everything is counted as it would be sent, for a new target and for one with a part."""
    source, target = Memory(), Memory()
    first = record(source, path)
    record(source, path, 2).complete()
    for store in (None, MemoryStore(target)):
        planned = [*copy_runs(MemoryStore(source), DryTarget(store))]
        assert not target.runs
        assert [(each.events > 3, each.points, each.files) for each in planned] == [
            (True, 2, 1)
        ] * 2
    done = [*copy_runs(MemoryStore(source), Target(MemoryStore(target)))]
    assert planned == [attrs.evolve(each, target_id=None) for each in done]
    first.log("loss", [3.0])
    first.complete()
    before = copy.deepcopy(target.runs)
    rest, complete = copy_runs(MemoryStore(source), DryTarget(MemoryStore(target)))
    assert (rest.points, rest.target_id, rest.is_new) == (1, 1, False)
    assert (complete.events, complete.target_id) == (0, 2)
    assert target.runs.keys() == before.keys()
    assert target.runs[1].metrics == before[1].metrics
    assert target.runs[1].run == before[1].run
