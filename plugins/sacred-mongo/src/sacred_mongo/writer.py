"""Writes the documents of one run. Everything may be written twice."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId

from sacred_core.observers.code_archive import CodeArchive
from sacred_core.stable_files import FileVersion
from sacred_core.stores.claims import IdRequest, claim_id
from sacred_core.stores.model import StoredRun
from sacred_core.stores.tokens import TOKEN
from sacred_mongo.collections import Collections, RunKey, file_of, offload_if_large
from sacred_mongo.connection import Document
from sacred_mongo.files import Files
from sacred_mongo.ids import DocumentIds
from sacred_mongo.output import Output
from sacred_mongo.points import Points
from sacred_mongo.removal import remove_own, restore_missing
from sacred_mongo.values import encode, encode_name

VERSION = "MongoObserver-0.7.0"
#: Documents with this field are ours: keys and values are encoded by `sacred_mongo.values`.
WRITER = "sacred-mongo 0.1"
_LARGE_VALUES = ("info", "result", "fail_trace")
_TIMES = ("stop_time", "heartbeat")


class RunWriter:
    """The documents of one run.

    Args:
        collections: Where they are.
        entry: What the document of the run contains; it is updated.
    """

    def __init__(self, collections: Collections, entry: Document) -> None:
        self.entry = entry
        self._collections = collections
        self._run = RunKey.of(entry)
        self._points = Points(
            collections, self._run, (entry.get("info") or {}).get("metrics") or ()
        )
        self._output = Output(collections, self._run, entry)

    def update(self, run: StoredRun, names: frozenset[str]) -> None:
        """Set fields of the document."""
        values = {name: getattr(run, name) for name in _LARGE_VALUES if name in names}
        fields = {
            name: offload_if_large(self._collections, self._run, name, v)
            for name, v in values.items()
        }
        if "info" in fields and self._points.listed:
            fields["info"]["metrics"] = self._points.listed
        gone = [file_of(self.entry.get(name)) for name in fields]
        kept = {file_of(value) for value in fields.values()}
        fields |= {name: utc(getattr(run, name)) for name in _TIMES if name in names}
        if "status" in names:
            fields["status"] = run.recorded_status
        if fields:
            self._collections.set(self._run, fields)
            self._collections.files.delete(
                file for file in gone if file is not None and file not in kept
            )
            self.entry.update(fields)
        if "experiment" in names:
            self._update_code(run.experiment)

    def output(self, text: str, offset: int) -> None:
        """Let the output from ``offset`` on be ``text``."""
        self._output.write(text, offset)

    def metrics(self, metrics: Mapping[str, Any], starts: Mapping[str, int]) -> None:
        """Add points, and what is new to the list in ``info``."""
        self._points.write(metrics, starts)

    def end(self) -> None:
        """Join the points, and store again what is missing of shared files."""
        self._points.join()
        restore_missing(self._collections, self.entry)

    def resource(self, filename: str, version: FileVersion) -> None:
        """Store a file that the run read; the same is stored once for all runs."""
        self._collections.require(self._run)
        kept = self._collections.files.store_version(version, filename)
        entry = [encode_name(filename), kept.md5]
        self._collections.change(self._run, {"$addToSet": {"resources": entry}})
        if entry not in self.entry["resources"]:
            self.entry["resources"].append(entry)

    def artifact(self, name: str, version: FileVersion, details: Mapping[str, Any]) -> None:
        """Store a file that the run made, in place of an earlier version."""
        fields: dict[str, Any] = {}
        if "metadata" in details:
            fields["metadata"] = encode(dict(details["metadata"]))
        if "content_type" in details:
            fields["contentType"] = details["content_type"]
        self._collections.require(self._run)
        owner = self._collections.owner(self._run)
        files = self._collections.files
        kept = files.store_version(version, f"artifact://{owner}/{name}", owner, **fields)
        self._enter_artifact({"name": encode_name(name), "file_id": kept.id})

    def save(self) -> None:
        """Write the fields of the entry, for those who changed it."""
        apart = ("_id", "captured_out", "captured_out_start", "captured_out_parts")
        rest = {key: value for key, value in self.entry.items() if key not in apart}
        self._collections.set(self._run, rest)

    def _update_code(self, experiment: Mapping[str, Any]) -> None:
        fields = {name: experiment[name] for name in ("sources", "dependencies")}
        new = {f"experiment.{name}": value for name, value in fields.items()}
        self._collections.set(self._run, new)
        self.entry["experiment"].update(fields)

    def _enter_artifact(self, new: Document) -> None:
        known = {entry["name"]: entry["file_id"] for entry in self.entry["artifacts"]}
        name = new["name"]
        if name not in known:
            # Told again after an answer that was lost, it is there.
            missing = {**self._run.filter, "artifacts.name": {"$ne": name}}
            done = self._collections.runs.update_one(missing, {"$push": {"artifacts": new}})
            if done.matched_count == 0:
                self._collections.require(self._run)
            self.entry["artifacts"].append(new)
        elif known[name] != new["file_id"]:
            found = {**self._run.filter, "artifacts.name": name}
            changed = {"$set": {"artifacts.$.file_id": new["file_id"]}}
            if self._collections.runs.update_one(found, changed).matched_count == 0:
                self._collections.require(self._run)
            self._collections.files.delete([known[name]])
            self.entry["artifacts"] = [
                new if entry["name"] == name else entry for entry in self.entry["artifacts"]
            ]


def insert_run(
    collections: Collections, run: StoredRun, token: str, request: IdRequest
) -> RunWriter:
    """Insert the document of a new run and return what continues it.

    Raises:
        RunIdError: the id that was asked for exists, or there is no run to overwrite.
    """
    entry = _new_entry(collections, run, token)
    ids = DocumentIds(collections.runs, entry)
    entry["_id"] = claim_id(ids, request)
    if ids.replaced is not None:
        entry["_id"] = ids.replaced["_id"]
        remove_own(collections, ids.replaced)
    Points(collections, RunKey.of(entry)).clear()
    return RunWriter(collections, entry)


def encode_experiment(files: Files, ex_info: Mapping[str, Any]) -> dict[str, Any]:
    """Return the information about an experiment with ids of files in the place of contents."""
    info = _archive(files).experiment(ex_info)
    sources = info.get("sources") or ()
    experiment: dict[str, Any] = encode({**info, "sources": []})
    experiment["sources"] = [[encode_name(name), file_id] for name, file_id in sources]
    return experiment


def store_sources(files: Files, base_dir: str, sources: Iterable[Any]) -> list[list[Any]]:
    """Store files of code, and return pairs of their names and the ids of the files.

    Instead of the latter there is the MD5 digest if the file is missing or has changed.
    """
    pairs = _archive(files).sources(base_dir, sources)
    return [[encode_name(name), file_id] for name, file_id in pairs]


def utc(time: datetime | None) -> datetime | None:
    """Return a time as BSON is given it: aware, in UTC."""
    if time is None:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _archive(files: Files) -> CodeArchive:
    return CodeArchive(
        lambda version: files.store_version(version, str(version.path)).id,
        lambda patch: files.store_bytes(patch, "uncommitted.patch").id,
        needs_sha256=True,
    )


def _new_entry(collections: Collections, run: StoredRun, token: str) -> Document:
    new = RunKey(ObjectId(), token)  # large values are named before the run is
    meta = offload_if_large(collections, new, "meta", run.meta)
    if run.queue_time is not None:
        meta["queue_time"] = utc(run.queue_time)
    return {
        "format": VERSION,
        "writer": WRITER,
        TOKEN: token,
        "status": run.recorded_status,
        "command": encode(run.command),
        "experiment": run.experiment,
        "host": offload_if_large(collections, new, "host", run.host),
        "config": offload_if_large(collections, new, "config", run.config),
        "meta": meta,
        "info": {},
        "result": None,
        "start_time": utc(run.start_time),
        "stop_time": None,
        "heartbeat": None,
        "captured_out": "",
        "resources": [],
        "artifacts": [],
    }
