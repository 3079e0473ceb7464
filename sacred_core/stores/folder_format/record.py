"""The content of ``run.json``, ``annotations.jsonl`` and ``cout.txt``."""

import contextlib
import marshal
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

from sacred_core.exceptions import DamagedRecordError
from sacred_core.serialization import from_json, is_tagged, plain, to_json
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.checking import first_items
from sacred_core.stores.facts import FACTS, encode_facts, facts_fields
from sacred_core.stores.model import StoredRun
from sacred_core.stores.tokens import TOKEN

if TYPE_CHECKING:  # a run that is recorded does not read others
    from sacred_core.stores.guarded import Read

#: Files for each of which the entry is written; later ones are written with the next heartbeat.
_SAVED_AT_ONCE = 50
#: Characters of a value whose text is remembered, and how many are.
_MOST_REMEMBERED, _MOST_TEXTS = 20_000, 512
#: Members with many dictionaries that are encoded one by one, and on how many levels.
_PARTS = {"artifact_details": 1, "facts": 3}
_STRING = frozenset((str,))
_TIMES = ("start_time", "stop_time", "heartbeat")
_CHANGING = frozenset(("status", "stop_time", "heartbeat", "result", "experiment"))
_PLAIN_FIELDS = (
    "run_id", "status", "command", "experiment", "host", "meta", "result", "fail_trace",
    "artifacts",
)  # fmt: skip


def json_bytes(value: Any) -> bytes:
    """Return plain data as the content of a JSON file."""
    return f"{to_json(value, indent=2)}\n".encode()


def entry_bytes(entry: Mapping[str, Any]) -> bytes:
    """Return an entry as the content of ``run.json``.

    Values that users added are converted, each by itself: it may be as deep as any value.
    """
    if not _has_simple_names(entry):
        return json_bytes({name: plain(value) for name, value in entry.items()})
    return f"{_object(entry, '')}\n".encode()


def _has_simple_names(value: Any) -> bool:
    """Return whether this is an object of which each member can be encoded by itself."""
    return isinstance(value, dict) and bool(value) and all(map(_is_identifier, value))


def _is_identifier(name: Any) -> bool:
    return isinstance(name, str) and name.isidentifier()


def _object(entry: Mapping[str, Any], indent: str) -> str:
    inner = f"{indent}  "
    members = (
        # Each run has another identifier in it, but the other members are mostly the same.
        f'{inner}"{name}": {_object(value, inner)}'
        if name == "meta" and not indent and _has_simple_names(value)
        else f'{inner}"{name}": {_member(value, inner, _PARTS.get(name, 0))}'
        for name, value in list(entry.items())
    )
    return "{{\n{}\n{}}}".format(",\n".join(members), indent)


def _member(value: Any, indent: str, levels: int) -> str:
    """Return a value as JSON text, on several lines if it is a container."""
    if value is None or type(value) is str:
        return to_json(value)
    known = _remembered.get((_bytes_of(value), indent))
    if known is not None:
        return known
    if not levels or not _has_parts(value):
        return remember_text(value, indent)
    inner = f"{indent}  "
    items = (
        f"{inner}{to_json(name)}: {_member(item, inner, levels - 1)}"
        for name, item in list(value.items())
    )
    return "{{\n{}\n{}}}".format(",\n".join(items), indent)


def _has_parts(value: Any) -> bool:
    """Return whether this is a dictionary of others that can be encoded by themselves.

    Such as the files of a run: to encode all of them for each new one would cost more with each.
    """
    return (
        type(value) is dict
        and dict in map(type, value.values())
        and _STRING.issuperset(map(type, value))
        and not is_tagged(value)
    )


def remember_text(value: Any, indent: str) -> str:
    """Convert a value to JSON text; remember it if it is plain data.

    Host, experiment and options are written several times in a run, and are the same in all runs
    of a loop. What is not plain has other bytes than its plain form, so it is never remembered.
    """
    data = plain(value)
    text = to_json(data, indent=2).replace("\n", f"\n{indent}")
    key = _bytes_of(value)
    if key and len(text) <= _MOST_REMEMBERED and key == _bytes_of(data):
        while len(_remembered) >= _MOST_TEXTS:
            with contextlib.suppress(KeyError, RuntimeError):  # another thread removes it
                del _remembered[next(iter(_remembered))]
        _remembered[key, indent] = text
    return text


_remembered: dict[tuple[bytes, str], str] = {}


def _bytes_of(value: Any) -> bytes:
    """Return what is equal for equal plain data only; nothing for some data that is not plain."""
    try:
        return marshal.dumps(value, 2)  # the last format without references
    except ValueError:
        return b""


