"""Reads the runs of a folder."""

import functools
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.jsonpickle_data import decode_jsonpickle, decode_run_entry, sacred_release
from sacred_core.loggers import own_logger
from sacred_core.stores import (
    Annotation,
    RunQuery,
    SkippedRuns,
    StoredRun,
    check_record,
    with_unfinished,
)
from sacred_core.stores.locations import absolute_path
from sacred_core.stores.run_ids import id_order, normalize_id
from sacred_file import layout
from sacred_file.append import replace_text
from sacred_file.entries import annotation_line, annotations, stored_run, typed_metrics
from sacred_file.json_files import read_columns, read_json
from sacred_file.metrics import folded
from sacred_file.removal import delete

_logger = own_logger(__name__)


class FileStore:
    """The runs below a folder, also those under way.

    Raises:
        StoreError: there is no such folder.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = absolute_path(root)
        if not self.root.is_dir():
            raise StoreError(f"there is no folder {str(self.root)!r}")

    @classmethod
    def from_location(cls, location: str) -> "FileStore":
        """Return the store of a path or of a ``file:`` URL."""
        parts = urlsplit(location)
        if parts.scheme != "file":
            return cls(location)
        home = parts.netloc if parts.netloc.startswith("~") else ""  # as in file://~/runs
        return cls(url2pathname(unquote(home + parts.path)))

    def list(self, query: RunQuery | None = None) -> Iterator[StoredRun]:
        """Yield runs from the oldest to the newest; see `RunStore.list`."""
        query = query or RunQuery()
        names = sorted(filter(layout.is_run_name, os.listdir(self.root)), key=id_order)  # noqa: PTH208
        if query.limit is None:
            yield from filter(query.accepts, self._readable(names))
            return
        newest = islice(filter(query.accepts, self._readable(reversed(names))), query.limit)
        yield from reversed(list(newest))

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
        stored = read_columns(folder / layout.METRICS)
        if stored is None:
            parts = folder / layout.METRICS_PARTS
            stored = folded(parts) if parts.exists() else {}
        return typed_metrics(stored)

    def open_file(self, run_id: int | str, kind: str, name: str) -> BinaryIO:
        """Open a file of a run; see `RunStore.open_file`."""
        path = self._path(self._folder(run_id), kind, name)
        if path is None or not path.is_file():
            raise StoreError(f"the run {str(run_id)!r} has no {kind} {name!r}")
        return path.open("rb")

    def delete(self, run_id: int | str) -> None:
        """Remove a run, and resources and sources that no other run uses."""
        folder = self._folder(run_id)
        if self._read(folder).current_status() == "RUNNING":
            raise StoreError(f"the run {str(run_id)!r} is under way")
        if not delete(self.root, folder):
            raise self._missing(run_id)

    def complete_output(self, run_id: int | str, text: str) -> None:
        """Let ``text`` be the whole output; see `sacred_core.run.recovery.OutputStore`."""
        replace_text(self._folder(run_id) / layout.OUTPUT, text)

    def annotate(self, run_id: int | str, annotation: Annotation) -> None:
        """Append what somebody said to a file of its own; see `RunStore.annotate`."""
        with (self._folder(run_id) / layout.ANNOTATIONS).open("ab") as file:
            file.write(annotation_line(annotation))

    def _path(self, folder: Path, kind: str, name: str) -> Path | None:
        entry = read_json(folder / layout.RUN, {})
        if kind == "artifact":
            known = name in (entry.get("artifacts") or [])
            return layout.artifact_path(folder, name) if known else None
        if kind == "resource":
            pairs = entry.get("resources") or []
        elif kind == "source":
            pairs = (entry.get("experiment") or {}).get("sources") or []
        else:
            return None
        return next((self._shared(kept) for original, kept in pairs if original == name), None)

    def _shared(self, kept: str) -> Path:
        """Return where a file that runs share is; Sacred named it from where it was started."""
        path = self.root / kept
        folder = layout.SOURCES if layout.SOURCES in path.parts else layout.RESOURCES
        return path if path.is_file() else self.root / folder / path.name

    def _folder(self, run_id: int | str) -> Path:
        name = str(normalize_id(run_id))
        folder = self.root / name
        if not layout.is_run_folder(folder) or folder.name != name:
            raise self._missing(run_id)
        return folder

    def _missing(self, run_id: int | str) -> StoreError:
        return StoreError(f"run {str(normalize_id(run_id))!r} not found in {str(self.root)!r}")

    def _readable(self, names: Iterable[str]) -> Iterator[StoredRun]:
        """Yield the runs of those folders that hold one; of damaged ones a warning."""
        found_any = False
        with SkippedRuns() as skipped:
            for name in names:
                try:
                    run = self._found(name)
                except StoreError as error:
                    skipped.add(name, error)
                    found_any = True
                else:
                    if run is not None:
                        found_any = True
                        yield run
        if not found_any:
            self._hint_at_subfolders()

    def _hint_at_subfolders(self) -> None:
        """Log which folders below the root have runs: they are stores of their own."""
        found = sorted({path.parents[1].name for path in self.root.glob(f"*/*/{layout.RUN}")})
        if found:
            _logger.warning(
                "%s has no runs, but its sub-folders have (%s): give one of them, as in %s",
                self.root, ", ".join(found[:5]), self.root / found[0],
            )  # fmt: skip

    def _read(self, folder: Path) -> StoredRun:
        run = self._found(folder.name)
        if run is None:
            raise self._missing(folder.name)
        return run

    def _found(self, name: str) -> StoredRun | None:
        folder = os.path.join(self.root, name, "")  # noqa: PTH118 - see `read_json`
        try:
            entry = read_json(folder + layout.RUN, decode=decode_run_entry)
            if entry is None:
                return None
            place = f"{folder + layout.RUN!r}"
            check_record(entry, place)
            release = sacred_release(entry.get("experiment"))
            decode = functools.partial(decode_jsonpickle, release=release)
            config = read_json(folder + layout.CONFIG, {}, decode)
            info = read_json(folder + layout.INFO, {}, decode)
            check_record({**entry, "config": config, "info": info}, place)
        except (ValueError, OSError) as error:
            raise DamagedRecordError(str(error)) from None
        run = stored_run(name, entry)
        run.config, run.info = config, info
        said = folder + layout.ANNOTATIONS
        if os.path.exists(said):  # noqa: PTH110 - see `read_json`
            for annotation in annotations(Path(said).read_bytes()):
                run.annotate(annotation)
        return run
