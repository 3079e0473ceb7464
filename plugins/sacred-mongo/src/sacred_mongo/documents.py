"""The document of a run: how it begins, and from its fields to those of a `StoredRun`.

Values that are too large for a document become files that it names.
"""

import contextlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import bson
from bson import ObjectId

from sacred_core.exceptions import DamagedRecordError
from sacred_core.jsonpickle_data import decode_jsonpickle, sacred_release
from sacred_core.stores import Read, StoredRun, once, require_record
from sacred_core.stores.facts import encode_facts, facts_fields
from sacred_core.stores.tokens import TOKEN
from sacred_core.stores.worker_claims import is_waiting, priority_of
from sacred_mongo.annotations import ANNOTATIONS, read_annotation
from sacred_mongo.collections import Collections, RunReference, to_run_id
from sacred_mongo.connection import Document
from sacred_mongo.file_facts import file_facts
from sacred_mongo.values import (
    FILE,
    OWN_METRICS,
    decode,
    decode_foreign,
    decode_name,
    encode,
    encode_name,
)

VERSION = "MongoObserver-0.7.0"
#: Documents with this field are ours: keys and values are encoded by `sacred_mongo.values`.
WRITER = "sacred-mongo 0.1"
#: The field of a run that waits in the queue: lower for a higher priority.
QUEUE_RANK = "queue_rank"
_TIMES = ("start_time", "stop_time", "heartbeat")
#: Bytes, which with 7 MB of output and the lists of files stay below 16 MB.
_LARGEST = {"info": 3_000_000, "config": 2_000_000, "result": 1_000_000}
_LARGEST_OTHER = 500_000


def new_entry(collections: Collections, run: StoredRun, token: str) -> Document:
    """Return the document of a new run, without its id."""
    # Large values are named before the run is.
    new = RunReference(collections, ObjectId(), token, token)
    meta = offload_if_large(new, "meta", run.meta)
    if run.queue_time is not None:
        meta["queue_time"] = utc(run.queue_time)
    return {
        "format": VERSION,
        "writer": WRITER,
        TOKEN: token,
        **status_fields(run),
        "command": encode(run.command),
        "experiment": run.experiment,
        "host": offload_if_large(new, "host", run.host),
        "config": offload_if_large(new, "config", run.config),
        "meta": meta,
        "info": {},
        "result": None,
        "start_time": utc(run.start_time),
        "stop_time": None,
        "heartbeat": None,
        "captured_out": "",
        "resources": [],
        "artifacts": [],
        "facts": offload_if_large(new, "facts", encode_facts(run)),
    }


def status_fields(run: StoredRun) -> Document:
    """Return the status of a run; a run that waits in the queue has its place there, too."""
    if not is_waiting(run):
        return {"status": run.recorded_status}
    return {"status": "QUEUED", QUEUE_RANK: 0.0 - priority_of(run)}


def changed_code(run: StoredRun) -> Document:
    """Return the entries of the experiment that change during a run, as they are stored."""
    known = run.experiment
    code = {name: known[name] for name in ("sources", "dependencies") if name in known}
    return code | ({"captured": encode(known["captured"])} if "captured" in known else {})


