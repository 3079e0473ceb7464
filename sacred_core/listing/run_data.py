"""Stored runs as plain data, as ``docs/runs.schema.json`` describes them."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

import attrs

from sacred_core.exceptions import DamagedRecordError
from sacred_core.listing.masked_runs import mask_run
from sacred_core.serialization import plain
from sacred_core.stores import RunStore, StoredRun
from sacred_core.stores.curves import all_points
from sacred_core.stores.query import MISSING, MetricSummary
from sacred_core.stores.run_tree import Relatives
from sacred_core.stores.segments import Segment
from sacred_core.stores.worker_claims import WorkerClaim
from sacred_core.stores.writers import stored_parts


def run_as_data(store: RunStore, run: StoredRun, raw: bool = False) -> dict[str, Any]:
    """Return all of a run as plain data, as ``docs/runs.schema.json`` describes it.

    Args:
        store: Of the run.
        run: The run.
        raw: Also points that a later segment repeats.
    """
    metrics, output, problems = _large_parts(store, run, raw)
    return as_data(run) | {
        "metrics": None if metrics is None else metrics_as_data(metrics),
        "output": output,
        "damage": "; ".join(problems) or None,
    }


def _large_parts(store: RunStore, run: StoredRun, raw: bool) -> tuple[Any, str | None, list[str]]:
    """Return metrics and output, None where they cannot be read, and what is wrong with the run."""
    problems = [run.damage] if run.damage else []
    found: list[Any] = []
    for read_part in (partial(all_points, store, raw=raw), store.output):
        try:
            found.append(read_part(run.id))
        except DamagedRecordError as error:
            found.append(None)
            problems.append(str(error))
    return found[0], found[1], list(dict.fromkeys(problems))


def relatives_as_data(relatives: Relatives) -> dict[str, Any]:
    """Return the ids of the runs around a run as plain data."""
    parent = relatives.parent
    return {
        "parent_id": None if parent is None else parent.id,
        "children": [each.id for each in relatives.children],
    }


def parts_as_data(store: RunStore, run: StoredRun) -> dict[str, Any]:
    """Return what the writers of a run recorded as plain data, without points and output."""
    parts = stored_parts(store, run.id)
    return {"parts": {name: as_data(mask_run(part)) for name, part in parts.items()}}


def as_data(run: StoredRun) -> dict[str, Any]:
    """Return a run as plain data, as ``docs/runs.schema.json`` describes it."""
    data = {"uid": run.uid, "status": run.status} | attrs.asdict(run, recurse=False)
    data.pop("recorded_segments")
    data["segments"] = [segment_as_data(each) for each in run.segments]
    data["claim"] = None if run.claim is None else claim_as_data(run.claim)
    summaries = data.pop("metrics")
    data["files"] = {
        kind: {name: attrs.asdict(info) for name, info in own.items()}
        for kind, own in run.files.items()
    }
    data["summaries"] = None if summaries is None else _summaries_as_data(summaries)
    return {key: _plain_time(value) for key, value in data.items()}


def claim_as_data(claim: WorkerClaim) -> dict[str, Any]:
    """Return the claim of a worker as plain data, without its token."""
    data = attrs.asdict(claim)
    del data["token"]
    return data


def segment_as_data(segment: Segment) -> dict[str, Any]:
    """Return a segment of a run as plain data."""
    return {key: _plain_time(value) for key, value in attrs.asdict(segment, recurse=False).items()}


def _summaries_as_data(summaries: Mapping[str, MetricSummary]) -> dict[str, Any]:
    return {
        name: {key: None if value is MISSING else value for key, value in attrs.asdict(own).items()}
        for name, own in summaries.items()
    }


def metrics_as_data(metrics: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return metrics as plain data."""
    return {
        name: {column: [_plain_time(item) for item in items] for column, items in metric.items()}
        for name, metric in metrics.items()
    }


def _plain_time(value: Any) -> Any:
    # Times inside, as those of notes, become ISO 8601 too.
    return value.isoformat() if isinstance(value, datetime) else plain(value)
