"""Tests of the stored run: the status that it has at a time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sacred_core import events
from sacred_core.stores import DAMAGED, StoredRun

BEAT = datetime(2026, 1, 1, tzinfo=UTC)


def running(**changed: Any) -> StoredRun:
    return StoredRun(**{"id": 1, "status": "RUNNING", "heartbeat": BEAT, **changed})


@pytest.mark.parametrize(
    ("interval", "seconds"),
    [
        (10.0, 30),
        (60, 180),
        (0.1, 2),  # at least two seconds
        (0.7, 2.1),
        *((unusable, 30) for unusable in (None, "5", 0, -1, float("nan"), float("inf"), 1e8)),
    ],
)
def test_a_run_is_dead_after_three_intervals_without_a_heartbeat(
    interval: Any, seconds: float
) -> None:
    """It has the status RUNNING up to that moment, and DEAD a microsecond later."""
    run = running(meta={"beat_interval": interval})
    last = BEAT + timedelta(seconds=seconds)
    assert (run.status_at(last), run.is_running(last)) == ("RUNNING", True)
    later = last + timedelta(microseconds=1)
    assert (run.status_at(later), run.is_running(later)) == ("DEAD", False)


def test_the_grace_period_begins_with_the_start_where_there_is_no_heartbeat() -> None:
    """A run that was killed before its first heartbeat is dead, too."""
    run = running(heartbeat=None, start_time=BEAT)
    assert run.status_at(BEAT + timedelta(seconds=30)) == "RUNNING"
    assert run.status_at(BEAT + timedelta(seconds=31)) == "DEAD"
    assert running(heartbeat=None).status == "RUNNING"


def test_the_status_is_the_current_one() -> None:
    """`recorded_status` is the one in the record."""
    assert (running().status, running().recorded_status) == ("DEAD", "RUNNING")
    beating = running(heartbeat=datetime.now(UTC))
    assert (beating.status, beating.recorded_status) == ("RUNNING", "RUNNING")


@pytest.mark.parametrize("status", ["QUEUED", "COMPLETED", "FAILED", "TIMEOUT", ""])
def test_only_running_runs_become_dead(status: str) -> None:
    """Any other status remains, however old the heartbeat is."""
    run = running(status=status)
    assert (run.status, run.is_running(BEAT)) == (status, False)


def test_a_damaged_run_has_the_status_damaged() -> None:
    """Whether it is running depends on the parts that can be read."""
    run = running(damage="the file is cut off")
    assert (run.status, run.recorded_status) == (DAMAGED, "RUNNING")
    assert run.is_running(BEAT) and not run.is_running(BEAT + timedelta(minutes=1))
    assert not running(damage="x", heartbeat=None).is_running(BEAT)


def test_sources_of_another_form_are_left_out() -> None:
    """A record may hold anything in place of a name and a digest."""
    entries = [["a.py", "0" * 32], {"b.py": 1}, ["c.py"], "d.py", 3, ["e.py", 5]]
    run = StoredRun(id=1, status="COMPLETED", experiment={"sources": entries})
    assert run.sources == {"a.py": "0" * 32, "e.py": None}


def test_a_repository_is_listed_once() -> None:
    """Sacred records it for each source; another state of it is another entry."""
    clean = {"url": "u", "commit": "c", "dirty": False}
    dirty = {**clean, "dirty": True}
    experiment = {"repositories": [clean, dirty, {**clean, "patch": "p"}, "damaged", clean]}
    assert running(experiment=experiment).repositories == [clean, dirty]


@pytest.mark.parametrize("recorded", [None, "", "x", 5, ["a"], "g" * 32, "A" * 32, "0" * 33])
def test_a_uid_that_is_not_one_is_derived(recorded: Any) -> None:
    """It is 32 hexadecimal digits in every case, the same at each read."""
    run = running(meta={"uid": recorded})
    assert run.uid == running(meta={}).uid
    assert len(run.uid) == 32 and set(run.uid) <= set("0123456789abcdef")


def test_runs_without_a_time_are_identified_by_their_ids() -> None:
    """Sacred stores no time of a run that it queues in a SQL database: the id is not a part of the
    uid of any other run, which has other ids in other stores.
    """
    first, second = (StoredRun(id=n, status="QUEUED", config={"lr": 1}) for n in (1, 2))
    assert first.uid != second.uid
    assert first.uid == StoredRun(id="1", status="QUEUED", config={"lr": 1}).uid
    queued = {"status": "QUEUED", "queue_time": datetime(2020, 1, 1, tzinfo=UTC)}
    assert StoredRun(id=1, **queued).uid == StoredRun(id=2, **queued).uid


def test_derived_uids_differ_where_runs_do() -> None:
    """Runs of one configuration may start in one second; digits that a store lacks do not count."""
    start = BEAT.replace(microsecond=678_901)
    known = running(start_time=start, config={"seed": 1})
    assert (
        running(start_time=start.replace(microsecond=678_000), config={"seed": 1}).uid == known.uid
    )
    others = [
        running(start_time=start.replace(microsecond=679_000), config={"seed": 1}),
        running(start_time=start, config={"seed": 2}),
        running(start_time=start, config={"seed": 1}, command="other"),
        running(start_time=start, config={"seed": 1}, experiment={"name": "other"}),
        running(start_time=start, config={"seed": 1}, host={"hostname": "other"}),
        running(config={"seed": 1}),
    ]
    assert len({known.uid, *(run.uid for run in others)}) == 1 + len(others)


def test_an_annotation_of_the_run_is_applied_once() -> None:
    """Its event changes tags and notes, and the same event again changes nothing."""
    source = events.EventSource("run")
    fields: dict[str, Any] = {"user": "ann", "added": ["a"], "removed": ["b"]}
    first = source.make(events.RunAnnotated, time=BEAT, note="text", **fields)
    second = source.make(events.RunAnnotated, time=BEAT + timedelta(1), note=None, **fields)
    run = running(tags=["b", "c"])
    for event in (first, second, first):
        run.apply(event)
    assert run.tags == ["c", "a"]
    assert run.notes == [{"text": "text", "time": BEAT, "user": "ann"}]
