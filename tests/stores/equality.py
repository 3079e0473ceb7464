"""Compares runs of two stores part by part, without the code that the product compares with."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sacred_core.exceptions import StoreError
from sacred_core.stores import RunStore, StoredRun
from sacred_core.testing.comparing import assert_same

_FIELDS = ("recorded_status", "command", "host", "config", "info", "result", "fail_trace")
_TIMES = ("queue_time", "start_time", "stop_time", "heartbeat")


def runs_by_uid(store: RunStore) -> dict[str, StoredRun]:
    """Return the runs of a store; none is there twice."""
    runs = [*store.list()]
    found = {run.uid: run for run in runs}
    assert len(found) == len(runs), f"{len(runs)} runs have {len(found)} uids"
    return found


def assert_equal_stores(one: RunStore, other: RunStore) -> None:
    """Require the same runs in both stores, by uid."""
    mine, its = runs_by_uid(one), runs_by_uid(other)
    assert set(its) == set(mine), f"{len(its)} runs instead of {len(mine)}"
    for uid, run in mine.items():
        with _named(f"run {run.id} ({run.name}, {run.recorded_status})"):
            assert_equal_runs(one, run, other, its[uid])


def assert_equal_runs(one: RunStore, run: StoredRun, other: RunStore, copy: StoredRun) -> None:
    """Require that a run of one store and its copy in another one are equal."""
    for name in _FIELDS:
        assert_same(getattr(copy, name), getattr(run, name), name)
    assert_same(_meta(copy), _meta(run), "meta")
    for name in _TIMES:
        assert _milliseconds(getattr(copy, name)) == _milliseconds(getattr(run, name)), name
    assert_same(_experiment(copy), _experiment(run), "experiment")
    assert_same(copy.sources, run.sources, "sources")
    assert copy.artifacts == run.artifacts, (copy.artifacts, run.artifacts)
    assert copy.resources == run.resources, (copy.resources, run.resources)
    assert copy.tags == run.tags, (copy.tags, run.tags)
    assert _notes(copy) == _notes(run)
    for name, info in run.artifact_info.items():
        its = copy.artifact_info[name]
        assert its.metadata == info.metadata, (name, its.metadata, info.metadata)
        assert its.content_type == info.content_type, (name, its.content_type, info.content_type)
    assert other.output(copy.id) == one.output(run.id), "output"
    assert_same(_points(other, copy), _points(one, run), "metrics")
    for kind, name in _files(run):
        with _named(f"{kind} {name!r}"):
            assert _content(other, copy, kind, name) == _content(one, run, kind, name)


def _meta(run: StoredRun) -> dict[str, Any]:
    """Return the metadata with the uid, which a copy has always; folders have a time there."""
    return {key: value for key, value in run.meta.items() if key != "queue_time"} | {"uid": run.uid}


def _experiment(run: StoredRun) -> dict[str, Any]:
    """Return the information on the experiment without places in the store."""
    return {**run.experiment, "sources": [*run.sources], "repositories": run.repositories}


def _notes(run: StoredRun) -> list[Any]:
    return [(note["text"], _milliseconds(note["time"]), note["user"]) for note in run.notes]


def _points(store: RunStore, run: StoredRun) -> dict[str, Any]:
    return {
        name: {
            "steps": [*metric["steps"]],
            "values": [*metric["values"]],
            "timestamps": [_milliseconds(time) for time in metric["timestamps"]],
        }
        for name, metric in store.metrics(run.id).items()
    }


def _files(run: StoredRun) -> Iterator[tuple[str, str]]:
    yield from (("artifact", name) for name in run.artifacts)
    yield from (("resource", name) for name in run.resources)
    yield from (("source", name) for name in run.sources)
    yield from (("patch", each["commit"]) for each in run.repositories if each["dirty"])


def _content(store: RunStore, run: StoredRun, kind: str, name: str) -> bytes:
    try:
        file: io.IOBase = store.open_file(run.id, kind, name)
    except StoreError as error:
        return f"no such file: {type(error).__name__}".encode()
    with file:
        return file.read()


def _milliseconds(time: datetime | None) -> int | None:
    return None if time is None else round(time.timestamp() * 1e6) // 1000


@contextmanager
def _named(where: str) -> Iterator[None]:
    try:
        yield
    except (AssertionError, KeyError) as error:
        raise AssertionError(f"{where}: {error}") from error