def encode_names(pairs: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Return the pairs of sources and their files as the record contains them."""
    return [[encode_name(name), file_id] for name, file_id in pairs]


def utc(time: datetime | None) -> datetime | None:
    """Return a time as BSON is given it: aware, in UTC."""
    if time is None:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def offload_if_large(run: RunReference, name: str, value: Any) -> Any:
    """Return plain ``value`` as the field ``name`` of a run contains it."""
    encoded = encode(value) if name != "info" else encode_info(value)
    if len(bson.encode({name: encoded})) <= _LARGEST.get(name, _LARGEST_OTHER):
        return encoded
    data = json.dumps(encoded, default=str).encode()
    file = run.collections.files.store_bytes(data, f"{name}.json", f"{run.owner}/{name}")
    # Where metrics are read, the facts of other runs than resumed ones are not fetched.
    resumed = {"segments": True} if name == "facts" and "segments" in value else {}
    return {FILE: file.id, "bytes": len(data), **resumed}


def load_offloaded(collections: Collections, value: Any) -> Any:
    """Return what `offload_if_large` was given."""
    if isinstance(value, dict) and FILE in value:
        value = json.loads(collections.files.read(value[FILE]))
    return decode(value)


def encode_info(info: Mapping[str, Any]) -> Document:
    """Return ``info`` as it is stored: its ``metrics`` make room for those of the run."""
    encoded: Document = encode(dict(info))
    if "metrics" in encoded:
        encoded[OWN_METRICS] = encoded.pop("metrics")
    return encoded


def decode_info(collections: Collections, value: Any) -> Any:
    """Return what `encode_info` was given, without the list of metrics."""
    info = {key: item for key, item in (value or {}).items() if key != "metrics"}
    if FILE in info:
        info = json.loads(collections.files.read(info[FILE]))
    own = {"metrics": decode(info.pop(OWN_METRICS))} if OWN_METRICS in info else {}
    return {**decode(info), **own}


class RunDocument:
    """The document of a run.

    Args:
        collections: Where it is.
        decode: Returns what it contains.
    """

    def __init__(self, collections: Collections, decode: Callable[[], Document]) -> None:
        self._collections = collections
        self._decode = decode
        self.entry = once(self._entry)

    def require(self) -> None:
        """Raise a `NotARunError` for a document of another program."""
        with contextlib.suppress(DamagedRecordError):
            self.entry()

    def fields(self) -> dict[str, Read]:
        """Return what reads each field of the run; see `sacred_core.stores.GuardedStore`."""
        return {
            **{name: self._value(name) for name in ("host", "config", "meta", "result")},
            **{name: self._time(name) for name in _TIMES},
            **self._facts(),
            "run_id": self._run_id,
            "status": lambda: self.entry().get("status"),
            "command": lambda: reader(self.entry())(self.entry().get("command")),
            "experiment": self._experiment,
            "info": self._info,
            "queue_time": lambda: _time("queue_time", _part(self.entry(), "meta", "queue_time")),
            "fail_trace": self._value("fail_trace"),
            "artifacts": lambda: self._names([f["name"] for f in self._list("artifacts")]),
            "resources": lambda: self._names([pair[0] for pair in self._list("resources")]),
            "tags": lambda: _part(self.entry(), "omniboard", "tags"),
            "annotations": lambda: [read_annotation(each) for each in self._list(ANNOTATIONS)],
        }

    def _entry(self) -> Document:
        entry = self._decode()
        name = f"document {entry['_id']!r} in {self._collections.runs.full_name}"
        return require_record(entry, name)

    def _value(self, name: str) -> Read:
        def read() -> Any:
            entry = self.entry()
            value = entry.get(name)
            if value is None:
                return None
            return (
                load_offloaded(self._collections, value)
                if "writer" in entry
                else _decode_sacred_value(entry, value)
            )

        return read

    def _facts(self) -> dict[str, Read]:
        fields = facts_fields(self._value("facts"))
        read_known = fields["files"]

        def read_files() -> Any:
            entry, known = self.entry(), read_known()
            if known is not None:
                return known
            return file_facts(self._collections.files, entry, name_reader(entry))

        return {**fields, "files": read_files}

    def _time(self, name: str) -> Read:
        return lambda: _time(name, self.entry().get(name))

    def _run_id(self) -> Any:
        run_id = self.entry().get("run_id")
        return None if run_id is None else to_run_id(reader(self.entry())(run_id))

    def _experiment(self) -> Any:
        experiment = self._value("experiment")()
        back = name_reader(self.entry())
        sources = experiment.get("sources") if isinstance(experiment, dict) else ()
        for source in sources or ():
            if isinstance(source, list) and source:
                source[0] = back(source[0])
        return experiment

    def _info(self) -> Any:
        entry = self.entry()
        if "writer" in entry:
            return decode_info(self._collections, entry.get("info"))
        info = _decode_sacred_value(entry, entry.get("info") or {})
        return {key: value for key, value in info.items() if key != "metrics"}

    def _list(self, name: str) -> Any:
        return self.entry().get(name) or []

    def _names(self, names: list[Any]) -> list[Any]:
        return list(map(name_reader(self.entry()), names))


def reader(entry: Document) -> Callable[[Any], Any]:
    """Return what reads values of a document: ours, or one that Sacred wrote."""
    return decode if "writer" in entry else decode_foreign


def name_reader(entry: Document) -> Callable[[Any], Any]:
    """Return what reads names of files in a document."""
    return decode_name if "writer" in entry else decode_foreign


def _part(entry: Document, name: str, key: str) -> Any:
    part = entry.get(name)
    return part.get(key) if isinstance(part, dict) else None


def _decode_sacred_value(entry: Document, value: Any) -> Any:
    """Return a value that Sacred wrote, whose dictionaries MongoDB returns in their order."""
    release = sacred_release(entry.get("experiment"))
    return decode_jsonpickle(decode_foreign(value), release, is_ordered=True)


def _time(name: str, value: Any) -> datetime | None:
    if isinstance(value, str):  # Sacred before 0.7 wrote text
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise DamagedRecordError(f"{name} is not a time: {str(value)[:40]!r}")
    return utc(value)
