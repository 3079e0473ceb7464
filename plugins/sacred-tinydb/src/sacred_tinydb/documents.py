"""The documents of runs: how they are written, read, and which files they name.

Times and files are strings with a tag, in separate fields. Sacred writes tags anywhere.
"""

import contextlib
import functools
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

from sacred_core.exceptions import DamagedRecordError
from sacred_core.serialization import plain
from sacred_core.stores import Annotation, Read, first_items
from sacred_core.stores.facts import FACTS, encode_facts, facts_fields
from sacred_core.stores.model import StoredRun
from sacred_tinydb.database import Document, RawDocument

#: The field of the index of the points, see `sacred_core.stores.folder_format.metric_index`.
METRIC_INDEX = "metrics_index"
VERSION = "TinyDbObserver-0.1.0"
_DATE, _FILE = "{TinyDate}:", "{TinyFile}:"
#: Before the JSON text of numpy's and pandas' objects.
_JSON_TAGS = ("{TinyArray}:", "{TinyDataFrame}:", "{TinySeries}:")
#: Fields of a document that contain values of the user's.
_VALUES = ("config", "info", "result", "host")
_FIELDS = (
    "run_id", "status", "command", "experiment", "host", "config", "info", "result", "fail_trace",
)  # fmt: skip
_TIMES = ("start_time", "stop_time", "heartbeat")


def new_document(run: StoredRun) -> Document:
    """Return the document of a run that is queued or starts, without its id and its code."""
    queued = {} if run.queue_time is None else {"queue_time": date_tag(run.queue_time)}
    return {
        "format": VERSION,
        "command": run.command,
        "host": run.host,
        "start_time": date_tag(run.start_time),
        "config": run.config,
        "meta": {**run.meta, **queued},
        "status": run.recorded_status,
        "resources": [],
        "artifacts": [],
        "captured_out": "",
        "info": {},
        "heartbeat": None,
        "stop_time": None,
        "result": None,
        "facts": encode_facts(run),
    }


def changed_fields(run: StoredRun, names: frozenset[str]) -> Document:
    """Return fields of the document of a run; those that are written elsewhere are skipped."""
    written: dict[str, Callable[[], Any]] = {
        "status": lambda: run.recorded_status,
        "stop_time": lambda: date_tag(run.stop_time),
        "heartbeat": lambda: date_tag(run.heartbeat),
        "result": lambda: run.result,
        "fail_trace": lambda: list(run.fail_trace),
        "experiment": lambda: run.experiment,
    }
    found = {name: write() for name, write in written.items() if name in names}
    return found | ({"facts": encode_facts(run)} if FACTS.intersection(names) else {})


def document_fields(stored: Any, read: Callable[[], Document]) -> dict[str, Read]:
    """Return what reads each field of a run; see `sacred_core.stores.GuardedStore`.

    Args:
        stored: What is in the database.
        read: Returns the whole document, which may raise for a part of it.
    """

    def document() -> Document:
        found = read()
        is_own = str(found.get("format", "")).startswith("TinyDbObserver-0.1.")
        return found if is_own else _with_plain_values(found)

    def field(name: str) -> Read:
        return lambda: document().get(name)

    def time(name: str) -> Read:
        return lambda: _required_date(name, document().get(name))

    fields: dict[str, Read] = {
        **{name: field(name) for name in _FIELDS},
        **{name: time(name) for name in _TIMES},
        **facts_fields(
            field("facts"), {"resource": field("resources"), "artifact": field("artifacts")}
        ),
        "meta": lambda: _meta(document()),
        "queue_time": lambda: _queue_time(document()),
        "artifacts": lambda: first_items("artifacts", document().get("artifacts")),
        "resources": lambda: first_items("resources", document().get("resources")),
        "annotations": lambda: [
            _annotation(entry_fields) for entry_fields in document().get("annotations") or ()
        ],
    }
    unreadable = stored.unreadable if isinstance(stored, RawDocument) else ()
    return fields | {name: functools.partial(_raise_unreadable, name) for name in unreadable}


def annotation_entry(annotation: Annotation) -> Document:
    """Return what the list ``annotations`` of a document has for an annotation."""
    entry_fields = {name: value for name, value in attrs.asdict(annotation).items() if value}
    entry: Document = plain({**entry_fields, "time": date_tag(annotation.time)})
    return entry


