"""Tests of where parts of runs are delivered to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sacred_core.exceptions import SpoolError
from sacred_core.spool.part_targets import is_part, open_parts
from sacred_core.stores import StoredRun
from sacred_core.stores.writers import part_meta, part_uid
from sacred_core.testing import Memory, MemoryObserver, MemoryStore
from sacred_core.testing.event_driver import EventDriver
from sacred_core.transfer.known_runs import Target

UID = "0123456789abcdef" * 2
START = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def part(start: datetime = START, **meta: Any) -> StoredRun:
    return StoredRun(id=1, status="RUNNING", start_time=start, meta={"uid": "e" * 32, **meta})


def start(memory: Memory, at: datetime = START, **meta: Any) -> Any:
    run_id = EventDriver(MemoryObserver(memory)).start(meta_info=meta)
    memory.runs[run_id].run.start_time = at
    return run_id


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({}, False),
        ({"writer": "rank1"}, False),
        ({"run": UID}, False),
        ({"group": "g"}, False),
        ({"writer": 1, "run": UID}, False),
        ({"writer": "child1", "run": UID}, True),
        ({"writer": "rank1", "group": "g"}, False),
        ({"writer": "rank1", "group": "g", "world_size": 2}, True),
    ],
)
def test_which_runs_are_parts(meta: dict[str, Any], expected: bool) -> None:
    """A part has the name of its writer, and the uid of its run or the key of its group."""
    assert is_part(part(**meta)) is expected


def run_of(target: Target, part_run: StoredRun) -> str:
    """Return the uid of the run to whose parts a part is delivered."""
    return str(open_parts(target, part_run).prepared(part_run).meta["run"])


def test_a_part_of_a_run_with_a_uid() -> None:
    """The run of a part is found by its uid; the group does not matter then."""
    memory = Memory()
    start(memory, group="g", uid="f" * 32)
    run_id = start(memory, group="h", uid=UID)
    own = part(writer="child1", run=UID, group="g", own=1)
    target = open_parts(Target(MemoryStore(memory)), own)
    prepared = target.prepared(own)
    assert prepared.meta == {"own": 1, "group": "g", **part_meta(UID, "child1")}
    assert (prepared.uid, prepared.recorded_status) == (part_uid(UID, "child1"), "RUNNING")
    EventDriver(target.observer_of(None)).start(meta_info=part_meta(UID, "child1"))
    assert MemoryStore(memory).writer_store(run_id) is not None
    with pytest.raises(SpoolError, match=r"the run with the uid cdcd.*, to which it belongs, is"):
        open_parts(Target(MemoryStore(memory)), part(writer="child1", run="cd" * 16))


def test_a_part_of_the_run_of_a_group() -> None:
    """It is the run that started nearest to the part, and has no other part of the writer."""
    memory = Memory()
    target = Target(MemoryStore(memory))
    uids = [f"{number:032x}" for number in range(3)]
    ids = [
        start(memory, START + timedelta(seconds=seconds), group="g", uid=uid)
        for seconds, uid in zip((600, -30, 10), uids, strict=True)
    ]
    start(memory, START, group="other", uid="f" * 32)
    start(memory, START - timedelta(days=3), group="g", uid="e" * 32)
    own = part(writer="rank1", group="g", world_size=2)
    for number in (2, 1, 0):
        assert run_of(target, own) == uids[number]
        observer = MemoryStore(memory).writer_observer(ids[number])
        EventDriver(observer).start(meta_info={"writer": "rank1", "group": "g"})
    with pytest.raises(SpoolError, match="the run with the group g, to which it belongs, is not"):
        run_of(target, own)
    copied = MemoryStore(memory).writer_store(ids[1])
    assert copied is not None
    copied.memory.runs["rank1"].run.start_time = START
    assert run_of(target, own) == uids[1]


def test_stores_without_parts() -> None:
    """A store that has no parts cannot store one."""

    class WithoutParts(MemoryStore):
        writer_store = None  # type: ignore[assignment]

    memory = Memory()
    start(memory, uid=UID)
    with pytest.raises(SpoolError, match="WithoutParts cannot store what other processes"):
        open_parts(Target(WithoutParts(memory)), part(writer="rank1", run=UID))
