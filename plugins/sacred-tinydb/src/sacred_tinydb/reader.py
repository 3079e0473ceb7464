"""Finds runs in a TinyDB, and what belongs to them."""

import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, BinaryIO, TypeAlias

from sacred_core.stores.locations import absolute_path
from sacred_tinydb.database import Document
from sacred_tinydb.documents import parse_date_tag, parse_file_tag
from sacred_tinydb.storage import Files
from sacred_tinydb.store import TinyDbStore

#: A query of TinyDB, which is asked of one document at a time.
Query: TypeAlias = Callable[[Mapping[str, Any]], bool]

_DATES = ("start_time", "stop_time", "heartbeat")
_KINDS = ("sources", "artifacts", "resources")
_LINE = "-" * 49
_INDENT = "    "


class TinyDbReader:
    """Reads runs of a `TinyDbObserver`, also running ones.

    Each method takes one or several of three arguments, all of which must match:
    ``indices``, one or several list indices, where 0 is the oldest run and -1 the newest;
    ``exp_name``, a string or regular expression that the name of the experiment contains;
    ``query``, a `tinydb.Query` for documents in the form of `fetch_metadata`.

    Args:
        path: The folder of the runs.

    Raises:
        FileNotFoundError: the folder does not exist.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not absolute_path(path).is_dir():
            raise FileNotFoundError(f"there is no folder {os.fspath(path)!r}")
        self._store = TinyDbStore(path)

    def fetch_metadata(
        self,
        exp_name: str | None = None,
        query: Query | None = None,
        indices: int | Iterable[int] | None = None,
    ) -> list[Document]:
        """Return the documents of runs: times aware and in UTC, and files to read from.

        Raises:
            ValueError: no argument is passed, an index does not exist, or ``exp_name`` is not a
                regular expression.
        """
        return self.search(exp_name, query, indices)

    def fetch_files(
        self,
        exp_name: str | None = None,
        query: Query | None = None,
        indices: int | Iterable[int] | None = None,
    ) -> list[Document]:
        """Return for each run ``date``, ``exp_id``, ``exp_name``, and files by name.

        The files are in ``sources``, ``artifacts`` and ``resources``; empty ones are missing. A
        file is opened when it is first read. Raises as `fetch_metadata` does.
        """
        return [_files_of(run) for run in self.search(exp_name, query, indices)]

    def fetch_report(
        self,
        exp_name: str | None = None,
        query: Query | None = None,
        indices: int | Iterable[int] | None = None,
    ) -> list[str]:
        """Return a summary of each run. Raises as `fetch_metadata` does."""
        return [_report(run) for run in self.search(exp_name, query, indices)]

    def search(
        self,
        exp_name: str | None = None,
        query: Query | None = None,
        indices: int | Iterable[int] | None = None,
    ) -> list[Document]:
        """Return what `fetch_metadata` does."""
        if exp_name is None and query is None and indices is None:
            raise ValueError("pass one of exp_name, query and indices")
        runs = [
            self._open(self._store.document(key, stored))
            for key, stored in self._store.storage.database.all().items()
        ]
        if indices is not None:
            runs = list(_select_runs(runs, indices))
        if exp_name is not None:
            pattern = _pattern(exp_name)
            runs = [r for r in runs if pattern.search(str((r.get("experiment") or {}).get("name")))]
        return runs if query is None else [run for run in runs if query(run)]

    def _open(self, document: Document) -> Document:
        for name in _DATES:
            if name in document:
                document[name] = parse_date_tag(document[name])
        for kind in _KINDS:
            for entry in _entries(document, kind):
                entry[:] = [self._file(part) for part in entry]
        return document

    def _file(self, part: Any) -> Any:
        file_id = parse_file_tag(part)
        return (
            part
            if file_id is None
            else io.BufferedReader(LazyFile(self._store.storage.files, file_id))
        )


class LazyFile(io.RawIOBase):
    """A file that is opened when it is first read from.

    Args:
        files: Where it is.
        file_id: Which it is.
    """

    def __init__(self, files: Files, file_id: str) -> None:
        self._files = files
        self._id = file_id
        self._file: BinaryIO | None = None

    @property
    def name(self) -> str:
        """Its path."""
        return str(self._files.path(self._id))

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True: the file can seek."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read as `io.RawIOBase` does."""
        data = self._open().read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Seek as `io.RawIOBase` does."""
        return self._open().seek(offset, whence)

    def tell(self) -> int:
        """Return the position; a file that was not read from is at its beginning."""
        return 0 if self._file is None else self._file.tell()

    def close(self) -> None:
        """Close the file, if it was opened."""
        if self._file is not None:
            self._file.close()
        super().close()

    def _open(self) -> BinaryIO:
        if self._file is None:
            self._file = self._files.open(self._id)
        return self._file


def _select_runs(runs: list[Document], indices: int | Iterable[int]) -> Iterator[Document]:
    for index in [indices] if isinstance(indices, int) else list(indices):
        if not -len(runs) <= index < len(runs):
            raise ValueError(f"there is no run {index}: the number of runs is {len(runs)}")
        yield runs[index]


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(f"exp_name {text!r} is not a regular expression: {error}") from None


def _files_of(run: Document) -> Document:
    found: Document = {
        "date": run.get("start_time"),
        "exp_id": run.get("_id"),
        "exp_name": (run.get("experiment") or {}).get("name"),
    }
    for kind in _KINDS:
        files = {
            entry[0]: part
            for entry in _entries(run, kind)
            for part in entry
            if isinstance(part, io.BufferedReader)
        }
        if files:
            found[kind] = files
    return found


def _entries(document: Mapping[str, Any], kind: str) -> list[list[Any]]:
    part = (document.get("experiment") or {}) if kind == "sources" else document
    return part.get(kind) or []


def _report(document: Mapping[str, Any]) -> str:
    """Return the report of a document: experiment, configuration and result."""
    experiment = document.get("experiment") or {}
    start, stop = (parse_date_tag(document.get(name)) for name in ("start_time", "stop_time"))
    head = [
        "",
        _LINE,
        f"Experiment: {experiment.get('name')}",
        _LINE,
        f"ID: {document.get('_id')}",
        f"Date: {_day(start)}    Duration: {_duration(start, stop)}",
        "",
    ]
    config = document.get("config") or {}
    sections = {
        "Parameters": [f"{name}: {config[name]}" for name in sorted(config, key=str)],
        "Result": [str(document.get("result"))],
        "Dependencies": list(map(str, experiment.get("dependencies") or ())),
        "Resources": _names(document.get("resources")),
        "Source Files": _names(experiment.get("sources")),
        "Outputs": _names(document.get("artifacts")),
    }
    lines = list(head)
    for title, content in sections.items():
        lines += [f"{title}:", *(_INDENT + each for each in content or ["None"]), ""]
    return "\n".join(lines)


def _names(entries: Iterable[Any] | None) -> list[str]:
    return list(dict.fromkeys(str(entry[0]) for entry in entries or ()))


def _day(time: datetime | None) -> str:
    return "unknown" if time is None else time.strftime("%a %d %b %Y")


def _duration(start: datetime | None, stop: datetime | None) -> str:
    if start is None or stop is None:
        return "unknown"
    minutes, rest = divmod(stop - start, timedelta(minutes=1))
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{rest.total_seconds():04.1f}"