def file_entries(document: Mapping[str, Any], kind: str) -> list[list[Any]]:
    """Return the entries of the files of a kind, of which the first part is the name."""
    if kind == "source":
        return (document.get("experiment") or {}).get("sources") or []
    names = {"artifact": "artifacts", "resource": "resources"}
    return document.get(names.get(kind, "")) or []


def files_of(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the ids of the files that a document names."""
    experiment = document.get("experiment") or {}
    lists = (document.get("artifacts"), document.get("resources"), experiment.get("sources"))
    candidates = [part for entries in lists for entry in entries or () for part in entry[1:]]
    candidates += [each.get("patch") for each in experiment.get("repositories") or ()]
    candidates += [document.get(name) for name in ("metrics", METRIC_INDEX, "captured_out_file")]
    for candidate in candidates:
        if (file_id := parse_file_tag(candidate)) is not None:
            yield file_id


def date_tag(time: datetime | None) -> str | None:
    """Return a time as it is stored: in UTC, without saying so."""
    if time is None:
        return None
    if time.tzinfo is not None:
        time = time.astimezone(UTC).replace(tzinfo=None)
    return _DATE + time.isoformat(timespec="microseconds")


def parse_date_tag(stored: Any) -> datetime | None:
    """Return the aware time that a field contains, or None."""
    if isinstance(stored, str) and stored.startswith(_DATE):
        try:
            stored = datetime.fromisoformat(stored[len(_DATE) :])
        except ValueError:
            return None
    if not isinstance(stored, datetime):  # as a serializer of the database made it
        return None
    try:
        return stored.replace(tzinfo=UTC) if stored.tzinfo is None else stored.astimezone(UTC)
    except OverflowError:
        return None


def file_tag(file_id: str) -> str:
    """Return the tag of the file with a given hash."""
    return _FILE + json.dumps(file_id)


def parse_file_tag(stored: Any) -> str | None:
    """Return the hash of the file that a field contains, or None."""
    if not isinstance(stored, str) or not stored.startswith(_FILE):
        return None
    return stored[len(_FILE) :].strip('"')


def _with_plain_values(document: Document) -> Document:
    """Return a document that Sacred wrote with values as the user gave them."""
    # Nothing that sacred-core wrote needs it.
    from sacred_core.jsonpickle_data import without_metric_references

    values = {key: _untagged_values(document[key]) for key in _VALUES if key in document}
    if "info" in values:
        values["info"] = without_metric_references(values["info"])
    return {**document, **values}


def _untagged_values(value: Any) -> Any:
    """Return a value that Sacred recorded as plain data: arrays, tables and times without tags.

    A string that only begins with a tag is not changed; a time has no zone, as Sacred wrote it.
    """
    if isinstance(value, dict):
        return {key: _untagged_values(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_untagged_values(item) for item in value]
    if not isinstance(value, str) or not value.startswith("{Tiny"):
        return value
    with contextlib.suppress(ValueError, RecursionError):
        if value.startswith(_DATE):
            return plain(datetime.fromisoformat(value[len(_DATE) :]))
        tag = next((tag for tag in _JSON_TAGS if value.startswith(tag)), None)
        return value if tag is None else json.loads(value[len(tag) :])
    return value


def _meta(document: Document) -> Any:
    meta, queued = document.get("meta"), _queue_time(document)
    return meta if queued is None else {**document["meta"], "queue_time": queued.isoformat()}


def _queue_time(document: Document) -> datetime | None:
    meta = document.get("meta")
    return _required_date("queue_time", meta.get("queue_time")) if isinstance(meta, dict) else None


def _required_date(name: str, stored: Any) -> datetime | None:
    time = parse_date_tag(stored)
    if time is None and stored is not None:
        raise DamagedRecordError(f"{name} is not a time: {str(stored)[:40]!r}")
    return time


def _annotation(entry_fields: Any) -> Annotation:
    return Annotation(**{**entry_fields, "time": parse_date_tag(entry_fields["time"])})


def _raise_unreadable(name: str) -> Any:
    raise DamagedRecordError(f"{name} cannot be parsed")
