"""The types of what a stored run consists of."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sacred_core.exceptions import DamagedRecordError, NotARunError
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.summaries import COLUMNS
from sacred_core.stores.times import TimeColumn

#: Entries of a record of which each run has several.
_SIGNS = frozenset(
    ("artifacts", "captured_out", "command", "experiment", "heartbeat", "host", "meta",
     "resources", "start_time", "stop_time")
)  # fmt: skip


def require_record(record: Any, place: str) -> dict[str, Any]:
    """Return the record of a run, as each store of documents has it, if it is one.

    Args:
        record: What was read.
        place: The file or document, for the message.

    Raises:
        NotARunError: it is an object of another program, which has no status.
        DamagedRecordError: it is not an object.
    """
    if not isinstance(record, dict):
        found = type(record).__name__
        raise DamagedRecordError(f"{place} is damaged: it is not an object ({found})")
    if record.get("status") is None and len(_SIGNS.intersection(record)) < 2:
        raise NotARunError(f"{place} is not the record of a run: it has no status")
    return record


def check_field(name: str, value: Any) -> Any:
    """Return what an attribute of a run is to be; None for its default.

    Raises:
        DamagedRecordError: it has another type, or it is the status and missing.
    """
    if name == "status" and value is None:
        raise DamagedRecordError("it has no status")
    check = _CHECKS.get(name)
    return value if check is None or value is None else check(name, value)


def first_items(name: str, entries: Any) -> list[Any]:
    """Return the first item of each entry of a list: the names of files.

    Raises:
        DamagedRecordError: ``entries`` has another form.
    """
    return [_entry(name, entry)[0] for entry in _list(name, entries or [])]


def check_metrics(metrics: Any) -> dict[str, dict[str, Any]]:
    """Return metrics by name, if each has three lists of equal length.

    Raises:
        DamagedRecordError: they have another form.
    """
    for name, metric in _dict("metrics", metrics).items():
        _dict(f"metrics.{name}", metric)
        columns = [_column(f"metrics.{name}.{column}", metric.get(column)) for column in COLUMNS]
        if len({len(column) for column in columns}) > 1:
            raise DamagedRecordError(f"the columns of the metric {name!r} have different lengths")
    return dict(metrics)


def _of_type(kind: type | tuple[type, ...], label: str) -> Callable[[str, Any], Any]:
    def check(name: str, value: Any) -> Any:
        if not isinstance(value, kind):
            raise _damage(name, label, value)
        return value

    return check


_string = _of_type(str, "a string")
_dict = _of_type(dict, "an object")
_list = _of_type(list, "a list")
_sequence = _of_type((list, tuple), "a list")
_column = _of_type((list, TimeColumn), "a list")


def _entry(name: str, entry: Any) -> Any:
    if not isinstance(entry, (list, tuple)) or len(entry) < 2:
        raise _damage(name, "a list of pairs", entry)
    return entry


def _strings(name: str, value: Any) -> list[str]:
    return [_string(name, item) for item in _list(name, value)]


def _names(name: str, value: Any) -> list[str]:
    """Return names of files, each once: Sacred lists a file once for each time it was added."""
    return list(dict.fromkeys(_strings(name, value)))


def _experiment(name: str, value: Any) -> dict[str, Any]:
    experiment: dict[str, Any] = _dict(name, value)
    if experiment.get("name") is not None:
        _string(f"{name}.name", experiment["name"])
    for part in ("sources", "repositories", "dependencies"):
        if experiment.get(part) is not None:
            _sequence(f"{name}.{part}", experiment[part])
    return experiment


def _time(name: str, value: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise _damage(name, "a time", value)
    return value


def _run_id(name: str, value: Any) -> int | str:
    if not isinstance(value, (int, str)):
        raise _damage(name, "an id", value)
    return value


def _annotations(name: str, value: Any) -> list[Annotation]:
    found: list[Annotation] = list(value)
    for annotation in found:
        if annotation.note is not None:
            _string("note", annotation.note)
        _string("user of a note", annotation.user)
        _time("time of a note", annotation.time)
        _strings("tags", [*annotation.added, *annotation.removed])
    return found


def _damage(name: str, label: str, value: Any) -> DamagedRecordError:
    return DamagedRecordError(f"{name} is not {label} ({type(value).__name__})")


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "annotations": _annotations,
    "artifacts": _names,
    "command": _string,
    "config": _dict,
    "experiment": _experiment,
    "fail_trace": _strings,
    "heartbeat": _time,
    "host": _dict,
    "info": _dict,
    "meta": _dict,
    "queue_time": _time,
    "resources": _names,
    "run_id": _run_id,
    "start_time": _time,
    "status": _string,
    "stop_time": _time,
    "tags": _strings,
}
