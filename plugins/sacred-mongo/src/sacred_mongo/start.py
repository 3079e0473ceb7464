"""The first document of a run."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs
from bson import ObjectId

from sacred_core.stores.claims import IdRequest, claim_id
from sacred_core.stores.tokens import TOKEN, new_token
from sacred_mongo.code import stored_experiment
from sacred_mongo.connection import Document
from sacred_mongo.ids import DocumentIds
from sacred_mongo.large import fitted
from sacred_mongo.places import Place, RunKey
from sacred_mongo.points import Points, metric_documents
from sacred_mongo.recorder import Recorder, utc
from sacred_mongo.references import own_files, remove_unused
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


def begun(place: Place, beginning: Beginning, request: IdRequest, overwrite: Any) -> Recorder:
    """Insert the document of a new run and return what continues it.

    Raises:
        RunIdError: the id that was asked for exists, or there is no run to overwrite.
    """
    entry = _entry(place, beginning)
    ids = DocumentIds(place.runs, entry)
    entry["_id"] = claim_id(ids, request) if overwrite is None else ids.overwrite(overwrite)
    if ids.replaced is not None:
        entry["_id"] = ids.replaced["_id"]
        remove_own(place, ids.replaced)
    recorder = Recorder(place, entry)
    Points(place, RunKey.of(entry)).clear()
    return recorder


def remove_own(place: Place, entry: Document) -> None:
    """Remove what belongs to a run alone: its points, its artifacts, and its large values."""
    place.metrics.delete_many(metric_documents(place, entry))
    remove_unused(place, entry, own_files(entry))


def _entry(place: Place, beginning: Beginning) -> Document:
    token = new_token()
    new = RunKey(ObjectId(), token)  # large values are named before the run is

    def kept(name: str, value: Any) -> Any:
        return fitted(place, new, name, value)

    meta = kept("meta", dict(beginning.meta_info))
    if beginning.queue_time is not None:
        meta["queue_time"] = utc(beginning.queue_time)
    return {
        "format": VERSION,
        "writer": WRITER,
        TOKEN: token,
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
