"""Checks that damaged and hostile records harm no other run."""

import contextlib
import json
import re
from collections.abc import Iterable
from typing import Any

import attrs

from sacred_core.cli.runs.page import page
from sacred_core.compare import diff
from sacred_core.exceptions import StoreError
from sacred_core.listing.run_data import run_as_data
from sacred_core.serialization import strict_json
from sacred_core.stores import StoredRun, find_runs
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.query import matches, parse

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_CONTROL = re.compile(r"[^\n\t\x20-\x7e\xa0-\u2027\u202f-\u2065\u2070-\U0010ffff]")
#: Of this number of hostile records one is deleted.
_DELETED = 6
#: Of this number one is compared with a sound run.
_COMPARED = 4
#: Queries of which each is answered by another part of a store.
QUERIES = (
    "status = DAMAGED", "status != DAMAGED", "config.n > 0", "config.n missing", "name = fed",
    "start_time missing", "start_time > 2000-01-01", "info.x exists", "metrics.loss.last < 5",
    "metrics.loss.last missing", "result = 1 or tags has good", "not command = main",
    "artifacts has made", "damage exists", "comment missing", "id = 1", "host.hostname ~ 'h*'",
)  # fmt: skip


@attrs.frozen
class Sound:
    """Runs as they were, with all that belongs to them, by their ids."""

    runs: dict[Any, Any]

    @classmethod
    def of(cls, store: Any, run_ids: Iterable[Any]) -> "Sound":
        """Read them."""
        return cls({run_id: _whole(store, store.get(run_id)) for run_id in run_ids})

    def check(self, store: Any) -> list[StoredRun]:
        """Raise an `AssertionError` if one of them is not as it was; return all runs."""
        for run_id, known in self.runs.items():
            assert _whole(store, store.get(run_id)) == known, f"run {run_id!r} was changed"
        runs = list(store.list())
        listed = {run.id: run for run in runs}
        for run_id, known in self.runs.items():
            assert listed.get(run_id) == known["run"], f"run {run_id!r} is not listed as it is"
        return runs


def check_hostile(store: Any, sound: Sound, queries: Iterable[str] = QUERIES, step: int = 1) -> int:
    """Check that hostile records in a store harm no sound run, delete them, and count them.

    Args:
        store: It holds sound runs and others.
        sound: The sound ones, as they were before.
        queries: Each lists all runs.
        step: Of this number of hostile records, all of which are listed and queried, one is shown.

    Raises:
        AssertionError: one of them is hidden or changed, or a record raises something else than a
            `StoreError`.
    """
    listed = sound.check(store)
    hostile = [run.id for run in listed if run.id not in sound.runs]
    for query in queries:
        parsed = parse(query)
        expected = [
            run.id for run in listed if matches(parsed, run, MetricSummaries(store).of(run))
        ]
        assert [run.id for run in find_runs(store, query)] == expected, query
    first = next(iter(sound.runs))
    for run_id in hostile[::step]:
        _read_all(store, run_id)
    for run_id in hostile[:: _COMPARED * step]:
        _compare(store, first, run_id)
    # A deletion costs as much as there are runs, and they are of the same kinds.
    for run_id in hostile[:: _DELETED * step]:
        with contextlib.suppress(StoreError):  # it is running, as far as it can be read
            store.delete(run_id)
    store.delete(first)
    Sound({run_id: run for run_id, run in sound.runs.items() if run_id != first}).check(store)
    return len(hostile)


def check_query(store: Any, query: str) -> None:
    """Check that a store finds what the query language finds in its runs."""
    parsed = parse(query)
    runs = list(store.list())
    expected = [run.id for run in runs if matches(parsed, run, MetricSummaries(store).of(run))]
    assert [run.id for run in find_runs(store, query)] == expected, query


def _whole(store: Any, run: StoredRun) -> dict[str, Any]:
    files = [("artifact", name) for name in run.artifacts]
    files += [("resource", name) for name in run.resources]
    contents = {}
    for kind, name in files:
        with store.open_file(run.id, kind, name) as file:
            contents[kind, name] = file.read()
    output, metrics = store.output(run.id), store.metrics(run.id)
    return {"run": run, "output": output, "metrics": metrics, "files": contents}


def _compare(store: Any, run_id: Any, other_id: Any) -> None:
    """Compare two runs, which raises nothing and fails in no aspect."""
    found = diff((store, run_id), (store, other_id))
    shown = found.text()
    assert not _CONTROL.search(shown), f"control characters are shown: {shown!r}"
    json.loads(strict_json(found.data()))
    failed = [problem for problem in found.problems if "the aspect" in problem]
    assert not failed, f"a comparison failed: {failed}"


def _read_all(store: Any, run_id: Any) -> None:
    """Read whatever can be read of a run, which raises nothing but a `StoreError`."""
    run = store.get(run_id)
    shown = "\n".join(page(store, run))
    assert not _CONTROL.search(_COLOUR.sub("", shown)), f"control characters are shown: {shown!r}"
    json.loads(strict_json(run_as_data(store, run)))
    reads = [store.output, store.metrics]
    for read in reads:
        with contextlib.suppress(StoreError):
            read(run_id)
    names = [("artifact", name) for name in run.artifacts]
    names += [("resource", name) for name in run.resources] + [("source", "x"), ("artifact", "x")]
    for kind, name in names:
        with contextlib.suppress(StoreError), store.open_file(run_id, kind, name) as file:
            data = file.read()
            assert b"root:" not in data, f"{kind} {name!r} is a file of this machine"
