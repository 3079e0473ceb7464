"""Canonical digests of runs: equal in every store that has the same run.

``docs/copying-runs.md`` has the format, which other programs can compute.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.shared_methods import ValueMethods
from sacred_core.stores.canonical import PointsDigest, canonical_json, digest_data
from sacred_core.stores.curves import CurveStore, all_points, points, summaries
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_store import RunStore
from sacred_core.stores.times import milliseconds
from sacred_core.stores.writers import PartStore, writer_of

#: Of the format; another one yields other digests.
VERSION = 1
#: Points that are in memory together, and characters: 100 blocks, so that none is divided.
_PART = 100_000
_FILE_PART = 1 << 20
#: Entries of the meta information that other parts have.
_META = ("uid", "queue_time")
#: What stores write in place of the patch of a repository.
_PATCHES = ("patch", "patch_base64")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MetricDigest(ValueMethods):
    """The digest of a metric.

    Attributes:
        points: Number of points.
        digest: The hexadecimal SHA-256 digest.
    """

    points: int
    digest: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RunDigest(ValueMethods):
    """The digest of a run, by part. Ids, and names that stores give to contents, do not count.

    Attributes:
        uid: See `StoredRun.uid`.
        parts: Hexadecimal SHA-256 digests of ``"experiment"``, ``"command"``, ``"config"``,
            ``"host"``, ``"meta"``, ``"info"``, ``"result"``, ``"status"``, ``"times"``,
            ``"fail_trace"``, ``"annotations"``, ``"metrics"``, ``"output"`` and ``"files"``; of a
            run that was resumed or that has other writers, also ``"segments"`` and ``"writers"``.
        metrics: The digest of each metric by its name.
        characters: Number of characters of the output.
        files: By kind and name the hexadecimal MD5 digest of the content, None if it is missing.
        writers: The digest of what each writer recorded, by its name; with any, ``"recorded by
            writers"`` is a part.
    """

    uid: str
    parts: dict[str, str]
    metrics: dict[str, MetricDigest]
    characters: int
    files: dict[str, dict[str, str | None]]
    writers: dict[str, "RunDigest"] = attrs.field(factory=dict)

    @property
    def total(self) -> str:
        """The digest of all parts and the uid."""
        return digest_data([VERSION, self.uid, self.parts])


def digest_run(store: RunStore, run: StoredRun, reads_files: bool = False) -> RunDigest:
    """Return the digest of a run.

    Points are read in ranges: a metric of any length takes little memory.

    Args:
        store: From `open_store`.
        run: With all attributes, as ``store.get`` returns it.
        reads_files: Read all files. Without, the content of a file is read only if the store has
            no digest of it.

    Raises:
        DamagedRecordError: the output or the points cannot be read.
        StoreError: the run does not exist any more.
    """
    metrics = digest_metrics(store, run.id)
    output = store.output(run.id)
    files = digest_files(store, run, reads_files)
    parts = {name: digest_data(value) for name, value in comparable_parts(run).items()}
    counted = {name: [metric.points, metric.digest] for name, metric in metrics.items()}
    parts |= {
        "metrics": digest_data(counted),
        "output": _digest_text(output),
        "files": digest_data([files, _metadata(run)]),
    }
    writers = _digest_writers(store, run, reads_files)
    if writers:
        totals = {name: own.total for name, own in writers.items()}
        parts["recorded by writers"] = digest_data(totals)
    return RunDigest(
        uid=run.uid, parts=parts, metrics=metrics, characters=len(output), files=files,
        writers=writers,
    )  # fmt: skip


def _digest_writers(store: RunStore, run: StoredRun, reads_files: bool) -> dict[str, RunDigest]:
    parts = store.writer_store(run.id) if isinstance(store, PartStore) else None
    if parts is None:
        return {}
    found = {writer_of(part): part.id for part in parts.list()}
    return {
        name: digest_run(parts, parts.get(part_id), reads_files)
        for name, part_id in sorted(found.items())
    }


def comparable_parts(run: StoredRun) -> dict[str, Any]:
    """Return the parts of the record as plain data that does not depend on the store."""
    names = ("queue_time", "start_time", "stop_time")
    times = {name: milliseconds(getattr(run, name)) for name in names}
    # Of a run that ended, the last heartbeat is of no use, and Sacred did not always store one.
    # Of one that was killed before the first, a copy has a heartbeat at the start.
    last = run.heartbeat or run.start_time
    times["heartbeat"] = milliseconds(last) if run.recorded_status == "RUNNING" else None
    notes = [[milliseconds(note.get("time")), note.get("user"), note.get("text")]
             for note in run.notes]  # fmt: skip
    segments = {"segments": _segments(run)} if run.recorded_segments else {}
    writers = {"writers": sorted(run.writers)} if run.writers else {}
    return {
        "experiment": _experiment(run.experiment),
        "command": run.command,
        "config": run.config,
        "host": run.host,
        "meta": {key: value for key, value in run.meta.items() if key not in _META},
        "info": run.info,
        "result": run.result,
        "status": run.recorded_status,
        "times": times,
        "fail_trace": run.fail_trace,
        "annotations": {"tags": sorted(run.tags), "notes": sorted(notes, key=canonical_json)},
        **segments,
        **writers,
    }


def _segments(run: StoredRun) -> dict[str, Any]:
    """Return the segments by their numbers, from 1."""
    from sacred_core.stores.segments import encode_segment  # few runs are resumed

    return {
        str(number): encode_segment(each)
        | {name: milliseconds(getattr(each, name)) for name in ("start_time", "stop_time")}
        for number, each in enumerate(run.recorded_segments, 1)
    }


def digest_metrics(
    store: RunStore, run_id: int | str, counts: Mapping[str, int] | None = None
) -> dict[str, MetricDigest]:
    """Return the digests of metrics by name; metrics without points are omitted.

    Args:
        store: From `open_store`.
        run_id: The run.
        counts: Only of these metrics, and at most this number of their first points; None: of all.

    Raises:
        DamagedRecordError: the points cannot be read.
        StoreError: the run does not exist.
    """
    found: dict[str, PointsDigest] = {}
    for name, own in _read_points(store, run_id, counts):
        found.setdefault(name, PointsDigest()).add(own)
    return {
        name: MetricDigest(points=digest.points, digest=digest.hexdigest())
        for name, digest in found.items()
        if digest.points
    }


def digest_files(
    store: RunStore, run: StoredRun, reads_all: bool = False
) -> dict[str, dict[str, str | None]]:
    """Return the MD5 digests of files by kind and name; None where the content is missing.

    Args:
        store: From `open_store`.
        run: Of the store.
        reads_all: Read all files; else those whose digest is not known.
    """
    known: dict[str, dict[str, str | None]] = {
        "artifact": {name: info.md5 for name, info in run.artifact_info.items()},
        "resource": {name: info.md5 for name, info in run.resource_info.items()},
        "source": run.sources,
        "patch": dict.fromkeys(patches(run)),
    }
    return {
        kind: {
            name: md5 if md5 and not reads_all else _read_md5(store, run, kind, name)
            for name, md5 in own.items()
        }
        for kind, own in known.items()
    }


def patches(run: StoredRun) -> list[str]:
    """Return the commits of repositories whose uncommitted changes were recorded."""
    return [
        str(each.get("commit"))
        for each in run.experiment.get("repositories") or ()
        if isinstance(each, dict) and any(each.get(key) for key in _PATCHES)
    ]


def _experiment(experiment: Mapping[str, Any]) -> dict[str, Any]:
    """Return the information without sources and patches, which are files."""
    found = {key: value for key, value in experiment.items() if key != "sources"}
    repositories = [
        {key: value for key, value in each.items() if key not in _PATCHES}
        for each in experiment.get("repositories") or ()
        if isinstance(each, dict)
    ]
    dependencies = sorted(experiment.get("dependencies") or (), key=canonical_json)
    base_dir = experiment.get("base_dir") or "."
    return found | {
        "base_dir": base_dir, "repositories": repositories, "dependencies": dependencies,
    }  # fmt: skip


def _read_points(
    store: RunStore, run_id: int | str, counts: Mapping[str, int] | None
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not isinstance(store, CurveStore):  # it would read all points for each range
        for name, own in all_points(store, run_id).items():
            if counts is None or name in counts:
                stop = None if counts is None else counts[name]
                yield name, {column: values[:stop] for column, values in own.items()}
        return
    blocks = summaries(store, run_id, counts, raw=True)
    stops = {name: own[-1].stop for name, own in blocks.items() if own}
    if counts is not None:
        stops = {name: min(stop, counts[name]) for name, stop in stops.items()}
    for ranges in _batches(stops):
        yield from points(store, run_id, ranges, raw=True).items()


def _batches(stops: Mapping[str, int]) -> Iterator[dict[str, tuple[int, int | None]]]:
    """Yield ranges of all points, of several short metrics together."""
    ranges: dict[str, tuple[int, int | None]] = {}
    size = 0
    for name, stop in stops.items():
        for start in range(0, stop, _PART):
            count = min(_PART, stop - start)
            if ranges and size + count > _PART:
                yield ranges
                ranges, size = {}, 0
            ranges[name] = (start, start + count)
            size += count
    if ranges:
        yield ranges


def _digest_text(text: str) -> str:
    """Return `digest_data` of a string, which may be long."""
    total = hashlib.sha256(b'"')
    for start in range(0, len(text), _PART):
        total.update(canonical_json(text[start : start + _PART])[1:-1].encode("ascii"))
    total.update(b'"')
    return total.hexdigest()


def _metadata(run: StoredRun) -> dict[str, Any]:
    """Return the metadata of artifacts that have some."""
    return {name: info.metadata for name, info in run.artifact_info.items() if info.metadata}


def read_md5(store: RunStore, run_id: int | str, kind: str, name: str) -> str:
    """Return the hexadecimal MD5 digest of the content of a file of a run, which is read.

    Args:
        store: Of the run.
        run_id: The run.
        kind: ``"artifact"``, ``"resource"`` or ``"source"``.
        name: See `RunStore.open_file`.

    Raises:
        StoreError: the store has no such file.
        OSError: it cannot be read.
    """
    digest = hashlib.md5(usedforsecurity=False)
    with store.open_file(run_id, kind, name) as file:
        while part := file.read(_FILE_PART):
            digest.update(part)
    return digest.hexdigest()


def _read_md5(store: RunStore, run: StoredRun, kind: str, name: str) -> str | None:
    try:
        return read_md5(store, run.id, kind, name)
    except UnavailableError:
        raise
    except (StoreError, OSError):
        return None
