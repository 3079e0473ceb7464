"""Processes that change the index of runs at the same time, and processes that are killed."""

import contextlib
import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sacred_objects.listing import list_segments
from sacred_objects.object_keys import INDEX
from sacred_objects.run_index import RunIndex
from sacred_objects.segments import Copy
from sacred_objects.testing import store_ended_runs

from sacred_core.exceptions import StoreError
from sacred_core.stores import Annotation, RunQuery
from sacred_core.testing import EventDriver
from sacred_core.testing.event_driver import START


def test_a_merge_may_be_killed_at_any_request(bucket: Any, runs: Any) -> None:
    """No copy is lost, and the next merge completes it."""
    store_ended_runs(runs.layout, range(1, 32))
    RunIndex(runs.layout).add([Copy("33/run.json", "x", b"{}")])
    expected, before = runs.indexed(), dict(bucket.objects)
    for request in itertools.count(1):
        bucket.objects = dict(before)
        is_done = bucket.fails_at(request, RunIndex(runs.layout).merge)
        assert runs.indexed() == expected
        assert [*runs.store.list()] == runs.without_index()
        if is_done:
            break
    assert request > 32
    assert [segment.level for segment in list_segments(runs.layout)] == [1]


def test_an_update_may_be_killed_at_any_request(bucket: Any, runs: Any) -> None:
    """No copy is lost, and the next update completes it."""
    store_ended_runs(runs.layout, range(1, 5))
    store_ended_runs(runs.layout, range(5, 8), is_indexed=False)
    before = dict(bucket.objects)
    for request in itertools.count(1):
        bucket.objects = dict(before)
        is_done = bucket.fails_at(request, runs.store.update_index)
        assert len(runs.indexed()) >= 12
        assert [*runs.store.list()] == runs.without_index()
        runs.store.update_index()
        assert len(runs.indexed()) == 21
        if is_done:
            return


def during_the_put_of_a_segment(bucket: Any, work: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let another process do ``work`` before and after the next segment is written."""
    put, todo = bucket.put, [work]

    def interleave(key: str, *arguments: Any) -> Any:
        other = todo.pop() if f"/{INDEX}" in key and todo else None
        version = put(key, *arguments)
        if other is not None:
            other()
        return version

    monkeypatch.setattr(bucket, "put", interleave)


def test_two_processes_that_merge_lose_nothing(
    bucket: Any, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them replaces the segments; the other one removes what it has written."""
    store_ended_runs(runs.layout, range(1, 32))
    RunIndex(runs.layout).add([Copy("33/run.json", "x", b"{}")])
    expected = runs.indexed()
    during_the_put_of_a_segment(bucket, RunIndex(runs.layout).merge, monkeypatch)
    RunIndex(runs.layout).merge()
    assert runs.indexed() == expected
    assert [segment.level for segment in list_segments(runs.layout)] == [1]


@pytest.mark.parametrize("work", ["merge", "update"])
def test_a_run_that_is_deleted_during_a_merge(
    bucket: Any, runs: Any, monkeypatch: pytest.MonkeyPatch, work: str
) -> None:
    """Nothing of it is left in the index."""
    store_ended_runs(runs.layout, range(1, 32))
    store_ended_runs(runs.layout, range(33, 35))
    store_ended_runs(runs.layout, range(35, 38), is_indexed=False)
    during_the_put_of_a_segment(
        bucket, lambda: [runs.store.delete(n) for n in (7, 36)], monkeypatch
    )
    RunIndex(runs.layout).merge() if work == "merge" else runs.store.update_index()
    assert {"7/run.json", "36/run.json"}.isdisjoint(runs.indexed())
    assert [*runs.store.list()] == runs.without_index()


def test_two_runs_of_one_segment_are_deleted_at_once(
    bucket: Any, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither deletion writes back what the other one has removed."""
    store_ended_runs(runs.layout, range(1, 33))
    expected = [key for key in runs.indexed() if key.partition("/")[0] not in ("7", "8")]
    during_the_put_of_a_segment(bucket, lambda: runs.store.delete(8), monkeypatch)
    runs.store.delete(7)
    assert runs.indexed() == expected


def test_segments_that_are_merged_during_a_listing(
    bucket: Any, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The listing reads the merged one, not the objects of each run."""
    store_ended_runs(runs.layout, range(1, 32))
    RunIndex(runs.layout).add([Copy("33/run.json", "x", b"{}")])
    get, todo = bucket.get, [RunIndex(runs.layout).merge]

    def merge_first(key: str, *piece: Any) -> Any:
        if todo:
            todo.pop()()
            assert [segment.level for segment in list_segments(runs.layout)] == [1]
        return get(key, *piece)

    monkeypatch.setattr(bucket, "get", merge_first)
    before = bucket.requests
    assert len([*runs.store.list()]) == 31
    assert bucket.requests - before <= 1 + 33 + 40 + 3


def test_many_processes_at_once(runs: Any) -> None:
    """Runs that end, are tagged, deleted and listed at the same time are right in the end."""

    def work(number: int) -> None:
        driver = EventDriver(runs.observer())
        run_id = driver.start()
        driver.complete()
        runs.store.annotate(
            run_id, Annotation(time=START, user="u", note=None, added=[f"t{number}"], removed=[])
        )
        if number % 5 == 0:
            with contextlib.suppress(StoreError):  # another thread finishes the deletion
                runs.store.delete(run_id)
        [*runs.store.list(RunQuery(limit=10))]

    with ThreadPoolExecutor(8) as pool:
        [*pool.map(work, range(80))]
    found = [*runs.store.list()]
    assert len(found) == 64
    assert found == runs.without_index()
    listed = {str(run.id) for run in found}
    assert {key.partition("/")[0] for key in runs.indexed()} == listed
