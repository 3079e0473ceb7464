"""Queue a point of a sampled sweep as a copy of another one, without executing the script."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

from sacred_core.dotted_path import DottedPath
from sacred_core.events import RunQueued
from sacred_core.exceptions import RunRemovedError, StoreError
from sacred_core.rerun.configuration import with_sets
from sacred_core.stores.finding import find_runs
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import Condition, Field
from sacred_core.stores.replay import Replay
from sacred_core.stores.run_store import ContinuingStore, RunStore
from sacred_core.transfer.sending import Sender
from sacred_sweep.identity import derive_seed, point_digest, run_uid
from sacred_sweep.sampled_sweeps import SampledPoint
from sacred_sweep.sampling import encode_plan

#: Entries of the meta information that belong to one run.
_OWN = frozenset("uid queue_time sweep config_updates origins priority".split())
#: The origin of an entry that is set on the command line, and of one that a call sets.
_SET_BY = ("command line", "update")


def new_point_run(template: StoredRun, point: SampledPoint) -> StoredRun:
    """Return the queued run of a point.

    Args:
        template: Another run of the sweep; the copy has its seed if it is of the same replica.
        point: The new point.
    """
    values, meta, sweep = dict(point.values), template.meta, dict(template.meta["sweep"])
    seeds: dict[str, Any] = {}
    if sweep["replica"] != point.replica and "seed" not in values:
        seeds["seed"] = derive_seed(point.uid, point.replica)
    config = with_sets(template.config, values | seeds)
    updates = meta.get("config_updates")
    updates = updates if isinstance(updates, dict) else {}
    own_seed = {key: seed for key, seed in seeds.items() if key in updates}
    return StoredRun(
        id=template.id,
        status="QUEUED",
        command=template.command,
        experiment={key: own for key, own in template.experiment.items() if key != "captured"},
        host=template.host,
        config=config,
        meta={
            **{key: own for key, own in meta.items() if key not in _OWN},
            "uid": run_uid(point.uid, "trial", point.trial, point.replica),
            "config_updates": with_sets(updates, values | own_seed),
            "origins": _with_origins(meta.get("origins"), values),
            "options": _with_words(meta.get("options"), values),
            "sweep": {
                **sweep,
                "point": point_digest(template.command, config),
                "values": values,
                "trial": point.trial,
                "replica": point.replica,
                "plan": encode_plan(point.plan),
                "is_resolved": False,
            },
        },
        files={"source": dict(template.files.get("source", {}))},
        queue_time=datetime.now(UTC),
    )


def _with_words(options: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of the call, where its words set the values."""
    known = dict(options) if isinstance(options, Mapping) else {}
    words = known.get("UPDATE")
    if isinstance(words, list):
        kept = [word for word in words if str(word).partition("=")[0] not in values]
        known["UPDATE"] = [*kept, *(f"{path}={value!r}" for path, value in values.items())]
    return known


def insert_point(store: RunStore, run: StoredRun) -> StoredRun:
    """Store a run of `new_point_run`, unless another process has; return the stored one.

    Raises:
        StoreError: runs cannot be added to the store.
    """
    if not isinstance(store, ContinuingStore):
        raise StoreError(f"{type(store).__name__} cannot store queued runs")
    sender = Sender(store.new_observer())
    events = iter(Replay(store, run))
    try:
        # The files of the event exist until the next one is requested.
        event = next(events)
        assert isinstance(event, RunQueued)
        sender.send([attrs.evolve(event, _id=None)])
    except RunRemovedError:
        # In a store without a lock for uids, another process has inserted the point too, and a
        # worker has claimed this run before it was removed.
        return _first_with(store, run.uid)
    finally:
        events.close()
    assert sender.run_id is not None
    return store.get(sender.run_id)


def _with_origins(origins: Any, values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the paths of entries by their origin, where the values are set by the call."""
    known = origins if isinstance(origins, Mapping) else {}
    swept = [DottedPath.parse(path) for path in values]
    found = {
        str(origin): [
            str(path)
            for path in paths
            if not any(DottedPath.parse(str(path)).is_inside(each) for each in swept)
        ]
        for origin, paths in known.items()
        if isinstance(paths, list)
    }
    origin = next((each for each in _SET_BY if each in found), _SET_BY[0])
    found[origin] = [*found.get(origin, ()), *values]
    return {origin: paths for origin, paths in found.items() if paths}


def _first_with(store: RunStore, uid: str) -> StoredRun:
    """Return the first run with a uid."""
    found = find_runs(store, Condition(Field("meta", ("uid",)), "=", (uid,)))
    if not found:
        raise StoreError(f"the run with the uid {uid} was deleted while it was queued")
    return found[0]