def new_entry(
    run: StoredRun, token: str, queued: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the entry of a new run; what is not known yet is None.

    Args:
        run: Its experiment has the names of contents, see `content_name`.
        token: See `sacred_core.stores.tokens`.
        queued: The entry of the queued run that starts, whose queue time stays.
    """
    queue_time = ((queued or {}).get("meta") or {}).get("queue_time")
    meta = {"queue_time": queue_time, **run.meta} if queue_time else dict(run.meta)
    if run.queue_time is not None:
        meta["queue_time"] = format_time(run.queue_time)
    entry: dict[str, Any] = {
        "command": run.command,
        "host": run.host,
        "start_time": format_time(run.start_time),
        "stop_time": None,
        "heartbeat": None,
        "status": run.recorded_status,
        "result": None,
        "resources": [],
        "artifacts": [],
        TOKEN: token,
        "experiment": run.experiment,
        "meta": meta,
    }
    if run.files or run.claim:
        entry["facts"] = encode_facts(run)
    return entry if run.run_id is None else {**entry, "run_id": run.run_id}


def update_entry(entry: dict[str, Any], run: StoredRun, names: Iterable[str]) -> None:
    """Change the entry by fields of a run; those that are elsewhere are ignored.

    Args:
        entry: As `new_entry` returns it.
        run: The run.
        names: Of fields, see `DocumentObserver.update_run`; `FileLists` changes lists of files.
    """
    for name in _CHANGING.intersection(names):
        value = getattr(run, "recorded_status" if name == "status" else name)
        entry[name] = format_time(value) if name in _TIMES else value
    if FACTS.intersection(names):
        entry["facts"] = encode_facts(run)
    if "fail_trace" in names and run.fail_trace:
        entry["fail_trace"] = run.fail_trace
    elif "fail_trace" in names:  # of a run that is resumed
        entry.pop("fail_trace", None)


def run_fields(entry: Callable[[], dict[str, Any]]) -> "dict[str, Read]":
    """Return functions that read the fields of a run from its ``run.json``; see `GuardedStore`.

    Args:
        entry: Returns the content of the file.
    """

    def field(name: str) -> "Read":
        return lambda: entry().get(name)

    def time(name: str) -> "Read":
        return lambda: _require_time(name, entry().get(name))

    def queue_time() -> datetime | None:
        meta = entry().get("meta")
        queued = meta.get("queue_time") if isinstance(meta, dict) else None
        return _require_time("queue_time", queued)

    return {
        **{name: field(name) for name in _PLAIN_FIELDS},
        **{name: time(name) for name in _TIMES},
        "queue_time": queue_time,
        "resources": lambda: first_items("resources", entry().get("resources")),
        **facts_fields(field("facts"), {"resource": field("resources")}),
    }


def shared_names(entry: Any) -> Iterator[str]:
    """Yield the names of shared content in an entry; damaged parts are skipped."""
    entry = entry if isinstance(entry, dict) else {}
    experiment = entry.get("experiment")
    experiment = experiment if isinstance(experiment, dict) else {}
    for pairs in (entry.get("resources"), experiment.get("sources")):
        for pair in pairs if isinstance(pairs, list) else ():
            if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[1], str):
                yield pair[1]
    repositories = experiment.get("repositories")
    for repository in repositories if isinstance(repositories, list) else ():
        if isinstance(repository, dict) and isinstance(repository.get("patch"), str):
            yield repository["patch"]


def annotation_line(annotation: Annotation) -> bytes:
    """Return the line of an annotation."""
    data = {**attrs.asdict(annotation), "time": format_time(annotation.time)}
    return f"{to_json(plain(data))}\n".encode()


def parse_annotations(data: bytes) -> Iterator[Annotation]:
    """Yield the annotations in lines of `annotation_line`; a line that was cut off is skipped."""
    for line in data.decode("utf-8", "replace").splitlines():
        with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
            fields = from_json(line)
            yield Annotation(**{**fields, "time": parse_time(fields["time"])})


def encode_output(text: str) -> bytes:
    """Return the output of a run as the content of ``cout.txt``."""
    return text.encode("utf-8", "backslashreplace")


def decode_output(data: bytes) -> str:
    """Return the output from the content of ``cout.txt``."""
    return data.decode("utf-8", "replace")


def format_time(time: datetime | None) -> str | None:
    """Return a time as a string: in UTC, with microseconds and without an offset."""
    if time is None:
        return None
    if time.tzinfo is not None:
        time = time.astimezone(UTC).replace(tzinfo=None)
    return time.isoformat(timespec="microseconds")


def parse_time(text: Any) -> datetime | None:
    """Return a time in UTC; None for what is not a time."""
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None


class FileLists:
    """The artifacts and resources in an entry.

    The entry lists them all: writing it for each file would cost more with each. A method returns
    whether the entry is to be written now.

    Args:
        entry: As `new_entry` returns it, or as it was stored.
    """

    def __init__(self, entry: dict[str, Any]) -> None:
        self._entry = entry
        self._artifacts: set[str] = set(entry.get("artifacts") or ())
        self._resources = {(name, stored) for name, stored in entry.get("resources") or ()}
        self._newest = dict(entry.get("resources") or ())

    def add_artifact(
        self,
        name: str,
        metadata: Mapping[str, Any] | None = None,
        content_type: str | None = None,
    ) -> bool:
        """Add an artifact and its details, which replace those that are known."""
        details: dict[str, Any] = {}
        if metadata is not None:
            details["metadata"] = dict(metadata)
        if content_type is not None:
            details["content_type"] = content_type
        is_new = name not in self._artifacts
        if is_new:
            self._artifacts.add(name)
            self._entry["artifacts"].append(name)
        known = self._entry.get("artifact_details", {})
        if details != known.get(name, {}):
            self._entry.setdefault("artifact_details", {})[name] = details
            is_new = True
        return is_new and self._are_few

    def add_resource(self, filename: str, stored: str) -> bool:
        """Add a resource and the name of its content."""
        if self._newest.get(filename) == stored:
            return False
        if (filename, stored) in self._resources:  # the file has an earlier content again
            self._entry["resources"].remove([filename, stored])
        self._resources.add((filename, stored))
        self._newest[filename] = stored
        self._entry["resources"].append([filename, stored])
        return self._are_few

    @property
    def _are_few(self) -> bool:
        return len(self._artifacts) + len(self._resources) <= _SAVED_AT_ONCE


def _require_time(name: str, text: Any) -> datetime | None:
    time = parse_time(text)
    if time is None and text is not None:
        raise DamagedRecordError(f"{name} is not a time: {str(text)[:40]!r}")
    return time
