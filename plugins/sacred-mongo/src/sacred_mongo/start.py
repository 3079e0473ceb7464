"""The first document of a run."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
from bson import ObjectId

from sacred_mongo.code import stored_experiment
from sacred_mongo.connection import Document
from sacred_mongo.ids import Claim, insert
from sacred_mongo.large import file_of, fitted
from sacred_mongo.places import Place
from sacred_mongo.points import Points, metric_documents
from sacred_mongo.recorder import Recorder, utc
from sacred_mongo.values import stored

VERSION = "MongoObserver-0.7.0"
#: Documents with this field are ours: keys and values are written as `sacred_mongo.values` says.
WRITER = "sacred-mongo 0.1"


@attrs.frozen
class Beginning:
    """What is told when a run starts or is queued; one of the times is None."""

    ex_info: Mapping[str, Any]
    command: str
    host_info: Mapping[str, Any]
    config: Mapping[str, Any]
    meta_info: Mapping[str, Any]
    start_time: datetime | None = None
    queue_time: datetime | None = None


def begun(place: Place, beginning: Beginning, claim: Claim) -> Recorder:
    """Insert the document of a new run and return what continues it.

    Raises:
        RunIdError: see `sacred_mongo.ids.insert`.
    """
    entry = _entry(place, beginning)
    run_id, replaced = insert(place.runs, entry, claim)
    if replaced is not None:
        remove_own(place, replaced)
    entry["_id"] = run_id
    recorder = Recorder(place, run_id, entry)
    Points(place, run_id).clear()
    return recorder


def remove_own(place: Place, entry: Document, collections: Sequence[Any] = ()) -> None:
    """Remove what belongs to a run alone: its points, its artifacts, and its large values.

    Args:
        place: Where the run is.
        entry: Its document.
        collections: Of other runs, whose artifacts stay even if the document names them.
    """
    own = metric_documents(place, entry)
    place.metrics.delete_many({"run_id": entry["_id"], **own})
    parts = entry.get("captured_out_parts") or []
    listed = [each.get("file_id") for each in [*(entry.get("artifacts") or []), *parts]]
    listed += [file_of(value) for value in entry.values()]
    files = [file for file in listed if file is not None]
    for runs in collections if files else ():
        others = runs.find({"artifacts.file_id": {"$in": files}}, {"artifacts.file_id": 1})
        used = [each.get("file_id") for other in others for each in other["artifacts"]]
        files = [file for file in files if file not in used]
    place.files.delete(files)


def _entry(place: Place, beginning: Beginning) -> Document:
    new = ObjectId()  # large values are named before the run is

    def kept(name: str, value: Any) -> Any:
        return fitted(place, new, name, value)

    meta = kept("meta", dict(beginning.meta_info))
    if beginning.queue_time is not None:
        meta["queue_time"] = utc(beginning.queue_time)
    return {
        "format": VERSION,
        "writer": WRITER,
        "status": "QUEUED" if beginning.start_time is None else "RUNNING",
        "command": stored(beginning.command),
        "experiment": stored_experiment(place.files, beginning.ex_info),
        "host": kept("host", dict(beginning.host_info)),
        "config": kept("config", dict(beginning.config)),
        "meta": meta,
        "info": {},
        "result": None,
        "start_time": utc(beginning.start_time),
        "stop_time": None,
        "heartbeat": None,
        "captured_out": "",
        "resources": [],
        "artifacts": [],
    }
