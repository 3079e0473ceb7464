"""Tests of queueing a point as a copy of another one."""

import hashlib
import io
from typing import Any

import attrs
import pytest
from sacred_sweep.identity import derive_seed, run_uid
from sacred_sweep.point_copies import insert_point, new_point_run
from sacred_sweep.sampled_sweeps import SampledPoint

from sacred_core.exceptions import RunLostError, StoreError
from sacred_core.stores import StoredRun
from sacred_core.transfer.sending import Sender

from .sampled_runs import UID, Runs


def copy_of(runs: Runs, trial: int, replica: int = 0, **values: Any) -> StoredRun:
    point = attrs.evolve(runs.point(), trial=trial, replica=replica, values=values)
    return new_point_run(runs.run(), point)


def test_a_copy_has_the_values_in_all_places() -> None:
    """Configuration, updates, origins, the words of the command line, and the sweep."""
    runs = Runs()
    runs.queue(lr=0.5)
    stored = insert_point(runs.store, copy_of(runs, 3, lr=0.25))
    assert stored.recorded_status == "QUEUED" and stored.id != runs.run().id
    assert stored.run_id is None and stored.uid == run_uid(UID, "trial", 3, 0)
    assert stored.config == {"lr": 0.25, "seed": 100, "width": 3, "other": 3}
    assert stored.meta["config_updates"] == {"lr": 0.25}
    assert stored.meta["origins"] == {"command line": ["other", "lr"], "scope cfg": ["width"]}
    assert stored.meta["options"] == {"UPDATE": ["other=3", "lr=0.25"]}
    known, sweep = runs.run().meta["sweep"], stored.meta["sweep"]
    changed = {key for key in sweep if sweep[key] != known.get(key)}
    assert changed == {"point", "values", "trial", "is_resolved"} and known.keys() <= sweep.keys()
    assert sweep["is_resolved"] is False
    point = SampledPoint.of(stored.meta)
    assert point is not None and (point.trial, dict(point.values)) == (3, {"lr": 0.25})


def test_a_copy_of_a_run_that_ended_is_queued_again() -> None:
    """It has no results, times, tags or claims of the other run."""
    runs = Runs()
    runs.queue(lr=0.5)
    runs.complete(losses=[1.0], score=3)
    stored = insert_point(runs.store, copy_of(runs, 1, lr=0.25))
    assert (stored.recorded_status, stored.start_time, stored.stop_time) == ("QUEUED", None, None)
    assert (stored.info, stored.result, stored.claim, stored.tags) == ({}, None, None, [])
    assert runs.store.metrics(stored.id) == {} and stored.queue_time is not None


def test_values_of_any_type_and_at_any_depth_are_set() -> None:
    """A list and an entry of a dictionary, whose inner origins are replaced."""
    runs = Runs()
    config = {"net": {"layers": [1, 2], "kind": "a"}, "seed": 1, "lr": 0.5}
    meta = runs.meta(0, 0, {"lr": 0.5})
    meta["origins"] = {"scope cfg": ["net.layers", "net.kind"], "update": ["lr"]}
    runs.queue(config=config, meta_info=meta)
    stored = insert_point(runs.store, copy_of(runs, 1, **{"net.layers": [64], "lr": 0.1}))
    assert stored.config["net"] == {"layers": [64], "kind": "a"}
    assert stored.meta["config_updates"] == {"lr": 0.1, "net": {"layers": [64]}}
    assert stored.meta["origins"] == {"scope cfg": ["net.kind"], "update": ["net.layers", "lr"]}


def test_the_seed_is_that_of_the_replica() -> None:
    """A template of another replica has another seed; a swept seed is a value."""
    runs = Runs(seeds=3)
    runs.queue()
    assert copy_of(runs, 1, lr=0.1).config["seed"] == 100
    other = copy_of(runs, 1, 2, lr=0.1)
    assert other.config["seed"] == derive_seed(UID, 2) != 100
    assert "seed" not in other.meta["config_updates"]
    assert copy_of(runs, 1, 2, lr=0.1, seed=5).config["seed"] == 5


def test_a_point_is_inserted_once() -> None:
    """The second process gets the run of the first one, whatever its values."""
    runs = Runs()
    runs.queue()
    first = insert_point(runs.store, copy_of(runs, 1, lr=0.25))
    second = insert_point(runs.store, copy_of(runs, 1, lr=0.75))
    assert second.id == first.id and second.config["lr"] == 0.25
    assert len(list(runs.store.list())) == 2


def test_a_run_that_another_worker_claims_at_once_is_not_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of two runs of a point the first counts, as where a store has no lock for uids."""
    runs = Runs()
    runs.queue()
    first = insert_point(runs.store, copy_of(runs, 1, lr=0.25))

    def send(sender: Any, events: Any) -> None:
        raise RunLostError("run '3' was resumed by another process")

    monkeypatch.setattr(Sender, "send", send)
    assert insert_point(runs.store, copy_of(runs, 1, lr=0.75)).id == first.id
    with pytest.raises(StoreError, match="was deleted while it was queued"):
        insert_point(runs.store, copy_of(runs, 2, lr=0.75))


def test_sources_are_copied(tmp_path: Any) -> None:
    """A worker can execute the copy from the store."""
    runs = Runs()
    (tmp_path / "main.py").write_text("code = 1\n")
    sources = [["main.py", hashlib.md5(b"code = 1\n").hexdigest()]]
    info = {"name": "s", "base_dir": str(tmp_path), "sources": sources, "dependencies": ["a==1"]}
    runs.queue(ex_info=info)
    (tmp_path / "main.py").write_text("code = 2\n")
    stored = insert_point(runs.store, copy_of(runs, 1, lr=0.1))
    assert list(stored.sources) == ["main.py"] and stored.experiment["dependencies"] == ["a==1"]
    with runs.store.open_file(stored.id, "source", "main.py") as file:
        assert io.TextIOWrapper(file).read() == "code = 1\n"


def test_a_store_without_queue_is_an_error() -> None:
    """It cannot insert runs."""
    runs = Runs()
    runs.queue()
    with pytest.raises(StoreError, match="object cannot store queued runs"):
        insert_point(object(), copy_of(runs, 1, lr=0.1))  # type: ignore[arg-type]
