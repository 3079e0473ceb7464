"""Reads the runs of a folder."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from sacred_core.exceptions import StoreError
from sacred_core.serialization import number
from sacred_core.stores import RunQuery, StoredRun, with_unfinished
from sacred_file import layout
from sacred_file.json_files import read_json
from sacred_file.metrics import folded


class FileStore:
    """The runs below a folder, also those under way.

    Raises:
        StoreError: there is no such folder.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(os.path.abspath(root))
        if not self.root.is_dir():
            raise StoreError(f"there is no folder {str(self.root)!r}")

    @classmethod
    def from_location(cls, location: str) -> "FileStore":
        """Return the store of a path or of a ``file:`` URL."""
        parts = urlsplit(location)
        return cls(url2pathname(unquote(parts.path)) if parts.scheme == "file" else location)

    def list(self, query: RunQuery | None = None) -> Iterator[StoredRun]:
        """Yield runs from the oldest to the newest; see `RunStore.list`."""
        query = query or RunQuery()
        folders = sorted(filter(layout.is_run_folder, self.root.iterdir()), key=_age)
        if query.limit is None:
            yield from filter(query.accepts, map(self._read, folders))
            return
        newest: list[StoredRun] = []
        for folder in reversed(folders):
            if len(newest) >= query.limit:
                break
            run = self._read(folder)
            if query.accepts(run):
                newest.append(run)
        yield from reversed(newest)

    def get(self, run_id: int | str) -> StoredRun:
        """Return one run; see `RunStore.get`."""
        return self._read(self._folder(run_id))

    def output(self, run_id: int | str) -> str:
        """Return what the run printed."""
        folder = self._folder(run_id)
        path = folder / layout.OUTPUT
        text = path.read_bytes().decode("utf-8", "replace") if path.exists() else ""
        return with_unfinished(text, folder)

    def metrics(self, run_id: int | str) -> dict[str, dict[str, Any]]:
        """Return the metrics of a run, finished or under way; see `RunStore.metrics`."""
        folder = self._folder(run_id)
        stored = read_json(folder / layout.METRICS)
        if stored is None:
            parts = folder / layout.METRICS_PARTS
            stored = folded(parts) if parts.exists() else {}
        return {name: _typed(metric) for name, metric in stored.items()}

    def _folder(self, run_id: int | str) -> Path:
        folder = self.root / str(run_id)
        if folder.parent != self.root or not layout.is_run_folder(folder):
            raise StoreError(f"{str(self.root)!r} holds no run {str(run_id)!r}")
        return folder

    def _read(self, folder: Path) -> StoredRun:
        try:
            entry = read_json(folder / layout.RUN, {})
            config = read_json(folder / layout.CONFIG, {})
            info = read_json(folder / layout.INFO, {})
        except ValueError as error:
            raise StoreError(str(error)) from None
        meta = entry.get("meta") or {}
        return StoredRun(
            id=int(folder.name) if folder.name.isdecimal() else folder.name,
            run_id=entry.get("run_id"),
            status=entry.get("status", ""),
            command=entry.get("command", ""),
            experiment=entry.get("experiment") or {},
            host=entry.get("host") or {},
            config=config,
            meta=meta,
            info=info,
            result=entry.get("result"),
            queue_time=_time(meta.get("queue_time")),
            start_time=_time(entry.get("start_time")),
            stop_time=_time(entry.get("stop_time")),
            heartbeat=_time(entry.get("heartbeat")),
            fail_trace=entry.get("fail_trace") or [],
            artifacts=list(entry.get("artifacts") or []),
            resources=[original for original, _ in entry.get("resources") or []],
        )


def _age(folder: Path) -> tuple[int, int | str]:
    """Numbers in their order, then names in theirs."""
    return (0, int(folder.name)) if folder.name.isdecimal() else (1, folder.name)


def _typed(metric: dict[str, Any]) -> dict[str, Any]:
    return {
        "steps": [number(step) for step in metric["steps"]],
        "values": [number(value) for value in metric["values"]],
        "timestamps": [_time(time) for time in metric["timestamps"]],
    }


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
